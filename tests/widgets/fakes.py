"""A session and a viewer session over nodes in memory: what the widgets see of the real ones, without a server."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from psygnal import Signal

from napari_idr.errors import NapariIdrError, NotFound
from napari_idr.model.catalog import (
    Dataset,
    GridCell,
    ImageNode,
    Node,
    Page,
    Plate,
    PlateAcquisition,
    PlateGrid,
    Screen,
    Study,
)
from napari_idr.model.search import Found, SearchQuery, Suggestion, Suggestions
from napari_idr.remote.disk_cache import DiskCache
from napari_idr.remote.network_state import NetworkState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GENES = ("KIF11", "PLK1", "AURKB", "INCENP", "control", "TP53")
BASE = "https://idr.example.org/"


@dataclass(frozen=True)
class FakeRepository:
    key: str
    name: str
    address: str

    @property
    def lists_studies(self) -> bool:
        return self.key == "idr"

    def root(self) -> Node:
        return Node("repository", self.key, "", self.name, address=self.address)


class FakeServers:
    """No servers of one's own."""

    changed, ended = Signal(), Signal(str)
    known = ()

    def login(self, address: str) -> None:
        return None


class FakeSession:
    """Two studies, one with plates, one with 450 images; the second repository appears when it is added."""

    repositories_changed = Signal()

    def __init__(self, rows: int = 8, columns: int = 12) -> None:
        self.rows, self.columns = rows, columns
        self.network, self.cache = NetworkState(), DiskCache(Path("nowhere"), 0)
        self.repositories: tuple[FakeRepository, ...] = (FakeRepository("idr", "IDR", BASE),)
        self.servers = FakeServers()
        self.calls: Counter[str] = Counter()
        self.failures: dict[str, NapariIdrError] = {}
        """By name of the method: raised by its next call."""
        self.empty_wells = {(2, 3), (5, 7)}
        self.without_thumbnail: set[str] = set()
        self.asked_thumbnails: list[tuple[str, ...]] = []
        self.hold: Callable[[str], None] = lambda method: None
        """Called in the worker before a method answers; a test may wait in it."""

    def _begin(self, method: str) -> None:
        self.calls[method] += 1
        self.hold(method)
        if method in self.failures:
            raise self.failures.pop(method)

    def add_repository(self, address: str) -> FakeRepository:
        self._begin("add_repository")
        added = FakeRepository(address, "Demonstration", address)
        if added not in self.repositories:
            self.repositories = (*self.repositories, added)
            self.repositories_changed.emit()
        return added

    def repository(self, key: str) -> FakeRepository:
        return next(one for one in self.repositories if one.key == key)

    def resolve(self, address: str) -> Node:
        self._begin("resolve")
        for node in (*self._plates(), *self._images(450), *self._studies("idr")):
            if node.address == address:
                return node
        raise NotFound("Nothing was found", address, "check the link")

    def children(self, node: Node, *, offset: int = 0, limit: int = 200) -> Page:
        self._begin("children")
        below: dict[str, Callable[[], Sequence[Node]]] = {
            "repository": lambda: self._studies(node.repository),
            "study": lambda: self._containers(node),
            "screen": self._plates,
            "dataset": lambda: self._images(450),
        }
        nodes = below.get(node.kind, lambda: ())()
        return Page(tuple(nodes[offset : offset + limit]), offset, len(nodes))

    def roi_count(self, repository_key: str, image_id: str) -> int:
        return 12 if image_id.endswith("1") else 0

    def describe(self, node: Node) -> Node:
        self._begin("describe")
        key_values = (
            ("Organism", "Homo sapiens"),
            ("License", "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"),
            ("Publication Title", "A genome-wide screen for genes that <b>stop</b> mitosis in human cells & more"),
            ("PubMed ID", "20360735 https://www.ncbi.nlm.nih.gov/pubmed/20360735"),
            ("Phenotype", "mitotic arrest"),
            ("Phenotype Term Accession", "CMPO_0000344"),
            ("Imaging Method", "fluorescence microscopy"),
        )
        links = (("Study page", f"{BASE}study/{node.id}/"), ("Evil", "javascript:alert(1)"))
        image = node.id if node.kind == "image" else ""
        return replace(node, key_values=key_values, links=links, thumbnail_id=image or node.thumbnail_id)

    def plate_grid(
        self,
        plate: Node,
        *,
        field: int = 0,
        acquisition: str = "",
        on_wells: Callable[[PlateGrid], object] = lambda _: None,
    ) -> PlateGrid:
        self._begin("plate_grid")
        cells = tuple(
            GridCell(row, column, f"w{row}-{column}", f"{plate.id}/{row}/{column}/{field}")
            for row in range(self.rows)
            for column in range(self.columns)
            if (row, column) not in self.empty_wells
        )
        runs = tuple(PlateAcquisition("acquisition", "idr", str(n), f"Day {n}") for n in (1, 2))
        letters = tuple(chr(65 + row) if row < 26 else f"A{chr(39 + row)}" for row in range(self.rows))
        numbers = tuple(str(column + 1) for column in range(self.columns))
        wells = PlateGrid(letters, numbers, cells, field, 1, acquisition or "1")
        if self.calls["plate_grid"] == 1:
            on_wells(wells)
            self._begin("acquisitions")
        return replace(wells, field_count=2, acquisitions=runs)

    def well_key_values(self, plate: Node) -> dict[tuple[int, int], tuple[tuple[str, str], ...]]:
        self._begin("well_key_values")
        return {
            (row, column): (
                ("Gene Symbol", GENES[(row * 5 + column) % len(GENES)]),
                ("siRNA", f"s{row}{column}"),
                ("Phenotype", "<i>mitotic arrest</i>"),
            )
            for row in range(self.rows)
            for column in range(self.columns)
        }

    def thumbnails(
        self,
        repository_key: str,
        image_ids: Sequence[str],
        *,
        size: int = 96,
        on_thumbnail: Callable[[str, bytes], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, bytes]:
        self._begin("thumbnails")
        self.asked_thumbnails.append(tuple(image_ids))
        found = {}
        for image_id in image_ids:
            if is_cancelled is not None and is_cancelled():
                break
            if image_id in self.without_thumbnail:
                continue
            found[image_id] = picture(image_id, size)
            if on_thumbnail is not None:
                on_thumbnail(image_id, found[image_id])
        return found

    def suggest(self, text: str, repository: str, *, limit: int = 8) -> Suggestions:
        self._begin("suggest")
        return Suggestions(text)

    def find(self, query: SearchQuery, repository: str) -> Found:
        self._begin("find")
        return Found(query)

    def close_values(self, text: str, repository: str) -> tuple[Suggestion, ...]:
        self._begin("close_values")
        return ()

    def example_pictures(self, nodes: Sequence[Node], **_: Any) -> dict[tuple[str, str, str], Any]:
        self._begin("example_pictures")
        return {}

    def _studies(self, repository: str) -> list[Node]:
        if repository != "idr":
            return [Study("study", repository, "9", "idr9901-demo-knockdown", accession="idr9901", child_count=1)]
        return [
            Study(
                "study",
                "idr",
                "1",
                "idr0013-neumann-mitocheck",
                f"{BASE}study/1/",
                "idr0013",
                "Live imaging after siRNA of every human gene",
                child_count=1,
            ),
            Study("study", "idr", "2", "idr0052-walther-condensinmap", f"{BASE}study/2/", "idr0052", child_count=1),
        ]

    def _containers(self, study: Node) -> list[Node]:
        if study.id == "2":
            return [Dataset("dataset", "idr", "1", "Condensin, live", f"{BASE}?show=dataset-1", child_count=450)]
        return [Screen("screen", "idr", "1", "screenA", f"{BASE}?show=screen-1", child_count=5)]

    def _plates(self) -> list[Node]:
        names = ("LT0001_02", "LT0001_09", "LT0001_12", "LT0002_02", "LT0003_02 with quite a long name--ex2005_11_16")
        return [
            Plate(
                "plate",
                "idr",
                str(number),
                name,
                f"{BASE}?show=plate-{number}",
                child_count=self.rows * self.columns - len(self.empty_wells),
                rows=self.rows,
                columns=self.columns,
                thumbnail_id=f"{number}/0/0/0",
            )
            for number, name in enumerate(names, 1)
        ]

    def _images(self, count: int) -> list[Node]:
        sizes = (("x", 2048), ("y", 2048), ("c", 3), ("z", 31), ("t", 40))
        return [
            ImageNode(
                "image", "idr", str(n), f"cell {n}.lsm", f"{BASE}?show=image-{n}", sizes=sizes, pixel_type="uint16"
            )
            for n in range(1, count + 1)
        ]


@dataclass(eq=False)
class FakeJob:
    title: str
    address: str
    state: str = "running"
    layers: list[Any] = field(default_factory=list)
    error: Exception | None = None
    message: str = ""
    node: Node | None = None
    again: Any = None
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeRecent:
    changed = Signal()

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []


class FakePlaces:
    search_requested = Signal(str)
    node_requested = Signal(object)


class FakeViewerSession:
    opening = Signal(FakeJob)
    opened = Signal(FakeJob)
    failed = Signal(FakeJob, Exception)
    said = Signal(str)
    streaming_changed = Signal(int, int)

    def __init__(self, session: FakeSession | None = None) -> None:
        self.session = session or FakeSession()
        self.recent, self.places = FakeRecent(), FakePlaces()
        self.asked: list[dict[str, Any]] = []

    def open(self, what: str | Node, **how: Any) -> FakeJob:
        self.asked.append({"what": what, **how})
        job = FakeJob(what if isinstance(what, str) else what.name, "" if isinstance(what, str) else what.address)
        self.opening.emit(job)
        return job

    def show_rois(self, what: Node) -> None:
        self.asked.append({"rois of": what})

    def start_embedded(self, on_progress: Callable[[int, int, str], None] | None = None) -> str:
        self.session._begin("start_embedded")
        if on_progress is not None:
            on_progress(3, 8, "painting wells")
        self.session.add_repository("http://127.0.0.1:4080/")
        return "http://127.0.0.1:4080/"


def picture(seed: str, size: int = 96) -> bytes:
    """A small PNG, one of sixteen."""
    return _picture(sum(seed.encode()) % 16, size)


@cache
def _picture(seed: int, size: int) -> bytes:
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    pixels = np.zeros((size, size, 3), np.float64)
    for _ in range(int(random.integers(6, 30))):
        cy, cx, radius = [*random.uniform(0, size, 2).tolist(), random.uniform(2, 6)]
        spot = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * radius**2))
        pixels += spot[..., None] * np.array([40, 90, 255]) * random.uniform(0.3, 1)
        pixels[..., 1] += 160 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (6 * radius**2))
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "PNG", compress_level=1)
    return file.getvalue()
