"""What bad input gets, as users meet it: one sentence of three parts, nothing half-written, and work goes on."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from faulty_server import FolderServer
from made_zarr import axes, multiscales, ramp, write_array, write_group
from napari_idr.errors import (
    AccessDenied,
    AddressError,
    ChunkError,
    FormatError,
    NapariIdrError,
    NotFound,
    ProtocolError,
    ServerFailure,
    TimedOut,
    Unreachable,
)
from napari_idr.model.image import PlateReference
from napari_idr.session import Session
from napari_idr.settings import Settings
from patience import answer_seconds
from spoiling_server import SpoilingServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from command import Run
    from repository_server import Served

SCREEN, PLATE, WELL, IMAGE = 301, 401, 10001, 100001
"""Ids in the embedded repository."""
ALWAYS = 1_000_000


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried again later: what fails here fails every time."""
    monkeypatch.setattr("napari_idr.remote.attempts.PAUSES", ())


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session that does not wait long where the server hangs."""
    with Session(Settings(read_timeout=answer_seconds(request, 0.5))) as opened:
        yield opened


@contextmanager
def one_sentence(error: type[Exception] | tuple[type[Exception], ...], *words: str) -> Iterator[None]:
    """What is inside fails with what, on what, and what to try, on one line."""
    with pytest.raises(error) as caught:
        yield
    said = caught.value
    assert isinstance(said, NapariIdrError)
    assert said.what
    assert said.on
    assert said.hint
    assert str(said) == ", ".join((said.what, said.on, said.hint))
    assert len(str(said).splitlines()) == 1
    assert not [word for word in words if word not in str(said)], str(said)


@dataclass
class Commands:
    """The command, its output folder, and how a failure of it has to look."""

    run: Run
    folder: Path

    def fail(self, *arguments: str) -> None:
        status, out, err = self.run(*arguments)
        assert (status, out) == (1, ""), arguments
        assert err.startswith("napari-idr: ")
        assert len(err.splitlines()) == 1
        assert err.count(", ") >= 2
        assert "Traceback" not in err

    def fail_to_read(self, address: str, *options: str) -> None:
        """Nothing is left of a read that failed, and what was there before stays."""
        for name in ("new.npy", "new.ome.tif", "new.ome.zarr"):
            self.fail("read", address, "-o", str(self.folder / name), *options)
        kept = self.folder / "kept.npy"
        kept.write_bytes(b"of yesterday")
        self.fail("read", address, "-o", str(kept), *options)
        assert list(self.folder.iterdir()) == [kept]
        assert kept.read_bytes() == b"of yesterday"
        kept.unlink()

    def succeed(self, *arguments: str) -> None:
        status, _, err = self.run(*arguments)
        assert (status, err) == (0, ""), arguments


@pytest.fixture
def commands(run: Run, tmp_path: Path) -> Commands:
    folder = tmp_path / "output"
    folder.mkdir()
    return Commands(run, folder)


def page(address: str, kind: str, number: int) -> str:
    return f"{address}webclient/?show={kind}-{number}"


# -- addresses

WRONG = [
    "nonsense",
    "",
    "https://",
    "http://[broken/",
    "http://host:port/x.zarr",
    "gopher://host/x.zarr",
    "idr://image/abc",
    "S-BIAD144",
    "two\nlines.zarr",
    "x" * 5000,
]


@pytest.mark.parametrize("address", WRONG, ids=lambda address: repr(address[:20]))
def test_wrong_address_is_one_sentence(address: str, session: Session, commands: Commands) -> None:
    for ask in (session.resolve, session.info, session.read, session.rois):
        with one_sentence(AddressError):
            ask(address)
    commands.fail("info", address)
    commands.fail_to_read(address)


@pytest.mark.parametrize("name", ["absent.zarr", "absent.ozx", "absent.ome.tif", "absent/folder"])
def test_path_that_is_not_there_is_one_sentence(
    name: str, session: Session, commands: Commands, tmp_path: Path
) -> None:
    address = str(tmp_path / name)
    with one_sentence(NotFound, address):
        session.info(address)
    commands.fail("info", address)
    commands.fail("ls", address)
    commands.fail_to_read(address)


@pytest.mark.parametrize("content", [b"", b"not a file of any such kind"])
@pytest.mark.parametrize("name", ["file.ozx", "file.ome.tif", "file.zarr"])
def test_file_of_another_kind_is_one_sentence(
    name: str, content: bytes, session: Session, commands: Commands, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with one_sentence(NapariIdrError, str(tmp_path / name)):
        session.info(str(tmp_path / name))
    commands.fail("info", str(tmp_path / name))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": 9}, "level 9"),
        ({"region": "q=0"}, "'q'"),
        ({"region": "y=90:1000"}, "outside"),
        ({"region": "everything"}, "not understood"),
        ({"label": "no-such"}, "no-such"),
    ],
)
def test_part_that_an_image_does_not_have_is_one_sentence(
    options: dict[str, Any], words: str, session: Session, commands: Commands, tmp_path: Path
) -> None:
    address = str(made_image(tmp_path / "good.zarr"))
    with one_sentence(NapariIdrError, words):
        session.read(address, **options)
    ((name, value),) = options.items()
    commands.fail_to_read(address, f"--{name}", str(value))


# -- hosts


@pytest.mark.parametrize("path", ["webclient/?show=image-1", "plate.ome.zarr", ""])
def test_host_that_cannot_be_reached_is_one_sentence(path: str, session: Session, commands: Commands) -> None:
    address = f"https://no-such-host.invalid/{path}"
    with one_sentence(Unreachable, "no-such-host.invalid"):
        session.info(address)
    commands.fail("info", address)
    commands.fail("ls", address)


def test_unknown_host_is_said_to_be_unknown(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with one_sentence(Unreachable, "no host no-such-host.invalid", "spelling"):
        session.info("https://no-such-host.invalid/webclient/?show=image-1")


@pytest.mark.parametrize("path", ["webclient/?show=image-1", "plate.ome.zarr", ""])
def test_server_that_does_not_run_is_one_sentence(path: str, session: Session, commands: Commands) -> None:
    address = f"http://127.0.0.1:9/{path}"
    with one_sentence(Unreachable, "Nobody answers at 127.0.0.1:9"):
        session.info(address)
    commands.fail("info", address)


# -- answers of a repository

ANSWERS: dict[str, type[NapariIdrError]] = {
    "status403": AccessDenied,
    "status404": NotFound,
    "status500": ServerFailure,
    "html": ProtocolError,
    "short": ProtocolError,
    "truncate": Unreachable,
    "hang": TimedOut,
}
ASKED: dict[str, tuple[str, Callable[[Session, str], object]]] = {
    "studies": ("screens/", lambda session, base: session.children(session.resolve(base))),
    "plates": ("/plates/", lambda session, base: session.children(session.resolve(page(base, "screen", SCREEN)))),
    "plate": ("plates/401/", lambda session, base: session.resolve(page(base, "plate", PLATE))),
    "grid": ("webgateway/plate", lambda session, base: session.plate_grid(session.resolve(page(base, "plate", PLATE)))),
    "key-values": ("annotations", lambda session, base: session.describe(session.resolve(page(base, "well", WELL)))),
    "image": ("images/", lambda session, base: session.info(page(base, "image", IMAGE))),
    "ROIs": ("/rois/", lambda session, base: session.rois(page(base, "image", IMAGE))),
    "thumbnails": (
        "thumbnails",
        lambda session, base: session.thumbnails(session.resolve(base).repository, ["100001"]),
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("asked", ASKED)
def test_failing_answer_of_a_repository_is_one_sentence_and_the_next_one_counts(
    asked: str, kind: str, session: Session, served: Served
) -> None:
    match, ask = ASKED[asked]
    served.fail(match, kind, ALWAYS)
    with one_sentence(ANSWERS[kind], served.address.removesuffix("/")):
        ask(session, served.address)
    served.mend()
    assert ask(session, served.address)


@pytest.mark.parametrize("kind", ANSWERS)
def test_command_says_what_a_failing_repository_did(kind: str, commands: Commands, served: Served) -> None:
    image = page(served.address, "image", IMAGE)
    served.fail("images/", kind, ALWAYS)
    commands.fail("info", image)
    if kind != "hang":  # each would wait its time out
        commands.fail("rois", image, "-o", str(commands.folder / "rois.json"))
        commands.fail_to_read(image)
    served.mend()
    commands.succeed("info", image)


def test_missing_objects_are_one_sentence(session: Session, commands: Commands, served: Served) -> None:
    for kind in ("image", "plate", "well", "screen", "project", "dataset", "run"):
        address = page(served.address, kind, 987654321)
        with one_sentence(NotFound):
            session.info(address)
        commands.fail("info", address)
    with one_sentence(NotFound, "idr0001"):
        session.info(f"{served.address}study/idr0001/")


# -- JSON that is not what the protocol promises


@pytest.fixture
def spoiling(served: Served) -> Iterator[SpoilingServer]:
    """The embedded repository, with what is wrong in its answers still to be said."""
    with SpoilingServer(served.address) as server:
        yield server


def putting(path: str, *value: Any) -> Callable[[Any], Any]:
    """Change that puts something else at a path like ``data.0.Name``, or takes out what is there."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]

    def change(document: Any) -> Any:
        at = document
        for step in way:
            at = at[step]
        if value:
            (at[last],) = value
        else:
            del at[last]
        return document

    return change


SPOILED = [
    ("studies", "data"),
    ("studies", "data", {"0": 1}),
    ("studies", "data", ["screen"]),
    ("studies", "data.0.@id"),
    ("studies", "data.0.@id", "301"),
    ("studies", "data.0.Name", ["knockdown"]),
    ("studies", "meta.totalCount", "many"),
    ("studies", "data.0.omero:childCount", "one"),
    ("plates", "data.0.@id", None),
    ("plates", "data.0.Rows", "A"),
    ("plate", "data"),
    ("plate", "data", []),
    ("grid", "grid", "A1"),
    ("grid", "grid.0", 7),
    ("grid", "grid.0.0.id", "x"),
    ("grid", "grid.0.0.wellId"),
    ("grid", "rowlabels", [None]),
    ("grid", "collabels", [{}]),
    ("key-values", "annotations"),
    ("key-values", "annotations", {}),
    ("key-values", "annotations.0.values", [["Gene"]]),
    ("key-values", "annotations.0.values", [["Gene", 1]]),
    ("key-values", "annotations.0.link.parent"),
    ("image", "data"),
    ("image", "data.omero:details.externalInfo", "s3://"),
    ("image", "data.omero:details.externalInfo.Lsid", 7),
    ("image", "data.Name", {}),
    ("ROIs", "data", "none"),
]


@pytest.mark.parametrize("spoiled", SPOILED, ids=lambda spoiled: " ".join(map(str, spoiled)))
def test_missing_and_wrong_fields_are_one_sentence_and_the_next_answer_counts(
    spoiled: tuple[Any, ...], session: Session, spoiling: SpoilingServer
) -> None:
    asked, path, *value = spoiled
    match, ask = ASKED[asked]
    spoiling.spoil_json(match, putting(path, *value))
    with one_sentence(ProtocolError, path.split(".")[-1] if not path[-1].isdigit() else "", spoiling.address):
        ask(session, spoiling.address)
    spoiling.mend()
    assert ask(session, spoiling.address)


@pytest.mark.parametrize("body", [b"", b"[", b"7", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_body_that_is_no_document_is_one_sentence(
    body: bytes, session: Session, commands: Commands, spoiling: SpoilingServer
) -> None:
    match, ask = ASKED["image"]
    spoiling.spoil(match, lambda _: body)
    with one_sentence(ProtocolError):
        ask(session, spoiling.address)
    commands.fail("info", page(spoiling.address, "image", IMAGE))
    spoiling.mend()
    assert ask(session, spoiling.address)


def test_image_whose_place_leads_nowhere_and_that_is_not_rendered_is_one_sentence(
    session: Session, commands: Commands, spoiling: SpoilingServer
) -> None:
    image = page(spoiling.address, "image", IMAGE)
    for place in (None, "", "/data/on/the/server.zarr", "file:///etc/passwd", "s3://", "http://[broken", "a\nb"):
        spoiling.mend()
        spoiling.spoil_json("images/", putting("data.omero:details.externalInfo.Lsid", place))
        spoiling.spoil_json("imgData/", putting("size", None))
        forgetful = session.settings.model_copy(update={"disk_cache_mb": 0})
        with Session(forgetful) as fresh, one_sentence(NapariIdrError, f"Image {IMAGE}"):
            fresh.info(image)
    commands.fail_to_read(image)


# -- metadata of files


def made_image(folder: Path, *, zarr_format: int = 2, shards: bool = False, plain: bool = False) -> Path:
    """One level of 64 x 64 in four chunks (or one shard of four), compressed or not."""
    image = {"multiscales": multiscales("yx", [[1, 1]])}
    write_group(folder, image if zarr_format == 2 else {"ome": {"version": "0.5", **image}}, zarr_format=zarr_format)
    if plain:
        write_array(folder / "0", ramp((64, 64)), zarr_format=zarr_format, chunks=(32, 32))
        return folder
    array = zarr.create_array(
        store=str(folder / "0"),
        shape=(64, 64),
        dtype="uint16",
        chunks=(32, 32),
        shards=(64, 64) if shards else None,
        zarr_format=zarr_format,
        chunk_key_encoding={"name": "v2" if zarr_format == 2 else "default", "separator": "/"},
    )
    array[...] = ramp((64, 64))
    return folder


@pytest.mark.parametrize("fault", ["403", "404", "500", "html", "truncate", "hang"])
def test_failing_metadata_are_one_sentence_and_the_next_answer_counts(
    fault: str, session: Session, commands: Commands, tmp_path: Path
) -> None:
    made_image(tmp_path / "data" / "good.zarr")
    with FolderServer(tmp_path / "data") as server:
        address = f"{server.address}/good.zarr"
        server.faults[""] = fault
        errors = {"403": AccessDenied, "404": NotFound, "500": ServerFailure, "html": ProtocolError, "hang": TimedOut}
        with one_sentence(errors.get(fault, Unreachable), address):
            session.info(address)
        if fault != "hang":  # each would wait its time out
            commands.fail("info", address)
            commands.fail_to_read(address)
        server.faults.clear()
        assert session.info(address)
        commands.succeed("info", address)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{",
        "<html>",
        '{"multiscales": 7}',
        '{"multiscales": [{}]}',
        '{"multiscales": [{"version": "0.4", "datasets": [{"path": "../../secret"}]}]}',
        '{"multiscales": [{"version": "0.4", "axes": ["y", "x"], "datasets": [{"path": "0", '
        '"coordinateTransformations": [{"type": "scale", "scale": ["wide", 1]}]}]}]}',
        '{"plate": []}',
        '{"plate": {"wells": 3}}',
        '{"well": {"images": "all"}}',
    ],
)
def test_wrong_metadata_are_one_sentence(document: str, session: Session, commands: Commands, tmp_path: Path) -> None:
    folder = made_image(tmp_path / "wrong.zarr")
    good = (folder / ".zattrs").read_text()
    (folder / ".zattrs").write_text(document)
    with one_sentence((FormatError, ProtocolError), str(folder / ".zattrs")):
        session.info(str(folder))
    commands.fail("info", str(folder))
    commands.fail_to_read(str(folder))
    (folder / ".zattrs").write_text(good)
    assert session.info(str(folder))


def test_array_of_odd_values_is_one_sentence(session: Session, commands: Commands, tmp_path: Path) -> None:
    folder = made_image(tmp_path / "odd.zarr")
    document = json.loads((folder / "0/.zarray").read_text())
    for key, value in {
        "dtype": "|O",
        "shape": [-1, 64],
        "chunks": [0, 0],
        "compressor": {"id": "none\nof\nours"},
    }.items():
        (folder / "0/.zarray").write_text(json.dumps({**document, key: value}))
        with one_sentence(NapariIdrError, str(folder / "0/.zarray")):
            session.info(str(folder))
        commands.fail("info", str(folder))


# -- chunks

TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "short of a byte": lambda data: data[:-1],
    "a web page": lambda data: b"<!doctype html><html>welcome</html>",
    "zeros": lambda data: bytes(len(data)),
}
LAYOUTS: dict[str, dict[str, Any]] = {
    "plain": {"plain": True},
    "plain v3": {"plain": True, "zarr_format": 3},
    "compressed": {},
    "compressed v3": {"zarr_format": 3},
    "sharded": {"zarr_format": 3, "shards": True},
}


def tamper(folder: Path, change: Callable[[bytes], bytes]) -> None:
    """Change every file of pixels."""
    files = [file for file in (folder / "0").rglob("*") if file.is_file() and file.name[0] != "." and file.suffix == ""]
    assert files
    for file in files:
        file.write_bytes(change(file.read_bytes()))


DAMAGED = [
    (layout, damage)
    for layout in LAYOUTS
    for damage in TAMPERED
    if damage != "zeros" or not layout.startswith("plain")  # where nothing is compressed zeros are pixels
]


@pytest.mark.parametrize(("layout", "damage"), DAMAGED)
def test_damaged_chunk_of_a_folder_is_one_sentence(
    layout: str, damage: str, session: Session, commands: Commands, tmp_path: Path
) -> None:
    good = made_image(tmp_path / "good.zarr", **LAYOUTS[layout])
    folder = made_image(tmp_path / "damaged.zarr", **LAYOUTS[layout])
    tamper(folder, TAMPERED[damage])
    with one_sentence(ChunkError, f"{folder}/0"):
        session.read(str(folder))
    commands.fail_to_read(str(folder))
    assert np.array_equal(session.read(str(good))[0], ramp((64, 64)))


@pytest.mark.parametrize("layout", ["compressed", "compressed v3"])
@pytest.mark.parametrize("size", [16, 64])
def test_chunk_that_decodes_to_another_size_is_one_sentence(
    layout: str, size: int, session: Session, commands: Commands, tmp_path: Path
) -> None:
    folder = made_image(tmp_path / "image.zarr", **LAYOUTS[layout])
    other = zarr.create_array(
        store=str(tmp_path / "other"),
        shape=(size, size),
        dtype="uint16",
        chunks=(size, size),
        zarr_format=LAYOUTS[layout].get("zarr_format", 2),
    )
    other[...] = ramp((size, size))
    (chunk,) = (file for file in (tmp_path / "other").rglob("*") if file.is_file() and file.name[:1] in "0c")
    tamper(folder, lambda _: chunk.read_bytes())
    with one_sentence(ChunkError, f"{folder}/0"):
        session.read(str(folder))
    commands.fail_to_read(str(folder))


CHUNK_FAULTS: dict[str, type[NapariIdrError]] = {
    "truncate": Unreachable,
    "short": ChunkError,
    "html": ChunkError,
    "status500": ServerFailure,
    "hang": TimedOut,
}


@pytest.mark.parametrize("kind", CHUNK_FAULTS)
def test_failing_chunk_of_a_repository_is_one_sentence_and_the_next_one_counts(
    kind: str, session: Session, commands: Commands, served: Served
) -> None:
    image = page(served.address, "image", IMAGE)
    right, _ = session.read(image, level=2)
    served.reset()
    session.loader.cache.clear()
    session.cache.clear()
    served.fail("/A/1/0/2/0", kind, ALWAYS)
    with one_sentence(CHUNK_FAULTS[kind], "/A/1/0/2"):
        session.read(image, level=2)
    if kind != "hang":
        commands.fail_to_read(image, "--level", "2")
    # What does not need the chunk that fails is read all the same.
    assert session.read(image, level=1)[0].any()
    served.mend()
    assert np.array_equal(session.read(image, level=2)[0], right)


# -- plates


def made_plate(folder: Path, wells: list[str]) -> Path:
    plate = {
        "version": "0.4",
        "name": "odd",
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [{"path": path, "rowIndex": "AB".index(path[0]), "columnIndex": int(path[2]) - 1} for path in wells],
    }
    return write_group(folder, {"plate": plate})


def test_plate_without_wells_is_told_and_has_no_pixels(session: Session, commands: Commands, tmp_path: Path) -> None:
    from napari_idr.demo.server import EmbeddedServer

    plate = made_plate(tmp_path / "data" / "empty.ome.zarr", [])
    with EmbeddedServer(tmp_path / "data") as server:
        for address in (str(plate), f"{server.address}zarr/{plate.name}"):
            node = session.resolve(address)
            assert session.children(node).nodes == ()
            assert session.plate_grid(node).cells == ()
            with one_sentence(NotFound, "no wells"):
                session.open_plate(session.reference(node))
            status, out, err = commands.run("info", address, "--json", "--fields")
            assert (status, json.loads(out)["wells"], len(err.splitlines())) == (0, [], 1)
            assert "the plate has no wells" in err
            commands.succeed("ls", address)
            commands.fail_to_read(address)
        served_page = page(server.address, "plate", PLATE)
        with one_sentence(NotFound, "no wells"):
            session.reference(session.resolve(served_page))
        commands.succeed("ls", served_page)
        commands.fail_to_read(served_page)


def test_plate_whose_wells_are_not_there_is_one_sentence(session: Session, tmp_path: Path) -> None:
    plate = made_plate(tmp_path / "gone.ome.zarr", ["A/1", "B/2"])
    with one_sentence(NotFound):
        session.open_plate(session.reference(session.resolve(str(plate))))


def test_plate_is_read_without_the_fields_that_cannot_be_placed(session: Session, tmp_path: Path) -> None:
    plate = made_plate(tmp_path / "mixed.ome.zarr", ["A/1", "A/2", "B/1", "B/2"])
    for path in ("A/1", "A/2", "B/1", "B/2"):
        write_group(plate / path, {"well": {"version": "0.4", "images": [{"path": "0"}]}})
        made_image(plate / path / "0")
    wide = multiscales("yx", [[1e30, 1]])
    unnamed = multiscales("yx", [[1, 1]], axes=[{"name": "a"}, *axes("x")])
    write_group(plate / "A/2/0", {"multiscales": wide})
    write_group(plate / "B/1/0", {"multiscales": unnamed})
    mosaic = session.open_plate(PlateReference("", "", "", str(plate)))
    assert {place[:3] for place in mosaic.fields.problems} == {"A/2", "B/1"}
    (level, *_) = mosaic.channel(0)
    y, x, height, width = map(int, mosaic.box_of(mosaic.source.wells[1, 1]))
    assert (height, width) == (64, 64)
    assert np.array_equal(np.asarray(level[y : y + 64, x : x + 64]), ramp((64, 64)))
    with one_sentence(FormatError, "A/2/0"):
        np.asarray(level[:64])


# -- servers that stop


@pytest.mark.parametrize("asked", ["studies", "grid", "image", "ROIs"])
def test_repository_that_stops_in_the_middle_of_an_answer_is_one_sentence(
    asked: str, session: Session, spoiling: SpoilingServer
) -> None:
    match, ask = ASKED[asked]
    spoiling.stall(match)
    with one_sentence(TimedOut, spoiling.address.removesuffix("/")):
        ask(session, spoiling.address)
    spoiling.mend()
    assert ask(session, spoiling.address)


@pytest.mark.parametrize("match", [".zattrs", ".zarray", "/2/0/0/0"])
def test_store_that_stops_in_the_middle_of_an_answer_is_one_sentence(
    match: str, session: Session, commands: Commands, spoiling: SpoilingServer
) -> None:
    image = page(spoiling.address, "image", IMAGE)
    spoiling.stall(match)
    with one_sentence(TimedOut, match):
        session.read(image, level=2)
    spoiling.mend()
    assert session.read(image, level=2)[0].any()
