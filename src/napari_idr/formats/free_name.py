"""Names of files that lie beside one another, no two alike whatever their case."""

from __future__ import annotations


def free_name(stem: str, taken: set[str], ending: str = "", *, numbered: str = "{}-{}") -> str:
    """Return a name that nobody has, and note it: where the plain one is taken, the stem gets a number.

    Parameters
    ----------
    stem, ending
        Of the name; the number comes between.
    taken
        Names so far, in small letters; the new one is added.
    numbered
        How the stem and its number are put together.
    """
    name, number = f"{stem}{ending}", 1
    while name.lower() in taken:
        number += 1
        name = f"{numbered.format(stem, number)}{ending}"
    taken.add(name.lower())
    return name
