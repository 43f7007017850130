from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from search_cases import labels, records

from nonmun.search import (
    Files,
    Index,
    Options,
    Record,
    build_index,
    document_of,
    edit_index,
    facts_of,
    parse_query,
    search,
)
from nonmun.search.documents import Text, Zone

QUERIES = [
    "학습",
    "사전학습",
    "강화 학습",
    "새로운",
    "양자화",
    "gpt",
    "tag:vision",
    "year:2024",
    "lang:en",
    "데이터를",
    "",
]
texts = st.lists(st.sampled_from(["학습", "새로운", "사전", "gpt", "데이터를", "정확도가", "delta"]), max_size=30).map(
    " ".join
)


def new_record(slug: str, text: str) -> Record:
    said = (Text(Zone.KO, "ko", text),) if text else ()
    return Record(slug, f"{text[:20]} 제목", "2030-01-01", tags=("vision",), langs=("ko",), texts=said)


def edited(files: Files, changed: dict[int, Record], now: Sequence[Record]) -> Files:
    result = edit_index(files.__getitem__, changed, [facts_of(record) for record in now], labels())
    kept = {path: data for path, data in files.items() if path not in result.gone}
    return {**kept, **result.files}


def answers(files: Files) -> list[object]:
    index = Index(files.__getitem__)
    return [search(index, parse_query(query), Options(facets=True, limit=50)) for query in QUERIES]


@given(st.lists(texts, min_size=1, max_size=4), st.integers(0, 25))
def test_edited_and_added_notes_give_the_answers_of_an_index_built_anew(
    files: Files, some: list[str], first: int
) -> None:
    now = records()
    changed: dict[int, Record] = {}
    for number, text in enumerate(some):
        note = min(first + 3 * number, len(now))
        changed[note] = new_record(now[note].slug if note < len(now) else f"new-{number}", text)
        now[note : note + 1] = [changed[note]]
    after = edited(files, changed, now)
    assert answers(after) == answers(build_index(map(document_of, now), labels()))


def test_a_long_text_has_a_file_of_its_own_and_leaves_with_its_note(files: Files) -> None:
    now = records()
    now[3] = new_record(now[3].slug, "긴 글입니다. " * 700 + "맨끝낱말")
    long = edited(files, {3: now[3]}, now)
    assert sum(path.startswith("x/") for path in long) == 1
    index = Index(long.__getitem__)
    hit = search(index, parse_query("맨끝낱말")).hits[0]
    assert ("맨끝낱말", True) in hit.snippet.pieces
    now[3] = records()[3]
    short = edited(long, {3: now[3]}, now)
    assert not any(path.startswith("x/") for path in short)
    assert answers(short) == answers(files)


def test_nothing_is_left_of_the_files_that_no_manifest_names(files: Files) -> None:
    now = records()
    now[5] = new_record(now[5].slug, "바뀐 글")
    after = edited(files, {5: now[5]}, now)
    named = after["index.json"].decode()
    for path in after:
        if path.startswith(("t/", "n/", "c/", "l/", "v/")):
            assert path[2:-4] in named
