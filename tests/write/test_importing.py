import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nonmun.errors import UsageError
from nonmun.parse import parse_digest
from nonmun.read import Base
from nonmun.write import Outcome, plan_import, write_import
from nonmun.write.importing import Kind


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def bring(source: Path, root: Path, **options):
    base = Base(root)
    return write_import(plan_import(source, base, **options), base)


def test_sample_digest_becomes_canonical_and_says_the_same(samples, tmp_path: Path) -> None:
    source = samples / "digest-raw.txt"
    done = bring(source, tmp_path, day=date(2024, 2, 16))
    written = (tmp_path / "digests/2024/2024-02-16.md").read_text("utf-8")
    kept = {line.removeprefix("## ").strip() for line in written.splitlines()}
    assert [line for line in source.read_text("utf-8").splitlines() if line.strip() and line.strip() not in kept] == []
    before, _ = parse_digest(source.read_text("utf-8"), "2024-02-16.txt")
    after, faults = parse_digest(written, "2024-02-16.md")
    assert faults == []
    assert len(done.boundaries) == 5
    for one, other in zip(before.entries, after.entries, strict=True):
        assert (one.title, one.authors, [t.name for t in one.tags]) == (
            other.title,
            other.authors,
            [t.name for t in other.tags],
        )
        assert [(b.lang, b.role) for b in one.blocks] == [(b.lang, b.role) for b in other.blocks]


def test_sample_vault_is_copied_byte_for_byte_and_twice_changes_nothing(samples, tmp_path: Path) -> None:
    done = bring(samples / "vault", tmp_path)
    assert {planned.outcome for planned in done.files} == {Outcome.WRITTEN}
    notes = {path: data for path, data in tree(samples / "vault").items() if path.endswith(".md")}
    assert {path.removeprefix("notes/"): data for path, data in tree(tmp_path).items()} == notes
    assert done.left_alone == ("LICENSE",)
    again = bring(samples / "vault", tmp_path)
    assert {planned.outcome for planned in again.files} == {Outcome.SAME}


def test_a_file_that_differs_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/a.md").write_text("mine")
    (tmp_path / "a.md").write_text("theirs")
    done = bring(tmp_path / "a.md", tmp_path)
    assert [planned.target for planned in done.conflicts] == ["notes/a.md"]
    assert (tmp_path / "notes/a.md").read_text() == "mine"


def test_names_in_another_unicode_form_are_matched(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / unicodedata.normalize("NFD", "논문.md")).write_text("글")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "논문.md").write_text("글")
    done = bring(tmp_path / "in", tmp_path)
    assert [planned.outcome for planned in done.files] == [Outcome.SAME]


def test_a_digest_without_a_day_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "mail.txt").write_text("Title\n(A Kim, B Lee)\n글\n")
    with pytest.raises(UsageError, match="--date"):
        plan_import(tmp_path / "mail.txt", Base(tmp_path))


lines = st.lists(
    st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",)), max_size=40)
    | st.sampled_from(
        ["Model X", "(A Kim, B Lee)", "글입니다.", "#tag", "```", "---", "- item", "https://arxiv.org/abs/2402.10193"]
    ),
    min_size=1,
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines)
def test_importing_any_digest_loses_no_line_and_twice_changes_nothing(tmp_path_factory, found: list[str]) -> None:
    root = tmp_path_factory.mktemp("base")
    (root / "mail.txt").write_bytes("\n".join(found).encode())
    try:
        bring(root / "mail.txt", root, day=date(2024, 2, 16), kind=Kind.DIGEST)
    except UsageError:
        return
    written = (root / "digests/2024/2024-02-16.md").read_bytes().decode()
    kept = {line.strip() for line in written.split("\n")} | {
        line.removeprefix("## ").strip() for line in written.split("\n")
    }
    assert [line for line in found if line.strip("\ufeff").strip() and line.strip("\ufeff").strip() not in kept] == []
    again = bring(root / "mail.txt", root, day=date(2024, 2, 16), kind=Kind.DIGEST)
    assert [planned.outcome for planned in again.files] == [Outcome.SAME]
