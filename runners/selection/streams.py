"""The bytes of a corpus's files, uncompressed, line by line, from any place on. Damage is an error, never an end."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nonmun.runner import RunnerError

PACKED = (".gz", ".zst")
MOST_BYTES = 16 * 2**20  # of one record; what is longer is malformed
_BLOCK = 2**20


def is_packed(path: Path) -> bool:
    return path.name.lower().endswith(PACKED)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """What is in a file, uncompressed."""
    with path.open("rb") as file:
        if path.name.lower().endswith(".gz"):
            yield gzip.GzipFile(fileobj=file)  # type: ignore[misc]
        elif path.name.lower().endswith(".zst"):
            yield io.BufferedReader(_Unzstd(file), _BLOCK)  # type: ignore[misc]
        else:
            yield file


def lines_of(stream: BinaryIO, place: int = 0) -> Iterator[tuple[int, bytes]]:
    """Each line with its place. Of one that is too long the beginning, its rest being left out as it is read."""
    while line := stream.readline(MOST_BYTES + 1):
        length = len(line)
        while not line.endswith(b"\n") and length > MOST_BYTES:
            more = stream.readline(_BLOCK)
            length += len(more)
            if not more or more.endswith(b"\n"):
                break
        yield place, line
        place += length


def skip(stream: BinaryIO, place: int, *, packed: bool) -> None:
    """Go to a place: by seeking where that is possible, by reading where it is not."""
    if not packed:
        stream.seek(place)
        return
    while place > 0:
        place -= len(stream.read(min(place, _BLOCK))) or place


class _Unzstd(io.RawIOBase):
    """zstandard's own reader takes a file that ends within a frame for one that ends; this one does not."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import zstandard
        except ImportError as error:
            raise RunnerError(".zst needs zstandard", mend="pip install 'nonmun[runners]'") from error
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._file, self._frame, self._ready, self._rest = file, None, b"", b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._rest or self._file.read(64 * 1024)
            self._rest = b""
            if not data:
                if self._frame is not None:
                    raise EOFError("it ends within a frame")
                return 0
            self._frame = self._frame or self._new()
            self._ready = self._frame.decompress(data)
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count


def _damage() -> tuple[type[BaseException], ...]:
    found: tuple[type[BaseException], ...] = (EOFError, gzip.BadGzipFile, zlib.error)
    try:
        import zstandard
    except ImportError:
        return found
    return (*found, zstandard.ZstdError)


DAMAGE = _damage()
