"""Import of whole folders, whatever is in them: nothing is lost, nothing is overwritten, twice changes nothing."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from any_tree import Step, grown, trees
from hypothesis import HealthCheck, Phase, given, settings

from nonmun.errors import UsageError
from nonmun.read import Base
from nonmun.read.scan import EMBEDDABLE, MARKDOWN, identity, scan
from nonmun.write import Outcome, plan_import, write_import

SHARED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to make a tree smaller takes minutes
)
EMPTY: Sequence[Step] = ()


def contents(folder: Path) -> dict[bytes, bytes | None]:
    """Every file under a folder by the bytes of its path; None for what is no file or may not be read."""
    found: dict[bytes, bytes | None] = {}
    for place, names, files in os.walk(os.fsencode(folder)):
        for name in (*names, *files):
            path = os.path.join(place, name)
            readable = os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK)
            found[os.path.relpath(path, os.fsencode(folder))] = (
                Path(os.fsdecode(path)).read_bytes() if readable else None
            )
    return found


def same_name(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path))


@settings(SHARED, max_examples=15)
@given(tree=trees)
def test_any_vault_is_imported_whole_and_twice_changes_nothing(tree: dict[str, Sequence[Step]]) -> None:
    with grown({"notes": EMPTY, "digests": EMPTY, "runners": EMPTY, "vault": tree["vault"]}) as (root, vault):
        base = Base(root)
        before, own = contents(vault), contents(root)
        done = write_import(plan_import(vault, base), base)
        assert contents(vault) == before
        written = contents(root)
        assert {path: data for path, data in written.items() if path in own} == own
        found = scan(vault, "", {identity(root)})
        wanted = {one.place for one in (*found.notes, *found.attachments)}
        assert {str(planned.source) for planned in done.files} == wanted
        for planned in done.files:
            place = root / planned.target
            if planned.outcome is Outcome.CONFLICT:
                # Another spelling of a name, or a name that the base has for something else.
                others = [one for one in done.files if same_name(root / one.target) == same_name(place)]
                assert len(others) > 1 or os.fsencode(planned.target) in own or place.parent in (root, root / "notes")
            elif os.access(planned.source, os.R_OK):
                assert place.read_bytes() == planned.source.read_bytes()
        again = write_import(plan_import(vault, base), base)
        assert [one.outcome for one in again.files if one.outcome is Outcome.WRITTEN] == []
        assert contents(root) == written
        assert all(Path(path).suffix.casefold() not in (*MARKDOWN, *EMBEDDABLE) for path in done.left_alone)


@settings(SHARED, max_examples=15)
@given(tree=trees)
def test_any_file_is_imported_as_it_is_or_refused_with_the_way_out(
    tree: dict[str, Sequence[Step]], nonmun: Callable
) -> None:
    with grown({"notes": EMPTY, "digests": EMPTY, "runners": EMPTY, "vault": tree["notes"]}) as (root, vault):
        own = contents(root)
        for name in os.listdir(vault)[:4]:
            said = nonmun("import", vault / name, "--root", root, "--date", "2024-02-16")
            assert said.code in (0, 1, 2), said
            assert "Traceback" not in said.err and "please report" not in said.err
            assert said.code == 0 or "; " in said.err
        now = contents(root)
        assert {path: data for path, data in now.items() if path in own} == own


def test_every_sample_is_imported_by_the_command_and_twice_changes_nothing(
    samples: Path, base: Path, nonmun: Callable
) -> None:
    first = nonmun("import", samples / "vault", "--root", base)
    assert first.code == 0
    assert "LICENSE" in first.out
    notes = {path: data for path, data in contents(samples / "vault").items() if path.endswith(b".md")}
    held = contents(base / "notes")
    assert {path: held.get(path) for path in notes} == notes
    digest = nonmun("import", samples / "digest-raw.txt", "--root", base, "--date", "2024-02-16")
    assert digest.code == 0
    assert len([line for line in digest.out.splitlines() if line.startswith("line ")]) == 5
    before = contents(base)
    for source, options in ((samples / "vault", ()), (samples / "digest-raw.txt", ("--date", "2024-02-16"))):
        again = nonmun("import", source, "--root", base, *options)
        assert again.code == 0
        assert "0 written" in again.out
    assert contents(base) == before


def test_each_sample_note_alone_is_imported_as_it_is(samples: Path, base: Path) -> None:
    """One by one, as a person would, in a base that has none of them."""
    for file in sorted((samples / "vault").rglob("*.md"))[::25]:
        (done,) = write_import(plan_import(file, Base(base)), Base(base)).files
        assert (base / done.target).read_bytes() == file.read_bytes()


def test_a_dry_run_writes_nothing(base: Path, tmp_path: Path, nonmun: Callable) -> None:
    (tmp_path / "새 노트.md").write_text("글입니다.\n", "utf-8")
    before = contents(base)
    found = nonmun("import", tmp_path / "새 노트.md", "--root", base, "--dry-run")
    assert (found.code, "notes/새 노트.md: would be written" in found.out) == (0, True)
    assert contents(base) == before


def test_importing_the_base_into_itself_is_refused(base: Path) -> None:
    for source in (base, base / "notes", base.parent):
        try:
            plan_import(source, Base(base))
        except UsageError as error:
            assert error.mend
        else:
            raise AssertionError(source)
