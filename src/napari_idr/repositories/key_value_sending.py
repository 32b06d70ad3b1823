"""Sending key-values of images to an OMERO.web server, and looking whether they arrived.

Requests: one that reads, one that writes, one that reads again. Only what is read back counts as sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.errors import NotFound, ProtocolError, Unsupported
from napari_idr.formats.omero_key_values import form_of, parse_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.formats.omero_key_values import StoredKeyValues
    from napari_idr.model.image import KeyValue

    from .omero_api import OmeroApi


class KeyValueSending:
    """Sends key-values to one server. Methods may block and raise the errors of ``Http``."""

    def __init__(self, api: OmeroApi) -> None:
        self._api = api

    def stored(self, image_id: str, namespace: str) -> tuple[StoredKeyValues, ...]:
        """Return the key-values of a namespace that an image has now: one request."""
        url, params = self._api.ask_annotations([("image", image_id), ("ns", namespace)])
        return parse_stored(self._api.http.get_json(url, params), url, image_id, namespace)

    def send(self, image_id: str, namespace: str, values: Sequence[KeyValue], replaces: str = "") -> StoredKeyValues:
        """Add key-values to an image, or put them in the place of an annotation's; return what was read back.

        Raises ``SignInNeeded`` where nobody is signed in, ``ProtocolError`` where they are not there afterwards.
        """
        self._api.check_signed_in("Key-values")
        address = f"{self._api.base}webclient/annotate_map/"
        try:
            self._api.http.post_form(address, form_of(image_id, namespace, values, replaces))
        except NotFound as error:
            hint = "ask who runs the server"
            raise Unsupported("The server takes no key-values", self._api.base, hint) from error
        wanted = tuple(values)
        for one in self.stored(image_id, namespace):
            if one.values == wanted and replaces in ("", one.id):
                return one
        hint = "try again; if it stays so, ask who runs the server whether you may annotate"
        raise ProtocolError(
            "The key-values did not arrive as they were sent", f"{self._api.base}, image {image_id}", hint
        )
