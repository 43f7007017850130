"""The runner that `nonmun init` writes: its method, its measurement, its verdict, its record."""

import importlib
import importlib.util
import json
import math
import os
import random
import re
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import nonmun
from nonmun.pages.runner import claims
from nonmun.parse import parse_digest, parse_note
from nonmun.read.base import Base
from nonmun.read.runners import read_runners
from nonmun.record import Result, from_json, judge, source_hashes, to_json
from nonmun.runner import rehearse
from nonmun.vocabulary import read_vocabulary
from nonmun.write.starting import start_base

STARTER = Path(nonmun.__file__).parent / "starter"
FOLDER = STARTER / "runners" / "scaled_attention"


def load(name: str) -> ModuleType:
    """The runner's module under a package name of its own: `runners` may be the repository's."""
    package = "starter_scaled_attention"
    if package not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            package, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[package] = module
        spec.loader.exec_module(module)
    return importlib.import_module(f"{package}.{name}")


method, demo = load("method"), load("demo")
TINY = demo.Config(sizes=(4, 64), keys=8, queries=4, replicates=4)


def tiny(**changes: object) -> "demo.Config":
    return demo.Config(**{**TINY.model_dump(), **changes})


# --- method ---


def vectors(rng: random.Random, rows: int, columns: int) -> list[list[float]]:
    return [[rng.gauss(0, 1) for _ in range(columns)] for _ in range(rows)]


def naive_attention(q: list[list[float]], k: list[list[float]], v: list[list[float]]) -> list[list[float]]:
    out = []
    for query in q:
        weights = []
        for key in k:
            product = 0.0
            for i in range(len(query)):
                product += query[i] * key[i]
            weights.append(math.exp(product / math.sqrt(len(query))))
        row = []
        for column in range(len(v[0])):
            row.append(sum(weights[n] / sum(weights) * v[n][column] for n in range(len(k))))
        out.append(row)
    return out


@pytest.mark.parametrize(("m", "n", "d", "e"), [(1, 1, 1, 1), (3, 5, 4, 2), (2, 7, 16, 3)])
def test_attention_agrees_with_a_naive_loop(m, n, d, e):
    rng = random.Random(m)
    q, k, v = vectors(rng, m, d), vectors(rng, n, d), vectors(rng, n, e)
    found = method.scaled_dot_product_attention(q, k, v)
    assert [len(row) for row in found] == [e] * m
    for row, expected in zip(found, naive_attention(q, k, v), strict=True):
        assert row == pytest.approx(expected, rel=1e-12)


logits = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@given(logits, st.floats(-1e3, 1e3))
def test_softmax_adds_up_to_one_and_ignores_a_shift_of_all_logits(z, shift):
    p = method.softmax(z)
    assert math.fsum(p) == pytest.approx(1)
    assert method.softmax([value + shift for value in z]) == pytest.approx(p, abs=1e-6)


@given(logits)
def test_entropy_lies_between_none_and_that_of_equal_weights(z):
    assert -1e-12 <= method.entropy(method.softmax(z)) <= math.log(len(z)) + 1e-12


def test_equal_logits_give_the_largest_entropy():
    assert method.entropy(method.softmax([3.0] * 8)) == pytest.approx(math.log(8))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12))
def test_jacobian_norm_agrees_with_the_matrix_written_out(z):
    p = method.softmax(z)
    matrix = [[p[i] * ((i == j) - p[j]) for j in range(len(p))] for i in range(len(p))]
    expected = math.sqrt(sum(value * value for row in matrix for value in row))
    assert method.jacobian_norm(p) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("gap", [20.0, 60.0, 300.0, 500.0])
def test_jacobian_norm_keeps_its_digits_where_the_softmax_is_saturated(gap):
    # Squared and subtracted in floating point, these would come out as 0 or as noise.
    with localcontext() as context:
        context.prec = 600
        small = (-Decimal(gap)).exp()
        p = [1 / (1 + 2 * small), small / (1 + 2 * small), small / (1 + 2 * small)]
        squared = sum((p[i] * ((i == j) - p[j])) ** 2 for i in range(3) for j in range(3))
        expected = float(squared.sqrt())
    assert method.jacobian_norm(method.softmax([gap, 0.0, 0.0])) == pytest.approx(expected, rel=1e-9, abs=0)


def test_one_key_has_no_gradient():
    assert method.jacobian_norm([1.0]) == 0


# --- measurement ---


def test_slope_of_an_exact_power_law_is_its_exponent():
    sizes = (4, 16, 64)
    variances = [[factor * size**1.5 for factor in (1.0, 2.0, 3.0, 5.0)] for size in sizes]
    value, (low, high) = demo._slope(sizes, variances)
    assert [value, low, high] == pytest.approx([1.5] * 3)


def test_correlated_components_keep_mean_zero_variance_one_and_have_the_correlation_asked_for():
    rng = random.Random(0)
    rows = demo._correlate(rng, vectors(rng, 4000, 2), 0.5)
    for component in range(2):
        values = [row[component] for row in rows]
        assert math.fsum(values) / len(values) == pytest.approx(0, abs=0.05)
        assert math.fsum(value * value for value in values) / len(values) == pytest.approx(1, abs=0.08)
    assert math.fsum(a * b for a, b in rows) / len(rows) == pytest.approx(0.5, abs=0.05)


def test_same_seed_gives_the_same_metrics_and_another_seed_others():
    first = rehearse(demo, tiny(seed=3))
    again = rehearse(demo, tiny(seed=3))
    assert (again.metrics, again.checks, again.series) == (first.metrics, first.checks, first.series)
    assert rehearse(demo, tiny(seed=4)).metrics != first.metrics


def test_draws_at_one_size_do_not_depend_on_the_other_sizes():
    wider = rehearse(demo, tiny(sizes=(4, 16, 64))).series
    narrow = rehearse(demo, TINY).series
    assert [wider["variance"][0], wider["variance"][2]] == narrow["variance"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": (4,)}, "at least 2"),
        ({"sizes": (16, 4)}, "rising"),
        ({"sizes": (0, 4)}, "positive"),
        ({"keys": 1}, "greater than or equal to 2"),
        ({"replicates": 3}, "greater than or equal to 4"),
        ({"correlation": 1.5}, "less than or equal to 1"),
    ],
)
def test_configuration_that_cannot_be_measured_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


# --- verdict ---


def test_every_criterion_asks_for_a_metric_that_is_measured_with_its_interval():
    metrics = {metric.name: metric for metric in rehearse(demo, TINY).metrics}
    for criterion in demo.CRITERIA:
        assert criterion.interval
        assert metrics[criterion.metric].ci95 is not None


def test_components_that_are_not_independent_are_not_reproduced(monkeypatch):
    # The control's population in the place of the claim's: the measurement must notice.
    plain = demo._normal
    monkeypatch.setattr(demo, "_normal", lambda rng, *shape: demo._correlate(rng, plain(rng, *shape), 0.5))
    result = rehearse(demo, tiny(sizes=(4, 64, 256), replicates=6))
    assert not result.checks[0].passed
    assert result.verdict != "reproduced"


# --- what ships ---


def shipped_record() -> Result:
    return from_json((FOLDER / "results" / "quick.json").read_bytes())


def test_shipped_record_is_of_the_shipped_sources_and_names_no_place_on_a_machine():
    record = shipped_record()
    assert record.sources == source_hashes(FOLDER)
    assert record.config == json.loads(demo.PRESETS["quick"].config.model_dump_json(exclude={"seed"}))
    assert record.config_schema == demo.Config.model_json_schema()
    assert record.device == "cpu"
    assert not re.search(r'"(?:/|~|[A-Za-z]:\\\\)', to_json(record))


def test_shipped_verdict_follows_from_the_shipped_metrics():
    record = shipped_record()
    assert judge(demo.CRITERIA, record.metrics, preset="quick") == record.checks
    assert record.verdict == "reproduced"


def test_shipped_figure_is_the_one_that_is_drawn_from_the_shipped_record():
    pytest.importorskip("matplotlib")
    from nonmun.runner.figures import drawn

    record = shipped_record()
    for (name, figure), recorded in zip(load("plots").draw(record).items(), record.figures, strict=True):
        picture = drawn(figure, name)
        assert (picture.title, picture.alt) == (recorded.title, recorded.alt)
        assert (FOLDER / "results" / recorded.file).is_file()


@pytest.mark.slow
def test_running_it_again_gives_the_shipped_numbers():
    record = shipped_record()
    again = rehearse(demo, demo.Config(seed=record.seed))
    for metric, recorded in zip(again.metrics, record.metrics, strict=True):
        assert metric.value == pytest.approx(recorded.value, rel=1e-6), metric.name


def test_begun_base_holds_a_runner_that_starts_with_its_claim_in_both_languages(tmp_path):
    base = tmp_path / "base"
    start_base(base)
    runners, faults = read_runners(Base(base))
    assert faults == []
    korean, english = claims(runners["scaled_attention"].readme)
    assert "√d_k" in korean
    assert "√d_k" in english
    assert not runners["scaled_attention"].latest.stale
    run = [sys.executable, "-B", "-m", "nonmun", "run", "scaled_attention", "--help", "--root", str(base)]
    env = {**os.environ, "PYTHONPATH": str(Path(nonmun.__file__).resolve().parents[1])}
    asked = subprocess.run(run, env=env, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert "--replicates" in asked.stdout


def test_begun_base_has_no_faults_and_uses_only_tags_of_its_vocabulary():
    def text(path: str) -> tuple[str, str]:
        return (STARTER / path).read_text("utf-8"), path

    vocabulary, faults = read_vocabulary(*text("notes/tags.yml"))
    note, more = parse_note(*text("notes/attention-is-all-you-need.md"))
    digest, still = parse_digest(*text("digests/2017/2017-06-13.md"))
    assert [*faults, *more, *still] == []
    used = {use.name for entry in (note.entry, *digest.entries) for use in entry.tags}
    assert used <= vocabulary.tags.keys()
    assert len(note.entry.authors) == 8
    assert [entry.arxiv and entry.arxiv.id for entry in digest.entries] == ["1706.03762", "1706.03741"]


def test_begun_base_is_configured_as_this_repository_is():
    def settings(path: Path) -> dict:
        found = yaml.safe_load(path.read_text("utf-8"))
        return {key: value for key, value in found.items() if key not in ("site_name", "site_description")}

    repository = Path(__file__).parents[1] / "mkdocs.yml"
    assert settings(STARTER / "mkdocs.yml") == settings(repository)
