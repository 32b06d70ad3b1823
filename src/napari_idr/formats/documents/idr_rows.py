"""Which rows the IDR's tables have: one per image of an experiment, one per well of a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model.annotation_set import AnnotatedImage, AnnotationSet
    from napari_idr.model.submission import Submission

SCREEN = ("Plate", "Well")
EXPERIMENT = ("Dataset Name", "Image Name")


@dataclass(frozen=True, slots=True)
class IdrRow:
    """The annotation sets of one image, or of all images of one well."""

    keys: tuple[tuple[str, str], ...]
    """Columns that the IDR finds the well or image by."""
    sets: tuple[AnnotationSet, ...]

    @property
    def images(self) -> tuple[AnnotatedImage, ...]:
        """The images it is about."""
        return tuple(one.image for one in self.sets)


def idr_rows(submission: Submission) -> tuple[IdrRow, ...]:
    """Return the rows of a submission, in its order.

    Raises ``FormatError`` where an image lacks what the IDR finds it by, or two images cannot be told apart.
    """
    is_screen = submission.form.is_screen
    columns = SCREEN if is_screen else EXPERIMENT
    rows: dict[tuple[str, ...], list[AnnotationSet]] = {}
    for one in submission.sets:
        keys = _keys(one.image, is_screen=is_screen)
        for column, key in zip(columns, keys, strict=True):
            if not key:
                what = f"The IDR cannot find an image without its {column.lower()}"
                raise FormatError(
                    what, one.image.name or one.image.address, "fill it in in the export form", key=column
                )
        found = rows.setdefault(keys, [])
        if found and (not is_screen or one.image.key in {other.image.key for other in found}):
            what = "Two images of the submission have one name in one dataset"
            raise FormatError(what, " / ".join(keys), "leave one out, or name them apart as the IDR does")
        found.append(one)
    return tuple(IdrRow(tuple(zip(columns, keys, strict=True)), tuple(sets)) for keys, sets in rows.items())


def _keys(image: AnnotatedImage, *, is_screen: bool) -> tuple[str, ...]:
    return (image.plate, image.well) if is_screen else (image.dataset, image.name)


def joined(texts: Sequence[str]) -> str:
    """Return texts in one cell, each once."""
    return ";".join(dict.fromkeys(text for text in texts if text))
