import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runners.long_context.method import (
    OnlineSoftmax,
    collapse,
    local_attention,
    margin,
    margin_needed,
    power_law,
    recall_at,
    temperature,
)


def naive_local(q, k, v, bias):
    """Query by query, key by key."""
    batch, heads, tokens, dims = q.shape
    out = torch.zeros_like(v)
    for b in range(batch):
        for h in range(heads):
            for t in range(tokens):
                seen = range(max(0, t - bias.shape[1] + 1), t + 1)
                logits = torch.stack([q[b, h, t] @ k[b, h, j] / math.sqrt(dims) + bias[h, t - j] for j in seen])
                out[b, h, t] = sum(w * v[b, h, j] for w, j in zip(logits.softmax(0), seen, strict=True))
    return out


@pytest.mark.parametrize("tokens", [1, 3, 4, 5, 8, 19])
def test_local_attention_agrees_with_a_loop(tokens):
    torch.manual_seed(tokens)
    q, k, v = torch.randn(3, 2, 2, tokens, 6)
    bias = torch.randn(2, 4)
    torch.testing.assert_close(local_attention(q, k, v, bias), naive_local(q, k, v, bias))


def test_local_attention_sees_nothing_after_a_token_or_before_its_window():
    q, k, v = torch.randn(3, 1, 1, 40, 4)
    v.requires_grad_()
    local_attention(q, k, v, torch.zeros(1, 8))[0, 0, 21].sum().backward()
    touched = v.grad[0, 0].abs().sum(-1).nonzero().squeeze(1).tolist()
    assert touched == list(range(14, 22))


def test_temperature_grows_with_the_logarithm_and_is_what_training_had_without_scaling():
    seen = torch.tensor([2048, 2048**2])
    assert temperature(seen, 1.5, 2048).tolist() == pytest.approx([1.5 * math.log(2048), 3 * math.log(2048)])
    assert temperature(seen, 1.5, 2048, log_n=False).tolist() == pytest.approx([1.5 * math.log(2048)] * 2)


@given(
    cuts=st.lists(st.integers(1, 59), max_size=6),
    seed=st.integers(0, 2**20),
    heat=st.sampled_from([0.1, 3.0, 80.0]),
)
def test_online_softmax_is_the_softmax_of_all_chunks_however_they_are_cut(cuts, seed, heat):
    torch.manual_seed(seed)
    logits, value = heat * torch.randn(60, 5), torch.randint(0, 7, (60,))
    softmax = OnlineSoftmax.of(5, 7)
    ends = sorted({0, 60, *cuts})
    for start, end in pairwise(ends):
        softmax.add(logits[start:end], value[start:end])
    expected = torch.zeros(7, 5).index_add_(0, value, logits.double().softmax(0).float())
    torch.testing.assert_close(softmax.probability(), expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(softmax.log_total(), logits.double().logsumexp(0), atol=1e-5, rtol=1e-6)


def test_online_softmax_takes_values_of_their_own_for_each_query_and_keys_that_some_do_not_see():
    torch.manual_seed(0)
    logits, value = torch.randn(9, 3), torch.randint(0, 4, (9, 3))
    logits[5:, 1] = -math.inf
    softmax = OnlineSoftmax.of(3, 4)
    softmax.add(logits[6:], value[6:])  # of query 1 nothing, at first
    softmax.add(logits[:6], value[:6])
    expected = torch.zeros(4, 3).scatter_add_(0, value, logits.softmax(0))
    torch.testing.assert_close(softmax.probability(), expected)


@given(margin=st.floats(-5, 25), ln_n=st.floats(1, 16))
def test_margin_of_equal_distractors_gives_back_the_attention_on_the_needle(margin, ln_n):
    n = round(math.exp(ln_n)) + 1
    m = torch.tensor([margin], dtype=torch.float64)
    total = torch.logaddexp(m, torch.tensor([math.log(n - 1)], dtype=torch.float64))
    p = (m - total).exp()
    assert recall_at(m, n).item() == pytest.approx(p.item(), rel=1e-9)


def test_margin_is_that_of_the_needle_over_the_mean_of_the_others():
    torch.manual_seed(0)
    logits = torch.randn(50, 4, dtype=torch.float64)
    others = logits[1:].exp().mean(0).log()
    found = margin(logits[0], logits.logsumexp(0), torch.full((4,), 50))
    torch.testing.assert_close(found, logits[0] - others)
    p = logits.softmax(0)[0]
    torch.testing.assert_close(recall_at(found, 50), p)


def test_a_margin_of_what_is_needed_gives_the_recall_asked_for():
    for n, p in ((1e3, 0.5), (1e7, 0.9)):
        assert recall_at(torch.tensor(margin_needed(n, p)), n + 1).item() == pytest.approx(p)
    assert margin_needed(1e7, 0.9) == pytest.approx(18.3, abs=0.05)


def test_collapse_is_where_equal_margins_say():
    one = collapse(torch.full((1, 3), 10.0))
    assert one.item() == pytest.approx(math.exp(10) + 1, rel=1e-6)
    two = collapse(torch.full((2, 3), 10.0))  # both tokens have to be right: p = sqrt(1/2) each
    p = math.sqrt(0.5)
    assert two.item() == pytest.approx(math.exp(10) * (1 - p) / p + 1, rel=1e-6)


def test_collapse_of_many_sets_is_that_of_each():
    torch.manual_seed(0)
    margins = 9 + torch.randn(4, 2, 11)
    torch.testing.assert_close(collapse(margins), torch.stack([collapse(one) for one in margins]))


@given(a=st.floats(0.5, 50), b=st.sampled_from([-0.2, -0.5, -1.1]), c=st.floats(-2, 6))
def test_power_law_finds_the_law_that_made_the_losses(a, b, c):
    x = torch.logspace(2, 6, 20, dtype=torch.float64)
    found = power_law(x, a * x**b + c)
    assert found[1] == pytest.approx(b, abs=0.006)
    assert found[2] == pytest.approx(c, abs=0.05 * a)
