from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from search_cases import labels, records

from nonmun.search import (
    Facts,
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
from nonmun.search.coding import unpack, unpack_beside
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


Now = Mapping[int, Record]  # the notes as they are, by number


def edited(files: Files, changed: Mapping[int, Record | None], now: Now) -> Files:
    facts = [facts_of(now[note]) if note in now else Facts(0, 0, ()) for note in range(max(now) + 1)]
    result = edit_index(files.__getitem__, changed, facts, in_time(now), labels())
    kept = {path: data for path, data in files.items() if path not in result.gone}
    return {**kept, **result.files}


def in_time(now: Now) -> list[int]:
    return sorted(now, key=lambda note: (now[note].date, now[note].slug))


def built(now: Now) -> Files:
    return build_index((document_of(now[note]) for note in in_time(now)), labels())


def numbered() -> dict[int, Record]:
    return dict(enumerate(records()))


def answers(files: Files) -> list[object]:
    """What each query finds, without the numbers that notes have within the index."""
    index = Index(files.__getitem__)
    found = [search(index, parse_query(query), Options(facets=True, limit=50)) for query in QUERIES]
    return [
        (one.total, [(hit.record, hit.score, hit.snippet) for hit in one.hits], one.facets, one.wider) for one in found
    ]


@given(st.lists(texts, min_size=1, max_size=4), st.integers(0, 25))
def test_edited_and_added_notes_give_the_answers_of_an_index_built_anew(
    files: Files, some: list[str], first: int
) -> None:
    now = numbered()
    changed = {}
    for number, text in enumerate(some):
        note = min(first + 3 * number, len(now))
        changed[note] = now[note] = new_record(now[note].slug if note in now else f"new-{number}", text)
    assert answers(edited(files, changed, now)) == answers(built(now))


dates = st.sampled_from(["", "2017-06-01", "2020-03-03", "2031-01-01"])


@given(st.lists(st.dictionaries(st.integers(0, 30), st.one_of(st.none(), st.tuples(texts, dates)), max_size=4)))
def test_notes_that_go_and_come_anywhere_in_time_give_the_answers_of_an_index_built_anew(
    files: Files, steps: list[dict[int, tuple[str, str] | None]]
) -> None:
    now, after = numbered(), files
    for step in steps:
        changed: dict[int, Record | None] = {}
        for wanted, said in step.items():
            if said is None and wanted in now and wanted not in changed and len(now) > 1:
                del now[wanted]
                changed[wanted] = None
            elif said is not None:
                note = min(wanted, max(now) + 1)
                changed[note] = now[note] = replace(new_record(f"n{note}", said[0]), date=said[1])
        after = edited(after, changed, now)
        assert answers(after) == answers(built(now))


def test_nothing_of_a_note_that_is_gone_is_left_in_any_file(files: Files) -> None:
    now = numbered()
    now[len(now)] = new_record("secret", "남모를비밀 unspeakable")
    with_it = edited(files, {len(now) - 1: now[len(now) - 1]}, now)
    del now[len(now) - 1]
    without = edited(with_it, {len(now): None}, now)
    assert search(Index(with_it.__getitem__), parse_query("남모를비밀")).total == 1
    index = Index(without.__getitem__)
    assert index.keys("남모") == index.keys("unspeak") == []
    dictionary = unpack(without[f"d/{json.loads(without['index.json'])['records']['dictionary']}.bin"])
    shelves = [unpack_beside(dictionary, data).decode() for path, data in without.items() if path.startswith("n/")]
    assert not any("남모를" in shelf or "secret" in shelf for shelf in shelves)


def test_a_long_text_has_a_file_of_its_own_and_leaves_with_its_note(files: Files) -> None:
    now = numbered()
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
    now = numbered()
    del now[5]
    after = edited(files, {5: None}, now)
    now[5] = new_record("바뀐", "바뀐 글")
    after = edited(after, {5: now[5]}, now)
    named = after["index.json"].decode()
    for path in after:
        if path != "index.json" and not path.startswith("x/"):
            assert path[2:-4] in named
