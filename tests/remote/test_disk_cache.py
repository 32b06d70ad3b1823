"""What is kept on disk: bounded, shared, and never wrong, whatever happens to the files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from napari_idr.remote import cache_folder, disk_cache
from napari_idr.remote.cache_entry import DAY, NO_VERSION, Entry, Version, pack
from napari_idr.remote.disk_cache import DiskCache, entry_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MB = 1 << 20
NAME = entry_name("a chunk")


def entry(body: bytes | None = b"pixels" * 1000, checked: float | None = None) -> Entry:
    return Entry(body, Version('"v1"', 12.0, 7), time.time() if checked is None else checked)


def kept(folder: Path, limit: int = 64 * MB, **entries: Entry) -> DiskCache:
    """A cache on a folder to which these entries were written."""
    with_entries = DiskCache(folder, limit)
    for name, one in entries.items():
        with_entries.keep(entry_name(name), one)
    with_entries.close()
    return DiskCache(folder, limit)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[DiskCache]:
    opened = DiskCache(tmp_path / "answers", 64 * MB)
    yield opened
    opened.close()


def file_of(cache: DiskCache, name: str = NAME) -> Path:
    return cache.folder / name[:2] / name[2:]


def written(cache: DiskCache, one: Entry | None = None) -> Path:
    """The file of an entry, once it is on disk."""
    kept(cache.folder, **{"a chunk": one or entry()})
    return file_of(cache)


@pytest.mark.parametrize("body", [b"pixels", b"", None, bytes(3 * MB)], ids=["some", "empty", "absent", "large"])
def test_what_is_kept_comes_back_in_another_session(body: bytes | None, tmp_path: Path) -> None:
    one = entry(body)
    assert kept(tmp_path, x=one).load(entry_name("x")) == one


def test_what_waits_to_be_written_is_found_already(cache: DiskCache) -> None:
    one = entry()
    cache.keep(NAME, one)
    assert cache.load(NAME) == one


def test_nothing_is_made_on_disk_before_something_is_kept(cache: DiskCache) -> None:
    assert cache.load(NAME) is None
    assert cache.usage().bytes == 0
    cache.close()
    assert not cache.folder.exists()


def test_cache_without_room_keeps_nothing_and_finds_nothing(tmp_path: Path) -> None:
    kept(tmp_path, x=entry())
    off = kept(tmp_path, 0, y=entry())
    assert off.load(entry_name("x")) is None
    assert off.load(entry_name("y")) is None


def test_folder_is_marked_as_a_cache_and_for_this_user_alone(cache: DiskCache) -> None:
    path = written(cache)
    assert (cache.folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    if os.name == "posix":
        assert [p.stat().st_mode & 0o777 for p in (cache.folder, path.parent, path)] == [0o700, 0o700, 0o600]


def test_names_do_not_tell_what_was_looked_at() -> None:
    name = entry_name("object", "https://server/secret-study.zarr", "")
    assert cache_folder.NAME.fullmatch(name)
    assert entry_name("ab", "c") != entry_name("a", "bc")


# -- written in a lull


def on_disk(cache: DiskCache) -> int:
    return sum(1 for _ in cache_folder.files(cache.folder))


def test_nothing_is_written_while_answers_come_unless_much_waits(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_cache, "LULL_SECONDS", 3600)
    for number in range(20):
        cache.keep(entry_name(str(number)), entry())
    assert on_disk(cache) == 0
    assert all(cache.load(entry_name(str(number))) for number in range(20))
    monkeypatch.setattr(disk_cache, "LULL_SECONDS", 0)
    cache.keep(NAME, entry())
    cache.close()
    assert on_disk(cache) == 21


def test_much_that_waits_is_written_without_a_lull(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "LULL_SECONDS", 3600)
    monkeypatch.setattr(disk_cache, "MUCH_WAITS", 100_000)
    asked = [entry_name(str(number)) for number in range(17)]
    for name in asked:
        cache.keep(name, entry())  # 6000 bytes each: the last one is beyond
    deadline = time.monotonic() + 120
    while not on_disk(cache) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert on_disk(cache) >= 1


def test_nothing_waits_for_a_lull_for_long(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "LULL_SECONDS", 3600)
    monkeypatch.setattr(disk_cache, "LONGEST_SECONDS", 0.05)
    cache.keep(NAME, entry())
    deadline = time.monotonic() + 120
    while not on_disk(cache) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert on_disk(cache) == 1


def test_closing_and_clearing_wait_for_no_lull(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "LULL_SECONDS", 3600)
    monkeypatch.setattr(disk_cache, "LAST_WRITES", 120)
    began = time.monotonic()
    cache.keep(NAME, entry())
    cache.clear()
    cache.keep(NAME, entry())
    cache.close()
    assert time.monotonic() - began < disk_cache.LAST_WRITES
    assert on_disk(cache) == 1


# -- what cannot be there is not looked for


def test_a_name_may_be_held_until_the_folder_was_looked_through(tmp_path: Path) -> None:
    cache = kept(tmp_path, x=entry())
    assert cache.may_hold(NAME)
    assert cache.load(entry_name("x")) is not None
    assert cache.may_hold(entry_name("x"))
    assert not cache.may_hold(NAME)
    cache.keep(NAME, entry())
    assert cache.may_hold(NAME)
    cache.close()
    assert cache.may_hold(NAME)


def test_a_cache_without_room_may_hold_nothing(tmp_path: Path) -> None:
    assert not DiskCache(tmp_path, 0).may_hold(NAME)


# -- bounded


def test_full_cache_drops_what_was_not_used_longest(tmp_path: Path) -> None:
    body = bytes(64 << 10)
    first = DiskCache(tmp_path, 2 * MB)
    for number in range(20):
        first.keep(entry_name(str(number)), entry(body))
    first.close()
    for number in range(20):  # all were last used an hour ago, in this order
        path = file_of(first, entry_name(str(number)))
        os.utime(path, (time.time() - 3600 + number,) * 2)
    second = DiskCache(tmp_path, 2 * MB)
    assert second.load(entry_name("0")) is not None  # used again
    for number in range(100, 112):
        second.keep(entry_name(str(number)), entry(body))
    second.close()
    left = {name for name in map(str, [*range(20), *range(100, 112)]) if second.load(entry_name(name))}
    assert second.usage().bytes <= 2 * MB
    assert {"0", "19", *map(str, range(100, 112))} <= left
    assert not {"1", "2", "3"} & left


def test_cache_never_passes_its_limit_by_more_than_a_sixteenth(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, MB)
    for number in range(300):
        cache.keep(entry_name(str(number)), entry(bytes(random.Random(number).randrange(20_000))))
    cache.close()
    assert MB // 2 < cache.usage().bytes <= MB


def test_answer_that_would_push_out_much_of_the_cache_is_not_kept(tmp_path: Path) -> None:
    assert kept(tmp_path, MB, large=entry(bytes(MB // 8))).load(entry_name("large")) is None


def test_cache_takes_no_more_than_a_quarter_of_the_free_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = kept(tmp_path, x=entry())
    used = cache.usage().bytes
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 4 * MB})())
    assert cache.usage().limit == (4 * MB + used) // 4


def test_clear_empties_it_and_it_goes_on(cache: DiskCache) -> None:
    kept(cache.folder, **{str(number): entry() for number in range(10)})
    assert cache.clear() == 10 * 8192
    assert cache.usage().entries == 0
    assert cache.load(entry_name("3")) is None
    one = entry()
    cache.keep(NAME, one)
    assert cache.load(NAME) == one


def test_what_was_cleared_while_it_waited_is_not_written(cache: DiskCache) -> None:
    for number in range(200):
        cache.keep(entry_name(str(number)), entry())
    cache.clear()
    cache.close()
    assert cache.usage().entries == 0


# -- damaged


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGED = {
    "empty": lambda data: b"",
    "one byte short": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "header only": lambda data: data[:36],
    "part of the header": lambda data: data[:20],
    "one byte more": lambda data: data + b"\0",
    "zeros": lambda data: bytes(len(data)),
    "another kind of file": lambda data: b"\x80\x04c__builtin__\nexit\n" * 30,
    "lengths beyond all measure": lambda data: data[:24] + b"\xff" * 12 + data[36:],
    "twice": lambda data: data * 2,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_file_is_a_miss_and_is_deleted(damage: str, cache: DiskCache) -> None:
    path = written(cache)
    path.write_bytes(DAMAGED[damage](path.read_bytes()))
    assert cache.load(NAME) is None
    assert not path.exists()


def test_every_flipped_bit_of_an_entry_is_noticed(cache: DiskCache) -> None:
    path = written(cache, entry(b"a few pixels"))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(flipped(whole, at))
        assert cache.load(NAME) is None, at


def test_file_of_another_answer_is_a_miss(cache: DiskCache) -> None:
    path = written(cache)
    path.write_bytes(b"".join(pack(entry_name("another"), entry())))
    assert cache.load(NAME) is None


@pytest.mark.parametrize(
    "facts",
    [b"[]", b"{", b"{}", b"[" * 4000, b'{"name": 1}', b'{"name": "%s", "absent": false, "e_tag": 1, "modified": []}'],
)
def test_entry_with_other_facts_is_a_miss(facts: bytes, cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("json.dumps", lambda _: facts.decode())
    path = written(cache)
    monkeypatch.undo()
    assert path.exists()
    assert cache.load(NAME) is None


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_links_pipes_and_folders_in_place_of_an_entry_are_misses(cache: DiskCache, tmp_path: Path) -> None:
    path = written(cache)
    precious = tmp_path / "precious"
    path.rename(precious)
    path.symlink_to(precious)
    assert cache.load(NAME) is None
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert cache.load(NAME) is None  # and does not wait for somebody to write into it
    path.unlink(missing_ok=True)
    path.mkdir()
    assert cache.load(NAME) is None
    assert precious.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_folder_full_of_links_is_neither_followed_nor_emptied(cache: DiskCache, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    thesis = outside / NAME[2:]
    thesis.write_bytes(b"years of work")
    cache.folder.mkdir()
    (cache.folder / NAME[:2]).symlink_to(outside)
    (cache.folder / "notes.txt").write_text("not ours")
    cache.keep(NAME, entry())
    cache.clear()
    cache.close()
    assert thesis.read_bytes() == b"years of work"
    assert list(outside.iterdir()) == [thesis]
    assert (cache.folder / "notes.txt").read_text() == "not ours"


def test_huge_file_is_not_read(cache: DiskCache) -> None:
    path = written(cache)
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # it takes no space
    assert cache.load(NAME) is None


# -- a disk that refuses


def is_root() -> bool:
    return os.name != "posix" or os.geteuid() == 0


@pytest.mark.skipif(is_root(), reason="root may write everywhere")
def test_folder_that_is_only_read_is_read(tmp_path: Path) -> None:
    one = entry()
    kept(tmp_path / "answers", x=one)
    for path in (tmp_path / "answers", *(tmp_path / "answers").iterdir()):
        path.chmod(0o500)
    cache = kept(tmp_path / "answers", y=entry())
    assert cache.load(entry_name("x")) == one


def test_disk_that_refuses_costs_nothing_but_the_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = DiskCache(tmp_path / "file" / "answers", MB)
    for number in range(100):
        cache.keep(entry_name(str(number)), entry())
    cache.close()
    assert cache.load(entry_name("1")) is None
    assert cache.problem
    assert len(caplog.records) == 1


def test_full_disk_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    cache = DiskCache(tmp_path, MB)
    cache.keep(NAME, entry())
    cache.close()
    monkeypatch.undo()
    assert cache.problem == "No space left on device"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [tmp_path / "CACHEDIR.TAG"]


# -- other processes

WRITE = """
import sys, time
from pathlib import Path
from napari_idr.remote.cache_entry import NO_VERSION, Entry
from napari_idr.remote import disk_cache
from napari_idr.remote.disk_cache import DiskCache, entry_name

disk_cache.LULL_SECONDS = 0
cache = DiskCache(Path(sys.argv[1]), int(sys.argv[2]))
print("ready", flush=True)
wrong = 0
for turn in range(int(sys.argv[3])):
    for number in range(100):
        found = cache.load(entry_name(str(number)))
        body = bytes([number]) * (1000 * number)
        wrong += found is not None and found.body != body
        cache.keep(entry_name(str(number)), Entry(body, NO_VERSION, time.time()))
    if turn % 5 == 4 and sys.argv[4] == "clears":
        cache.clear()
cache.close()
print(wrong, flush=True)
"""


def writer(folder: Path, limit: int, turns: int, *, clears: bool) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITE, str(folder), str(limit), str(turns), "clears" if clears else "keeps"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_that_share_a_folder_and_clear_it_never_read_anything_wrong(tmp_path: Path) -> None:
    processes = [writer(tmp_path, 4 * MB, 20, clears=True) for _ in range(3)]
    assert [process.communicate()[0] for process in processes] == ["0\n"] * 3
    assert [process.returncode for process in processes] == [0] * 3
    assert not list(tmp_path.rglob("new-*"))
    shared = DiskCache(tmp_path, 4 * MB)
    assert shared.usage().bytes <= 4 * MB * 18 // 16
    assert [number for number in range(100) if is_wrong(shared, number)] == []


def is_wrong(cache: DiskCache, number: int) -> bool:
    found = cache.load(entry_name(str(number)))
    return found is not None and found.body != bytes([number]) * (1000 * number)


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_writer_leaves_no_wrong_entry(tmp_path: Path) -> None:
    chance = random.Random(0)
    for turn in range(8):
        process = writer(tmp_path, 64 * MB, 100_000, clears=turn < 7)  # what the last one wrote is there at the end
        while not list(cache_folder.files(tmp_path)):
            os.sched_yield()
        until = time.monotonic() + chance.uniform(0.01, 0.2)
        while time.monotonic() < until:
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    cache = DiskCache(tmp_path, 64 * MB)
    files = list(cache_folder.files(tmp_path))
    assert files
    assert [number for number in range(100) if is_wrong(cache, number)] == []
    assert len(list(cache_folder.files(tmp_path))) == len(files)  # none was found damaged, and deleted


def test_what_a_killed_writer_left_is_swept_up_later(tmp_path: Path) -> None:
    cache = kept(tmp_path, x=entry())
    left = file_of(cache, entry_name("x")).parent / ("new-" + "0" * 32)
    left.write_bytes(b"half")
    cache.usage()
    assert left.exists()  # somebody may be writing it
    os.utime(left, (time.time() - 3600,) * 2)
    cache.usage()
    assert not left.exists()


# -- how long answers are believed


@pytest.mark.parametrize(
    ("age", "fresh"), [(0, True), (DAY - 1, True), (DAY + 1, False), (-30, True), (-7200, False)], ids=str
)
def test_answer_is_believed_for_a_day_and_never_from_the_future(age: float, fresh: bool) -> None:
    now = time.time()
    assert Entry(b"", NO_VERSION, now - age).is_fresh(now) is fresh


def test_answer_checked_before_it_came_into_question_is_not_believed() -> None:
    assert not Entry(b"", NO_VERSION, 100.0).is_fresh(101.0, since=100.0)
    assert Entry(b"", NO_VERSION, 100.0).is_fresh(101.0, since=99.0)


def test_versions_contradict_one_another_only_on_proof() -> None:
    assert Version('"a"').contradicts(Version('"b"'))
    assert not Version('"a"').contradicts(Version('"a"'))
    assert not Version('"a"').contradicts(NO_VERSION)
    assert Version("", 5.0, 10).contradicts(Version("", 6.0, 10))
    assert not Version('"a"', 5.0, 10).contradicts(Version('"b"', 5.0, 10))  # two machines behind one name
    assert not Version('"a"', 5.0, 10).contradicts(Version('"a"', 6.0, 10))  # copied anew, the same bytes
