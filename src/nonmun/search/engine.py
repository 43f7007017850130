"""A query and an index → the notes it finds, best first, with snippets, counts by facet, and what was added to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nonmun.search.documents import Record, Zone
from nonmun.search.filters import Facets, count_facets, filters_of, under, with_facts
from nonmun.search.index import Label
from nonmun.search.matching import Found, find_term
from nonmun.search.query import Query, Term, make_term, tag_form
from nonmun.search.ranking import rarity, worth
from nonmun.search.reader import Index
from nonmun.search.snippets import Piece, Snippet, marks, pieces, snippet
from nonmun.search.tokens import is_syllable, stem

MAX_WIDER = 4  # other spellings that one part of a query may add
LONGEST_LABEL = 4  # words of a query that may be one label


@dataclass(frozen=True, slots=True)
class Options:
    """How to search: notes with any of the tags rather than all, without other spellings, which part of the list."""

    any_tag: bool = False
    widen: bool = True
    facets: bool = False
    limit: int = 10
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Wider:
    """A part of the query that is a tag by one of its spellings, and the other spellings looked for beside it."""

    shown: str
    tag: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One note found."""

    note: int
    score: float
    record: Record
    title: tuple[Piece, ...]
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Result:
    """What a query found. `problems` are those parts of it that say nothing, as they were written."""

    order: tuple[int, ...]  # all notes found, by number, best first
    hits: tuple[Hit, ...]
    wider: tuple[Wider, ...]
    facets: Facets
    problems: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.order)


@dataclass(slots=True)
class _Part:
    """Terms that count together: one word, or the words of one label, with the label's other spellings."""

    terms: list[Term]
    others: list[Term] = field(default_factory=list)
    label: Label | None = None


def search(index: Index, query: Query, options: Options = Options()) -> Result:
    """Find the notes of a query."""
    spelled = {form: label for label in reversed(index.labels) for form in label.spellings}
    parts = _parts(query, spelled) if options.widen else [_Part([term]) for term in query.terms]
    scores = _score(index, parts)
    notes = index.all_notes() if scores is None else set(scores)
    for term in query.without:
        notes -= find_term(index, term).keys()
    for term in query.authors:
        notes &= find_term(index, term, [Zone.AUTHORS]).keys()
    for term in query.without_authors:
        notes -= find_term(index, term, [Zone.AUTHORS]).keys()
    if query.arxiv:
        notes &= with_facts(index, [f"@{identifier}" for identifier in query.arxiv])
    filters, problems = filters_of(index, query, spelled, any_tag=options.any_tag)
    final = under(notes, filters)
    facets = count_facets(index, notes, filters) if options.facets else Facets()
    order = sorted(final, key=index.rank, reverse=True)
    if scores is not None:
        order.sort(key=lambda note: -scores[note])
    shown = [*query.terms, *(other for part in parts for other in part.others)]
    lang = "ko" if any(is_syllable(char) for term in query.terms for char in term.shown) else "en"
    hits = [
        _hit(index, note, scores[note] if scores else 0.0, shown, lang)
        for note in order[options.offset : options.offset + options.limit]
    ]
    wider = [
        Wider(" ".join(term.shown for term in part.terms), part.label.name, tuple(other.shown for other in part.others))
        for part in parts
        if part.label
    ]
    return Result(tuple(order), tuple(hits), tuple(wider), facets, (*query.problems, *problems))


def add_filters(query: Query, *, tags: Iterable[str] = (), without_tags: Iterable[str] = ()) -> Query:
    """The query with further tags, as facets and options give them."""
    return replace(
        query,
        tags=tuple(dict.fromkeys((*query.tags, *map(tag_form, tags)))),
        without_tags=tuple(dict.fromkeys((*query.without_tags, *map(tag_form, without_tags)))),
    )


# Terms


def _parts(query: Query, spelled: Mapping[str, Label]) -> list[_Part]:
    """The terms, those together that are one label; the longest label wins."""
    parts: list[_Part] = []
    at = 0
    while at < len(query.terms):
        for size in range(min(LONGEST_LABEL, len(query.terms) - at), 0, -1):
            terms = list(query.terms[at : at + size])
            label = spelled.get(tag_form(" ".join(term.shown for term in terms)))
            if label and (size == 1 or not any(term.phrase for term in terms)):
                parts.append(_Part(terms, _other_spellings(label, terms), label))
                break
        else:
            size = 1
            parts.append(_Part([query.terms[at]]))
        at += size
    return parts


def _other_spellings(label: Label, terms: Sequence[Term]) -> list[Term]:
    """Those that find something of their own: the other language first, and none that holds one before it."""
    whole = make_term(" ".join(term.shown for term in terms))
    seen = [_stems(whole)] if whole else []
    korean = bool(whole and whole.atoms[0].hangul)
    found: list[Term] = []
    for form in sorted(label.spellings, key=lambda form: is_syllable(form[0]) == korean):
        term = make_term(form.replace("-", " "))
        if term and len(found) < MAX_WIDER and not any(one <= _stems(term) for one in seen):
            seen.append(_stems(term))
            found.append(term)
    return found


def _stems(term: Term) -> frozenset[str]:
    return frozenset(stem(atom.text) for atom in term.atoms)


def _score(index: Index, parts: Sequence[_Part]) -> dict[int, float] | None:
    """The notes that have every part, with their scores; None where there is no part."""
    if not parts:
        return None
    scores: dict[int, float] | None = None
    for part in parts:
        here = _score_part(index, part)
        if scores is None:
            scores = here
        else:
            scores = {note: score + here[note] for note, score in scores.items() if note in here}
    return scores


def _score_part(index: Index, part: _Part) -> dict[int, float]:
    own = [find_term(index, term) for term in part.terms]
    others = [find_term(index, term) for term in part.others]
    tagged = with_facts(index, [f"#{part.label.name}"]) if part.label else set()
    together = set.intersection(*(set(found) for found in own))
    scores = dict.fromkeys(sorted(together.union(tagged, *others)), 0.0)
    for found in own:
        rare = rarity(index.notes, len(found) if len(own) > 1 else len(scores))
        for note in together:
            scores[note] += _worth(index, note, found[note], rare)
    rare = rarity(index.notes, len(scores))
    beside: dict[int, float] = {}
    for found in others:
        for note, one in found.items():
            one.exact = 0  # another spelling is never the word as written
            beside[note] = max(beside.get(note, 0.0), _worth(index, note, one, rare))
    if tagged:
        by_tag = Found()
        by_tag.counts[Zone.TAGS] = 1
        by_tag.exact = 1 << Zone.TAGS
        for note in tagged:
            beside[note] = beside.get(note, 0.0) + _worth(index, note, by_tag, rare)
    for note, score in beside.items():
        scores[note] += score
    return scores


def _worth(index: Index, note: int, found: Found, rare: float) -> float:
    return worth(found.counts, found.exact, index.length(note), index.average, rare)


def _hit(index: Index, note: int, score: float, terms: Sequence[Term], lang: str) -> Hit:
    record = index.record(note)
    texts = [(one.lang, one.text) for one in record.texts]
    found = snippet(texts, terms, lang)
    if terms and not any(marked for _, marked in found.pieces):
        whole = [(one.lang, index.long_text(note, number)) for number, one in enumerate(record.texts)]
        if whole != texts:
            found = snippet(whole, terms, lang)
    return Hit(note, score, record, pieces(record.title, marks(record.title, terms)), found)
