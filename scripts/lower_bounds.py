"""Print the oldest versions that pyproject.toml allows, as pip constraints: only tested bounds are bounds."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

LOWER_BOUND = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[^]]*\])?>=(?P<version>[0-9][^,;]*)$")


def lower_bounds(project: Path) -> list[str]:
    """Return ``name==version`` for each dependency. Raises ``ValueError`` for one without a lower bound."""
    pins = []
    for dependency in tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]:
        bound = LOWER_BOUND.match(dependency)
        if bound is None:
            raise ValueError(f"{dependency} in {project} has no lower bound of the form name>=version")
        pins.append(f"{bound['name']}=={bound['version']}")
    return pins


if __name__ == "__main__":
    print("\n".join(lower_bounds(Path(sys.argv[1]))))
