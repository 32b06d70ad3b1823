import pytest

from napari_idr.review.agreement import agreement, agreement_per_class, cohen_kappa, disagreement, fleiss_kappa

# The worked example of Fleiss' kappa: 14 raters, 10 subjects, 5 categories; kappa 0.210.
FLEISS = [
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
]


def test_cohens_kappa_of_a_known_table() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed 0.7, expected 0.5
    one = ["yes"] * 25 + ["no"] * 25
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(one, other) == pytest.approx(0.4)


def test_fleiss_kappa_of_the_worked_example() -> None:
    table = [{str(index): count for index, count in enumerate(row)} for row in FLEISS]
    assert fleiss_kappa(table) == pytest.approx(0.210, abs=0.0005)


def test_kappa_is_not_defined_where_all_say_the_same() -> None:
    assert cohen_kappa(["a", "a"], ["a", "a"]) is None
    assert cohen_kappa([], []) is None
    assert fleiss_kappa([{"a": 3}]) is None


def test_agreement_counts_only_what_two_have_seen() -> None:
    found = agreement({"1": {"A": "yes", "B": "yes"}, "2": {"A": "yes", "B": "no"}, "3": {"A": "no"}})
    assert (found.objects, found.percent) == (2, 50.0)
    assert found.cohen == (("A", "B", 0.0, 2),)


def test_agreement_of_three_takes_objects_that_all_have_seen() -> None:
    found = agreement(
        {
            "1": {"A": "yes", "B": "yes", "C": "yes"},
            "2": {"A": "no", "B": "no", "C": "no"},
            "3": {"A": "no", "B": "yes"},
        }
    )
    assert found.fleiss == pytest.approx(1.0)
    assert [names[:2] for names in found.cohen] == [("A", "B"), ("A", "C"), ("B", "C")]


def test_agreement_is_told_by_class() -> None:
    verdicts = {"1": {"A": "yes", "B": "yes"}, "2": {"A": "yes", "B": "no"}}
    found = agreement_per_class(verdicts, {"1": "nucleus", "2": "cell"})
    assert {name: one.percent for name, one in found.items()} == {"nucleus": 100.0, "cell": 0.0}


def test_disagreement_grows_with_the_pairs_that_differ() -> None:
    assert disagreement({"A": "yes"}) == 0
    assert disagreement({"A": "yes", "B": "yes"}) == 0
    assert disagreement({"A": "yes", "B": "no"}) == 1
    assert disagreement({"A": "yes", "B": "yes", "C": "no"}) == pytest.approx(2 / 3)
