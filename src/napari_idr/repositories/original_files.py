"""The files that images of an OMERO.web server were made from, and where they can be downloaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from napari_idr.errors import AccessDenied, NotFound, ProtocolError
from napari_idr.formats.json_record import JsonRecord
from napari_idr.model.original_file import OriginalFile

if TYPE_CHECKING:
    from .omero_api import OmeroApi

MOST_FILES = 1000
NO_FILES = (NotFound, AccessDenied, ProtocolError)
GITHUB = re.compile(r"https://github\.com/([^/]+)/([^/]+)/blob/(.+)")


def listed_files(api: OmeroApi, image_id: str) -> tuple[OriginalFile, ...]:
    """Return the files that the IDR's gallery lists for an image: one request."""
    try:
        document = api.http.get_json(f"{api.base}image/{image_id}/download_urls/")
    except NO_FILES:
        return ()
    return files_of(document)


def zipped_files(api: OmeroApi, image_id: str) -> tuple[OriginalFile, ...]:
    """Return the zip that an OMERO.web server makes of the files of an image: one request."""
    url = f"{api.base}webgateway/original_file_paths/{image_id}/"
    try:
        names = JsonRecord.of(api.http.get_json(url), "", url).items("client")
    except NO_FILES:
        return ()
    if not names:
        return ()
    name = _file_name(str(names[0]))
    address = f"{api.base}webgateway/archived_files/download/{image_id}/"
    if len(names) == 1:
        return (OriginalFile(name, address),)
    return (OriginalFile(f"{name}.zip", address, f"all {len(names)} files, zipped"),)


def files_of(document: Any) -> tuple[OriginalFile, ...]:
    """Return the files of a gallery's answer; what is no address on the web is left out."""
    addresses = document.get("download_urls") if isinstance(document, dict) else None
    found = []
    for address in addresses[:MOST_FILES] if isinstance(addresses, list) else ():
        if isinstance(address, str) and re.match(r"https?://[^/\s]+/\S", address):
            place = _quoted(GITHUB.sub(r"https://raw.githubusercontent.com/\1/\2/\3", address))
            found.append(OriginalFile(_file_name(place), place))
    return tuple(dict.fromkeys(found))


def _quoted(address: str) -> str:
    return quote(address, safe=":/?#[]@!$&'()*+,;=%")


def _file_name(address: str) -> str:
    """Return the name of a file by its address or path, as any disk takes it."""
    name = unquote(urlsplit(address).path if "://" in address else address).rstrip("/").replace("\\", "/")
    return re.sub(r'[<>:"|?*\x00-\x1f]', "_", name.rsplit("/", 1)[-1]).lstrip(".")[:200] or "file"
