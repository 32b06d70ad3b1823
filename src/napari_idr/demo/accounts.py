"""Who may sign in to the embedded repository, and what only they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .objects import GROUP
from .served import Catalogue

if TYPE_CHECKING:
    from .served import ServedProject, ServedScreen

PUBLIC: int = GROUP["id"]
"""The group of what everybody sees."""


@dataclass(frozen=True, slots=True)
class User:
    """One person, with the groups whose data are seen besides the public ones."""

    id: int
    name: str
    password: str
    groups: tuple[int, ...]
    may_annotate: bool = True


@dataclass(frozen=True, slots=True)
class Accounts:
    """People and groups of a server."""

    users: tuple[User, ...] = ()
    groups: tuple[tuple[int, str], ...] = ((PUBLIC, GROUP["name"]),)
    """Id and name."""
    owners: tuple[tuple[str, int], ...] = ()
    """How the name of a screen or project begins, and the group it belongs to; all others are public."""
    is_open: bool = True
    """Whether what is public is shown to people who did not sign in."""

    @classmethod
    def lab(cls, *, is_open: bool = False) -> Accounts:
        """Return two people of a laboratory: Ada of two groups, and Ben of one, who may only look."""
        return cls(
            (User(21, "ada", "analytical", (11, 12)), User(22, "ben", "only looks", (11,), may_annotate=False)),
            ((PUBLIC, GROUP["name"]), (11, "Embryos"), (12, "Histology")),
            (("idr9903", 11), ("idr9902", 12)),
            is_open,
        )

    def find(self, name: str, password: str) -> User | None:
        """Return the person whose name and password these are."""
        return next((one for one in self.users if (one.name, one.password) == (name, password)), None)

    def visible(self, user: User | None) -> frozenset[int]:
        """Return the groups whose data somebody sees."""
        return frozenset((PUBLIC, *(() if user is None else user.groups)))

    def part(self, catalogue: Catalogue, groups: frozenset[int]) -> Catalogue:
        """Return what of a catalogue belongs to some groups; ids stay as they are."""
        screens = tuple(one for one in catalogue.screens if self.group_of(one) in groups)
        projects = tuple(one for one in catalogue.projects if self.group_of(one) in groups)
        return Catalogue(screens, projects)

    def group_of(self, container: ServedScreen | ServedProject) -> int:
        """Return the group of a screen or project."""
        return next((group for start, group in self.owners if container.name.startswith(start)), PUBLIC)
