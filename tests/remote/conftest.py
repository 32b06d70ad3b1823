"""The embedded server for this room's tests."""

from repository_server import _server, http, served  # noqa: F401 - fixtures
