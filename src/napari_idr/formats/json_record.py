"""One JSON object of a server, read field by field: what is absent is None, what is wrong names its field."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from napari_idr.errors import ProtocolError

T = TypeVar("T")

HINT = "the server may be newer or older than this client; report it with the address"


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """A JSON object and where it was found, for messages like "text where a number was due at ``data[3].SizeX``"."""

    fields: Mapping[str, Any]
    path: str
    address: str
    """Address the answer came from."""

    @classmethod
    def of(cls, value: object, path: str, address: str) -> JsonRecord:
        """Return a record for a JSON object. Raises ``ProtocolError`` for anything else."""
        if not isinstance(value, Mapping):
            raise wrong_type(path, "an object", value, address)
        return cls(value, path, address)

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def text(self, key: str) -> str | None:
        """Return a string, None where absent."""
        value: str | None = self._typed(key, str, "text")
        return value

    def number(self, key: str) -> float | None:
        """Return a number, None where absent."""
        value = self._typed(key, (int, float), "a number")
        if value is not None and not -sys.float_info.max <= value <= sys.float_info.max:
            raise wrong_type(self._at(key), "a finite number", value, self.address)
        return None if value is None else float(value)

    def integer(self, key: str) -> int | None:
        """Return a whole number, None where absent."""
        value: int | None = self._typed(key, int, "a whole number")
        return value

    def index(self, key: str) -> int:
        """Return a whole number from 0 on that must be there."""
        value = self.need(key, self.integer(key))
        if value < 0:
            raise wrong_type(self._at(key), "a number from 0 on", value, self.address)
        return value

    def record(self, key: str) -> JsonRecord | None:
        """Return the object under a key, None where absent."""
        value = self.fields.get(key)
        return None if value is None else JsonRecord.of(value, self._at(key), self.address)

    def items(self, key: str) -> list[Any]:
        """Return the list under a key, empty where absent."""
        return self._typed(key, list, "a list") or []

    def records(self, key: str) -> list[JsonRecord]:
        """Return the objects of the list under a key, empty where absent."""
        path = self._at(key)
        return [JsonRecord.of(x, f"{path}[{n}]", self.address) for n, x in enumerate(self.items(key))]

    def need(self, key: str, value: T | None) -> T:
        """Return a value that must be there. Raises ``ProtocolError`` naming the field where it is None."""
        if value is None:
            raise ProtocolError(f"The server left {self._at(key)} out of its answer", self.address, HINT)
        return value

    def identifier(self, key: str = "@id") -> str:
        """Return an id: a whole number that must be there, as text."""
        return str(self.need(key, self.integer(key)))

    def _typed(self, key: str, kinds: type | tuple[type, ...], expected: str) -> Any:
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise wrong_type(self._at(key), expected, value, self.address)
        return value

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def wrong_type(path: str, expected: str, value: object, address: str) -> ProtocolError:
    """Return the error for a field of the wrong type."""
    name = {dict: "an object", list: "a list", str: "text", type(None): "null", float: "a number"}.get(
        type(value), type(value).__name__
    )
    where = f" at {path}" if path else ""
    return ProtocolError(f"The server answered with {name} where {expected} was due{where}", address, HINT)
