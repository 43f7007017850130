"""Corpora as people have them: JSONL, Parquet, folders of text; .gz and .zst. Read in parts, in constant memory.

A record that cannot be used is a `Malformed` with its place, never left out in silence. Places are byte offsets into
what is uncompressed; in Parquet they are numbers of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonmun.runner import RunnerError

from .streams import DAMAGE, MOST_BYTES, PACKED, is_packed, lines_of, opened, skip

LINES, TABLES, TEXTS = (".jsonl", ".ndjson"), (".parquet",), (".txt", ".md")
PART_RECORDS, PART_BYTES = 2048, 16 * 2**20


@dataclass(frozen=True, slots=True)
class Record:
    """One document, and where it is: the number of its file and its place in it."""

    file: int
    place: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """What is no document, where it is, and why."""

    file: int
    place: int
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """So many records from a place in a file on; of folders of text, so many files."""

    file: int
    place: int
    records: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files of a corpus, in a fixed order, and the fields that hold what is wanted."""

    root: Path
    files: tuple[Path, ...]
    text: str = "text"
    id: str = "id"

    @property
    def state(self) -> list[list[Any]]:
        """Names, sizes and times: another state is another corpus."""
        return [[self.name(i), file.stat().st_size, file.stat().st_mtime_ns] for i, file in enumerate(self.files)]

    def name(self, file: int) -> str:
        return self.files[file].relative_to(self.root).as_posix()


def find(path: Path, text: str = "text", id: str = "id") -> Corpus:
    """The corpus at a path: one file, or all files of a folder that are of a kind it knows."""
    if path.is_file():
        if not kind(path):
            raise RunnerError(f"{path.name} is of no kind that is read", mend=_KINDS)
        return Corpus(path.parent, (path,), text, id)
    if not path.is_dir():
        raise RunnerError(f"{path}: no such file or folder", mend="name a corpus with --set input=PATH")
    known = (file for file in path.rglob("*") if file.is_file() and kind(file))
    files = tuple(sorted(file for file in known if not any(p[0] == "." for p in file.relative_to(path).parts)))
    if not files:
        raise RunnerError(f"{path} holds nothing that is read", mend=_KINDS)
    return Corpus(path, files, text, id)


_KINDS = f"expected {', '.join((*LINES, *TABLES, *TEXTS))}, each but Parquet also with {' or '.join(PACKED)}"


def kind(path: Path) -> str:
    """`lines`, `table`, `text`, or nothing."""
    name = path.name.lower()
    packed = name.endswith(PACKED)
    for suffix in PACKED:
        name = name.removesuffix(suffix)
    if name.endswith(LINES):
        return "lines"
    if name.endswith(TABLES) and not packed:
        return "table"
    return "text" if name.endswith(TEXTS) else ""


def parts(corpus: Corpus) -> Iterator[Part]:
    """The corpus cut into parts. Lines are counted and not read; a damaged file's parts end where it does."""
    texts: list[int] = []
    for number, path in enumerate(corpus.files):
        if kind(path) == "text":
            if texts and (len(texts) == PART_RECORDS or texts[-1] != number - 1):
                yield Part(texts[0], 0, len(texts))
                texts = []
            texts.append(number)
        elif kind(path) == "table":
            rows = table(path).metadata.num_rows
            yield from (Part(number, at, min(PART_RECORDS, rows - at)) for at in range(0, rows, PART_RECORDS))
        else:
            yield from _line_parts(path, number)
    if texts:
        yield Part(texts[0], 0, len(texts))


def _line_parts(path: Path, number: int) -> Iterator[Part]:
    start = end = count = 0
    with opened(path) as stream:
        lines = lines_of(stream)
        while True:
            try:
                place, line = next(lines, (end, b""))
            except DAMAGE:
                count += 1  # it is met again where the part is read, and reported there
                break
            if not line:
                break
            if count == PART_RECORDS or place - start >= PART_BYTES:
                yield Part(number, start, count)
                start, count = place, 0
            count, end = count + 1, place + len(line)
    if count:
        yield Part(number, start, count)


class Reader:
    """Reads parts. One that begins where the last has ended goes on with the same stream: what is packed is not read
    from its beginning for each part of it.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._open = ExitStack()
        self._lines: Iterator[tuple[int, bytes]] = iter(())
        self._next: tuple[int, int] | None = None

    def read(self, part: Part) -> list[Record | Malformed]:
        """The records of a part, and what is malformed, in order."""
        path = self.corpus.files[part.file]
        if kind(path) == "text":
            return [_whole_text(self.corpus, number) for number in range(part.file, part.file + part.records)]
        if kind(path) == "table":
            return list(_rows(self.corpus, part))
        if self._next != (part.file, part.place):
            self.close()
            stream = self._open.enter_context(opened(path))
            skip(stream, part.place, packed=is_packed(path))
            self._lines = lines_of(stream, part.place)
        return self._documents(part)

    def close(self) -> None:
        self._open.close()
        self._next = None

    def _documents(self, part: Part) -> list[Record | Malformed]:
        found: list[Record | Malformed] = []
        place, self._next = part.place, None
        for _ in range(part.records):
            try:
                place, line = next(self._lines, (place, b""))
            except DAMAGE as error:
                found.append(Malformed(part.file, place, f"the file is damaged or ends early from here on ({error})"))
                return found
            if line.strip():
                found.append(document(self.corpus, part.file, place, line))
            place += len(line)
        self._next = (part.file, place)
        return found


def document(corpus: Corpus, file: int, place: int, line: bytes) -> Record | Malformed:
    """A line of JSON as a record; total: whatever the bytes are, it is one or the other."""
    if len(line) > MOST_BYTES:
        return Malformed(file, place, f"longer than {MOST_BYTES // 2**20} MiB")
    try:
        found = json.loads(line)
    except UnicodeDecodeError as error:
        return Malformed(file, place, f"no UTF-8 at byte {error.start}")
    except (ValueError, RecursionError) as error:
        return Malformed(file, place, f"no JSON ({str(error)[:120]})")
    if not isinstance(found, dict):
        return Malformed(file, place, f"a JSON {type(found).__name__}, expected an object")
    return _record(corpus, file, place, found.get(corpus.text), found.get(corpus.id))


def _record(corpus: Corpus, file: int, place: int, text: Any, name: Any) -> Record | Malformed:
    if not isinstance(text, str):
        return Malformed(file, place, f"'{corpus.text}' is {type(text).__name__}, expected text")
    if not text.strip():
        return Malformed(file, place, f"'{corpus.text}' is empty")
    identity = f"{corpus.name(file)}:{place}" if name is None else str(name)
    try:
        (text + identity).encode()
    except UnicodeEncodeError:
        return Malformed(file, place, "half of a surrogate pair, which is no text")
    return Record(file, place, identity, text)


def _whole_text(corpus: Corpus, number: int) -> Record | Malformed:
    try:
        with opened(corpus.files[number]) as stream:
            data = stream.read(MOST_BYTES + 1)
    except DAMAGE as error:
        return Malformed(number, 0, f"the file is damaged or ends early ({error})")
    if len(data) > MOST_BYTES:
        return Malformed(number, 0, f"longer than {MOST_BYTES // 2**20} MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return Malformed(number, error.start, "no UTF-8")
    return Record(number, 0, corpus.name(number), text) if text.strip() else Malformed(number, 0, "empty")


def table(path: Path) -> Any:
    """A Parquet file, opened."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise RunnerError("Parquet needs pyarrow", mend="pip install 'nonmun[runners]'") from error
    try:
        return pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise RunnerError(f"{path}: no whole Parquet file ({error})", mend="fetch or write it again") from error


def _rows(corpus: Corpus, part: Part) -> Iterator[Record | Malformed]:
    """Row groups before the part are passed over by their number of rows."""
    with table(corpus.files[part.file]) as file:
        names = file.schema_arrow.names
        if corpus.text not in names:
            yield from (
                Malformed(part.file, row, f"no column '{corpus.text}', there are {', '.join(names)}"[:300])
                for row in range(part.place, part.place + part.records)
            )
            return
        columns = [corpus.text, *([corpus.id] if corpus.id in names and corpus.id != corpus.text else [])]
        row, end = 0, part.place + part.records
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            if row + size <= part.place or row >= end:
                row += size
                continue
            for batch in file.iter_batches(1024, row_groups=[group], columns=columns):
                texts = batch.column(0).to_pylist()
                ids = batch.column(1).to_pylist() if len(columns) > 1 else [None] * len(texts)
                for text, name in zip(texts, ids, strict=True):
                    if part.place <= row < end:
                        yield _record(corpus, part.file, row, text, name)
                    row += 1
