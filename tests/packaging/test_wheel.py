"""What `pip install` brings is all that a knowledge base needs, far from this repository."""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
OUTSIDE = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", folder, ROOT], folder)
    (found,) = folder.glob("nonmun-*.whl")
    return found


def run(command: Sequence[object], where: Path) -> str:
    ended = subprocess.run(
        [str(part) for part in command], cwd=where, env=OUTSIDE, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def environment(folder: Path) -> Path:
    """A new environment's folder of commands; pip stays outside."""
    venv.create(folder)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def begin_check_and_build(commands: Path, where: Path) -> None:
    nonmun = commands / "nonmun"
    run([nonmun, "init", "my base"], where)
    base = where / "my base"
    assert "0 errors, 0 warnings" in run([nonmun, "check", "--strict"], base)
    run([nonmun, "new", "A New Paper", "--tag", "attention"], base)
    run([nonmun, "build", "--strict"], base)
    site = base / "build/site"
    for path in ("index.html", "404.html", "notes/a-new-paper/index.html", "assets/nonmun.css", "assets/nonmun.js"):
        assert (site / path).is_file(), path
    assert 'class="nm' in (site / "index.html").read_text("utf-8")
    # The starter's runner runs on what the base install brings.
    assert "--record" in run([commands / "python", "-m", "runners.scaled_attention", "--help"], base)


def test_wheel_holds_templates_theme_assets_and_starter(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        license_file = next(name for name in names if re.search(r"dist-info/.*LICENSE$", name))
        assert b"MIT" in archive.read(license_file)
    for kind in ("templates", "theme", "assets"):
        kept = {
            path.relative_to(ROOT / "site").as_posix() for path in (ROOT / "site" / kind).rglob("*") if path.is_file()
        }
        assert kept
        assert {f"nonmun/_site/{path}" for path in kept} <= names
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/nonmun").rglob("*") if path.is_file()}
    assert {path for path in sources if "__pycache__" not in path} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests", "notes", "site"))]


def test_installed_wheel_begins_checks_and_builds_a_base_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    commands = environment(tmp_path / "env")
    run([*PIP, "--python", commands / "python", "install", "-q", "--no-deps", "--no-index", wheel], tmp_path)
    # What nonmun needs is taken from where these tests have it, nonmun itself excepted.
    purelib = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "env")}))
    (purelib / "borrowed.pth").write_text("\n".join([sysconfig.get_path("purelib"), *site.getsitepackages()]) + "\n")
    where = run([commands / "python", "-c", "import nonmun; print(nonmun.__file__)"], tmp_path)
    assert where.startswith(str(purelib))
    begin_check_and_build(commands, tmp_path)


@pytest.mark.slow
def test_wheel_brings_what_it_needs_and_no_torch(wheel: Path, tmp_path: Path) -> None:
    commands = environment(tmp_path / "env")
    pip = [*PIP, "--python", commands / "python"]
    run([*pip, "install", "-q", "--constraint", ROOT / "constraints.txt", wheel], tmp_path)
    assert "torch" not in run([*pip, "list"], tmp_path).split()
    begin_check_and_build(commands, tmp_path)
