"""One kept answer as bytes on disk, and back: whatever is not exactly what was written is nothing."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass

MAGIC = b"nidr-1\r\n"
"""First bytes of an entry; another layout gets another number."""
_FIXED = struct.Struct("<8s16sIQ")
"""Magic, checksum of all that follows it, bytes of the facts, bytes of the body."""
CHECKED_FROM = 24
"""Where the part begins that the checksum covers: lengths, facts and body."""
FACTS_LIMIT = 4096
"""Bytes the facts may have: an ETag or a Last-Modified of more is not kept."""

DAY = 86_400.0
LONGEST_FRESH = 365 * DAY
SKEW = 60.0
"""Seconds by which another computer's clock that shares the folder may be ahead."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a server says about which version of an object it sent."""

    e_tag: str = ""
    modified: float = 0
    """Seconds since the epoch; 0 where the server does not say."""
    size: int = 0
    """Bytes of the whole object, 0 where it is not known."""

    def __bool__(self) -> bool:
        return bool(self.e_tag or self.modified)

    def contradicts(self, other: Version) -> bool:
        """Whether the two are surely not the same version of an object; what a server does not say is no proof.

        Several machines behind one name may give one file different ETags: the same length and time of
        modification then say that it is the same.
        """
        if self.e_tag and self.e_tag == other.e_tag:
            return False
        if self.modified and other.modified:
            return (self.modified, self.size) != (other.modified, other.size)
        return bool(self.e_tag and other.e_tag)


NO_VERSION = Version()
"""Of an object about which the server says nothing, or nothing is known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer that is kept."""

    body: bytes | None
    """None: the server said that there is no such object."""
    version: Version
    checked: float
    """When the server last said that it is so: seconds since the epoch."""
    fresh_for: float = DAY
    """Seconds after that for which it is believed without asking."""

    def is_fresh(self, now: float, since: float = 0) -> bool:
        """Whether it is believed without asking; never what was checked before ``since``, or in the future."""
        return since < self.checked <= now + SKEW and now < self.checked + self.fresh_for


def pack(name: str, entry: Entry) -> list[bytes]:
    """Return the parts of a file that holds an entry under a name.

    Raises
    ------
    ValueError
        For facts that are too long to keep.
    """
    version = entry.version
    facts = json.dumps(
        {
            "name": name,
            "absent": entry.body is None,
            "e_tag": version.e_tag,
            "modified": version.modified,
            "size": version.size,
            "checked": entry.checked,
            "fresh_for": entry.fresh_for,
        }
    ).encode()
    if len(facts) > FACTS_LIMIT:
        raise ValueError(f"{len(facts)} bytes of facts")
    body = b"" if entry.body is None else entry.body
    lengths = _FIXED.pack(MAGIC, b"", len(facts), len(body))[CHECKED_FROM:]
    return [MAGIC, _checksum(lengths, facts, body), lengths, facts, body]


def unpack(name: str, data: bytes) -> Entry | None:
    """Return the entry that a file holds; None where any bit of it is not as it was written under this name."""
    if len(data) < _FIXED.size:
        return None
    magic, checksum, facts_length, body_length = _FIXED.unpack_from(data)
    if magic != MAGIC or facts_length > FACTS_LIMIT or len(data) != _FIXED.size + facts_length + body_length:
        return None
    whole = memoryview(data)
    if _checksum(whole[CHECKED_FROM:]) != checksum:
        return None
    body_at = _FIXED.size + facts_length
    return _entry(name, bytes(whole[_FIXED.size : body_at]), bytes(whole[body_at:]))


def _entry(name: str, facts: bytes, body: bytes) -> Entry | None:
    """Return the entry of parts that are whole; what somebody else wrote may still hold anything."""
    try:
        said = json.loads(facts)
        if said["name"] != name or (said["absent"] and body):
            return None
        version = Version(str(said["e_tag"]), float(said["modified"]), int(said["size"]))
        checked, fresh_for = float(said["checked"]), min(float(said["fresh_for"]), LONGEST_FRESH)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return Entry(None if said["absent"] else body, version, checked, fresh_for)


def _checksum(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.digest()
