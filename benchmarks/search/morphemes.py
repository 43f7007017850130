"""Whether knowing the words within Korean words would rank better: kiwipiepy against what is built, on the same hits.

    pip install kiwipiepy && python -m benchmarks.search.morphemes

Search takes a run of syllables where it stands, in 학습 as in 사전학습 and in 희망 as in 신경망. A morphological
analyser tells a match that begins and ends where words do from one that only looks so. Here such matches keep their
rank, all others lose the step of a word found as written, and both orders are judged by two truths that neither knows:

- the authors' tags: the query is a Korean spelling of a tag, looked for in the text alone (the index has no tags here),
  and the notes that have the tag should come first (average precision, nDCG@10);
- the recall test's: of the first ten, those in which the query stands (precision@10).

What came out is in findings.md. This is no part of `python -m benchmarks`.
"""

from __future__ import annotations

import argparse
import math
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.corpus import find_vault, make_base
from benchmarks.search.recall import MEANING, read_cases, read_texts, truth
from nonmun.read import Base, load
from nonmun.search import (
    Hit,
    Index,
    Options,
    build_index,
    document_of,
    in_order,
    labels_of,
    parse_query,
    record_of,
    search,
)
from nonmun.search.documents import Record
from nonmun.search.ranking import EXACT_STEP, rarity
from nonmun.search.tokens import is_syllable

Spans = tuple[str, frozenset[int], frozenset[int]]  # a text, and where words begin and end in it
Order = Callable[[Index, str], list[Hit]]


def main() -> None:
    from kiwipiepy import Kiwi  # not among the dependencies

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vault", type=Path, help="a folder of author-style notes")
    vault = find_vault(parser.parse_args().vault)
    count = len(list(vault.rglob("*.md")))
    with tempfile.TemporaryDirectory(prefix="nonmun-morphemes-") as scratch:
        base = Base(make_base(vault, count, Path(scratch) / "base"))
        texts = read_texts(vault, count, Path(scratch) / "texts")
        catalogue = load(base).catalogue
    records = list(map(record_of, in_order(catalogue)))
    kiwi = Kiwi()
    started = time.process_time()
    words = {record.slug: [_spans(kiwi, text) for text in _texts(record)] for record in records}
    print(f"analysing {count} notes: {1000 * (time.process_time() - started) / count:.1f} ms of CPU a note")

    def as_built(index: Index, query: str) -> list[Hit]:
        return list(search(index, parse_query(f'"{query}"'), Options(widen=False, limit=count)).hits)

    def by_words(index: Index, query: str) -> list[Hit]:
        hits = as_built(index, query)
        loss = EXACT_STEP * rarity(index.notes, len(hits))
        moved = [
            hit if _aligned(query, words[hit.record.slug]) else replace(hit, score=hit.score - loss) for hit in hits
        ]
        return sorted(moved, key=lambda hit: -hit.score)

    without_tags = Index(build_index((document_of(replace(record, tags=())) for record in records), []).__getitem__)
    tagged = {
        form.replace("-", " "): {paper.slug for paper in catalogue.by_tag[label.name]}
        for label in labels_of(catalogue)
        for form in label.spellings
        if label.count and all(map(is_syllable, form.replace("-", "")))
    }
    index = Index(build_index(map(document_of, records), labels_of(catalogue)).__getitem__)
    cases = [
        case for case in read_cases() if case.kind != MEANING and all(map(is_syllable, case.query.replace(" ", "")))
    ]
    wanted = {case.query: found for case in cases if (found := truth(case, texts))}
    _compare("average precision by tags", without_tags, tagged, as_built, by_words, average_precision)
    _compare("nDCG@10 by tags", without_tags, tagged, as_built, by_words, gain)
    _compare("precision@10 of the recall test", index, wanted, as_built, by_words, precision)


def _texts(record: Record) -> list[str]:
    return [record.title, *(text.text for text in record.texts)]


def _spans(kiwi: Any, text: str) -> Spans:
    tokens = [token for token in kiwi.tokenize(text) if token.tag[0] in "NVMX" or token.tag.startswith("SL")]
    return text, frozenset(one.start for one in tokens), frozenset(one.start + one.len for one in tokens)


def _aligned(query: str, texts: Iterable[Spans]) -> bool:
    """Whether it stands somewhere from the beginning of a word to the end of one."""
    spaced = re.compile(r"\s?".join(query.replace(" ", "")))
    return any(
        match.start() in starts and match.end() in ends
        for text, starts, ends in texts
        for match in spaced.finditer(text)
    )


def average_precision(order: Sequence[str], wanted: set[str]) -> float:
    found = 0
    total = 0.0
    for place, slug in enumerate(order, 1):
        if slug in wanted:
            found += 1
            total += found / place
    return total / len(wanted & set(order)) if found else 0.0


def gain(order: Sequence[str], wanted: set[str]) -> float:
    """nDCG@10, of what was found at all."""
    best = sum(1 / math.log2(place + 1) for place in range(1, 1 + min(10, len(wanted & set(order)))))
    return (
        sum(1 / math.log2(place + 1) for place, slug in enumerate(order[:10], 1) if slug in wanted) / best
        if best
        else 0
    )


def precision(order: Sequence[str], wanted: set[str]) -> float:
    return mean(slug in wanted for slug in order[:10]) if order else 0.0


def _compare(
    what: str,
    index: Index,
    wanted: dict[str, set[str]],
    one: Order,
    other: Order,
    measure: Callable[[Sequence[str], set[str]], float],
) -> None:
    """The mean of a measure under both orders, and of the differences with twice their standard error."""
    pairs = []
    for query, right in wanted.items():
        orders = [[hit.record.slug for hit in order(index, query)] for order in (one, other)]
        if set(orders[0]) & right:
            pairs.append((measure(orders[0], right), measure(orders[1], right)))
    differences = [after - before for before, after in pairs]
    error = 2 * stdev(differences) / len(differences) ** 0.5
    changed = sum(difference != 0 for difference in differences)
    print(
        f"{what}, {len(pairs)} queries: as built {mean(before for before, _ in pairs):.4f}, "
        f"by words {mean(after for _, after in pairs):.4f}, "
        f"difference {mean(differences):+.4f} ± {error:.4f}, other for {changed} queries"
    )


if __name__ == "__main__":
    main()
