import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.record import Check, Criterion, Metric, RecordError, judge, verdict

numbers = st.floats(-1e6, 1e6)
bounds = st.none() | numbers


def metric(value, low=None, high=None, name="m"):
    return Metric(name, value, ci95=None if low is None else (low, high))


@given(numbers, st.lists(numbers, min_size=2, max_size=2).map(sorted), bounds, bounds, bounds, bounds, st.booleans())
def test_criterion_holds_exactly_where_each_of_its_bounds_does(value, ends, least, most, above, below, interval):
    if least is most is above is below is None:
        return
    criterion = Criterion("c", "m", at_least=least, at_most=most, above=above, below=below, interval=interval)
    asked = [*ends] if interval else [value]
    expected = all(
        (least is None or x >= least)
        and (most is None or x <= most)
        and (above is None or x > above)
        and (below is None or x < below)
        for x in asked
    )
    assert criterion.holds(metric(value, *ends)) == expected


def test_criterion_on_an_interval_does_not_hold_where_there_is_none():
    assert not Criterion("c", "m", at_least=0, interval=True).holds(metric(1.0))


def test_criterion_without_a_bound_is_refused():
    with pytest.raises(RecordError, match="'m': no bound"):
        Criterion("c", "m")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"at_least": 15.5, "unit": "x"}, "≥ 15.5x"),
        ({"above": 0, "interval": True}, "95 % CI > 0"),
        ({"at_least": 0.95, "at_most": 1.05, "interval": True}, "0.95 ≤ 95 % CI ≤ 1.05"),
        ({"above": 1, "below": 2, "unit": "s"}, "1 < value < 2 s"),
        ({"below": 15, "unit": "%"}, "< 15 %"),
    ],
)
def test_criterion_as_text(asked, text):
    assert Criterion("c", "m", **asked).text == text


def test_criterion_whose_metric_was_not_measured_fails():
    (check,) = judge([Criterion("c", "gone", above=0)], [metric(1.0)])
    assert not check.passed
    assert "not measured" in check.value


def test_criterion_of_another_preset_is_not_asked():
    criteria = [Criterion("a", "m", above=0), Criterion("b", "m", above=0, presets=("full",))]
    assert [check.claim for check in judge(criteria, [metric(1.0)], preset="quick")] == ["a"]
    assert [check.claim for check in judge(criteria, [metric(1.0)], preset="full")] == ["a", "b"]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6))
def test_verdict_follows_from_claims_and_controls(found):
    checks = [Check("c", "t", "v", passed, control) for passed, control in found]
    claims = [passed for passed, control in found if not control]
    controls = [passed for passed, control in found if control]
    if not all(controls) or not any(claims):
        expected = "not reproduced"
    else:
        expected = "reproduced" if all(claims) else "partly"
    assert verdict(checks) == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_metric_that_is_no_finite_number_is_refused_by_name(value):
    with pytest.raises(RecordError, match="metric 'loss': value is"):
        Metric("loss", value)
    with pytest.raises(RecordError, match="metric 'loss': ci95"):
        Metric("loss", 1.0, ci95=(0.0, value))
    with pytest.raises(RecordError, match="metric 'loss': baseline"):
        Metric("loss", 1.0, baseline=value)


def test_interval_with_its_ends_exchanged_is_refused():
    with pytest.raises(RecordError, match="lower end first"):
        Metric("loss", 1.0, ci95=(2.0, 1.0))
