"""Related papers: cosine similarity of tf-idf over title, tags and text, for all papers at once.

With N papers and T terms a paper kept, an inverted index makes this O(N·T·L), where L is the length of a term's
posting list. Terms that more than a tenth of the papers use say little and are left out, which bounds L.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nonmun.model import Entry, Paper

_WORD = re.compile(r"[a-z][a-z0-9]{2,}|[\uac00-\ud7a3]{2,}")
TITLE_WEIGHT = 3
TAG_WEIGHT = 6
MAX_TERMS = 48  # the most telling ones of each paper
COMMON_SHARE = 0.1
MIN_COMMON = 12  # in a small base no term is common
RELATED = 5
FLOOR = 0.08  # cosine below which two papers merely share a word


def count_terms(entry: Entry) -> dict[str, int]:
    """Weighted term counts of an entry: Latin words, and Hangul bigrams, which see through particles."""
    counts: Counter[str] = Counter()
    for text, weight in [(entry.title, TITLE_WEIGHT), *((block.text, 1) for block in entry.blocks)]:
        for word in _WORD.findall(text.casefold()):
            if word[0] < "\uac00":
                counts[word] += weight
            else:
                for position in range(len(word) - 1):
                    counts[word[position : position + 2]] += weight
    return dict(counts)


def count_paper(paper: Paper, counted: Mapping[tuple[str, int], Mapping[str, int]]) -> dict[str, int]:
    """The terms of all that is said about a paper, and its tags; `counted` holds what was counted before, by place."""
    counts: Counter[str] = Counter()
    entries = [(paper.note.path, paper.note.entry)] if paper.note else []
    for path, entry in [*entries, *((mention.path, mention.entry) for mention in paper.mentions)]:
        counts.update(counted.get((path, entry.line)) or count_terms(entry))
    counts.update({f"#{tag}": TAG_WEIGHT for tag in paper.tags})
    return counts


def relate(terms: Mapping[str, Mapping[str, int]], keep: int = RELATED) -> dict[str, tuple[str, ...]]:
    """For each slug the `keep` nearest other slugs, nearest first; ties go to the earlier slug in `terms`."""
    slugs = list(terms)
    frequency = Counter(term for counts in terms.values() for term in counts)
    limit = max(MIN_COMMON, COMMON_SHARE * len(slugs))
    idf = {
        term: math.log(len(slugs) / n)
        for term, n in frequency.items()
        if 1 < n <= limit or (term.startswith("#") and n > 1)
    }
    vectors = [_vector(terms[slug], idf) for slug in slugs]
    return {
        slugs[row]: tuple(slugs[other] for other in others) for row, others in enumerate(_nearest(vectors, idf, keep))
    }


def _vector(counts: Mapping[str, int], idf: Mapping[str, float]) -> list[tuple[str, float]]:
    """The unit vector of a paper, cut to its heaviest terms."""
    weighted = [(term, (1 + math.log(n)) * idf[term]) for term, n in counts.items() if term in idf]
    weighted.sort(key=lambda item: (-item[1], item[0]))
    kept = weighted[:MAX_TERMS]
    norm = math.sqrt(sum(weight * weight for _, weight in kept)) or 1.0
    return [(term, weight / norm) for term, weight in kept]


def _nearest(
    vectors: Sequence[Sequence[tuple[str, float]]], idf: Mapping[str, float], keep: int
) -> Iterable[list[int]]:
    postings: dict[str, list[tuple[int, float]]] = {term: [] for term in idf}
    for row, vector in enumerate(vectors):
        for term, weight in vector:
            postings[term].append((row, weight))
    arrays = {
        term: (np.array([row for row, _ in rows], dtype=np.intp), np.array([weight for _, weight in rows]))
        for term, rows in postings.items()
        if len(rows) > 1
    }
    for row, vector in enumerate(vectors):
        shared = [(arrays[term], weight) for term, weight in vector if term in arrays]
        if not shared:
            yield []
            continue
        rows = np.concatenate([rows for (rows, _), _ in shared])
        products = np.concatenate([weights * weight for (_, weights), weight in shared])
        scores = np.bincount(rows, products, minlength=len(vectors))
        scores[row] = 0.0
        candidates = np.flatnonzero(scores >= FLOOR)
        best = candidates[np.lexsort((candidates, -np.round(scores[candidates], 9)))][:keep]
        yield best.tolist()
