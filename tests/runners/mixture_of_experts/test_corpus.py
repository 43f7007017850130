import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runners.mixture_of_experts import corpus


@pytest.fixture(scope="module")
def text():
    return corpus.read(20_000, 64)


@given(st.binary(max_size=400), st.integers(1, 40))
def test_passages_hold_every_byte_and_none_is_too_long(text, length):
    found = list(corpus.passages(text, length))
    assert b"".join(found) == text
    assert all(0 < len(passage) <= length for passage in found)


def test_lines_stay_whole_where_they_fit():
    assert list(corpus.passages(b"one\ntwo\nthree\n", 8)) == [b"one\ntwo\n", b"three\n"]


def test_the_same_is_read_each_time(text):
    again = corpus.read(20_000, 64)
    assert text.sha256 == again.sha256
    for kind in corpus.KINDS:
        assert text.size[kind] == 20_000
        assert torch.equal(text.train[kind], again.train[kind])
        assert len(text.valid[kind]) and len(text.train[kind])


def test_kinds_are_what_they_are_called(text):
    def words(kind):
        return bytes(_byte(token) for row in text.train[kind] for token in row.tolist() if token).decode()

    assert "\ndef " in words("python")
    assert "#include" in words("cpp")
    assert "U+0041 LATIN CAPITAL LETTER A\n" in words("names") + words_of(text.valid["names"])


def words_of(rows):
    return bytes(_byte(token) for row in rows for token in row.tolist() if token).decode()


def _byte(token):
    return 10 if token == 96 else 63 if token == 97 else token + 31


def test_passages_of_a_document_are_not_split_between_training_and_validation(text):
    lines = {kind: [set(words_of(rows[kind]).splitlines()) for rows in (text.train, text.valid)] for kind in ("names",)}
    assert not lines["names"][0] & lines["names"][1]


def test_batch_predicts_the_next_byte_and_knows_its_padding(text):
    inputs, targets, real = corpus.batch(text.train["prose"][:8])
    assert (inputs[:, 0] == 0).all()
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    assert torch.equal(real, targets != 0)
    assert real[:, -1].any() and not real.all()
    assert (real.int().diff(dim=1) <= 0).all()  # padding stands on the right


def test_classes_of_bytes():
    of = corpus.class_of_id()
    assert len(of) == corpus.VOCABULARY
    named = [corpus.CLASSES[of[byte - 31]] for byte in b"aZ7 ;"]
    assert named == ["lower case", "upper case", "digit", "space", "other"]
    assert corpus.CLASSES[of[96]] == "line end"


def test_too_little_text_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(corpus._DOCUMENTS, "cpp", lambda: iter([b"#pragma once\n"]))
    with pytest.raises(corpus.RunnerError, match=r"C\+\+ headers: found 13 bytes, expected 20,000"):
        corpus.read(20_000, 64)
