"""What is written about the tool and what it is, held together: no document drifts from the code, no list from its files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from nonmun.cli import app
from nonmun.parse import parse_note
from nonmun.vocabulary import read_vocabulary

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = get_command(app).commands
ALL_HAVE = {"--help", "--root", "--notes"}  # said once, for all commands that have them
WITH_NOTES = {"list", "check", "build", "serve", "search"}


def options(name: str) -> Iterator[str]:
    for parameter in COMMANDS[name].params:
        yield from (option for option in parameter.opts if option.startswith("--"))


def row(name: str) -> str:
    """The command's line of the README's table."""
    found = re.findall(rf"^\| `nonmun {re.escape(name)}\b.*$", README, re.MULTILINE)
    assert len(found) == 1, f"README's table has {len(found)} lines for {name}"
    return found[0]


def test_readme_lists_the_commands_there_are_and_no_other() -> None:
    table = re.findall(r"^\| `nonmun ([a-z-]+)", README, re.MULTILINE)
    assert sorted(table) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_readme_names_every_option_of_a_command_and_no_other(name: str) -> None:
    named = set(re.findall(r"--[a-z][a-z-]*", row(name)))
    assert named | ALL_HAVE == set(options(name)) | ALL_HAVE
    assert ("--notes" in options(name)) == (name in WITH_NOTES)
    # `init` makes the base that --root names elsewhere.
    assert ("--root" in options(name)) == (name != "init")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_says_what_each_option_is_and_ends_with_an_example_that_works(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert command.epilog and command.epilog.startswith(f"Example: nonmun {name}")
    for parameter in command.params:
        if any(option.startswith("--") for option in parameter.opts) and parameter.name != "help":
            assert getattr(parameter, "help", None), f"{name} {parameter.opts}"
    used = re.findall(r"--[a-z][a-z-]*", command.epilog.split("&&")[0])
    assert set(used) <= set(options(name))


def test_every_page_of_help_is_plain_and_whole_off_a_terminal() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "nonmun", "--help"], capture_output=True, text=True, check=True, cwd=ROOT / "src"
    )
    assert all(re.search(rf"^\s+{name}\s+\S", ended.stdout, re.MULTILINE) for name in COMMANDS)
    assert "\x1b" not in ended.stdout


def test_readme_draws_every_room_and_no_other() -> None:
    drawn = re.findall(r"^  ([a-z_]+(?:\.py|/))  +\S", README, re.MULTILINE)
    there = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "src/nonmun").iterdir()
        if not path.name.startswith("__")
    ]
    assert sorted(drawn) == sorted(there)


def test_readme_draws_every_folder_of_the_repository_and_no_other() -> None:
    drawn = re.findall(r"^([a-z]+(?:/[a-z]+)?)/  +\S", README, re.MULTILINE)
    kept = {Path(path).parts[0] for path in tracked() if "/" in path and not path.startswith(".")}
    assert sorted({path.split("/")[0] for path in drawn}) == sorted(kept)


def test_every_target_of_make_is_said_and_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    there = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    texts = "\n".join((ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", ".ci/run"))
    assert set(re.findall(r"(?:^\s*|`)make ([a-z]+)", texts, re.MULTILINE)) <= there
    assert {"serve", "test", "site", "lint", "lock", "bench", "runners"} <= there


def test_every_tag_has_labels_and_a_description_in_both_languages() -> None:
    vocabulary, faults = read_vocabulary((ROOT / "notes/tags.yml").read_text("utf-8"), "notes/tags.yml")
    assert faults == []
    for tag in vocabulary.tags.values():
        assert all((tag.ko, tag.en, tag.description_ko, tag.description_en)), tag.name
        assert re.search("[가-힣]", tag.description_ko), tag.name
        assert not re.search("[가-힣]", tag.en + tag.description_en), tag.name


def test_every_runner_and_tag_that_a_note_names_exists() -> None:
    vocabulary, _ = read_vocabulary((ROOT / "notes/tags.yml").read_text("utf-8"), "notes/tags.yml")
    for file in sorted((ROOT / "notes").glob("*.md")):
        note, faults = parse_note(file.read_text("utf-8"), f"notes/{file.name}")
        assert faults == []
        assert all((ROOT / "runners" / use.name / "README.md").is_file() for use in note.entry.runners), file.name
        assert all(vocabulary.canonical(use.name) in vocabulary.tags for use in note.entry.tags), file.name


def test_what_is_shipped_is_what_the_wheel_is_told_to_hold() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {f"site/{kind}": f"nonmun/_site/{kind}" for kind in ("templates", "theme", "assets")}


def tracked() -> list[str]:
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("this is no checkout")
    return [path for path in found.stdout.decode().split("\0") if path]


# Built of parts, so that this file does not hold what it looks for.
MACHINE = re.compile(
    rb"/(?:" + rb"|".join((b"work", b"root", rb"home/\w[\w.-]*", rb"Users/\w[\w.-]*")) + rb")/"
    rb"|[a-z0-9.-]*(?:" + rb"|".join((b"pypi", b"pythonhosted", b"artifactory", b"nexus", b"devpi")) + rb")[a-z0-9-]*\.(?:org|com|io|net|local|internal)\b"
    rb"|(?:index-url|extra-index-url|trusted-host|registry)\s*[= ]\s*http",
    re.IGNORECASE,
)  # fmt: skip


def test_no_file_names_a_place_on_a_machine_or_a_registry() -> None:
    found = []
    for path in tracked():
        file = ROOT / path
        data = file.read_bytes() if file.is_file() else b""
        if b"\0" not in data[:1000]:
            found += [f"{path}: {hit[0].decode()}" for hit in MACHINE.finditer(data)]
    assert found == []


def test_the_look_out_for_places_sees_them() -> None:
    for text in ("/" + "work/x", "see /" + "root/.cache", "/home/" + "someone/x", "files.python" + "hosted.org"):
        assert MACHINE.search(text.encode()), text
