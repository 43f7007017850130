"""The batched, cached decoding against plain `generate` calls, and Delta against its definition."""

import gc
import math
from array import array

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runners.cot_decoding import method
from runners.cot_decoding.answers import last_of
from runners.cot_decoding.method import DecodingError, Path, Row

from .conftest import byte_tokenizer, tiny_model

STEPS = 12


def prompt(length: int = 5, seed: int = 0, rows: int = 1) -> torch.Tensor:
    return torch.randint(0, 256, (rows, length), generator=torch.Generator().manual_seed(seed))


def cot(model, ids, k, **changes):
    return method.decode(model, ids, first=method.top_tokens(k), **{"steps": STEPS, **changes})


@torch.inference_mode()
def naive(model, ids, k: int, at: int = 0, ends: tuple[int, ...] = ()) -> list[list[int]]:
    """k separate `generate` calls, each with its own prefill: the tokens after the prompt, path by path."""

    def generate(before: torch.Tensor, count: int) -> torch.Tensor:
        if count == 0:
            return before
        return model.generate(
            before, attention_mask=torch.ones_like(before), max_new_tokens=count, min_new_tokens=0, do_sample=False,
            eos_token_id=list(ends) or None, pad_token_id=0,
        )  # fmt: skip

    trunk = generate(ids, at)
    if trunk.shape[1] - ids.shape[1] < at or (at and trunk[0, -1].item() in ends):
        return [trunk[0, ids.shape[1] :].tolist()]
    found = []
    for token in model(trunk).logits[0, -1].sort(descending=True, stable=True, dim=-1).indices[:k]:
        branch = torch.cat([trunk, token.view(1, 1)], dim=1)
        whole = branch if token.item() in ends else generate(branch, STEPS - at - 1)
        found.append(whole[0, ids.shape[1] :].tolist())
    return found


# --- the same paths as public code gives, token for token ---


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("at", [0, 1, 4])
def test_one_batch_gives_the_paths_of_k_separate_generate_calls(seed, at):
    model, ids = tiny_model(seed=seed), prompt(seed=seed)
    rows = cot(model, ids, 7, at=at)
    assert [row.ids.tolist() for row in rows] == naive(model, ids, 7, at)
    assert [row.branch for row in rows] == list(range(7))
    assert len({tuple(row.ids) for row in rows}) == 7


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("at", [0, 2])
def test_rows_end_one_by_one_and_the_others_go_on_as_before(seed, at):
    model, ids = tiny_model(vocabulary=24, seed=seed), prompt(seed=seed) % 24
    free = cot(model, ids, 9, at=at)
    ends = (free[2].ids[4], free[5].ids[7])
    rows = cot(model, ids, 9, at=at, ends=ends)
    assert [row.ids.tolist() for row in rows] == naive(model, ids, 9, at, ends)
    assert all(row.ended == (row.ids[-1] in ends) for row in rows)
    assert any(row.ended for row in rows) and min(len(row.ids) for row in rows) < STEPS


def test_prompts_decoded_together_are_decoded_as_each_alone():
    model, ids = tiny_model(vocabulary=24), prompt(rows=3) % 24
    together = cot(model, ids, 4, ends=(3, 8))
    alone = [row for one in ids for row in cot(model, one[None], 4, ends=(3, 8))]
    assert [row.ids for row in together] == [row.ids for row in alone]
    assert [row.prompt for row in together] == sorted(row.prompt for row in together)
    assert {row.prompt for row in together} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(3))
def test_one_branch_is_greedy_decoding(seed):
    model, ids = tiny_model(seed=seed), prompt(seed=seed)
    (row,) = cot(model, ids, 1)
    expected = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=STEPS, do_sample=False)
    assert row.ids.tolist() == expected[0, ids.shape[1] :].tolist()
    assert row.branch == 0


def test_the_first_of_many_branches_is_greedy_decoding_also_where_tokens_are_equally_probable():
    model = tiny_model()
    with torch.no_grad():
        model.lm_head.weight[7] = model.lm_head.weight[5]  # these two always tie
        model.lm_head.weight[[5, 7]] *= 50
    ids = prompt()
    with torch.inference_mode():
        logits = model(ids).logits[0, -1]
    rows = cot(model, ids, 3)
    assert rows[0].ids[0] == logits.argmax().item()


# --- what is kept of each step ---


@pytest.mark.parametrize("at", [0, 3])
@torch.inference_mode()
def test_probabilities_are_those_of_the_whole_text_read_at_once(at):
    model, ids = tiny_model(), prompt()
    for row in cot(model, ids, 5, at=at):
        whole = torch.cat([ids, torch.tensor([row.ids.tolist()])], dim=1)
        shares = model(whole).logits[0, ids.shape[1] - 1 : -1].double().softmax(-1)
        top = shares.topk(2).values
        assert torch.allclose(torch.tensor(row.top).view(-1, 2).double(), top, atol=1e-5)
        assert method.gaps(row) == pytest.approx((top[:, 0] - top[:, 1]).tolist(), abs=1e-5)
        own = shares[range(len(row.ids)), row.ids.tolist()]
        assert method.log_prob(row) == pytest.approx(own.log().sum().item(), abs=1e-3)
        others = shares[at].clone()
        others[row.ids[at]] = 0
        assert method.signed_gaps(row)[at] == pytest.approx((own[at] - others.max()).item(), abs=1e-5)


def test_a_step_takes_sixteen_bytes_whatever_the_vocabulary():
    """Eight for the token, four each for p1 and p2."""
    for vocabulary in (300, 3000):
        for row in cot(tiny_model(vocabulary=vocabulary), prompt(), 3):
            assert row.ids.itemsize * len(row.ids) == 8 * STEPS
            assert row.top.itemsize * len(row.top) == 8 * STEPS


def test_no_more_than_two_steps_of_logits_are_ever_held():
    vocabulary, most = 1237, 0
    model = tiny_model(vocabulary=vocabulary)

    def count(module, inputs):
        nonlocal most
        gc.collect()
        held = {t.untyped_storage().data_ptr() for t in gc.get_objects() if type(t) is torch.Tensor
                and t.dim() and t.shape[-1] == vocabulary}  # fmt: skip
        most = max(most, len(held))

    model.model.register_forward_pre_hook(count)
    cot(model, prompt(), 4)
    assert most <= 2


def test_the_prompt_is_read_once():
    model, lengths = tiny_model(), []
    model.model.register_forward_pre_hook(
        lambda module, inputs, named: lengths.append(tuple(named["input_ids"].shape)), with_kwargs=True
    )
    cot(model, prompt(9), 6)
    assert lengths == [(1, 9)] + [(6, 1)] * (STEPS - 1)


def test_rows_that_have_ended_leave_the_batch():
    model, sizes = tiny_model(vocabulary=24), []
    model.model.register_forward_pre_hook(
        lambda module, inputs, named: sizes.append(len(named["input_ids"])), with_kwargs=True
    )
    rows = cot(model, prompt() % 24, 9, ends=(3, 8, 11))
    assert sizes[1:] == [sum(len(row.ids) > step for row in rows) for step in range(1, len(sizes))]
    assert sizes[-1] < 9


# --- what cannot be ---


def test_more_branches_than_tokens_are_as_many_as_there_are():
    model = tiny_model(vocabulary=6)
    rows = cot(model, prompt() % 6, 50)
    assert sorted(row.ids[0] for row in rows) == list(range(6))


def test_a_token_that_the_model_forbids_is_no_branch():
    model = tiny_model(vocabulary=6)
    allowed = torch.tensor([0, 1, 0, 1, 1, 0], dtype=torch.bool)
    model.register_forward_hook(
        lambda module, inputs, output: output.logits.masked_fill_(~allowed, -math.inf) is None or output
    )
    rows = cot(model, prompt() % 6, 50)
    assert sorted(row.ids[0] for row in rows) == [1, 3, 4]
    assert all(set(row.ids) <= {1, 3, 4} for row in rows)


def test_a_vocabulary_of_one_token_leaves_nothing_to_choose():
    (row,) = cot(tiny_model(vocabulary=1), prompt() % 1, 3)
    assert row.ids.tolist() == [0] * STEPS
    assert method.gaps(row) == [1.0] * STEPS


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("step", [0, 3])
def test_logits_that_are_no_numbers_are_one_line(value, step):
    model, calls = tiny_model(), []

    def spoil(module, inputs, output):
        calls.append(None)
        if len(calls) == step + 1:
            output.logits[..., 5] = value

    model.register_forward_hook(spoil)
    with pytest.raises(DecodingError, match=f"step {step} are not finite") as caught:
        cot(model, prompt(), 4)
    assert "\n" not in str(caught.value) and "float32" in str(caught.value)


def test_a_model_without_keys_and_values_is_one_line():
    class Bare:
        def forward(self, input_ids):
            return {}

        def __call__(self, input_ids, **named):
            from transformers.modeling_outputs import CausalLMOutput

            return CausalLMOutput(logits=torch.zeros(*input_ids.shape, 9))

    with pytest.raises(DecodingError, match="cache is NoneType, expected keys and values"):
        cot(Bare(), prompt(), 4)


def test_an_end_may_be_the_first_branch_and_is_a_path_without_answer():
    tokenizer = byte_tokenizer(eos_token="!")
    model, ids = tiny_model(), prompt()
    end = tokenizer.eos_token_id
    first = cot(model, ids, 1)[0].ids[0]
    with torch.no_grad():  # the end takes the place of what greedy decoding begins with
        model.lm_head.weight[[first, end]] = model.lm_head.weight[[end, first]]
    paths = [method.read(row, tokenizer) for row in cot(model, ids, 4, ends=(end,))]
    assert paths[0].ids == (end,)
    assert (paths[0].text, paths[0].ended, paths[0].answer, paths[0].literal) == ("", True, None, None)
    assert len(paths) == 4


# --- Delta ---


def row_of(text: str, tokenizer, tops, *, branch: int = 0, forced: float = 1.0, ended: bool = True) -> Row:
    """A row that wrote `text`, whose p1 and p2 at each token are as told."""
    ids = tokenizer(text).input_ids
    assert len(ids) == len(tops)
    return Row(0, branch, 0, math.log(forced), array("q", ids), array("f", [p for pair in tops for p in pair]), ended)


def test_delta_is_the_mean_gap_of_the_answers_tokens_and_of_no_others(tokenizer):
    tops = [(0.9, 0.05), (0.3, 0.2), (0.5, 0.5), (0.8, 0.1), (0.6, 0.2), (0.99, 0.0)]
    path = method.read(row_of("a: 42.", tokenizer, tops), tokenizer)
    assert (path.answer, path.span) == ("42", (3, 5))
    assert path.literal == pytest.approx((0.7 + 0.4) / 2)
    assert path.signed == path.literal


def test_an_answer_that_holds_the_forced_token_has_two_forms_of_delta(tokenizer):
    tops = [(0.6, 0.3), (0.8, 0.1)]
    forced = method.read(row_of("42", tokenizer, tops, branch=3, forced=0.02), tokenizer)
    assert forced.literal == pytest.approx((0.3 + 0.7) / 2)
    assert forced.signed == pytest.approx((0.02 - 0.6 + 0.7) / 2)
    chosen = method.read(row_of("42", tokenizer, tops, branch=0, forced=0.6), tokenizer)
    assert chosen.signed == chosen.literal


def test_a_path_that_was_cut_short_is_flagged_and_not_scored(tokenizer):
    path = method.read(row_of("42", tokenizer, [(0.9, 0.1)] * 2, ended=False), tokenizer)
    assert (path.ended, path.answer, path.literal) == (False, None, None)


def test_the_next_question_is_cut_off_before_the_answer_is_looked_for(tokenizer):
    text = "42\nQ: 7 or 8"
    path = method.read(row_of(text, tokenizer, [(0.9, 0.1)] * len(text), ended=False), tokenizer, marks=("\nQ:",))
    assert (path.text, path.answer, path.ended) == ("42", "42", True)


def test_korean_answers_are_found_with_all_the_bytes_that_wrote_them(tokenizer):
    text = "답은 짝수입니다"
    tops = [(0.5, 0.25)] * len(text.encode())
    start = len("답은 ".encode())
    for place in range(start, start + len("짝수".encode())):
        tops[place] = (0.75, 0.0)
    path = method.read(row_of(text, tokenizer, tops), tokenizer, last_of(["짝수", "홀수"]))
    assert path.answer == "짝수"
    assert path.literal == pytest.approx(0.75)


# --- choosing ---


def path(answer: str | None, literal: float | None = 0.5, signed: float | None = None) -> Path:
    signed = literal if signed is None else signed
    return Path("", "", (), 0, answer is not None, answer, None, literal, signed, 0.0)


def test_the_path_with_the_largest_delta_gives_the_answer():
    assert method.max_path([path("1", 0.2), path("2", 0.9), path("3", 0.4)]) == "2"
    assert method.max_path([path("1", 0.9), path("2", 0.9)]) == "1"


def test_answers_that_are_equal_add_up():
    paths = [path("7", 0.6), path("12", 0.4), path(None, None), path("12", 0.4)]
    assert method.max_path(paths) == "7"
    assert method.aggregate(paths) == "12"


def test_either_form_of_delta_may_choose():
    paths = [path("1", 0.9, -0.4), path("2", 0.3, 0.3)]
    assert (method.max_path(paths), method.aggregate(paths)) == ("1", "1")
    assert (method.max_path(paths, "signed"), method.aggregate(paths, "signed")) == ("2", "2")


def test_no_answer_is_no_answer():
    for choose in (method.max_path, method.aggregate):
        assert choose([]) is None
        assert choose([path(None, None)]) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=12), st.randoms())
def test_aggregation_does_not_depend_on_the_order_of_paths(answers, rng):
    sums = {answer: math.fsum(d for a, d in answers if a == answer) for answer, _ in answers}
    first = max(sums.values())
    shuffled = rng.sample(answers, len(answers))
    found = method.aggregate([path(answer, delta) for answer, delta in shuffled])
    assert sums[found] == pytest.approx(first)
