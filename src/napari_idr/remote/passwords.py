"""Passwords in the keyring of the operating system, and nowhere else on disk. May block: it may ask its owner."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import SecretStr

_log = logging.getLogger(__name__)
LISTED_AS = "napari-idr {}"
"""Under which name a keyring lists the password of a server."""


def why_not() -> str:
    """Return why passwords cannot be kept on this computer, as a sentence; empty where they can."""
    keyring = _keyring()
    if keyring is None:
        return "Passwords stay in memory only: pip install 'napari-idr[omero]' adds the keyring of the system."
    from keyring.backends.fail import Keyring as NoKeyring

    if isinstance(keyring.get_keyring(), NoKeyring) or keyring.get_keyring().priority <= 0:
        return "Passwords stay in memory only: this computer has no keyring (on Linux a secret service, like GNOME's)."
    return ""


def recall(base: str, user: str) -> SecretStr | None:
    """Return the password that is kept for a user of a server, None where none is."""
    from pydantic import SecretStr

    if why_not():
        return None
    found = _try("read", "get_password", base, user)
    return SecretStr(found) if isinstance(found, str) and found else None


def remember(base: str, user: str, password: SecretStr) -> bool:
    """Keep a password; False where that cannot be done."""
    if why_not():
        return False
    return _try("kept", "set_password", base, user, password.get_secret_value()) is not _FAILED


def forget(base: str, user: str) -> None:
    """Keep the password of a user no longer."""
    if not why_not() and recall(base, user) is not None:
        _try("deleted", "delete_password", base, user)


_FAILED = object()


def _try(done: str, method: str, base: str, *words: str) -> Any:
    """Call the keyring; it may be locked, or its owner may refuse."""
    from keyring.errors import KeyringError

    try:
        return getattr(_keyring(), method)(LISTED_AS.format(base), *words)
    except (KeyringError, RuntimeError) as error:
        _log.warning("A password was not %s: the keyring says %s", done, type(error).__name__)
        return _FAILED


def _keyring() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    return keyring
