"""The embedded server and the command for this room's tests."""

from command import run  # noqa: F401 - fixture
from repository_server import _server, http, served  # noqa: F401 - fixtures
