"""``/__requests``, ``/__shape``, ``/__fault`` and ``/__expire``: what tests and benchmarks ask of the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .faults import KINDS, Ordered

if TYPE_CHECKING:
    from starlette.requests import Request

    from .faults import FaultKind, Faults
    from .sessions import Sessions
    from .shaping import Line


class Control:
    """The views that look at and change the line; they are neither shaped nor logged."""

    def __init__(self, line: Line, faults: Faults | None, sessions: Sessions) -> None:
        self._line, self._faults, self._sessions = line, faults, sessions

    def routes(self) -> list[Route]:
        """All control routes; that for faults only where they are allowed."""
        routes = [
            Route("/__requests", self._requests, methods=["GET", "DELETE"]),
            Route("/__requests/reset", self._reset, methods=["POST"]),
            Route("/__shape", self._shape, methods=["GET", "POST"]),
        ]
        if self._faults is not None:
            routes.append(Route("/__fault", self._fault, methods=["POST", "DELETE"]))
            routes.append(Route("/__expire", self._expire, methods=["POST"]))
        return routes

    async def _requests(self, request: Request) -> Response:
        return await self._reset(request) if request.method == "DELETE" else JSONResponse(self._line.as_json())

    async def _reset(self, request: Request) -> Response:
        self._line.log.clear()
        return JSONResponse({"requests": []})

    async def _shape(self, request: Request) -> Response:
        query = request.query_params
        if request.method == "POST":
            try:
                latency = float(query.get("latency", self._line.latency_ms))
                bandwidth = float(query.get("bandwidth", self._line.bandwidth_mbit))
            except ValueError as error:
                return PlainTextResponse(str(error), 400)
            self._line.latency_ms, self._line.bandwidth_mbit = max(0.0, latency), max(0.0, bandwidth)
        return JSONResponse({"latency": self._line.latency_ms, "bandwidth": self._line.bandwidth_mbit})

    async def _expire(self, request: Request) -> Response:
        self._sessions.expire()
        return JSONResponse({})

    async def _fault(self, request: Request) -> Response:
        faults, query = cast("Faults", self._faults), request.query_params
        if request.method == "DELETE":
            faults.clear()
            return JSONResponse({})
        kind, numbers = query.get("kind", ""), [query.get("times", "1"), query.get("every", "1")]
        if kind not in KINDS or not all(number.isdecimal() and int(number) for number in numbers):
            return PlainTextResponse(f"kind is one of {', '.join(KINDS)}; times and every numbers from 1", 400)
        times, every = map(int, numbers)
        fault = Ordered(query.get("match", ""), cast("FaultKind", kind), times, every, query.get("retry_after", ""))
        faults.order(fault)
        return JSONResponse({"kind": kind, "times": times, "every": every})
