"""One group of a zarr store with its attributes, found and walked with a known number of requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from napari_idr.errors import AccessDenied, FormatError, NotFound, ProtocolError
from napari_idr.formats.ngff import group_kind
from napari_idr.formats.zarr_documents import array_from_document, consolidated_documents, read_document
from napari_idr.remote.object_store import child_address, shown_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarr import AsyncArray
    from zarr.abc.store import Store


NOT_A_DOCUMENT = (AccessDenied, FormatError, ProtocolError)
"""What servers answer for documents that do not exist, besides 404."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of an OME-Zarr file, with its attributes."""

    store: Store
    path: str
    """Inside the store, "" for its root."""
    zarr_format: Literal[2, 3]
    attributes: Mapping[str, Any]
    address: str
    """Of this group, for messages."""
    documents: Mapping[str, Any] | None = None
    """Consolidated metadata by key of the store, None where there were none."""

    async def group(self, path: str) -> Group:
        """Group below this one, by exactly one request (none if consolidated).

        Raises
        ------
        NotFound
            Where there is no such group, or (zarr v2) it has no attributes.
        """
        key = self._key(path, "zarr.json" if self.zarr_format == 3 else ".zattrs")
        document = await self._document(key)
        if document is None:
            raise NotFound(
                "There is no such group", shown_address(child_address(self.address, path)), "the file may be incomplete"
            )
        attributes = document if self.zarr_format == 2 else _v3_attributes(document, self._place(key))
        return replace(
            self, path=_joined(self.path, path), attributes=attributes, address=child_address(self.address, path)
        )

    async def array(self, path: str) -> AsyncArray[Any]:
        """Array below this group, by exactly one request (none if consolidated); nothing is probed.

        Raises
        ------
        NotFound
            Where there is no such array.
        FormatError
            Where its metadata are none of an array of numbers.
        """
        key = self._key(path, "zarr.json" if self.zarr_format == 3 else ".zarray")
        document = await self._document(key)
        if document is None:
            raise NotFound(
                "There is no such array", shown_address(child_address(self.address, path)), "the file may be incomplete"
            )
        return array_from_document(self.store, _joined(self.path, path), document, self._place(key))

    def is_known_absent(self, path: str) -> bool:
        """Whether consolidated metadata say that there is no such group."""
        key = self._key(path, "zarr.json" if self.zarr_format == 3 else ".zattrs")
        return self.documents is not None and key not in self.documents

    def _key(self, path: str, name: str) -> str:
        return _joined(_joined(self.path, path), name)

    def _place(self, key: str) -> str:
        return _place(self.address, key.removeprefix(f"{self.path}/"))

    async def _document(self, key: str) -> Any:
        if self.documents is not None and key in self.documents:
            return self.documents[key]
        return await read_document(self.store, key, self._place(key))


async def open_group(store: Store, address: str, path: str = "", zarr_format: Literal[2, 3] | None = None) -> Group:
    """Group at a path of a store.

    Costs one request where the format is known (zarr v2: a second one where the group has no attributes), else
    three at once (``zarr.json``, ``.zattrs``, ``.zmetadata``).

    Raises
    ------
    NotFound
        Where there is no group.
    FormatError, ProtocolError
        Where there is something that is no zarr group.
    """
    address = child_address(address, path)
    names = {2: (".zattrs",), 3: ("zarr.json",), None: ("zarr.json", ".zattrs", ".zmetadata")}[zarr_format]
    found = await _documents_at(store, address, path, names)
    groups = _groups(store, address, path, found)
    if groups:
        return next((group for group in groups if group_kind(group.attributes) != "unknown"), groups[0])
    if zarr_format != 3 and await read_document(store, _joined(path, ".zgroup"), _place(address, ".zgroup")):
        return Group(store, path, 2, {}, address, None)
    raise NotFound(
        "There is no OME-Zarr group",
        shown_address(address),
        "check the address; it should name the folder that holds .zattrs or zarr.json",
    )


async def _documents_at(store: Store, address: str, path: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Documents of a group that exist, by name; one that is refused or broken counts only where there is no other."""
    answers = await asyncio.gather(
        *(read_document(store, _joined(path, name), _place(address, name)) for name in names),
        return_exceptions=True,
    )
    found = {
        name: answer
        for name, answer in zip(names, answers, strict=True)
        if answer is not None and not isinstance(answer, BaseException)
    }
    for answer in answers:
        if isinstance(answer, BaseException) and not (found and isinstance(answer, NOT_A_DOCUMENT)):
            raise answer
    return found


def _groups(store: Store, address: str, path: str, found: Mapping[str, Any]) -> list[Group]:
    """Return the groups of either format that the documents of one place make, zarr v3 first."""
    groups = []
    if "zarr.json" in found:
        document = found["zarr.json"]
        attributes = _v3_attributes(document, _place(address, "zarr.json"))
        groups.append(Group(store, path, 3, attributes, address, consolidated_documents(document, path)))
    if ".zattrs" in found:
        documents = consolidated_documents(found.get(".zmetadata"), path)
        groups.append(Group(store, path, 2, found[".zattrs"], address, documents))
    return groups


def _v3_attributes(document: Mapping[str, Any], file: str) -> Mapping[str, Any]:
    if document.get("node_type") == "array":
        raise FormatError("This is one array of an image", file, "open the folder above it", key="node_type")
    attributes = document.get("attributes", {})
    if not isinstance(attributes, dict):
        raise FormatError(
            "The attributes are no object", file, "tell who made the file", key="attributes", rule="zarr v3"
        )
    return attributes


def _place(address: str, name: str) -> str:
    """Address of a document of a group, for messages."""
    return shown_address(child_address(address, name))


def _joined(base: str, path: str) -> str:
    return f"{base}/{path}" if base and path else base or path
