"""The versions that make installs can be installed by every Python that pyproject.toml admits."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_pinned_version_admits_the_oldest_python_that_the_project_admits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = re.fullmatch(r">=(\d+\.\d+)", project["requires-python"])
    assert oldest, "this test reads requires-python as one lower bound"
    checked, refusing = 0, {}
    for name, version in PINS.items():
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue  # of an extra that is not installed here, or of another system
        if about["Version"] != version:
            continue  # installed by hand; what the pin asks for is not known here
        checked += 1
        if f"{oldest[1]}.0" not in SpecifierSet(about.get("Requires-Python") or ""):
            refusing[name] = about["Requires-Python"]
    if not checked:
        pytest.skip("none of the pinned versions is installed")
    assert refusing == {}
