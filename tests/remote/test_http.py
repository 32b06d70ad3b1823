"""What a request brings, and what each way of failing is said to be; against the embedded server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from napari_idr.errors import (
    AccessDenied,
    AddressError,
    Cancelled,
    NapariIdrError,
    NotFound,
    ProtocolError,
    ServerFailure,
    TimedOut,
    Unreachable,
)
from napari_idr.remote.http import Http

if TYPE_CHECKING:
    from repository_server import Served


def check_three_parts(error: NapariIdrError, where: str) -> None:
    assert error.what
    assert where in error.on
    assert error.hint
    assert "\n" not in str(error)


def test_json_is_an_object_or_a_list(served: Served, http: Http) -> None:
    answer = http.get_json(f"{served.address}api/")
    assert answer["data"][0]["version"] == "0"


def test_parameters_are_sent_in_their_order(served: Served, http: Http) -> None:
    http.get_json(f"{served.address}api/v0/m/screens/", [("childCount", "true"), ("limit", "0"), ("a", "x y&")])
    assert served.requests() == ["/api/v0/m/screens/?childCount=true&limit=0&a=x+y%26"]


@pytest.mark.parametrize(
    ("kind", "error", "times"),
    [
        ("status500", ServerFailure, 1),
        ("status403", AccessDenied, 1),
        ("status404", NotFound, 1),
        ("html", ProtocolError, 1),
        ("short", ProtocolError, 1),
        ("truncate", Unreachable, 2),
        ("hang", TimedOut, 1),
    ],
)
def test_each_failure_is_one_sentence_of_three_parts(
    kind: str, error: type[NapariIdrError], times: int, served: Served, http: Http
) -> None:
    served.fail("/api/v0/m/screens/", kind, times)
    address = f"{served.address}api/v0/m/screens/"
    with pytest.raises(error) as caught:
        http.get_json(address)
    check_three_parts(caught.value, "/api/v0/m/screens/")
    assert http.get_json(address)["data"]


def test_missing_object_tells_what_the_server_says(served: Served, http: Http) -> None:
    with pytest.raises(NotFound) as caught:
        http.get_json(f"{served.address}api/v0/m/images/999999999/")
    assert "Image 999999999 not found" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_web_page_for_an_unknown_route_is_not_found(served: Served, http: Http) -> None:
    with pytest.raises(NotFound):
        http.get_json(f"{served.address}api/v0/m/nothing/")


def test_closed_port_is_said_by_its_address(http: Http) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        http.get_json(f"http://127.0.0.1:{port}/api/")
    check_three_parts(caught.value, f"127.0.0.1:{port}")
    assert "Nobody answers" in caught.value.what


def test_unknown_host_is_said_by_its_name(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name)

    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with pytest.raises(Unreachable) as caught:
        http.get_json("http://omero.nowhere.invalid/api/")
    check_three_parts(caught.value, "omero.nowhere.invalid")
    assert "no host" in caught.value.what


def test_server_without_tls_is_said_to_be_insecure(served: Served, http: Http) -> None:
    with pytest.raises(Unreachable, match="secure connection"):
        http.get_json(served.address.replace("http://", "https://"))


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1/x", "http://", "http://[::1", "http://.example"])
def test_what_is_no_web_address_is_an_address_error(address: str, http: Http) -> None:
    with pytest.raises(AddressError) as caught:
        http.get_json(address)
    assert caught.value.hint


def test_session_key_in_an_address_is_not_shown(served: Served, http: Http) -> None:
    served.fail("bsession", "status500")
    with pytest.raises(ServerFailure) as caught:
        http.get_json(f"{served.address}api/?bsession=very-secret")
    assert "very-secret" not in str(caught.value)


def test_answer_larger_than_its_bound_is_refused(served: Served, http: Http) -> None:
    with pytest.raises(ProtocolError):
        http.get_bytes(f"{served.address}api/v0/m/screens/", limit=100)


def test_many_requests_are_answered_each_in_its_place(served: Served, http: Http) -> None:
    served.fail("limit=3", "status500")
    asks = [(f"{served.address}api/v0/m/screens/", [("limit", str(n))]) for n in range(6)]
    outcomes = dict(http.get_json_many(asks))
    assert sorted(outcomes) == list(range(6))
    assert isinstance(outcomes[3], ServerFailure)
    assert outcomes[5]["meta"]["limit"] == 5


def test_cancelled_requests_are_taken_back(served: Served, http: Http) -> None:
    asks = [(f"{served.address}api/v0/m/screens/", [("limit", str(n))]) for n in range(200)]
    cancelled = threading.Event()

    def walk() -> None:
        for _ in http.get_json_many(asks, is_cancelled=cancelled.is_set):
            cancelled.set()

    with pytest.raises(Cancelled):
        walk()
    assert len(served.requests()) < 200


def test_closed_client_asks_nothing(served: Served) -> None:
    client = Http()
    client.close()
    with pytest.raises(Cancelled):
        client.get_json(f"{served.address}api/")
    assert served.requests() == []


def test_closing_cuts_off_who_waits_for_an_answer(served: Served) -> None:
    client = Http(read_timeout=60)
    served.fail("/api/v0/m/screens/", "hang", 5)
    errors: list[NapariIdrError] = []

    def ask() -> None:
        try:
            client.get_json(f"{served.address}api/v0/m/screens/")
        except NapariIdrError as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not served.requests():
        pass
    client.close()
    asking.join(120)
    assert not asking.is_alive()
    assert type(errors[0]) is Cancelled


def test_closing_ends_who_waits_for_many_answers(served: Served) -> None:
    """What waits for its turn when the client is closed is never answered; who asked is told."""
    client, ended = Http(connect_timeout=5, read_timeout=30), threading.Event()
    served.fail("/api/v0/", "hang", times=40)

    def ask() -> None:
        with suppress(Cancelled):
            for _ in client.get_json_many([(f"{served.address}api/v0/{n}/", []) for n in range(20)]):
                pass
        ended.set()

    asking = threading.Thread(target=ask)
    asking.start()
    while not any("/api/v0/" in one for one in served.requests()):
        pass
    client.close()
    assert ended.wait(120)
    asking.join()
    with pytest.raises(Cancelled, match="closed"):
        list(client.get_json_many([(served.address, [])]))
