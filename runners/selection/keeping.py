"""What was chosen, in the form it came in: the same files with some records fewer, each of those as it was."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from .records import Corpus, kind, table
from .streams import DAMAGE, lines_of, opened

Place = tuple[int, int]  # the number of a file, and a place in it


def write_kept(corpus: Corpus, kept: Iterable[Place], folder: Path) -> list[str]:
    """Copy the records at these places, which are in the order of the corpus, into `folder`; the files that it wrote.

    Not in place yet: the caller moves the folder where it belongs when it is whole.
    """
    written = []
    for number, places in itertools.groupby(kept, key=lambda place: place[0]):
        source, name = corpus.files[number], corpus.name(number)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        wanted = (place for _, place in places)
        if kind(source) == "text":
            target.write_bytes(source.read_bytes())
        elif kind(source) == "table":
            _rows(source, target, wanted)
        else:
            _lines(source, target, wanted)
        written.append(name)
    return written


def _lines(source: Path, target: Path, wanted: Iterator[int]) -> None:
    with opened(source) as stream, _packed(target) as out:
        lines = lines_of(stream)
        next_one = next(wanted, None)
        while next_one is not None:
            try:
                place, line = next(lines)
            except (StopIteration, *DAMAGE):
                break  # what lies beyond was never read as a record
            if place == next_one:
                out.write(line if line.endswith(b"\n") else line + b"\n")
                next_one = next(wanted, None)


@contextmanager
def _packed(target: Path) -> Iterator[BinaryIO]:
    """Packed as its name says, with no time in it: the same records are the same bytes."""
    with target.open("wb") as file:
        if target.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as out:
                yield out  # type: ignore[misc]
        elif target.name.lower().endswith(".zst"):
            import zstandard

            with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as out:
                yield out
        else:
            yield file


def _rows(source: Path, target: Path, wanted: Iterator[int]) -> None:
    import pyarrow.parquet

    with table(source) as read, pyarrow.parquet.ParquetWriter(target, read.schema_arrow) as out:
        row, next_one = 0, next(wanted, None)
        for batch in read.iter_batches(1024):
            mask: list[Any] = [False] * batch.num_rows
            while next_one is not None and next_one < row + batch.num_rows:
                mask[next_one - row] = True
                next_one = next(wanted, None)
            if any(mask):
                out.write_batch(batch.filter(pyarrow.array(mask)))
            row += batch.num_rows
