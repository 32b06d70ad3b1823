"""Validators that other projects wrote, run in an environment of their own on files that our code has made.

``scripts/setup_validate.sh`` makes that environment. A validator is a script of ``checks/``: it takes paths and prints
a line per problem, so that nothing printed means nothing found; one that fails itself fails the test.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKS = Path(__file__).with_name("checks")
SAMPLES = ROOT.parent / "shared" / "formats" / "samples"
"""Schemas that the validators read; absent in a plain clone."""


def validate_python() -> str:
    """Python of the validators' environment; the test is skipped where there is none, and fails where CI is set."""
    path = Path(os.environ.get("NAPARI_IDR_VALIDATE_PYTHON", ROOT / ".venv-validate" / "bin" / "python"))
    if not path.exists():
        reason = "the environment of the validators is not there, make it with scripts/setup_validate.sh"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(path)


def samples() -> Path:
    """Folder of schemas and recorded samples; the test is skipped where it is absent."""
    if not SAMPLES.is_dir():
        pytest.skip("the folder of shared data is not beside this checkout")
    return SAMPLES


def run_validator(name: str, *files: Path | str, needs_samples: bool = False) -> list[str]:
    """Problems that the script ``checks/<name>.py`` finds in files; it finds the samples in NAPARI_IDR_SAMPLES."""
    if needs_samples:
        samples()
    command = [validate_python(), str(CHECKS / f"{name}.py"), *map(str, files)]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    environment |= {"NAPARI_IDR_SAMPLES": str(SAMPLES), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120)
    assert done.returncode == 0, f"{name} failed: {done.stderr[-2000:]}"
    return [line for line in done.stdout.splitlines() if line.strip()]
