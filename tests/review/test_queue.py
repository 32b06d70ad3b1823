import numpy as np
import pytest

from napari_idr.review.queue import Candidate, Queue, QueueFilter, outlier_scores


def small() -> Queue:
    return Queue.of(
        [
            Candidate(uuid="a", image="2", z=1, object_class="nucleus", size=50, annotator="A"),
            Candidate(uuid="b", image="1", z=3, object_class="cell", size=500, annotator="B", findings=("P10",)),
            Candidate(uuid="c", image="2", z=0, object_class="nucleus", size=70, outlier=4.0, disagreement=1.0),
            Candidate(uuid="d", image="1", object_class="cell", status="accepted", findings=("P03", "P10")),
        ]
    )


def uuids(queue: Queue, rows: np.ndarray) -> list[str]:
    return [queue.uuids[row] for row in rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (QueueFilter(), "abcd"),
        (QueueFilter(classes=frozenset({"cell"})), "bd"),
        (QueueFilter(statuses=frozenset({"unreviewed"})), "abc"),
        (QueueFilter(annotators=frozenset({"A", "B"})), "ab"),
        (QueueFilter(images=frozenset({"1"}), statuses=frozenset({"accepted"})), "d"),
        (QueueFilter(findings=frozenset({"P03"})), "d"),
        (QueueFilter(findings=frozenset({"P03", "P10"})), "bd"),
        (QueueFilter(findings=frozenset({"P24"})), ""),
        (QueueFilter(smallest=60, largest=100), "c"),
        (QueueFilter(least_outlier=3), "c"),
        (QueueFilter(disputed_only=True), "c"),
        (QueueFilter(classes=frozenset({"gone"})), ""),
    ],
)
def test_a_filter_keeps_what_fulfils_all_conditions(wanted: QueueFilter, expected: str) -> None:
    queue = small()
    assert "".join(uuids(queue, queue.select(wanted))) == expected


def test_image_order_goes_plane_by_plane_through_one_image_after_the_other() -> None:
    queue = small()
    assert uuids(queue, queue.ordered(queue.select(QueueFilter()), "image")) == ["c", "a", "d", "b"]


def test_random_order_is_the_same_for_the_same_seed() -> None:
    queue, rows = small(), np.arange(4)
    assert list(queue.ordered(rows, "random", seed=3)) == list(queue.ordered(rows, "random", seed=3))
    assert sorted(queue.ordered(rows, "random", seed=3)) == [0, 1, 2, 3]


def test_the_most_disputed_and_the_strangest_come_first() -> None:
    queue, rows = small(), np.arange(4)
    assert uuids(queue, queue.ordered(rows, "disagreement"))[0] == "c"
    assert uuids(queue, queue.ordered(rows, "outlier"))[0] == "c"


def test_a_sample_has_at_most_so_many_of_each_class() -> None:
    queue = small()
    drawn = queue.sample(np.arange(4), 1, seed=1)
    assert sorted(queue.values("object_class")) == ["cell", "nucleus"]
    assert len(drawn) == 2
    assert {uuid in "ac" for uuid in uuids(queue, drawn)} == {True, False}


def test_what_was_said_is_noted_and_counted() -> None:
    queue = small()
    queue.set_status("a", "rejected")
    queue.set_disagreement("a", 1.0)
    assert queue.counts("status") == {"unreviewed": 2, "accepted": 1, "rejected": 1}
    assert queue.status(queue.row("a")) == "rejected"
    assert uuids(queue, queue.select(QueueFilter(disputed_only=True))) == ["a", "c"]


def test_a_row_knows_its_image_and_plane() -> None:
    queue = small()
    assert (queue.image_of(0), queue.plane(0), queue.plane(3)) == ("2", (1, None), (None, None))


def test_an_empty_queue_is_an_answer() -> None:
    queue = Queue.of([])
    assert len(queue) == 0
    assert list(queue.ordered(queue.select(QueueFilter()), "image")) == []
    assert list(queue.sample(queue.select(QueueFilter()), 3)) == []


def test_an_outlier_is_told_within_its_class() -> None:
    areas = np.array([10, 11, 9, 10, 30, 100, 101, 99, np.nan])
    scores = outlier_scores({"area": areas, "same": np.ones(9)}, ["a"] * 5 + ["b"] * 4)
    assert scores.argmax() == 4
    assert scores[4] > 10
    assert scores[8] == 0
