import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.cot_decoding.scores import auroc, auroc_interval, mcnemar

ROWS = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), min_size=2, max_size=25).filter(
    lambda rows: len({row[1] for row in rows}) == 2
)


def naive(rows) -> float:
    yes, no = ([row for row in rows if row[1] is kind] for kind in (True, False))
    return sum((a[0] > b[0]) + (a[0] == b[0]) / 2 for a, b in product(yes, no)) / (len(yes) * len(no))


@given(ROWS)
def test_area_is_the_share_of_pairs_in_the_right_order(rows):
    score, positive, _ = zip(*rows, strict=True)
    assert auroc(score, positive) == pytest.approx(naive(rows))
    assert auroc([-value for value in score], positive) == pytest.approx(1 - naive(rows))


@given(ROWS, st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_a_weight_counts_as_so_many_equal_rows(rows, weights):
    repeated = [row for row, weight in zip(rows, weights, strict=False) for _ in range(weight)]
    score, positive, _ = zip(*rows, strict=True)
    if len({row[1] for row in repeated}) == 2:
        assert auroc(score, positive, weights[: len(rows)]) == pytest.approx(naive(repeated))


def test_one_kind_alone_has_no_area():
    with pytest.raises(ValueError, match="3 positives of 3, expected both kinds"):
        auroc([1, 2, 3], [True] * 3)


def test_interval_holds_the_area_and_narrows_with_more_questions():
    def of(count):
        score = [(7 * i) % 10 for i in range(4 * count)]
        positive = [value + (i % 3) > 6 for i, value in enumerate(score)]
        return auroc_interval(score, positive, [i // 4 for i in range(4 * count)])

    few, many = of(10), of(160)
    for value, (low, high) in (few, many):
        assert low < value < high
    assert many[1][1] - many[1][0] < few[1][1] - few[1][0]


def test_paths_of_one_question_do_not_count_as_independent():
    score, positive = [1, 2, 3, 4, 2, 3, 1, 5], [False, False, True, True, True, False, False, True]
    alone = auroc_interval(score, positive, range(8))[1]
    copies = auroc_interval(score * 5, positive * 5, list(range(8)) * 5)[1]
    assert copies == pytest.approx(alone)


@pytest.mark.parametrize(
    ("better", "worse", "p"), [(0, 0, 1.0), (13, 3, 0.02127), (5, 5, 1.0), (6, 0, 2 / 64), (0, 6, 2 / 64)]
)
def test_mcnemar_is_the_sign_test_on_questions_answered_by_one_alone(better, worse, p):
    ours = [True] * better + [False] * worse + [True, False] * 4
    theirs = [False] * better + [True] * worse + [True, False] * 4
    found = mcnemar(ours, theirs)
    assert found[:2] == (better, worse)
    assert found[2] == pytest.approx(p, rel=1e-3)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_p_is_a_probability_and_does_not_depend_on_who_is_called_ours(pairs):
    ours, theirs = zip(*pairs, strict=True)
    p = mcnemar(ours, theirs)[2]
    assert 0 < p <= 1 and math.isclose(p, mcnemar(theirs, ours)[2])
