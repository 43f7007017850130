import pytest
import torch
from tiny_llama import PLACES

from runners.cot_decoding import DecodingError, Path, aggregate, cot_decode, cot_decode_all, max_path
from runners.cot_decoding.answers import last_of
from runners.cot_decoding.decoding import ends

from .conftest import byte_tokenizer, tiny_model


def test_one_line_gives_the_paths_of_a_prompt(model, tokenizer):
    paths = cot_decode(model, tokenizer, "Q: 2 + 3?\nA:", k=4, steps=8)
    assert [path.branch for path in paths] == [0, 1, 2, 3]
    assert all(isinstance(path, Path) and len(path.ids) == 8 for path in paths)
    assert {path.text for path in paths} == {tokenizer.decode(list(path.ids)) for path in paths}
    assert aggregate(paths) is None and max_path(paths) is None  # none has come to an end


def test_prompts_of_any_length_come_back_in_their_order(model, tokenizer):
    prompts = ["a much longer prompt", "ab", "cd", "a", "ef"]
    told = []
    together = cot_decode_all(model, tokenizer, prompts, 3, steps=6, together=2, tell=told.append)
    alone = [cot_decode(model, tokenizer, prompt, 3, steps=6) for prompt in prompts]
    assert [[path.ids for path in paths] for paths in together] == [[path.ids for path in paths] for paths in alone]
    assert sorted(told) == [1, 1, 1, 2]


def test_no_prompts_are_no_paths(model, tokenizer):
    assert cot_decode_all(model, tokenizer, []) == []


def test_a_path_ends_at_a_mark(tokenizer):
    model = tiny_model()
    (whole,) = cot_decode(model, tokenizer, "Q", 1, steps=12)
    mark = whole.text[3:5]
    (path,) = cot_decode(model, tokenizer, "Q", 1, steps=12, marks=(mark,))
    assert path.ended and not whole.ended
    assert whole.text.startswith(path.text + mark)
    assert len(path.ids) < len(whole.ids)


# --- prompts at the edge ---


def test_an_empty_prompt_is_one_clear_line_without_bos(model, tokenizer):
    with pytest.raises(DecodingError, match="prompt is empty and the tokenizer has no BOS; write a prompt"):
        cot_decode(model, tokenizer, "")


def test_an_empty_prompt_begins_with_bos_where_there_is_one(model):
    tokenizer = byte_tokenizer(bos_token="^")
    with torch.inference_mode():
        best = model(torch.tensor([[tokenizer.bos_token_id]])).logits[0, -1].topk(3).indices
    assert [path.ids[0] for path in cot_decode(model, tokenizer, "", 3, steps=2)] == best.tolist()


def test_a_prompt_at_the_limit_of_the_context_leaves_room_for_one_token(model, tokenizer):
    paths = cot_decode(model, tokenizer, "a" * PLACES, 4, steps=10)
    assert [len(path.ids) for path in paths] == [1] * 4
    assert not any(path.ended for path in paths)
    longer = cot_decode(model, tokenizer, "a" * (PLACES - 3), 4, steps=10)
    assert [len(path.ids) for path in longer] == [4] * 4


def test_a_prompt_beyond_the_limit_is_one_clear_line(model, tokenizer):
    with pytest.raises(DecodingError, match=f"prompt has {PLACES + 1} tokens, the model reads {PLACES}; shorten it"):
        cot_decode(model, tokenizer, "a" * (PLACES + 1))


@pytest.mark.parametrize("name", ["k", "steps", "at", "together"])
def test_numbers_that_mean_nothing_are_one_clear_line(model, tokenizer, name):
    with pytest.raises(DecodingError, match=f"{name} is -1, expected"):
        cot_decode_all(model, tokenizer, ["a"], **{name: -1})


def test_more_branches_than_tokens_are_as_many_as_there_are(tokenizer):
    assert len(cot_decode(tiny_model(vocabulary=256), tokenizer, "a", 1000, steps=2)) == 256


# --- ends ---


def test_a_tokenizer_without_bos_pad_and_eos_needs_none(model, tokenizer):
    assert (tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id) == (None, None, None)
    assert ends(model, tokenizer) == frozenset()
    assert len(cot_decode(model, tokenizer, "a", 2, steps=3)) == 2


def test_every_end_counts_whoever_names_it():
    model = tiny_model(eos_token_id=5)
    model.generation_config.eos_token_id = [6, 7]
    tokenizer = byte_tokenizer(eos_token="!")
    assert ends(model, tokenizer) == {5, 6, 7, tokenizer.eos_token_id}


def test_branching_later_keeps_what_was_written_before(model, tokenizer):
    (greedy,) = cot_decode(model, tokenizer, "abc", 1, steps=8)
    paths = cot_decode(model, tokenizer, "abc", 5, steps=8, at=3)
    assert paths[0].ids == greedy.ids
    assert {path.ids[:3] for path in paths} == {greedy.ids[:3]}
    assert len({path.ids[3] for path in paths}) == 5
    assert [path.token for path in paths] == [tokenizer.decode([path.ids[3]]) for path in paths]


def test_branching_after_the_end_leaves_the_greedy_path(tokenizer):
    plain = tiny_model()
    (greedy,) = cot_decode(plain, tokenizer, "abc", 1, steps=8)
    model = tiny_model(eos_token_id=greedy.ids[1])
    (only,) = cot_decode(model, tokenizer, "abc", 5, steps=8, at=4)
    assert only.ended and only.ids == greedy.ids[: len(only.ids)]


def test_answers_may_be_words(model, tokenizer):
    letters = [chr(code) for code in range(97, 123)]
    paths = cot_decode(model, tokenizer, "a", 20, steps=12, find=last_of(letters), marks=(" ", "."))
    answered = [path for path in paths if path.answer]
    assert all(path.text[slice(*path.span)].casefold() == path.answer for path in answered)
    assert all(path.ended for path in answered)
