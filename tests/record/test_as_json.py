import json
import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_samples import METRICS, sample

from nonmun.record import Metric, RecordError, from_json, judge, to_json


def changed(path: str, value: object) -> str:
    """The sample's JSON with another value at `metrics.0.value`."""
    data = json.loads(to_json(sample()))
    *way, last = path.split(".")
    place = data
    for key in way:
        place = place[int(key) if key.isdigit() else key]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return json.dumps(data)


def test_record_is_read_as_it_was_written():
    assert from_json(to_json(sample())) == sample()
    assert json.loads(to_json(sample()))["schema"] == 1
    assert json.loads(to_json(sample()))["verdict"] == "reproduced"


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
trees = st.recursive(
    st.none() | st.booleans() | finite | st.integers(-(2**53), 2**53) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
metrics = st.builds(
    Metric,
    name=names,
    value=finite,
    label=names,
    unit=names,
    better=st.sampled_from(["", "higher", "lower"]),
    ci95=st.none() | st.tuples(finite, finite).map(lambda ends: tuple(sorted(ends))),
    baseline=st.none() | finite,
    group=names,
)


@given(
    st.lists(metrics, max_size=4, unique_by=lambda metric: metric.name),
    st.dictionaries(names, trees, max_size=3),
    st.dictionaries(names, trees, max_size=3),
    st.integers(0, 2**32),
    st.none() | st.integers(0, 2**50),
)
def test_whatever_a_run_finds_is_read_as_it_was_written(found, series, config, seed, peak):
    result = sample(metrics=tuple(found), series=series, config=config, seed=seed, peak_memory=peak)
    assert from_json(to_json(result)) == result


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_reading_any_text_gives_a_result_or_one_error(text):
    with pytest.raises(RecordError):
        from_json(text)


@given(trees)
def test_reading_any_json_gives_one_error(tree):
    with pytest.raises(RecordError):
        from_json(json.dumps(tree))


@given(st.data())
def test_a_record_with_any_one_value_exchanged_is_read_or_named(data):
    record = json.loads(to_json(sample()))
    key = data.draw(st.sampled_from(sorted(record)))
    record[key] = data.draw(trees)
    try:
        result = from_json(json.dumps(record))
    except RecordError as error:
        assert str(error)
    else:
        assert from_json(to_json(result)) == result


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", 2, "schema is 2, expected 1"),
        ("runner", ..., "runner is missing"),
        ("runner", "../x", "runner is '../x'"),
        ("metrics.0.value", ..., "metrics[0].value is missing"),
        ("metrics.0.value", "0.9", "metrics[0].value is '0.9', expected a finite number"),
        ("metrics.1.value", True, "metrics[1].value is True, expected a finite number"),
        ("metrics.0.ci95", [1], "metrics[0].ci95 has 1 items, expected 2"),
        ("metrics.0.ci95", 3, "metrics[0].ci95 is 3, expected a list"),
        ("metrics.0.better", "more", "metrics[0].better is 'more'"),
        ("metrics.1.name", "recovered", "metrics holds 'recovered' twice"),
        ("checks.0.passed", 1, "checks[0].passed is 1, expected true or false"),
        ("checks.0.passed", False, "verdict is 'reproduced', but 'not reproduced' follows"),
        ("verdict", "yes", "verdict is 'yes'"),
        ("verdict", "partly", "verdict is 'partly', but 'reproduced' follows"),
        ("seed", -1, "seed is -1, expected a whole number"),
        ("seed", 1.5, "seed is 1.5, expected a whole number"),
        ("started", "yesterday", "started is 'yesterday'"),
        ("started", "2024-02-16T09:30:00", "started is"),
        ("claim.en", ..., "claim.en is missing"),
        ("sources", {"a.py": "short"}, "sources.a.py is 'short'"),
        ("series.loss.1", "\ud800", "series.loss[1] is"),
        ("figures.0.file", "../../etc/passwd", "figures[0].file is"),
        ("clips.0.file", "../../etc/passwd", "clips[0].file is"),
        ("clips.0.still", "quick-run.html", "clips[0].still is"),
        ("clips.0.width", "96px", "clips[0].width is '96px', expected a whole number"),
        ("clips.0.sha256", "2", "clips[0].sha256 is"),
        ("peak_memory", ..., "peak_memory is missing"),
    ],
)
def test_error_names_the_key_and_what_was_found(path, value, message):
    with pytest.raises(RecordError) as caught:
        from_json(changed(path, value))
    assert message in str(caught.value)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_number_that_is_not_finite_is_named(constant):
    text = changed("metrics.0.value", "HERE").replace('"HERE"', constant)
    with pytest.raises(RecordError, match=r"metrics\[0\]\.value is .*, expected a finite number"):
        from_json(text)


def test_deeply_nested_text_is_an_error_and_no_crash():
    with pytest.raises(RecordError):
        from_json("[" * 100_000)
    with pytest.raises(RecordError):
        from_json(changed("series", "HERE").replace('"HERE"', '{"a":' * 50_000 + "1" + "}" * 50_000))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_series_with_a_number_that_is_not_finite_is_not_written(value):
    with pytest.raises(RecordError, match=r"series\.loss\[1\]"):
        to_json(sample(series={"loss": [1.0, value]}))


def test_series_of_another_type_is_named():
    with pytest.raises(RecordError, match=r"series\.loss\[0\] is \{1\}"):
        to_json(sample(series={"loss": [{1}]}))


def test_keys_that_a_later_version_adds_are_passed_over():
    assert from_json(changed("mood", "fine")) == sample()


def test_metric_is_found_by_name():
    assert sample().metric("random") is METRICS[1]
    with pytest.raises(KeyError):
        sample().metric("none")


def test_checks_are_those_that_judging_the_metrics_gives():
    result = sample()
    worse = replace(result, metrics=(), checks=judge((), ()))
    assert json.loads(to_json(worse))["verdict"] == "not reproduced"
    assert [asdict(check)["passed"] for check in result.checks] == [True, True]
