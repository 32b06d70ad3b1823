"""What the answers of all families share: the server's own address, parameters, errors."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

    from .pictures import Pictures
    from .served import Catalogue

SESSION = "sessionid_demo"
"""Name of the cookie without which nothing is rendered of images that are only rendered."""
LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Served:
    """All a view needs: the catalogue and the pictures of its images."""

    catalogue: Catalogue
    pictures: Pictures


def host_address(request: Request) -> str:
    """Return the server's own address as the client knows it, ``http://127.0.0.1:4080/``.

    The ``Host`` header is believed only where it names the loopback interface.
    """
    host = request.headers.get("host", "")
    if not LOOPBACK.fullmatch(host):
        name, port = request.scope.get("server") or ("127.0.0.1", 80)
        host = f"{name}:{port}"
    return f"http://{host}/"


def has_session(request: Request) -> bool:
    """Whether a request brings the cookie that a web page of this server set."""
    return SESSION in request.cookies


def flag(request: Request, name: str) -> bool:
    """Whether a query parameter is ``true``."""
    return request.query_params.get(name, "").lower() == "true"


def failure(status: int, message: str) -> JSONResponse:
    """Return a JSON error as OMERO.web gives it, with a stack trace that says nothing."""
    return JSONResponse({"message": message, "stacktrace": f"Traceback (most recent call last):\n{message}"}, status)


def page(title: str, text: str, status: int = 200) -> HTMLResponse:
    """Return a small HTML page."""
    title, text = html.escape(title), html.escape(text)
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
    return HTMLResponse(body, status)


def not_found_page() -> HTMLResponse:
    """Return the HTML page for a route or picture that does not exist."""
    return page("Page not found", "napari-idr serves no such page.", 404)


def jpeg(content: bytes) -> Response:
    """Return a JPEG picture."""
    return Response(content, media_type="image/jpeg")


def path_number(request: Request, name: str) -> int:
    """Return an integer of the route."""
    value: Any = request.path_params[name]
    return int(value)
