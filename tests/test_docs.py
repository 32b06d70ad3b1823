"""What the documentation shows works: examples run, links lead somewhere, commands exist, Python parses."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from napari_idr.cli import app
from napari_idr.demo.server import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md"), ROOT / "examples" / "README.md"])
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if "__main__" in path.read_text(encoding="utf-8"))
RAW = "https://raw.githubusercontent.com/napari-idr/napari-idr/main/"


@pytest.fixture(scope="module")
def address(demo_content: Path) -> Iterator[str]:
    with EmbeddedServer(demo_content) as server:
        yield server.address


def marked(path: Path) -> object:
    marks = [pytest.mark.qt] if "import napari\n" in path.read_text(encoding="utf-8") else []
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("example", [marked(path) for path in EXAMPLES])
def test_every_example_runs(example: Path, address: str) -> None:
    options = ["--no-run"] if "--no-run" in example.read_text(encoding="utf-8") else []
    done = subprocess.run(
        [sys.executable, str(example), address, *options], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    inside = [target.removeprefix(RAW) for target in targets if target.startswith(RAW)]
    missing = [target for target in inside if not (ROOT / target).is_file()]
    relative = [target for target in targets if "://" not in target]
    missing += [target for target in relative if not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_piece_of_python_parses(page: Path) -> None:
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        ast.parse(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_shown_exists(page: Path) -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    blocks = re.findall(r"```(?:sh|console|bash|text)?\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in re.findall(r"^\s*(?:\$ )?napari-idr ([a-z-].*)$", "\n".join(blocks), re.MULTILINE):
        words = line.split()
        if words[0].startswith("-"):
            continue
        assert words[0] in known, line
        options = {name for parameter in known[words[0]].params for name in parameter.opts + parameter.secondary_opts}
        used = {word.split("=")[0] for word in words if re.fullmatch(r"--[a-z-]+(=.*)?", word)}
        assert used <= options | {"--help"} or hasattr(known[words[0]], "commands"), line


def test_the_keys_of_a_review_are_those_of_the_code() -> None:
    from napari_idr.widgets.review_keys import ACTIONS, shown

    text = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    table = text[text.index("| key | what it does |") :].split("\n\n")[0].splitlines()[2:]
    told: set[str] = set()
    for line in table:
        keys = line.split("|")[1].strip()
        first, _, last = keys.partition(" to ")
        numbers = [str(n) for n in range(int(first), int(last) + 1)] if last else re.split(r",\s*|\s+or\s+", keys)
        told |= set(numbers)
    assert told == {shown(key) for key, _ in ACTIONS.values() if key}
    names = text[text.index("the names are those of the buttons") :].split("\n\n")[0]
    listed = set(re.findall(r"[a-z0-9 ]+", names[names.index("(") + 1 : names.index(")")]))
    actions = {name for name in ACTIONS if not name.startswith("class ") and "too" not in name and "soft" not in name}
    assert {name.strip() for name in listed} >= actions
