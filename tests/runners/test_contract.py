"""What every runner of this repository keeps to, whoever writes it."""

import ast
import importlib
import json
import sys
from pathlib import Path

import pytest

from nonmun.pages.method import legend
from nonmun.pages.runner import claims
from nonmun.read.base import Base
from nonmun.read.runners import read_runners
from nonmun.record import Metric, judge, verdict
from nonmun.runner.contract import contract_of

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
FOLDERS = sorted(file.parent for file in (REPOSITORY / "runners").glob("*/__main__.py"))
MODELS = {"torch", "transformers", "safetensors", "gguf", "triton"}


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def contract(folder: Path):
    try:
        return contract_of(importlib.import_module(f"runners.{folder.name}.demo"))
    except ModuleNotFoundError as error:
        if error.name in MODELS:
            pytest.skip(f"{error.name} is not installed")
        raise


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def test_method_is_short_pure_and_has_a_legend(folder):
    file = folder / "method.py"
    code = file.read_text("utf-8")
    assert len(code.splitlines()) <= 200
    assert legend(code)
    assert "Departs from the paper" in code
    tops = {name.lstrip(".").partition(".")[0] for name in imported(file)}
    assert not tops & {"nonmun", "os", "sys", "pathlib", "argparse", "subprocess", "transformers"}
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"print", "open", "input"}


def test_no_runner_imports_another(folder):
    others = {f"runners.{other.name}" for other in FOLDERS if other != folder}
    for file in folder.rglob("*.py"):
        assert not {name for name in imported(file) if name.startswith(tuple(others))}, file
        assert not {name for name in imported(file) if name.startswith("..") and name != "..models"}, file


def test_module_is_of_readable_length(folder):
    assert {file.name for file in folder.rglob("*.py") if len(file.read_text("utf-8").splitlines()) > 300} == set()


def test_readme_states_the_claim_in_both_languages_and_what_it_does_not_show(folder):
    readme = (folder / "README.md").read_text("utf-8")
    korean, english = claims(readme)
    assert korean and english
    assert "판정 기준" in readme and "What it does not show" in readme


def test_presets_stay_within_what_a_laptop_has(contract):
    quick, full = contract.presets["quick"], contract.presets["full"]
    assert quick.minutes <= 4 and full.minutes <= 30
    assert max(quick.gib, full.gib) <= 6
    assert not quick.needs and not full.needs


def test_there_is_a_control_and_it_can_fail(contract):
    controls = [criterion for criterion in contract.criteria if criterion.control]
    assert controls
    for criterion in controls:
        outcomes = {
            criterion.holds(Metric(criterion.metric, value, ci95=(value, value)))
            for value in (-1e9, -1.0, 0.0, 0.05, 0.5, 0.95, 1.0, 2.0, 1e9)
        }
        assert outcomes == {True, False}, criterion.text
    failed = judge(contract.criteria, [])
    assert verdict(failed) == "not reproduced"


def test_what_it_says_of_itself_is_json(contract):
    assert json.loads(json.dumps(contract.card()))["runner"] == contract.name


def test_records_can_be_read_with_their_figures_and_those_are_small():
    runners, faults = read_runners(Base(REPOSITORY))
    assert [fault for fault in faults if fault.code.startswith("bad-")] == []
    for runner in runners.values():
        for result in runner.results:
            assert all(len(figure.svg.encode()) <= 60_000 for figure in result.figures)
