"""The template, copied under another name into another base: it runs, keeps the contract, and is on the site."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nonmun.runner import rehearse

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
demo = importlib.import_module("runners._template.demo")
method = importlib.import_module("runners._template.method")
TINY = demo.Config(pairs=100)


def test_pairs_agree_with_a_loop_over_them():
    u, v = np.random.default_rng(0).random((2, 50))
    loop = [(np.exp(one) + np.exp(1 - one)) / 2 for one in u]
    assert method.antithetic_pairs(np.exp, u) == pytest.approx(loop)
    loop = [(np.exp(one) + np.exp(two)) / 2 for one, two in zip(u, v, strict=True)]
    assert method.independent_pairs(np.exp, u, v) == pytest.approx(loop)


def test_same_seed_gives_the_same_metrics_and_another_seed_others():
    first, again = rehearse(demo, TINY), rehearse(demo, TINY)
    assert (first.metrics, first.checks, first.series) == (again.metrics, again.checks, again.series)
    assert rehearse(demo, demo.Config(pairs=100, seed=1)).metrics != first.metrics


def test_control_has_to_come_out_as_it_must(monkeypatch):
    monkeypatch.setitem(demo.FUNCTIONS, "symmetric", np.exp)  # which antithetic pairs do help
    result = rehearse(demo, demo.Config(pairs=2000))
    assert result.checks[0].passed
    assert result.verdict == "not reproduced"


def test_copy_of_the_template_runs_and_stands_on_the_site(base, tmp_path):
    shutil.copytree(
        REPOSITORY / "runners" / "_template",
        base / "runners" / "my_method",
        ignore=shutil.ignore_patterns("__pycache__", "results"),
    )
    note = base / "notes" / "attention-is-all-you-need.md"
    note.write_text(note.read_text("utf-8").replace("scaled_attention", "my_method"), "utf-8")

    def nonmun(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "nonmun", *arguments, "--root", str(base)]
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, encoding="utf-8", check=False
        )

    ran = nonmun("run", "my_method", "--record", "--progress", "none")
    assert ran.returncode == 0, ran.stderr
    built = nonmun("build", "--strict")
    assert built.returncode == 0, built.stdout + built.stderr
    site = base / "build" / "site"
    page = (site / "runners/my_method/index.html").read_text("utf-8")
    for part in ("Antithetic variates", "variance ratio, exp(u)", "<svg", "nonmun run my_method", "antithetic_pairs"):
        assert part in page, part
    assert "my_method" in (site / "notes/attention-is-all-you-need/index.html").read_text("utf-8")
    assert json.loads((site / "runners/my_method/my_method.ipynb").read_text("utf-8"))["nbformat"] == 4
    assert "my_method" in (site / "runners/index.html").read_text("utf-8")
    assert not (site / "runners/_template").exists()
