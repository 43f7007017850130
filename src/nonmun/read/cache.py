"""What was parsed before, kept so that an unchanged file is not parsed again.

The cache is a pickle, read by an unpickler that knows nonmun's own values by name and nothing else. Whose version is
another is not even opened: a cache file that someone slipped into a repository can at worst be wrong.
"""

from __future__ import annotations

import copyreg
import dataclasses
import datetime
import io
import os
import pickle
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nonmun import errors, model
from nonmun.errors import Fault
from nonmun.model import Digest, Note


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one file gave: its stamp, the note or digest, its faults; by the lines of its entries their terms and keys.

    An entry's key changes with anything the entry says, and saves looking at all of it.
    """

    stamp: tuple[int, ...]
    value: Note | Digest
    faults: tuple[Fault, ...] = ()
    terms: Mapping[int, bytes] = field(default_factory=dict)
    keys: Mapping[int, str] = field(default_factory=dict)


class ParseCache:
    """The parsed files of one base, by a key for each: from disk at first, then from memory.

    `patience` is how many may be newer in memory than on disk before they are written; `close` writes them all.
    """

    def __init__(self, file: Path, version: str, *, patience: int = 0) -> None:
        self._file = file
        self._version = version
        self._patience = patience
        self._on_disk: Mapping[str, Parsed] = _read(file, version)
        self._parsed: Mapping[str, Parsed] = self._on_disk

    def get(self, key: str) -> Parsed | None:
        return self._parsed.get(key)

    def keep(self, parsed: Mapping[str, Parsed], packed: Callable[[], Sequence[bytes]] | None = None) -> None:
        """Remember these and no others. `packed` gives the same as bytes, where somebody has them already."""
        self._parsed = parsed
        if self._unwritten() > self._patience:
            self._write(packed() if packed else None)

    def close(self) -> None:
        if self._unwritten():
            self._write(None)

    def _write(self, packed: Sequence[bytes] | None) -> None:
        _write(self._file, self._version, [pack(self._parsed)] if packed is None else packed)
        self._on_disk = self._parsed

    def _unwritten(self) -> int:
        if self._parsed is self._on_disk:
            return 0
        gone = len(self._on_disk.keys() - self._parsed.keys())
        return gone + sum(self._on_disk.get(key) is not one for key, one in self._parsed.items())


def _values() -> dict[tuple[str, str], type]:
    """The classes a cache may hold. By their whole names: a dotted one would reach into what a module has imported."""
    found: dict[tuple[str, str], type] = {("datetime", "date"): datetime.date, (__name__, "Parsed"): Parsed}
    for module in (model, errors):
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ == module.__name__ and not issubclass(value, Exception):
                found[module.__name__, name] = value
    return found


_VALUES = _values()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _VALUES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no value of nonmun's") from None


def _by_fields(cls: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    names = [one.name for one in dataclasses.fields(cls)]
    return lambda value: (cls, tuple([getattr(value, name) for name in names]))


# A frozen dataclass with slots pickles itself by way of dataclasses.fields, at five times the cost of its arguments.
_REDUCERS = {**copyreg.dispatch_table} | {
    cls: _by_fields(cls) for cls in _VALUES.values() if dataclasses.is_dataclass(cls)
}


def pack(parsed: Mapping[str, Parsed]) -> bytes:
    """Parsed files as bytes."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(dict(parsed))
    return stream.getvalue()


def unpack(data: bytes) -> dict[str, Parsed]:
    """What `pack` made these bytes of, which may be several packs, one after another.

    Bytes from elsewhere raise what they will, and can make nothing but values.
    """
    stream = io.BytesIO(data)
    found: dict[str, Parsed] = {}
    while stream.tell() < len(data):
        found.update(_Unpickler(stream).load())
    return found


class Packed:
    """Parsed files that go from one process to another as the bytes that the cache on disk is made of, packed once."""

    def __init__(self, parsed: Mapping[str, Parsed], data: bytes | None = None) -> None:
        self.parsed = parsed
        self._data = data

    def packed(self) -> bytes:
        if self._data is None:
            self._data = pack(self.parsed)
        return self._data

    def __reduce__(self) -> tuple[Callable[[bytes], Packed], tuple[bytes]]:
        return _unpacked, (self.packed(),)


def _unpacked(data: bytes) -> Packed:
    return Packed(unpack(data), data)


def _read(file: Path, version: str) -> dict[str, Parsed]:
    """The cache written by the same version of nonmun, or an empty one. Never raises: a cache may be lost."""
    try:
        found_version, _, data = file.read_bytes().partition(b"\n")
        if found_version != version.encode():
            return {}
        found = unpack(data)
    except Exception:
        return {}
    return found if all(isinstance(one, Parsed) for one in found.values()) else {}


def _write(file: Path, version: str, packed: Sequence[bytes]) -> None:
    """Write the cache whole or not at all. Where it cannot be written, the next command parses everything again."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        for left in file.parent.glob(f"{file.name}.*"):  # by a process that was killed here
            left.unlink()
        handle, temporary = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(b"".join((version.encode(), b"\n", *packed)))
            os.replace(temporary, file)
        except OSError:
            os.unlink(temporary)
            raise
