"""The line: latency, bandwidth, log and faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from demo_client import Client

CHUNK = "zarr/plates/knockdown-1.ome.zarr/A/1/0/0/0/0/0"


def test_every_request_is_logged_with_what_was_sent(client: Client) -> None:
    whole = client.get(CHUNK)
    client.get(f"{CHUNK}?x=1", Range="bytes=0-9")
    client.get("api/v0/m/images/5/")
    first, second, third = client.log()
    assert (first["method"], first["path"], first["status"]) == ("GET", f"/{CHUNK}", 200)
    assert first["bytes"] == len(whole.content)
    assert (second["query"], second["range"], second["status"], second["bytes"]) == ("x=1", "bytes=0-9", 206, 10)
    assert third["status"] == 404
    assert first["start"] <= second["start"] <= third["start"]


def test_looking_at_the_log_is_not_logged_and_it_can_be_cleared(client: Client) -> None:
    client.get(CHUNK)
    assert len(client.log()) == len(client.log()) == 1
    requests.delete(f"{client.address}__requests", timeout=20)
    assert client.log() == []


def test_each_request_waits_the_latency(client: Client) -> None:
    client.post("__shape?latency=80")
    client.get(CHUNK)
    client.get("api/")
    assert all(one["seconds"] >= 0.08 for one in client.log())


def test_latency_does_not_add_up_over_requests_at_once(client: Client) -> None:
    client.post("__shape?latency=100")
    with ThreadPoolExecutor(64) as pool:
        statuses = list(pool.map(lambda _: requests.get(client.address + CHUNK, timeout=20).status_code, range(64)))
    assert statuses == [200] * 64
    log = client.log()
    in_flight = max(
        sum(other["start"] <= one["start"] < other["start"] + other["seconds"] for other in log) for one in log
    )
    assert in_flight > 16  # one after the other there would be one


def test_the_bodies_of_all_answers_share_the_bandwidth(client: Client) -> None:
    paths = [CHUNK.replace("0/0/0/0/0", f"0/0/{channel}/0/0") for channel in range(3)] * 4
    client.post("__shape?bandwidth=4")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda path: requests.get(client.address + path, timeout=20).content, paths))
    log = client.log()
    taken = max(one["start"] + one["seconds"] for one in log) - min(one["start"] for one in log)
    sent = sum(one["bytes"] for one in log)
    assert 2 < sent * 8 / taken / 1e6 < 4.2


def test_a_shaped_answer_is_complete(client: Client) -> None:
    plain = client.get("api/v0/m/plates/401/wells/").content
    client.post("__shape?bandwidth=50")
    assert client.get("api/v0/m/plates/401/wells/").content == plain


def test_an_answer_given_up_frees_the_line(client: Client) -> None:
    client.post("__shape?bandwidth=1")
    answer = requests.get(f"{client.address}api/v0/m/plates/401/wells/", stream=True, timeout=20)
    size = int(answer.headers["content-length"])
    answer.close()
    client.post("__shape?bandwidth=0")
    client.get(CHUNK)
    assert client.log()[0]["bytes"] < size


def test_the_shape_can_be_asked_and_nonsense_is_refused(client: Client) -> None:
    client.post("__shape?latency=5&bandwidth=7")
    assert client.json("__shape") == {"latency": 5.0, "bandwidth": 7.0}
    assert client.post("__shape?latency=fast").status_code == 400
    client.post("__shape?latency=-5")
    assert client.json("__shape")["latency"] == 0


@pytest.mark.parametrize("status", [500, 403, 404])
def test_a_fault_befalls_matching_requests_a_number_of_times(client: Client, status: int) -> None:
    client.post(f"__fault?match=A/1/0&kind=status{status}&times=2")
    assert client.get("api/").status_code == 200
    assert [client.get(CHUNK).status_code for _ in range(3)] == [status, status, 200]


def test_a_fault_may_befall_every_second_request_but_none_of_them_twice(client: Client) -> None:
    client.post("__fault?match=A/1/0&kind=status500&times=9&every=2")
    assert [client.get(f"{CHUNK}?{n}").status_code for n in (1, 2, 2, 3, 4)] == [200, 500, 200, 200, 500]


@pytest.mark.parametrize(("kind", "status", "header"), [("status429", 429, "7"), ("status503", 503, "")])
def test_a_busy_server_says_how_long_if_that_was_ordered(client: Client, kind: str, status: int, header: str) -> None:
    client.post(f"__fault?match=A/1/0&kind={kind}&retry_after={header}")
    answer = client.get(CHUNK)
    assert (answer.status_code, answer.headers.get("retry-after", "")) == (status, header)


def test_a_body_may_lack_its_last_byte_or_everything(client: Client) -> None:
    whole = client.get(CHUNK).content
    client.post("__fault?match=A/1/0&kind=byte")
    client.post("__fault?match=A/1/0&kind=empty")
    assert [client.get(CHUNK).content for _ in range(2)] == [whole[:-1], b""]


def test_more_may_be_promised_than_comes(client: Client) -> None:
    client.post("__fault?match=A/1/0&kind=overlong")
    with pytest.raises(requests.exceptions.RequestException, match=r"IncompleteRead|broken"):
        client.get(CHUNK)


def test_another_range_or_everything_may_come_for_a_part(client: Client) -> None:
    size = len(client.get(CHUNK).content)
    client.post("__fault?match=A/1/0&kind=range")
    client.post("__fault?match=A/1/0&kind=whole")
    other, whole = (client.get(CHUNK, Range="bytes=10-19") for _ in range(2))
    assert (other.status_code, other.headers["content-range"]) == (206, f"bytes 0-0/{size}")
    assert (whole.status_code, len(whole.content)) == (200, size)


def test_what_is_absent_may_be_forbidden(client: Client) -> None:
    client.post("__fault?match=zarr&kind=forbid&times=9")
    assert client.get(CHUNK).status_code == 200
    assert client.get(f"{CHUNK}/9").status_code == 403


def test_a_page_comes_where_json_was_due(client: Client) -> None:
    client.post("__fault?match=screens&kind=html")
    answer = client.get("api/v0/m/screens/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_a_truncated_answer_ends_before_its_length(client: Client) -> None:
    client.post("__fault?match=A/1/0&kind=truncate")
    with pytest.raises(requests.exceptions.RequestException, match=r"IncompleteRead|broken"):
        client.get(CHUNK)


def test_a_short_answer_is_half_of_the_file_and_valid_http(client: Client) -> None:
    whole = client.get(CHUNK).content
    client.post("__fault?match=A/1/0&kind=short")
    answer = client.get(CHUNK)
    assert answer.status_code == 200
    assert answer.content == whole[: len(whole) // 2]


def test_a_hanging_answer_never_comes(client: Client) -> None:
    client.post("__fault?match=A/1/0&kind=hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(client.address + CHUNK, timeout=(5, 0.2))
    assert client.get(CHUNK).status_code == 200


def test_unknown_faults_are_refused_and_all_can_be_cleared(client: Client) -> None:
    assert client.post("__fault?match=x&kind=explode").status_code == 400
    client.post("__fault?match=A/1/0&kind=status500&times=9")
    requests.delete(f"{client.address}__fault", timeout=20)
    assert client.get(CHUNK).status_code == 200


def test_a_server_for_people_takes_no_faults(shared_client: Client) -> None:
    assert shared_client.post("__fault?match=x&kind=hang").status_code == 404
