"""A client of one server, for the tests of this room."""

from __future__ import annotations

from typing import Any

import requests


class Client:
    """Asks one server; paths are relative to its address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._session.get(self.address + path, headers=headers, timeout=20)

    def head(self, path: str) -> requests.Response:
        return self._session.head(self.address + path, timeout=20)

    def post(self, path: str) -> requests.Response:
        return self._session.post(self.address + path, timeout=20)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def log(self) -> list[dict[str, Any]]:
        return self.json("__requests")["requests"]

    def close(self) -> None:
        self._session.close()
