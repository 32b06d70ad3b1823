"""OMERO's JSON of containers: projects, datasets, screens, plates, acquisitions (omero-marshal's form).

A field whose value is null is left out, as there.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .served import ServedAcquisition, ServedDataset, ServedPlate, ServedProject, ServedScreen

Json = dict[str, Any]

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"
UNITS = {
    "MICROMETER": "µm",
    "NANOMETER": "nm",
    "MILLIMETER": "mm",
    "MINUTE": "min",
    "SECOND": "s",
    "PIXEL": "pixel",
    "POINT": "pt",
    "REFERENCEFRAME": "reference frame",
}
OWNER: Json = {"id": 2, "first": "Public", "last": "data", "login": "demo", "email": "", "institution": "napari-idr"}
GROUP: Json = {"id": 3, "name": "Public"}
RIGHTS: ContextVar[bool] = ContextVar("RIGHTS", default=False)
"""Whether whoever is answered may annotate and change what is shown."""


def without_nulls(document: Json) -> Json:
    """Return the document without the fields whose value is None."""
    return {key: value for key, value in document.items() if value is not None}


def permissions(perm: str) -> Json:
    """Return what others may do with an object; ``perm`` is like ``"rwr---"``."""
    letters = dict(zip(("User", "Group", "World"), (perm[:2], perm[2:4], perm[4:]), strict=True))
    rights = {f"is{who}Write": value[1] == "w" for who, value in letters.items()}
    rights |= {f"is{who}Read": value[0] == "r" for who, value in letters.items()}
    actions = dict.fromkeys(("canAnnotate", "canDelete", "canEdit", "canLink"), RIGHTS.get())
    return {"@type": "TBD#Permissions", "perm": perm, **actions, **rights, "isGroupAnnotate": False}


def experimenter() -> Json:
    """Return the one owner of everything."""
    return {
        "@type": f"{SCHEMA}Experimenter",
        "@id": OWNER["id"],
        "omero:details": {"@type": "TBD#Details", "permissions": permissions("rw----")},
        "FirstName": OWNER["first"],
        "MiddleName": "",
        "LastName": OWNER["last"],
        "Email": OWNER["email"],
        "Institution": OWNER["institution"],
        "UserName": OWNER["login"],
    }


def experimenter_group() -> Json:
    """Return the one group everything is in."""
    return {
        "@type": f"{SCHEMA}ExperimenterGroup",
        "@id": GROUP["id"],
        "omero:details": {"@type": "TBD#Details", "permissions": permissions("rwr---")},
        "Name": GROUP["name"],
    }


def details() -> Json:
    """``omero:details`` of an object."""
    return {
        "@type": "TBD#Details",
        "owner": experimenter(),
        "group": experimenter_group(),
        "permissions": permissions("rwr---"),
    }


def marshal(kind: str, number: int, **fields: Any) -> Json:
    """Return an object of the OME model with its id and details; fields that are None are left out."""
    return without_nulls({"@type": SCHEMA + kind, "@id": number, "omero:details": details(), **fields})


def enumeration(kind: str, number: int, value: str) -> Json:
    """Return a value of an enumeration, like a pixel type."""
    shared = {"@type": "TBD#Details", "permissions": permissions("rwr-r-")}
    return {"@type": f"TBD#{kind}", "@id": number, "omero:details": shared, "value": value}


def quantity(value: float | None, unit: str, kind: str = "LengthI") -> Json | None:
    """Return a value with its unit (``"MICROMETER"``), None where there is no value."""
    if value is None:
        return None
    return {"@type": f"TBD#{kind}", "Unit": unit, "Symbol": UNITS.get(unit, unit.lower()), "Value": float(value)}


def normalized(objects: Sequence[Json]) -> list[Json]:
    """Return the objects with owner and group cut down to their ids (``normalize=true``)."""
    short = {"owner": {"@id": OWNER["id"]}, "group": {"@id": GROUP["id"]}}
    return [one | {"omero:details": one["omero:details"] | short} for one in objects]


def project(one: ServedProject, api: str, *, child_count: bool = False) -> Json:
    """Return a project; ``api`` is the address its ``url:`` fields start with."""
    return marshal(
        "Project",
        one.id,
        Name=one.name,
        Description=one.description or None,
        **_counted(child_count, len(one.datasets)),
        **{"url:datasets": f"{api}projects/{one.id}/datasets/", "url:project": f"{api}projects/{one.id}/"},
    )


def dataset(one: ServedDataset, api: str, *, child_count: bool = False) -> Json:
    """Return a dataset."""
    address = f"{api}datasets/{one.id}/"
    return marshal(
        "Dataset",
        one.id,
        Name=one.name,
        Description=one.description or None,
        **_counted(child_count, len(one.images)),
        **{"url:images": f"{address}images/", "url:projects": f"{address}projects/", "url:dataset": address},
    )


def screen(one: ServedScreen, api: str, *, child_count: bool = False) -> Json:
    """Return a screen."""
    return marshal(
        "Screen",
        one.id,
        Name=one.name,
        Description=one.description or None,
        **_counted(child_count, len(one.plates)),
        **{"url:plates": f"{api}screens/{one.id}/plates/", "url:screen": f"{api}screens/{one.id}/"},
    )


def plate(one: ServedPlate, api: str, *, item: bool = False) -> Json:
    """Return a plate; ``item`` adds what only the answer for a single plate has."""
    address = f"{api}plates/{one.id}/"
    last = one.field_count - 1
    extra: Json = {"url:plate": address}
    if item:
        views = [f"{address}wellsampleindex/{index}/wells/" for index in range(last + 1)]
        extra = {"omero:wellsampleIndex": [0, last] if last >= 0 else [], "url:wellsampleindex_wells": views}
    return marshal(
        "Plate",
        one.id,
        Name=one.name,
        Description=one.description or None,
        ColumnNamingConvention="number",
        RowNamingConvention="letter",
        Columns=one.columns,
        Rows=one.rows,
        **{
            "url:screens": f"{address}screens/",
            "url:wells": f"{address}wells/",
            "url:plateacquisitions": f"{address}plateacquisitions/",
        },
        **extra,
    )


def bare_acquisition(one: ServedAcquisition) -> Json:
    """Return an acquisition as it is inside a well sample."""
    return marshal(
        "PlateAcquisition",
        one.id,
        Name=one.name or None,
        Description=one.description or None,
        MaximumFieldCount=one.maximum_fields,
        StartTime=one.start,
        EndTime=one.end,
    )


def acquisition(one: ServedAcquisition, api: str) -> Json:
    """Return an acquisition with the range of its fields."""
    address = f"{api}plateacquisitions/{one.id}/"
    views = range(one.first_field, one.last_field + 1)
    return bare_acquisition(one) | {
        "url:plateacquisition": address,
        "omero:wellsampleIndex": [one.first_field, one.last_field],
        "url:wellsampleindex_wells": [f"{address}wellsampleindex/{index}/wells/" for index in views],
    }


def _counted(asked: bool, count: int) -> Json:
    return {"omero:childCount": count} if asked else {}
