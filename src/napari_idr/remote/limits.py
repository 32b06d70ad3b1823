"""How much one server is asked for at once, besides chunks."""

from __future__ import annotations

CONNECTIONS_PER_HOST = 4
