"""What the index weighs, what building it costs, what a query must fetch, at one size of site and at ten times it."""

from __future__ import annotations

import gzip
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.corpus import REPOSITORY, make_base
from benchmarks.record import Row
from nonmun.build.indexing import Indexed, index_notes
from nonmun.read import Base, load
from nonmun.search import (
    MANIFEST,
    Files,
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

BUILD_GOAL = 1.5  # ms of CPU a note
EDIT_GOAL = 0.5  # s
WHOLE = "all of it built"  # a change after which it is not only brought up to date
FIRST_GOAL, NEXT_GOAL, GROWTH_GOAL = 250, 60, 2.0  # KB, KB, times
ANSWER_GOAL = 150  # ms
ROUNDS = 3
# Typed one after another by one reader; each is a first query, too.
QUERIES = (
    "양자화",
    "학습",
    "사전학습",
    "생성 모델",
    "데이터를",
    "transformer",
    "language model",
    "diffusion",
    "강화 학습",
    "이미지",
)
SCRIPTS = (
    "early",
    "box",
    "view",
    "foresight",
    "engine",
    "filters",
    "query",
    "tokens",
    "reader",
    "coding",
    "matching",
    "ranking",
    "snippets",
)


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    base = Base(make_base(vault, count, scratch / "base"))
    files, cpu = _build(base)
    weights = {kind: sum(len(data) for path, data in files.items() if path.startswith(kind)) for kind in "tndxclrv"}
    weights["m"] = len(gzip.compress(files[MANIFEST]))
    texts = [file.read_bytes() for file in base.notes.glob("*.md")]
    each = sum(len(gzip.compress(text, 6)) for text in texts)
    together = _together(vault, count, scratch / "ordered")
    total = sum(weights.values())
    terms = total - weights["n"] - weights["d"] - weights["x"]
    first, following = _fetched(files)
    larger, _ = _build(Base(make_base(vault, 10 * count, scratch / "larger")), rounds=1)
    first_larger, _ = _fetched(larger)
    growth = median(first_larger) / median(first)
    edits = _edits(base)
    answer = _answer(files)
    what = f"{count:,} notes"
    return [
        Row(f"index of {what}: CPU a note", f"{cpu:.2f} ms", f"≤ {BUILD_GOAL} ms", cpu <= BUILD_GOAL),
        *(Row(f"index after {what} (wall)", f"{seconds:.2f} s", f"≤ {EDIT_GOAL} s", seconds <= EDIT_GOAL)
          for what, seconds in edits.items() if what != WHOLE),
        Row("beside these: index built as a whole (wall)", f"{edits[WHOLE]:.2f} s"),
        Row("notes gzipped one by one", f"{each / 1000:,.0f} KB"),
        Row("index gzipped, texts for snippets included; notes as one gzip stream", f"{total / 1000:,.0f} KB",
            f"≤ {together / 1000:,.0f} KB", total <= together),
        Row("of that postings; records; long texts",
            f"{terms / 1000:,.0f}; {(weights['n'] + weights['d']) / 1000:,.0f}; {weights['x'] / 1000:,.0f} KB"),
        Row("first query, scripts included (median, most)", f"{median(first):.0f}, {max(first):.0f} KB",
            f"≤ {FIRST_GOAL} KB", max(first) <= FIRST_GOAL),
        Row("each next query (median, most)", f"{median(following):.0f}, {max(following):.0f} KB",
            f"≤ {NEXT_GOAL} KB", max(following) <= NEXT_GOAL),
        Row(f"first query at {10 * count:,} notes",
            f"{median(first_larger):.0f}, {max(first_larger):.0f} KB, {growth:.2f}x", f"≤ {GROWTH_GOAL}x",
            growth <= GROWTH_GOAL),
        Row("an answer in Python, from files (median, longest)", f"{median(answer):.0f}, {max(answer):.0f} ms",
            f"≤ {ANSWER_GOAL} ms", max(answer) <= ANSWER_GOAL),
    ]  # fmt: skip


def _build(base: Base, rounds: int = ROUNDS) -> tuple[Files, float]:
    """The index, and the CPU time of making it from a loaded base, a note; in one process."""
    catalogue = load(base).catalogue
    times = []
    files: Files = {}
    for _ in range(rounds):
        started = time.process_time()
        files = build_index((document_of(record_of(paper)) for paper in in_order(catalogue)), labels_of(catalogue))
        times.append(time.process_time() - started)
    return files, 1000 * median(times) / len(catalogue.papers)


def _together(vault: Path, count: int, folder: Path) -> int:
    """All notes as one gzip stream, in the order they were written: copies of one note lie too far apart to help."""
    from benchmarks.corpus import write_notes

    return len(gzip.compress(b"\n".join(file.read_bytes() for file in write_notes(vault, count, folder)), 6))


def _fetched(files: Files) -> tuple[list[float], list[float]]:
    """KB that each query fetches from a cold cache, and each after the one before from a warm one."""
    scripts = sum(
        len(gzip.compress((REPOSITORY / "site/assets/search" / f"{name}.js").read_bytes())) for name in SCRIPTS
    )
    sizes = {path: len(gzip.compress(data) if path == MANIFEST else data) for path, data in files.items()}

    def ask(queries: Sequence[str]) -> list[float]:
        fetched: set[str] = set()
        found = []

        def fetch(path: str) -> bytes:
            fetched.add(path)
            return files[path]

        index = Index(fetch)
        before = 0
        for query in queries:
            search(index, parse_query(query), Options(limit=7))
            total = sum(sizes[path] for path in fetched)
            found.append((total - before) / 1000)
            before = total
        return found

    return [ask([query])[0] + scripts / 1000 for query in QUERIES], ask(QUERIES)[1:]


def _edits(base: Base) -> dict[str, float]:
    """Bring the index in a tree up to date after changes of one note each, as a build does; and build it as a whole."""
    made = index_notes(base, load(base).catalogue, "bench", {})
    notes = sorted(base.notes.glob("*.md"))
    between = base.notes / f"{notes[len(notes) // 2].name[:6]} between.md"
    times: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        note, other = notes[50 + number], notes[90 + number]
        text = note.read_text("utf-8")
        changes: dict[str, tuple[Path, str | None]] = {
            "a sentence at a note's end": (note, f"{text}\n\n다시 적은 문장.\n"),
            "one at its beginning": (note, text.replace("\n\n", "\n\n새로 적은 문장.\n\n", 1)),
            "a note taken away": (other, None),
            "a note that comes in between": (between, text),
            WHOLE: (between, text),
        }
        for what, (file, content) in changes.items():
            _keep(base, made)
            if content is None:
                file.unlink()
            else:
                file.write_text(content, "utf-8")
            known = {} if what == WHOLE else made.keys
            catalogue = load(base).catalogue
            started = time.perf_counter()
            made = index_notes(base, catalogue, "bench", known)
            times.setdefault(what, []).append(time.perf_counter() - started)
        between.unlink()
    return {what: median(found) for what, found in times.items()}


def _keep(base: Base, made: Indexed) -> None:
    for path, data in made.data.items():
        (base.docs / path).parent.mkdir(parents=True, exist_ok=True)
        (base.docs / path).write_bytes(data)
    made.keep()


def _answer(files: Files) -> list[float]:
    times = []
    for query in QUERIES:
        started = time.perf_counter()
        search(Index(files.__getitem__), parse_query(query))
        times.append(1000 * (time.perf_counter() - started))
    return times
