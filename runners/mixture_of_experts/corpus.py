"""The corpus: four kinds of text that Python and torch bring along, so that nothing is downloaded.

    prose     Python's reference, as `help()` shows it (pydoc_data.topics)
    python    modules of the standard library
    cpp       headers of torch (ATen/core)
    names     Unicode characters, their code points and names

Read in the order of their names, up to so many bytes each, the same on any machine with the same versions; the sha256
of what was read is recorded. Every tenth piece (a topic, some thousand bytes of a file, 64 names) is for validation.
"""

from __future__ import annotations

import hashlib
import importlib.util
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nonmun.runner import RunnerError

KINDS = ("prose", "python", "cpp", "names")
TITLES = {"prose": "English prose", "python": "Python", "cpp": "C++ headers", "names": "character names"}
VOCABULARY = 98  # 0 begins a passage and pads it; 1 to 95 printable ASCII, 96 a line's end, 97 any other byte
CLASSES = ("lower case", "upper case", "digit", "space", "line end", "other")  # of the byte that a token reads
FOLD = 10  # one piece in so many is for validation
_PER_DOCUMENT = 64  # names
_CHUNK = 4_000  # bytes of a longer document that count as one, or a large file would be all of a validation set


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages as rows of token ids, by kind; what was read, in bytes and as sha256."""

    train: dict[str, Tensor]
    valid: dict[str, Tensor]
    size: dict[str, int]
    sha256: dict[str, str]


def read(size: int, length: int) -> Corpus:
    """`size` bytes of each kind, cut into passages of whole lines and at most `length` bytes."""
    train, valid, sizes, hashes = {}, {}, {}, {}
    for kind in KINDS:
        documents, left = [], size
        for document in _DOCUMENTS[kind]():
            documents.append(document[:left])
            left -= len(documents[-1])
            if left <= 0:
                break
        if left > size // 2:
            raise RunnerError(
                f"{TITLES[kind]}: found {size - left:,} bytes, expected {size:,}",
                mend="install Python with its sources, or ask for fewer --bytes",
            )
        sizes[kind], hashes[kind] = size - left, hashlib.sha256(b"\0".join(documents)).hexdigest()
        pieces = [piece for document in documents for piece in _pieces(document)]
        held = set(range(0, len(pieces), FOLD))
        train[kind] = _rows([one for place, one in enumerate(pieces) if place not in held], length)
        valid[kind] = _rows([one for place, one in enumerate(pieces) if place in held], length)
    return Corpus(train, valid, sizes, hashes)


def _prose() -> Iterator[bytes]:
    from pydoc_data.topics import topics

    for _, text in sorted(topics.items()):
        yield text.encode()


def _python() -> Iterator[bytes]:
    yield from _files(Path(random.__file__).parent, "*.py")


def _cpp() -> Iterator[bytes]:
    spec = importlib.util.find_spec("torch")
    assert spec is not None and spec.origin is not None
    yield from _files(Path(spec.origin).parent / "include" / "ATen" / "core", "*.h")


def _files(folder: Path, pattern: str) -> Iterator[bytes]:
    for file in sorted(folder.glob(pattern), key=lambda file: file.name):
        yield file.read_bytes().replace(b"\r\n", b"\n")


def _names() -> Iterator[bytes]:
    """One line a character, without the three scripts whose names are only their code point or their sound."""
    lines: list[str] = []
    for code in range(0x20, 0x20000):
        name = unicodedata.name(chr(code), "")
        if name and not name.startswith(("CJK", "HANGUL SYLLABLE", "TANGUT", "NUSHU")):
            lines.append(f"U+{code:04X} {name}\n")
        if len(lines) == _PER_DOCUMENT:
            yield "".join(lines).encode()
            lines = []


_DOCUMENTS = {"prose": _prose, "python": _python, "cpp": _cpp, "names": _names}


def _pieces(document: bytes) -> Iterator[bytes]:
    """Whole lines of some thousand bytes."""
    piece = b""
    for line in document.splitlines(keepends=True):
        piece += line
        if len(piece) >= _CHUNK:
            yield piece
            piece = b""
    if piece:
        yield piece


def passages(text: bytes, length: int) -> Iterator[bytes]:
    """Whole lines, as many as fit into `length` bytes; a line that does not fit by itself is cut."""
    passage = b""
    for line in text.splitlines(keepends=True):
        if passage and len(passage) + len(line) > length:
            yield passage
            passage = b""
        passage += line
        while len(passage) > length:
            yield passage[:length]
            passage = passage[length:]
    if passage:
        yield passage


def _rows(pieces: list[bytes], length: int) -> Tensor:
    """Token ids, a passage a row: 0 first, then its bytes, then zeros."""
    found = [passage for piece in pieces for passage in passages(piece, length) if passage.strip()]
    rows = torch.zeros((len(found), length + 1), dtype=torch.uint8)
    for row, passage in zip(rows, found, strict=True):
        row[1 : len(passage) + 1] = torch.tensor(list(passage.translate(_IDS)), dtype=torch.uint8)
    return rows


_IDS = bytes(byte - 31 if 32 <= byte < 127 else 96 if byte == 10 else 97 for byte in range(256))


def class_of_id() -> Tensor:
    """The class of each token id, V."""

    def place(byte: int) -> int:
        tests = (97 <= byte <= 122, 65 <= byte <= 90, 48 <= byte <= 57, byte == 32, byte == 10)
        return tests.index(True) if True in tests else len(CLASSES) - 1

    first = len(CLASSES) - 2  # what begins a passage counts as a line's end
    return torch.tensor([first, *(place(byte) for byte in (*range(32, 127), 10, 0))])


def batch(rows: Tensor, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, targets, and which targets are no padding: each B x S, cut to the longest passage."""
    longest = int((rows[:, 1:] != 0).sum(1).max())
    ids = rows[:, : longest + 1].to(device).long()
    inputs, targets = ids[:, :-1], ids[:, 1:]
    return inputs, targets, targets != 0
