"""The page of a runner, its card, its figures as files and its notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from clip_samples import record_clip

import nonmun
from nonmun.build.generate import load_templates
from nonmun.model import Site
from nonmun.pages import plan_site
from nonmun.pages.method import highlighted, legend
from nonmun.pages.runner import duration
from nonmun.read import load
from nonmun.read.base import Base

RUNNER = "scaled_attention"


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def pages(base: Path) -> dict[str, str]:
    found = Base(base)
    loaded = load(found)
    return {plan.path: plan.make().text for plan in plan_site(loaded.catalogue, load_templates(found), Site())}


@pytest.fixture
def page(base: Path) -> str:
    return pages(base)[f"runners/{RUNNER}/index.md"]


def test_page_has_verdict_figure_checks_metrics_parameters_environment_method_and_command(page):
    for part in (
        "재현됨",
        "verified on",
        '<figure class="nm-figure">',
        'role="img" aria-label="Median size of the softmax Jacobian',
        "0.95 ≤ 95 % CI ≤ 1.05",
        "slope of log Var(q·k) on log d_k",
        "기준선",
        "nonmun run scaled_attention --preset quick --seed 0",
        "ours: a short sentence",
        "python 3.",
        "Peak memory",
        "<code>q_MxD</code>",
        '<span class="k">def</span>',
        f'href="../../runners/{RUNNER}/{RUNNER}.ipynb"',
    ):
        assert part in page, part


def test_claim_stands_in_both_languages(page):
    assert "내적은 차원 d_k가 클수록" in page
    assert "the larger the variance of a dot product" in page


def test_page_of_a_runner_whose_code_changed_says_that_it_is_stale(base, page):
    assert "stale" not in page
    append(base / f"runners/{RUNNER}/demo.py", "\n# changed\n")
    found = pages(base)
    assert "stale: code changed since" in found[f"runners/{RUNNER}/index.md"]
    assert "stale: code changed since" in found["runners/index.md"]
    assert "stale: code changed since" in found["index.md"]


def test_runner_without_code_shows_neither_command_nor_method_nor_notebook(base):
    folder = base / "runners" / "announced"
    folder.mkdir()
    (folder / "README.md").write_text(
        "# 곧 · Soon\n\n주장입니다.\n\nA claim.\n\n| a | b |\n|---|---|\n| 기준 | 1 |\n", "utf-8"
    )
    found = pages(base)
    text = found["runners/announced/index.md"]
    assert "never run" in text and "기준" in text
    assert "nonmun run" not in text and "method.py" not in text
    assert "runners/announced/announced.ipynb" not in found
    assert "nonmun run announced" not in found["runners/index.md"]


def test_newest_record_stands_open_and_earlier_ones_and_all_metrics_are_folded(base):
    file = base / f"runners/{RUNNER}/results/quick.json"
    earlier = json.loads(file.read_text("utf-8")) | {"preset": "full", "started": "2001-02-03T04:05:06+00:00"}
    earlier["checks"][-1]["passed"], earlier["verdict"] = False, "not reproduced"
    file.with_name("full.json").write_text(json.dumps(earlier), "utf-8")
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    newest, folded = text.split('<details class="nm-result nm-earlier">')
    assert '<section class="nm-result">' in newest and "<code>quick</code>" in newest
    summary, rest = folded.split("</summary>", 1)
    assert "2001-02-03" in summary and "failed to reproduce" in summary and "<code>full</code>" in summary
    for record in (newest, rest):
        before, after = record.split('aria-label="측정값 · Metrics"')
        assert before.rfind("<details") > before.rfind("</details>") and "</details>" in after


def failed(base: Path) -> None:
    file = base / f"runners/{RUNNER}/results/quick.json"
    record = json.loads(file.read_text("utf-8"))
    record["checks"][-1]["passed"] = False
    record["verdict"] = "not reproduced"
    file.write_text(json.dumps(record), "utf-8")


def test_failed_verdict_is_shown_with_the_check_that_failed(base):
    failed(base)
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    assert "failed to reproduce" in text
    assert text.count('class="nm-no"') == 1


def test_card_has_figure_verdict_and_time(base):
    text = pages(base)["runners/index.md"]
    assert f'src="../runners/{RUNNER}/quick-gradient.svg"' in text
    assert f'src="../runners/{RUNNER}/quick-gradient-dark.svg"' in text
    assert 'aria-label="Median size' in text


def test_figures_for_either_ground_are_files_of_the_site(base):
    found = pages(base)
    light, dark = (found[f"runners/{RUNNER}/quick-gradient{end}.svg"] for end in ("", "-dark"))
    assert "--nm-accent: #82cdba" in dark and "--nm-accent: #82cdba" not in light


def test_figure_with_a_script_in_it_is_a_fault_and_never_reaches_the_site(base):
    import hashlib

    results = base / f"runners/{RUNNER}/results"
    hostile = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    (results / "quick-gradient.svg").write_text(hostile)
    record = json.loads((results / "quick.json").read_text("utf-8"))
    record["figures"][0]["sha256"] = hashlib.sha256(hostile.encode()).hexdigest()
    (results / "quick.json").write_text(json.dumps(record), "utf-8")
    found = Base(base)
    plans = plan_site(load(found).catalogue, load_templates(found), Site())
    made = {plan.path: plan.make() for plan in plans}
    assert not any("alert(1)" in one.text for one in made.values())
    assert [fault.code for fault in made[f"runners/{RUNNER}/index.md"].faults] == ["bad-figure"]


def test_hostile_texts_of_a_record_are_escaped(base):
    file = base / f"runners/{RUNNER}/results/quick.json"
    record = json.loads(file.read_text("utf-8"))
    for place, key in (
        (record["metrics"][0], "label"),
        (record["checks"][0], "claim"),
        (record["figures"][0], "title"),
    ):
        place[key] = '<script>alert("x")</script>'
    record["device"] = record["versions"]["python"] = "<b>"
    file.write_text(json.dumps(record), "utf-8")
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    assert "<script" not in text and "<b>" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.234, "0.23 s"), (41, "41 s"), (161.4, "2 min 41 s"), (59.9, "60 s"), (3900, "1 h 5 min")]
)
def test_duration_is_short(seconds, text):
    assert duration(seconds) == text


def test_legend_is_what_stands_under_symbols():
    code = '"""T.\n\nSymbols; shapes\n    Δ_OI     the delta\n    α        its scale,\n             one a matrix\n    W fine   weights\n\nDeparts\n    x  no symbol\n"""'
    assert legend(code) == [("Δ_OI", "the delta"), ("α", "its scale, one a matrix"), ("W fine", "weights")]
    assert legend('"""nothing"""') == legend("def (") == legend("\0") == legend("(" * 5000) == []


def test_long_method_is_highlighted():
    assert '<span class="k">def</span>' in highlighted("def f(): ...\n" * 1500)


def test_notebook_is_valid_and_its_cells_run_the_runners_own_code(base, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    text = pages(base)[f"runners/{RUNNER}/{RUNNER}.ipynb"]
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    assert "".join(book.cells[0].source).startswith("# Attention을")
    stub = (
        "import sys, types\n"
        "display = types.ModuleType('IPython.display')\n"
        "display.Code = display.SVG = display.Image = display.display = lambda *a, **k: print('shown', str(a or k)[:60])\n"
        "sys.modules['IPython'] = types.ModuleType('IPython'); sys.modules['IPython'].version_info = (9, 0); sys.modules['IPython.display'] = display\n"
    )
    cells = [cell.source for cell in book.cells if cell.cell_type == "code"]
    smaller = 'config = config.model_copy(update={"sizes": (4, 16), "replicates": 4})\n'
    script = tmp_path / "cells.py"
    script.write_text(stub + "\n".join(cells).replace("result = rehearse", smaller + "result = rehearse"), "utf-8")
    env = {**os.environ, "PYTHONPATH": str(Path(nonmun.__file__).resolve().parents[1])}
    ran = subprocess.run([sys.executable, str(script)], cwd=base, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "· quick · seed 0" in ran.stdout and "shown ('<svg" in ran.stdout


def offer_a_choice(base: Path, names: list[str]) -> None:
    """The recorded figure once more under each of these names."""
    results = base / "runners" / RUNNER / "results"
    record = json.loads((results / "quick.json").read_text("utf-8"))
    (only,) = record["figures"]
    svg = (results / only["file"]).read_bytes()
    record["figures"] = []
    for name in names:
        (results / f"quick-{name}.svg").write_bytes(svg)
        record["figures"].append(only | {"name": name, "file": f"quick-{name}.svg", "title": f"finding of {name}"})
    (results / "quick.json").write_text(json.dumps(record), "utf-8")


def test_of_figures_named_alike_the_page_opens_the_first_and_offers_the_others(base):
    offer_a_choice(base, ["tree--one", "tree--two", "gain", "tree--three"])
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    choice = text[text.index('<div class="nm-choice"') : text.index("</div>", text.index('<div class="nm-choice"'))]
    assert choice.count("<details") == choice.count("<svg") == 3
    assert choice.count('name="quick-1"') == 3  # of one name, so that a browser closes one as it opens another
    assert choice.count(" open>") == 1
    assert choice.index(" open>") < choice.index("finding of tree--one") < choice.index("finding of tree--two")
    assert "finding of gain" not in choice
    assert "<figcaption>finding of gain</figcaption>" in text


def test_a_figure_with_no_others_of_its_name_is_no_choice(base):
    offer_a_choice(base, ["tree--one", "gain"])
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    assert "nm-choice" not in text
    assert "<figcaption>finding of tree--one</figcaption>" in text


def test_a_clip_is_a_picture_that_loops_and_its_still_where_less_motion_is_asked_for(base):
    pytest.importorskip("PIL")
    record_clip(base)
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    there = f"../../runners/{RUNNER}/quick-turn"
    assert f'<source srcset="{there}-still.webp" media="(prefers-reduced-motion: reduce), print">' in text
    assert f'<img src="{there}.webp" alt="A square turns from red to blue." width="320" height="128"' in text
    assert text.index("quick-gradient") < text.index("quick-turn") < text.index("무엇이 판정을 정했나")
    assert '<details class="nm-more nm-clip" open>' in text


def test_hostile_words_of_a_clip_are_escaped(base):
    pytest.importorskip("PIL")
    record_clip(base, title="<script>alert(1)</script>", alt='" onerror="alert(1)')
    text = pages(base)[f"runners/{RUNNER}/index.md"]
    assert "<script" not in text and 'onerror="' not in text
