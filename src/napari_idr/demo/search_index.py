"""What the search engine of the embedded repository looks through: images and containers with their key-values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .objects import GROUP, OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .objects import Json
    from .served import Catalogue, MapAnnotation, Pairs, ServedImage, ServedProject, ServedScreen

DATA_SOURCE = "idr"
"""It speaks the IDR's protocols, and takes its name too."""


@dataclass(frozen=True, slots=True)
class IndexedContainer:
    """A screen or project."""

    kind: str
    id: int
    name: str
    values: Pairs


@dataclass(frozen=True, slots=True)
class IndexedImage:
    """An image with its own key-values and those of its well, and where it hangs."""

    image: ServedImage
    values: Pairs
    container: IndexedContainer
    dataset: tuple[int, str] | None = None
    plate: tuple[int, str] | None = None
    well: int | None = None
    sample: int | None = None

    def hit(self, host: str) -> Json:
        """Return the image as the engine gives it; ``host`` is the server's own address."""
        names = {"project": None, "dataset": self.dataset, "screen": None, "plate": self.plate}
        names[self.container.kind] = (self.container.id, self.container.name)
        number = self.image.id
        return {
            "doc_type": "image",
            "id": number,
            "name": self.image.name,
            "description": self.image.description or None,
            "data_source": DATA_SOURCE,
            "owner_id": OWNER["id"],
            "group_id": GROUP["id"],
            "experiment": None,
            **{f"{kind}_id": one and one[0] for kind, one in names.items()},
            **{f"{kind}_name": one and one[1] for kind, one in names.items()},
            "well_id": self.well,
            "wellsample_id": self.sample,
            "image_size": None,
            "image_webclient_url": f"{host}webclient/?show=image-{number}",
            "image_url": f"{host}webclient/img_detail/{number}/",
            "thumb_url": f"{host}webclient/render_thumbnail/{number}/",
            "key_values": [{"name": key, "value": value, "index": n} for n, (key, value) in enumerate(self.values)],
        }


class SearchIndex:
    """All containers, and all images in the order of their ids."""

    def __init__(self, catalogue: Catalogue) -> None:
        screens = [(_container("screen", one), one) for one in catalogue.screens]
        projects = [(_container("project", one), one) for one in catalogue.projects]
        self.containers = [container for container, _ in (*projects, *screens)]
        images = [image for container, one in screens for image in _of_screen(container, one)]
        images += [image for container, one in projects for image in _of_project(container, one)]
        self.images = sorted(images, key=lambda one: one.image.id)


def _container(kind: str, one: ServedScreen | ServedProject) -> IndexedContainer:
    return IndexedContainer(kind, one.id, one.name, _pairs(one.annotations))


def _of_screen(container: IndexedContainer, screen: ServedScreen) -> Iterator[IndexedImage]:
    for plate in screen.plates:
        for well in plate.wells:
            for field in well.fields:
                values = _pairs((*well.annotations, *field.image.annotations))
                place = (plate.id, plate.name)
                yield IndexedImage(field.image, values, container, plate=place, well=well.id, sample=field.id)


def _of_project(container: IndexedContainer, project: ServedProject) -> Iterator[IndexedImage]:
    for dataset in project.datasets:
        for image in dataset.images:
            values = _pairs(image.annotations)
            yield IndexedImage(image, values, container, dataset=(dataset.id, dataset.name))


def _pairs(annotations: tuple[MapAnnotation, ...]) -> Pairs:
    return tuple(dict.fromkeys(pair for one in annotations for pair in one.values))
