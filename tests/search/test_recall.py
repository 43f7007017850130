"""What is found is what stands there, by kind of query: the published recall test, with the search of the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))
from benchmarks.corpus import SAMPLES, make_base
from benchmarks.search.fixtures import OWN, recall_notes
from benchmarks.search.peers import Answers
from benchmarks.search.recall import MEANING, precision, read_cases, read_texts, recall, truth
from nonmun.read import Base, load
from nonmun.search import Index, Options, build_index, document_of, in_order, labels_of, parse_query, record_of, search

KINDS = 10  # of queries in the same language


def test_the_queries_are_many_and_of_all_kinds() -> None:
    cases = read_cases()
    assert len(cases) >= 150
    assert len({case.kind for case in cases} - {MEANING}) == KINDS


@pytest.mark.parametrize("vault", [OWN, SAMPLES], ids=["own", "samples"])
def test_what_stands_in_a_note_is_found_and_little_else_comes_first(vault: Path, tmp_path: Path) -> None:
    if not vault.is_dir():
        pytest.skip("the sample notes are not part of the repository")
    notes = recall_notes(vault, tmp_path / "own")
    count = len(list(notes.rglob("*.md")))
    texts = read_texts(notes, count, tmp_path / "texts")
    wanted = {case: truth(case, texts) for case in read_cases()}
    asked = [case for case in wanted if wanted[case]]
    catalogue = load(Base(make_base(notes, count, tmp_path / "base"))).catalogue
    assert len(catalogue.papers) == count
    index = Index(build_index(map(document_of, map(record_of, in_order(catalogue))), labels_of(catalogue)).__getitem__)

    def answers(*, widen: bool) -> Answers:
        options = Options(widen=widen, limit=count)
        return {
            case.query: [hit.record.slug for hit in search(index, parse_query(case.query), options).hits]
            for case in asked
        }

    wider, as_written = answers(widen=True), answers(widen=False)
    assert len(asked) >= (150 if vault is SAMPLES else 60)
    for kind in dict.fromkeys(case.kind for case in asked):
        several = [case for case in asked if case.kind == kind]
        assert recall(several, wanted, wider) >= (0.95 if kind == MEANING else 0.99), kind
        if kind != MEANING:
            assert precision(several, wanted, as_written) >= 0.95, kind
