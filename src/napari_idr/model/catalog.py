"""What a repository lists: studies, projects, datasets, screens, plates, wells, fields, images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .image import KeyValue  # noqa: TC001 - dataclass fields are resolved by readers of the model
from .labelled_values import LabelledValue  # noqa: TC001
from .study_facts import StudyFacts

NodeKind = Literal[
    "repository",
    "study",
    "project",
    "dataset",
    "screen",
    "plate",
    "acquisition",
    "well",
    "field",
    "image",
    "collection",
]


@dataclass(frozen=True, slots=True)
class Node:
    """One thing in a repository's catalogue; ``kind`` says which."""

    kind: NodeKind
    repository: str
    """Key of the repository that listed it."""
    id: str
    """The repository's own id; unique together with ``kind`` and ``repository``."""
    name: str
    address: str = ""
    """A link that leads back to this node."""
    accession: str = ""
    description: str = ""
    child_count: int | None = None
    """Number of children, None where it was not asked for."""
    key_values: tuple[KeyValue, ...] = ()
    """Annotations, in order; empty until described."""
    links: tuple[tuple[str, str], ...] = ()
    """(text, http address) pairs a user can follow in a browser."""
    thumbnail_id: str = ""
    """Id of the image whose thumbnail stands for this node, "" where unknown."""
    labelled: tuple[LabelledValue, ...] = ()
    """Key-values of the node and of what it lies in, with where each hangs; empty until described."""
    match_count: int | None = None
    """Number of its images that match a search, None where the node is no search result or nobody counted."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the node: repository, kind and id (a screen and a project may share a number)."""
        return (self.repository, self.kind, self.id)

    @property
    def has_children(self) -> bool:
        """Whether a tree should offer to expand the node."""
        return self.kind not in ("image", "field") and self.child_count != 0

    @property
    def is_umbrella(self) -> bool:
        """Whether it is a screen or project that only names a study: it holds nothing itself."""
        names_a_study = bool(self.accession) and "/" not in self.name
        return names_a_study and self.kind in ("screen", "project") and self.child_count == 0


@dataclass(frozen=True, slots=True)
class Study(Node):
    """Screens and projects published together under one accession."""

    facts: StudyFacts = field(default_factory=StudyFacts)
    containers: tuple[Node, ...] = ()
    """Its screens and projects, umbrellas included."""
    set_count: int | None = None
    """Number of its plates and datasets, None where a container was listed without its count."""
    image_count: int | None = None
    """Number of its images, None where the server has no search engine to tell."""
    has_ome_zarr: bool | None = None
    """Whether one of its containers is tagged as OME-Zarr, None where the server does not tell."""


@dataclass(frozen=True, slots=True)
class Project(Node):
    """Holds datasets."""


@dataclass(frozen=True, slots=True)
class Dataset(Node):
    """Holds images."""


@dataclass(frozen=True, slots=True)
class Screen(Node):
    """Holds plates."""


@dataclass(frozen=True, slots=True)
class PlateAcquisition(Node):
    """One run over a plate; ``first_field`` and ``last_field`` index the fields of its wells, inclusive."""

    first_field: int | None = None
    last_field: int | None = None


@dataclass(frozen=True, slots=True)
class Plate(Node):
    """A grid of wells."""

    rows: int | None = None
    columns: int | None = None
    acquisitions: tuple[PlateAcquisition, ...] = ()


@dataclass(frozen=True, slots=True)
class WellSample(Node):
    """One field of a well; ``index`` counts within the well."""

    image_id: str = ""
    index: int = 0
    acquisition: str = ""


@dataclass(frozen=True, slots=True)
class Well(Node):
    """One well; row and column are 0-based."""

    row: int = 0
    column: int = 0
    samples: tuple[WellSample, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageNode(Node):
    """One image, with what the catalogue says of its size."""

    sizes: tuple[tuple[str, int], ...] = ()
    """Like ``(("x", 1024), ("y", 1024), ("c", 3))``, empty where the catalogue does not say."""
    pixel_type: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list of nodes."""

    nodes: tuple[Node, ...]
    offset: int = 0
    total: int | None = None
    """Number of nodes in the whole list, None where the repository does not say."""

    @property
    def next_offset(self) -> int | None:
        """Offset of the following page, None when this was the last."""
        end = self.offset + len(self.nodes)
        if not self.nodes or (self.total is not None and end >= self.total):
            return None
        return end if self.total is not None else None


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of a plate grid: the well, and the image that stands for it in the chosen field."""

    row: int
    column: int
    well_id: str
    image_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlateGrid:
    """A plate as a table: labels of all rows and columns, and the cells that hold an image."""

    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[GridCell, ...]
    field: int = 0
    field_count: int = 1
    acquisition: str = ""
    acquisitions: tuple[PlateAcquisition, ...] = ()
