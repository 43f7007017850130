import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.selection import records, streams
from runners.selection.records import Corpus, Malformed, Reader, Record, find, parts

zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed: make runners")

PACK = {"": lambda data: data, ".gz": gzip.compress, ".zst": lambda data: zstandard.ZstdCompressor().compress(data)}


def everything(corpus: Corpus) -> list[Record | Malformed]:
    reader = Reader(corpus)
    return [one for part in parts(corpus) for one in reader.read(part)]


def write(path: Path, lines: list[bytes]) -> Path:
    suffix = path.suffix if path.suffix in PACK else ""
    path.write_bytes(PACK[suffix](b"".join(lines)))
    return path


def line(text: object, **more: object) -> bytes:
    return json.dumps({"text": text, **more}).encode() + b"\n"


@pytest.mark.parametrize("suffix", PACK)
def test_lines_are_records_with_their_offsets_whatever_packs_them(tmp_path, suffix):
    lines = [line("one", id="a"), b"\n", line("둘", id=7), line("three")]
    found = everything(find(write(tmp_path / f"c.jsonl{suffix}", lines)))
    offsets = [0, len(lines[0]) + 1, len(lines[0]) + 1 + len(lines[2])]
    assert [(one.id, one.text, one.place) for one in found] == [
        ("a", "one", offsets[0]), ("7", "둘", offsets[1]), (f"c.jsonl{suffix}:{offsets[2]}", "three", offsets[2]),
    ]  # fmt: skip


BAD = {
    b"{": "no JSON",
    b"[1]": "a JSON list, expected an object",
    b'{"texts": "x"}': "'text' is NoneType, expected text",
    b'{"text": 3}': "'text' is int, expected text",
    b'{"text": "  "}': "'text' is empty",
    b'{"text": "\xff"}': "no UTF-8 at byte 10",
    b'{"text": "\\ud800"}': "half of a surrogate pair",
    b"[" * 100_000: "no JSON",
    b'{"text": ' + b"9" * 5000 + b"}": "no JSON",
}


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_what_is_no_document_is_reported_with_its_offset_and_costs_nothing_else(tmp_path, bad):
    lines = [line("before"), bad + b"\n", line("after")]
    found = everything(find(write(tmp_path / "c.jsonl", lines)))
    assert [type(one) for one in found] == [Record, Malformed, Record]
    assert found[1].place == len(lines[0])
    assert BAD[bad] in found[1].why
    assert found[2].text == "after"


@given(st.binary(max_size=300).map(lambda data: data.replace(b"\n", b" ")))
def test_any_bytes_are_a_record_or_malformed(data):
    corpus = Corpus(Path("x"), (Path("x/c.jsonl"),))
    assert isinstance(records.document(corpus, 0, 0, data), Record | Malformed)


def test_a_line_longer_than_a_record_may_be_is_malformed_and_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MOST_BYTES", 50)
    monkeypatch.setattr(streams, "MOST_BYTES", 50)
    lines = [line("a"), line("b" * 200), line("c")]
    found = everything(find(write(tmp_path / "c.jsonl", lines)))
    assert [type(one) for one in found] == [Record, Malformed, Record]
    assert [one.place for one in found] == [0, len(lines[0]), len(lines[0]) + len(lines[1])]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_cut_short_gives_what_is_whole_and_says_where_it_ends(tmp_path, suffix):
    import random

    rng = random.Random(0)
    texts = ["".join(rng.choices("abcdefghij ", k=4000)) + "." for _ in range(60)]
    path = write(tmp_path / f"c.jsonl{suffix}", [line(text) for text in texts])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    found = everything(find(path))
    good = [one for one in found if isinstance(one, Record)]
    assert [one.text for one in good] == texts[: len(good)]
    assert isinstance(found[-1], Malformed)
    assert "damaged or ends early" in found[-1].why or "no JSON" in found[-1].why
    assert any("ends early" in one.why for one in found if isinstance(one, Malformed))


def test_several_frames_are_one_stream(tmp_path):
    path = tmp_path / "c.jsonl.zst"
    pack = zstandard.ZstdCompressor().compress
    path.write_bytes(pack(line("one")) + pack(line("two")))
    assert [one.text for one in everything(find(path))] == ["one", "two"]


@pytest.mark.parametrize("suffix", PACK)
def test_parts_can_be_read_in_any_order(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(records, "PART_RECORDS", 7)
    corpus = find(write(tmp_path / f"c.jsonl{suffix}", [line(f"text {n}") for n in range(40)]))
    cut = list(parts(corpus))
    assert [part.records for part in cut] == [7, 7, 7, 7, 7, 5]
    for order in (cut, cut[::-1], cut[1::2] + cut[::2]):
        reader = Reader(corpus)
        by_place = {part.place: reader.read(part) for part in order}
        assert [one.text for place in sorted(by_place) for one in by_place[place]] == [f"text {n}" for n in range(40)]


def test_a_packed_file_is_unpacked_once_where_its_parts_come_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "PART_RECORDS", 3)
    corpus = find(write(tmp_path / "c.jsonl.gz", [line(f"text {n}") for n in range(30)]))
    cut, opened = list(parts(corpus)), []
    real = records.opened
    monkeypatch.setattr(records, "opened", lambda path: opened.append(path) or real(path))
    reader = Reader(corpus)
    assert sum(len(reader.read(part)) for part in cut) == 30
    assert len(opened) == 1


def test_a_folder_of_texts_is_a_document_each_and_hidden_files_are_none(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text("one")
    (tmp_path / "two.md.gz").write_bytes(gzip.compress("둘".encode()))
    (tmp_path / "bad.txt").write_bytes(b"abc\xff")
    (tmp_path / "empty.txt").write_text(" ")
    (tmp_path / ".hidden.txt").write_text("no")
    (tmp_path / "picture.png").write_bytes(b"no")
    found = everything(find(tmp_path))
    assert [(one.id, one.text) for one in found if isinstance(one, Record)] == [
        ("a/one.txt", "one"),
        ("two.md.gz", "둘"),
    ]
    assert [(one.place, one.why) for one in found if isinstance(one, Malformed)] == [(3, "no UTF-8"), (0, "empty")]


def test_parquet_is_read_by_rows(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: make runners")
    import pyarrow

    monkeypatch.setattr(records, "PART_RECORDS", 4)
    texts = [f"text {n}" for n in range(10)]
    texts[3], texts[6] = None, ""
    path = tmp_path / "c.parquet"
    table = pyarrow.table({"n": range(10), "text": texts, "id": [f"r{n}" for n in range(10)]})
    parquet.write_table(table, path, row_group_size=3)
    found = everything(find(path))
    assert [one.place for one in found] == list(range(10))
    assert [one.place for one in found if isinstance(one, Malformed)] == [3, 6]
    assert found[9] == Record(0, 9, "r9", "text 9")
    other = everything(find(path, text="body"))
    assert {one.why for one in other} == {"no column 'body', there are n, text, id"}
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RunnerError, match="no whole Parquet file"):
        everything(find(path))


def test_what_is_not_there_or_not_read_is_one_line(tmp_path):
    with pytest.raises(RunnerError, match="no such file or folder"):
        find(tmp_path / "none")
    with pytest.raises(RunnerError, match="holds nothing that is read"):
        find(tmp_path)
    (tmp_path / "c.csv").write_text("a,b")
    with pytest.raises(RunnerError, match=r"c\.csv is of no kind that is read"):
        find(tmp_path / "c.csv")


def test_lines_without_an_end_are_lines():
    assert list(streams.lines_of(io.BytesIO(b"a\nb"))) == [(0, b"a\n"), (2, b"b")]
