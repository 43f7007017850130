import pytest

from runners.cot_decoding import cot_decode
from runners.cot_decoding.asking import aligned, by_asking
from runners.cot_decoding.decoder import build, train, word_tokenizer


@pytest.mark.parametrize(
    ("said", "text", "shown", "answer"),
    [
        (" 60.", "6 boxes of 10 are 60 shells, so 60", "60", "60"),
        (" 60 shells in all.\nQuestion:", "there are 60 shells", "60 shells", "60 shells"),
        (": Nicolas Cage!", "It was Nicolas Cage who did", "Nicolas Cage", "Nicolas Cage"),
        (" 서울입니다", "수도는 서울입니다", "서울입니다", "서울입니다"),
        (" 1,234", "1,234원 또는 1,234", "1,234", "1234"),
    ],
)
def test_what_is_said_is_found_at_its_last_place_in_the_path(said, text, shown, answer):
    (start, end), found = aligned(said, text)
    assert text[start:end] == shown
    assert text.rfind(shown) == start
    assert found == answer


@pytest.mark.parametrize("said", ["", "\n", " 61", " ...", " ?!"])
def test_what_does_not_stand_in_the_path_is_no_answer(said):
    assert aligned(said, "there are 60 shells") is None


def test_the_model_is_asked_after_each_path_and_its_answer_has_a_delta():
    tokenizer = word_tokenizer("Q: A: red blue it is So the answer".split())
    model = build(len(tokenizer), 32, 1, 0)
    pairs = [("Q: A:", "it is red"), ("Q: A:", "blue it is"), ("Q: A: it is red So the answer is", "red"),
             ("Q: A: blue it is So the answer is", "blue")]  # fmt: skip
    train(model, tokenizer, iter(pairs * 800), steps=400, batch=8, rate=1e-2, tell=lambda loss: None)
    prompt = "Q: A: "
    paths = cot_decode(model, tokenizer, prompt, 2, find=by_asking(model, tokenizer, prompt))
    assert {path.text: path.answer for path in paths} == {"it is red": "red", "blue it is": "blue"}
    assert all(path.text[slice(*path.span)] == path.answer and 0 <= path.literal <= 1 for path in paths)
