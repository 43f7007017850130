"""A corpus scored part by part: whole, resumed, killed, refused. The method is a stand-in that counts letters."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nonmun.runner import RunnerError
from runners.selection import job as jobs
from runners.selection import records
from runners.selection.job import Job, run
from runners.selection.records import find


class Letters:
    """Scores are numbers of letters; the longest are kept."""

    settings = {"method": "letters"}  # noqa: RUF012

    def __init__(self, fail_after: int | None = None) -> None:
        self.asked, self._left = 0, fail_after

    def values(self, texts):
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        self.asked += len(texts)
        return np.array([[len(text)] for text in texts], np.float64)

    def score(self, stored):
        for values in stored():
            yield values[:, 0], values[:, 0]

    def report(self):
        return {"asked": self.asked}

    def save(self, folder):
        (folder / "beside").write_text("it")


class Silent:
    """In place of progress."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text):
        self.said.append(text)

    def stage(self, *_):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def advance(self, *_, **__):
        return None


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(records, "PART_RECORDS", 5)


def corpus(folder: Path, count: int = 23) -> Path:
    lines = [json.dumps({"id": n, "text": "x" * (n * 7 % count + 1), "other": [n]}) + "\n" for n in range(count)]
    lines[4], lines[13] = "{broken\n", '{"text": null}\n'
    path = folder / "c.jsonl"
    path.write_text("".join(lines))
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_what_is_kept_is_as_it_was_with_scores_beside_ids_and_all_malformed_records_named(tmp_path):
    path, out = corpus(tmp_path), tmp_path / "kept"
    report = run(Job(find(path), out, Letters(), 0.3), Silent())
    assert (report["documents"], report["kept"], report["malformed"]) == (21, 6, 2)
    lines = path.read_text().splitlines(keepends=True)
    sizes = {n: n * 7 % 23 + 1 for n in range(23) if n not in (4, 13)}
    best = sorted(sorted(sizes, key=lambda n: -sizes[n])[:6])
    assert (out / "documents" / "c.jsonl").read_text() == "".join(lines[n] for n in best)
    scores = [json.loads(line) for line in (out / "scores.jsonl").read_text().splitlines()]
    assert [(one["id"], one["score"]) for one in scores] == [(str(n), size) for n, size in sizes.items()]
    assert [one["id"] for one in scores if one["kept"]] == [str(n) for n in best]
    bad = [json.loads(line) for line in (out / "malformed.jsonl").read_text().splitlines()]
    offsets = [sum(len(line) for line in lines[:n]) for n in (4, 13)]
    assert [(one["file"], one["offset"]) for one in bad] == [("c.jsonl", offset) for offset in offsets]
    assert json.loads((out / "report.json").read_text()) == report
    assert not (out / ".work").exists()
    assert (out / "beside").read_text() == "it"


@pytest.mark.parametrize("stop", range(5))
def test_a_job_that_was_stopped_goes_on_and_ends_the_same(tmp_path, stop):
    path = corpus(tmp_path)
    run(Job(find(path), tmp_path / "whole", Letters(), 0.3), Silent())
    first, out = Letters(fail_after=stop), tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        run(Job(find(path), out, first, 0.3), Silent())
    assert [name for name in tree(out) if not name.startswith(".work")] == []
    second = Letters()
    run(Job(find(path), out, second, 0.3), Silent())
    assert first.asked + second.asked == 21
    whole, resumed = tree(tmp_path / "whole"), tree(out)
    assert {**whole, "report.json": b""} == {**resumed, "report.json": b""}


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_part_that_was_damaged_is_made_again(tmp_path, damage):
    path, out = corpus(tmp_path), tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        run(Job(find(path), out, Letters(fail_after=3), 0.3), Silent())
    part = out / ".work" / "0000001.npz"
    data = bytearray(part.read_bytes())
    data[len(data) // 3] ^= 255
    part.write_bytes(bytes(data) if damage is None else damage)
    again = Letters()
    report = run(Job(find(path), out, again, 0.3), Silent())
    assert report["documents"] == 21
    assert again.asked == 21 - 13 + 5  # what was never made, and the five of that part


def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path):
    path, out = corpus(tmp_path), tmp_path / "kept"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(RunnerError, match="is not empty"):
        run(Job(find(path), out, Letters(), 0.3), Silent())
    assert tree(out) == {"mine.txt": b"mine"}


def test_other_settings_or_another_corpus_are_another_job(tmp_path):
    path, out = corpus(tmp_path), tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        run(Job(find(path), out, Letters(fail_after=2), 0.3), Silent())
    with pytest.raises(RunnerError, match="begun with other settings"):
        run(Job(find(path), out, Letters(), 0.4), Silent())
    path.write_text(path.read_text() + json.dumps({"text": "more"}))
    with pytest.raises(RunnerError, match="or the corpus has changed"):
        run(Job(find(path), out, Letters(), 0.3), Silent())


def test_a_finished_result_is_not_written_over(tmp_path):
    path, out = corpus(tmp_path), tmp_path / "kept"
    run(Job(find(path), out, Letters(), 0.3), Silent())
    before = tree(out)
    with pytest.raises(RunnerError, match="holds a finished result"):
        run(Job(find(path), out, Letters(), 0.3), Silent())
    assert tree(out) == before


def test_a_corpus_of_nothing_but_malformed_records_is_one_line(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text("no\nno\n")
    with pytest.raises(RunnerError, match="no document that can be read"):
        run(Job(find(path), tmp_path / "kept", Letters(), 0.3), Silent())


def test_kept_files_are_packed_as_they_came(tmp_path):
    zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed: make runners")
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    data = corpus(tmp_path).read_bytes()
    (source / "a.jsonl.gz").write_bytes(gzip.compress(data))
    (source / "deep" / "b.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(data))
    (source / "c.txt").write_text("y" * 100)
    (source / "d.txt").write_text("y")
    run(Job(find(source), tmp_path / "kept", Letters(), 0.5), Silent())
    kept = tmp_path / "kept" / "documents"
    assert sorted(tree(kept)) == ["a.jsonl.gz", "c.txt", "deep/b.jsonl.zst"]
    one = gzip.decompress((kept / "a.jsonl.gz").read_bytes())
    assert set(one.splitlines()) < set(data.splitlines())
    other = zstandard.ZstdDecompressor().decompressobj().decompress((kept / "deep" / "b.jsonl.zst").read_bytes())
    assert set(other.splitlines()) < set(data.splitlines())
    assert len(one.splitlines()) + len(other.splitlines()) + 1 == round(0.5 * 44)


def test_kept_rows_of_a_table_have_all_its_columns(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: make runners")
    import pyarrow

    table = pyarrow.table({"n": range(30), "text": ["x" * (n % 11 + 1) for n in range(30)]})
    parquet.write_table(table, tmp_path / "c.parquet", row_group_size=4)
    run(Job(find(tmp_path / "c.parquet"), tmp_path / "kept", Letters(), 0.2), Silent())
    kept = parquet.read_table(tmp_path / "kept" / "documents" / "c.parquet")
    assert kept.column("n").to_pylist() == [8, 9, 10, 19, 20, 21]
    assert kept.schema == table.schema


KILLED = """
import sys, time
sys.path[:0] = {path!r}
from pathlib import Path
from tests_of_job import Letters, Silent, Job, find, run, records
records.PART_RECORDS = 5
class Slow(Letters):
    def values(self, texts):
        time.sleep(0.2)
        return super().values(texts)
run(Job(find(Path({corpus!r})), Path({out!r}), Slow(), 0.3), Silent())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_is_killed_leaves_what_the_next_one_goes_on_from(tmp_path):
    path, out = corpus(tmp_path), tmp_path / "kept"
    (tmp_path / "tests_of_job.py").write_text(Path(__file__).read_text("utf-8"), "utf-8")
    code = KILLED.format(path=[str(tmp_path), str(Path(jobs.__file__).parents[2])], corpus=str(path), out=str(out))
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while not (out / ".work" / "0000001.npz").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
    said, again = Silent(), Letters()
    run(Job(find(path), out, again, 0.3), said)
    assert said.said and "parts are there already" in said.said[0]
    assert again.asked < 21
    run(Job(find(path), tmp_path / "whole", Letters(), 0.3), Silent())
    assert {**tree(out), "report.json": b""} == {**tree(tmp_path / "whole"), "report.json": b""}
