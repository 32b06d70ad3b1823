"""Every part of answers and metadata, wrong in every way: at most one sentence, never anything but our errors."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from made_zarr import multiscales, ramp, write_array, write_group, write_image
from napari_idr.errors import NapariIdrError
from napari_idr.session import Session
from napari_idr.settings import Settings
from patience import PATIENCE
from spoiling_server import SpoilingServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from repository_server import Served

Place = tuple[str | int, ...]
ABSENT = object()
WRONG: list[Any] = [ABSENT, None, "a\nb", -1, 10**30, float("nan"), [], {"a": 1}]


def places(document: Any, above: Place = ()) -> Iterator[Place]:
    """Every place in a document; of lists the first entry."""
    yield above
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*above, key))
    elif isinstance(document, list) and document:
        yield from places(document[0], (*above, 0))


def with_wrong(document: Any, place: Place, wrong: Any) -> Any:
    """Copy of a document with something wrong at a place; unchanged where there is no such place."""
    if not place:
        return {} if wrong is ABSENT else wrong
    made = copy.deepcopy(document)
    at = made
    try:
        for step in place[:-1]:
            at = at[step]
        if wrong is ABSENT:
            del at[place[-1]]
        else:
            at[place[-1]] = wrong
    except (LookupError, TypeError):
        return document
    return made


def at_most_one_sentence(ask: Callable[[], object], wrong: object) -> bool:
    """Whether it failed; if so, with what, on what and what to try on one line."""
    said: NapariIdrError | None = None
    try:
        ask()
    except NapariIdrError as error:
        said = error
    if said is None:
        return False
    assert said.what, wrong
    assert said.on, wrong
    assert said.hint, wrong
    assert len(str(said).splitlines()) == 1, wrong
    return True


# -- answers of a repository

ASKED: dict[str, Callable[[Session, Callable[[str], Any]], object]] = {
    "api/v0/m/screens/": lambda session, node: session.children(node("")),
    "screens/301/plates": lambda session, node: session.children(node("screen-301")),
    "plates/401/wells": lambda session, node: session.children(node("plate-401")),
    "plateacquisitions": lambda session, node: session.plate_grid(node("plate-401")),
    "webgateway/plate": lambda session, node: session.plate_grid(node("plate-401")),
    "wells/10001": lambda session, node: session.reference(node("well-10001")),
    "images/100001/": lambda session, node: (
        session.describe(node("image-100001")),
        session.info(node("image-100001")),
    ),
    "api/annotations": lambda session, node: session.describe(node("well-10001")),
    "paths_to_object": lambda session, node: session.reference(node("run-2001")),
    "gallery-api": lambda session, node: session.describe(session.children(node("")).nodes[0]),
    "get_thumbnails": lambda session, node: session.thumbnails(node("").repository, ["100001"]),
}


@pytest.mark.parametrize("match", ASKED)
def test_whatever_is_wrong_in_an_answer_is_at_most_one_sentence(match: str, served: Served) -> None:
    ask = ASKED[match]
    with SpoilingServer(served.address) as server, Session(Settings(read_timeout=PATIENCE)) as session:

        def node(shown: str) -> Any:
            return session.resolve(f"{server.address}webclient/?show={shown}" if shown else server.address)

        def ask_afresh() -> None:
            session._repositories.clear()
            ask(session, node)

        seen: list[bytes] = []
        server.spoil(match, lambda body: seen.append(body) or body)  # type: ignore[func-returns-value]
        ask_afresh()
        failed = []
        for place in list(places(json.loads(seen[0])))[:30]:
            for wrong in WRONG:
                server.mend()
                server.spoil_json(match, lambda body, place=place, wrong=wrong: with_wrong(body, place, wrong))
                failed.append(at_most_one_sentence(ask_afresh, (place, wrong)))
        server.mend()
        ask_afresh()
        assert any(failed) or match in ("get_thumbnails", "gallery-api")  # pictures are left out


# -- metadata of files


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(Settings(read_timeout=PATIENCE)) as opened:
        yield opened


def made_plate(folder: Path) -> Path:
    """Two wells of one field with two channels, two levels and a label image."""
    names = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}]}
    wells = [{"path": f"A/{n + 1}", "rowIndex": 0, "columnIndex": n} for n in range(2)]
    plate = {"version": "0.4", **names, "wells": wells, "acquisitions": [{"id": 1, "name": "run"}], "field_count": 1}
    write_group(folder, {"plate": plate})
    channel = {"label": "DAPI", "color": "0000FF", "active": True, "window": {"start": 0, "end": 9, "min": 0, "max": 9}}
    label = {"version": "0.4", "colors": [{"label-value": 1, "rgba": [1, 2, 3, 4]}], "properties": [{"label-value": 1}]}
    for well in wells:
        field = folder / well["path"] / "0"
        write_group(field.parent, {"well": {"version": "0.4", "images": [{"path": "0", "acquisition": 1}]}})
        write_image(field, "cyx", (2, 16, 16), omero={"channels": [channel, {"label": "GFP"}]})
        write_group(field / "labels", {"labels": ["nuclei"]})
        write_image(field / "labels" / "nuclei", "yx", (16, 16), **{"image-label": label})
    return folder


def made_sharded(folder: Path) -> Path:
    """One level of zarr v3 with shards."""
    write_group(folder, {"ome": {"version": "0.5", "multiscales": multiscales("cyx", [[1, 1, 1]])}}, zarr_format=3)
    write_array(folder / "0", ramp((2, 16, 16)), zarr_format=3, chunks=(1, 8, 8), shards=(1, 16, 16))
    return folder


def read_plate(session: Session, address: str) -> None:
    session._repositories.clear()
    session.info(address, fields=True)
    node = session.resolve(address)
    session.children(node)
    session.plate_grid(node)
    mosaic = session.open_plate(session.reference(node))
    np.asarray(mosaic.channel(0)[0][...])
    for name in mosaic.labels:
        np.asarray(session.open_plate_labels(mosaic, name).levels[-1][...])


def read_image(session: Session, address: str, label: str = "") -> None:
    session._repositories.clear()
    session.loader.cache.clear()
    session.info(address)
    session.read(address, label=label)


FILES: dict[str, Callable[[Session, str], None]] = {
    "plate/.zattrs": lambda session, root: read_plate(session, f"{root}/plate"),
    "plate/A/1/.zattrs": lambda session, root: read_plate(session, f"{root}/plate"),
    "plate/A/2/0/.zattrs": lambda session, root: read_plate(session, f"{root}/plate"),
    "plate/A/1/0/.zattrs": lambda session, root: read_image(session, f"{root}/plate/A/1/0"),
    "plate/A/1/0/0/.zarray": lambda session, root: read_image(session, f"{root}/plate/A/1/0"),
    "plate/A/1/0/labels/.zattrs": lambda session, root: read_image(session, f"{root}/plate/A/1/0", "nuclei"),
    "plate/A/1/0/labels/nuclei/.zattrs": lambda session, root: read_image(session, f"{root}/plate/A/1/0", "nuclei"),
    "v3/zarr.json": lambda session, root: read_image(session, f"{root}/v3"),
    "v3/0/zarr.json": lambda session, root: read_image(session, f"{root}/v3"),
}


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_wrong_in_metadata_is_at_most_one_sentence(name: str, session: Session, tmp_path: Path) -> None:
    made_plate(tmp_path / "plate")
    made_sharded(tmp_path / "v3")
    file, read = tmp_path / name, FILES[name]
    right = json.loads(file.read_text(encoding="utf-8"))
    read(session, str(tmp_path))
    failed = []
    for place in places(right):
        for wrong in WRONG:
            file.write_text(json.dumps(with_wrong(right, place, wrong)), encoding="utf-8")
            failed.append(at_most_one_sentence(lambda: read(session, str(tmp_path)), (place, wrong)))
    assert not all(failed)
    assert any(failed) or name.endswith("labels/.zattrs")  # a list of labels that is wrong is left out, and said
    file.write_text(json.dumps(right), encoding="utf-8")
    read(session, str(tmp_path))
