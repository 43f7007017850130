"""Related papers: cosine similarity of tf-idf over title, tags and text, for all papers at once.

With N papers and T terms a paper kept, an inverted index makes this O(N·T·L), where L is the length of a term's
posting list. Terms that more than a tenth of the papers use say little and are left out, which bounds L.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from operator import add

import numpy as np
from numpy.typing import NDArray

from nonmun.model import Entry, Paper

_LATIN = re.compile(r"[a-z][a-z0-9]{2,}")
_SYLLABLES = re.compile(r"[\uac00-\ud7a3]{2,}")
TITLE_WEIGHT = 3
TAG_WEIGHT = 6
MAX_TERMS = 48  # the most telling ones of each paper
COMMON_SHARE = 0.1
MIN_COMMON = 12  # in a small base no term is common
RELATED = 5
FLOOR = 0.08  # cosine below which two papers merely share a word
TERM = np.dtype([("id", "<u8"), ("count", "<u2")])
MAX_COUNT = (1 << 16) - 1
USUAL = 0.25  # that most papers find enough others above, which leaves fewer to be sorted
BLOCK_ROWS, BLOCK_PRODUCTS = 64, 500_000  # of papers compared at once: what bounds memory

IntArray = NDArray[np.intp]
FloatArray = NDArray[np.float64]


def count_terms(entry: Entry) -> bytes:
    """Weighted term counts of an entry: Latin words, and Hangul bigrams, which see through particles."""
    counts = Counter(_terms("\n".join(block.text for block in entry.blocks)))
    for term in _terms(entry.title):
        counts[term] += TITLE_WEIGHT
    return pack_terms(counts)


def pack_terms(counts: Mapping[str, int]) -> bytes:
    """Counted terms as records of `TERM`: they are counted once, kept with what was parsed, and compared by the
    million, so they stand for their words by hashes of these. A word that begins with `#` is a tag.
    """
    records = np.empty(len(counts), TERM)
    records["id"] = np.fromiter(map(_term_id, counts), np.uint64, len(counts))
    records["count"] = np.fromiter(counts.values(), np.int64, len(counts)).clip(max=MAX_COUNT)
    return records.tobytes()


@lru_cache(maxsize=1 << 17)
def _term_id(term: str) -> int:
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") & ~1 | term.startswith("#")


def _terms(text: str) -> list[str]:
    folded = text.casefold()
    found: list[str] = _LATIN.findall(folded)
    for run in () if folded.isascii() else _SYLLABLES.findall(folded):
        found += map(add, run, run[1:])
    return found


def count_paper(paper: Paper, counted: Mapping[tuple[str, int], bytes]) -> list[bytes]:
    """The terms of all that is said about a paper, and its tags; `counted` holds what was counted before, by place."""
    entries = [(paper.note.path, paper.note.entry)] if paper.note else []
    entries += [(mention.path, mention.entry) for mention in paper.mentions]
    found = [counted.get((path, entry.line)) or count_terms(entry) for path, entry in entries]
    return [*found, *(_tag(name) for name in paper.tags)]


@lru_cache(maxsize=1 << 14)
def _tag(name: str) -> bytes:
    return pack_terms({f"#{name}": TAG_WEIGHT})


def relate(terms: Mapping[str, Sequence[bytes]], keep: int = RELATED) -> dict[str, tuple[str, ...]]:
    """For each slug the `keep` nearest other slugs, nearest first; ties go to the earlier slug in `terms`.

    `terms` are the packs of all that speaks of a slug.
    """
    slugs = list(terms)
    vectors = _vectors(list(terms.values()))
    return {
        slug: tuple(slugs[other] for other in others)
        for slug, others in zip(slugs, _nearest(*vectors, keep), strict=True)
    }


def _vectors(papers: Sequence[Sequence[bytes]]) -> tuple[Matrix, Matrix]:
    """The papers' unit vectors, each cut to its heaviest terms, as a sparse matrix by rows (papers) and by columns."""
    records = np.frombuffer(b"".join(chain.from_iterable(papers)), TERM)
    rows = np.repeat(np.arange(len(papers)), [sum(map(len, packs)) // TERM.itemsize for packs in papers])
    ids, columns = np.unique(records["id"], return_inverse=True)
    places, counts = _added_up(rows * len(ids) + columns, records["count"])
    rows, columns = np.divmod(places, max(len(ids), 1))
    frequency = np.bincount(columns, minlength=len(ids))
    is_tag = (ids & 1).astype(bool)
    telling = (frequency > 1) & (is_tag | (frequency <= max(MIN_COMMON, COMMON_SHARE * len(papers))))
    kept = telling[columns]
    rows, columns = rows[kept], columns[kept]
    weights = (1 + np.log(counts[kept])) * np.log(len(papers) / frequency[columns])
    order = np.lexsort((-np.round(weights, 12), rows))  # by columns already, which decides where weights are equal
    rows, columns, weights = rows[order], columns[order], weights[order]
    first = np.searchsorted(rows, rows)  # of the same paper
    heavy = np.arange(len(rows)) - first < MAX_TERMS
    rows, columns, weights = rows[heavy], columns[heavy], weights[heavy]
    norms = np.sqrt(np.bincount(rows, weights**2, minlength=len(papers)))
    weights = weights / np.maximum(norms[rows], 1e-12)
    by_column = np.argsort(columns, kind="stable")
    return (
        Matrix(_starts(rows, len(papers)), columns, weights),
        Matrix(_starts(columns[by_column], len(ids)), rows[by_column], weights[by_column]),
    )


def _added_up(places: IntArray, counts: NDArray[np.uint16]) -> tuple[IntArray, FloatArray]:
    """The counts of equal places added up, by place: a note and a digest may use one word."""
    order = np.argsort(places, kind="stable")
    places, counts = places[order], counts[order]
    first = np.flatnonzero(np.diff(places, prepend=-1))
    return places[first], np.add.reduceat(counts, first, dtype=float) if len(first) else counts.astype(float)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A sparse matrix by its lines: line i has the `weights[starts[i]:starts[i + 1]]` at as many places of `others`."""

    starts: IntArray
    others: IntArray
    weights: FloatArray


def _starts(lines: IntArray, count: int) -> IntArray:
    return np.concatenate(([0], np.cumsum(np.bincount(lines, minlength=count))))


def _nearest(by_row: Matrix, by_column: Matrix, keep: int) -> Iterator[list[int]]:
    """For each row the rows of highest cosine, a block of rows at a time so that memory does not grow with N²."""
    count = len(by_row.starts) - 1
    lengths = np.diff(by_column.starts)
    work = np.concatenate(([0], np.cumsum(lengths[by_row.others])))[by_row.starts]  # products up to each row
    start = 0
    while start < count:
        enough = int(np.searchsorted(work, work[start] + BLOCK_PRODUCTS))
        stop = min(max(enough, start + 1), start + BLOCK_ROWS, count)
        entries = slice(by_row.starts[start], by_row.starts[stop])
        columns, weights = by_row.others[entries], by_row.weights[entries]
        lines = np.repeat(np.arange(stop - start), np.diff(by_row.starts[start : stop + 1]))
        # Each entry of the block meets every entry of its column: a run of the posting list, laid out flat.
        runs = lengths[columns]
        ends = np.cumsum(runs)
        flat = np.arange(ends[-1] if len(ends) else 0) + np.repeat(by_column.starts[columns] - (ends - runs), runs)
        products = np.repeat(weights, runs) * by_column.weights[flat]
        places = np.repeat(lines, runs) * count + by_column.others[flat]
        scores = np.bincount(places, products, minlength=(stop - start) * count).reshape(stop - start, count)
        scores[np.arange(stop - start), np.arange(start, stop)] = 0.0
        enough = np.count_nonzero(scores >= USUAL, axis=1) >= keep  # then none below is among the nearest
        near, others = np.nonzero(scores >= np.where(enough, USUAL, FLOOR)[:, None])
        order = np.lexsort((others, -np.round(scores[near, others], 9), near))
        near, others = near[order], others[order]
        best = np.arange(len(near)) - np.searchsorted(near, near) < keep
        yield from _split(others[best], near[best], stop - start)
        start = stop


def _split(values: IntArray, lines: IntArray, count: int) -> Iterator[list[int]]:
    """The values of each of `count` lines; `lines` tells that of each value, in order."""
    starts = _starts(lines, count)
    listed = values.tolist()
    for start, stop in pairwise(starts.tolist()):
        yield listed[start:stop]
