from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("nonmun", deadline=None, max_examples=60)
settings.load_profile("nonmun")

REPOSITORY = Path(__file__).resolve().parents[1]
# The processes that tests start are of this checkout, wherever the environment's own nonmun is.
os.environ["PYTHONPATH"] = str(REPOSITORY / "src")
SAMPLES = REPOSITORY.parent / "shared" / "samples"


@pytest.fixture
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the real samples are not beside this checkout")
    return SAMPLES


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A small knowledge base as `nonmun init` begins one."""
    from nonmun.write.starting import start_base

    start_base(tmp_path / "base")
    return tmp_path / "base"


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: object
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture(scope="session")
def nonmun() -> Command:
    """The command line, entered where the installed command enters it, in this process: whatever it lets out fails."""
    from nonmun.cli import main

    def run(*arguments: object) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as ending:
                return Ended(ending.code, out.getvalue(), err.getvalue())
        raise AssertionError("the command returned, and did not exit")

    return run


@pytest.fixture
def permissions_count() -> Iterator[None]:
    """Root may read everything; here it may not, so that a file without permissions is what it is for everyone."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # linux/capability.h: version 3, this process
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32 bits of each
    libc.capget(header, sets)
    before = sets[0]
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if libc.capset(header, sets) != 0:
        pytest.skip("permissions cannot be made to count here")
    try:
        yield
    finally:
        sets[0] = before
        libc.capset(header, sets)


@pytest.fixture(scope="session")
def fingerprint() -> Callable[[Path], dict[str, tuple[object, ...]]]:
    """All that could be seen to have changed under a folder: kind, permissions, times and content of everything."""

    def look(folder: Path) -> dict[str, tuple[object, ...]]:
        found: dict[str, tuple[object, ...]] = {}
        for path in [folder, *folder.rglob("*")]:
            info = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
            found[str(path)] = (info.st_mode, info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino, content)
        return found

    return look
