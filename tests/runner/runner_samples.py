"""A runner in a folder of its own, made of the template."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def make_runner(root: Path, name: str, **edits: tuple[str, str]) -> Path:
    """The template under `name` in root/runners; `demo=(old, new)` edits demo.py."""
    folder = root / "runners" / name
    shutil.copytree(
        REPOSITORY / "runners" / "_template", folder, ignore=shutil.ignore_patterns("__pycache__", "results")
    )
    (root / "runners" / "__init__.py").touch()
    for stem, (old, new) in edits.items():
        file = folder / f"{stem}.py"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
    return folder


def environment(root: Path, **more: str) -> dict[str, str]:
    paths = os.pathsep.join([str(root), str(REPOSITORY / "src")])
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    return {**inherited, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **more}


def start(root: Path, name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"runners.{name}", *arguments]
    return subprocess.run(
        command, cwd=root, env=environment(root, **more), capture_output=True, text=True, encoding="utf-8", check=False
    )
