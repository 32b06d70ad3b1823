"""Names of ROIs that are unique in their image: what joins them with the rows of a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_idr.formats.ome_xml import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model.annotation_set import AnnotatedObject


def roi_names(objects: Iterable[AnnotatedObject]) -> dict[str, str]:
    """Return a name for each uuid: the object's own where no other has it, else with a number behind it.

    An object without a name is called by its class, else by what it is: "nucleus 3", "region 1".
    """
    listed = list(objects)
    taken = {xml_text(one.name) for one in listed}
    given: set[str] = set()
    numbers: Counter[str] = Counter()
    names: dict[str, str] = {}
    for one in listed:
        name = xml_text(one.name)
        if not name or name in given:
            name = _numbered(name, xml_text(one.object_class) or one.kind, taken, numbers)
            taken.add(name)
        given.add(name)
        names[one.uuid] = name
    return names


def _numbered(own: str, otherwise: str, taken: set[str], numbers: Counter[str]) -> str:
    """Return a name that nobody has: the second of a name has the number 2, the first without a name 1."""
    stem = own or otherwise
    numbers[stem] += 2 if own and not numbers[stem] else 1
    while f"{stem} {numbers[stem]}" in taken:
        numbers[stem] += 1
    return f"{stem} {numbers[stem]}"
