import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.mixture_of_experts.measure import naive_balancing_loss
from runners.mixture_of_experts.method import (
    MixtureOfExperts,
    dispatch,
    expert_capacity,
    expert_load,
    load_balancing_loss,
    load_entropy,
    mixture,
    router,
    top_k_gate,
)

SEEDS = st.integers(0, 10_000)


def batch(seed: int, tokens: int = 23, width: int = 6, experts: int = 5, hidden: int = 7):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    real = torch.rand(tokens, generator=generator) < 0.8
    real[0] = True
    x, logits = normal(tokens, width), normal(tokens, experts)
    return x, logits, real, normal(experts, width, hidden), normal(experts, hidden, width)


def one_by_one(x, logits, real, up, down, k=2, factor=None):
    """The layer as it is written down: a loop over tokens, and for the capacity a queue for each expert."""
    experts = logits.shape[1]
    chosen = [sorted(range(experts), key=lambda e, n=n: -logits[n, e].item())[:k] for n in range(len(x))]
    most = math.inf if factor is None else math.ceil(factor * k * int(real.sum()) / experts)
    taken, outputs, dropped = [0] * experts, torch.zeros_like(x), 0
    for choice in range(k):
        for n in range(len(x)):
            if not real[n]:
                continue
            expert = chosen[n][choice]
            if taken[expert] >= most:
                dropped += 1
                continue
            taken[expert] += 1
            weights = torch.stack([logits[n, e] for e in chosen[n]]).softmax(0)
            outputs[n] += weights[choice] * (torch.relu(x[n] @ up[expert]) @ down[expert])
    return outputs, dropped


@given(SEEDS, st.sampled_from([1, 2, 3]), st.sampled_from([None, 0.6, 1.0, 2.0]))
@settings(max_examples=40, deadline=None)
def test_layer_agrees_with_a_loop_over_tokens(seed, k, factor):
    given_ = batch(seed)
    ours, routed = mixture(*given_, k=k, factor=factor)
    loop, dropped = one_by_one(*given_, k=k, factor=factor)
    assert torch.allclose(ours, loop, atol=1e-12)
    assert int(routed.dropped) == dropped


@given(SEEDS, st.sampled_from([1, 2, 3]))
@settings(max_examples=40, deadline=None)
def test_auxiliary_loss_agrees_with_a_loop_over_tokens(seed, k):
    _, logits, real, _, _ = batch(seed)
    ours = load_balancing_loss(logits, top_k_gate(logits, k)[1], real).item()
    assert ours == pytest.approx(naive_balancing_loss(logits.tolist(), real.tolist(), k), rel=1e-6)


def test_auxiliary_loss_is_one_where_the_load_is_even_and_grows_as_it_is_not():
    even = torch.tensor([[9.0, 9, 0, 0], [0, 0, 9, 9]])
    one_sided = torch.tensor([[9.0, 9, 0, 0], [9, 9, 0, 0]])
    real = torch.ones(2, dtype=torch.bool)
    assert load_balancing_loss(even, top_k_gate(even)[1], real).item() == pytest.approx(1)
    assert load_balancing_loss(one_sided, top_k_gate(one_sided)[1], real).item() == pytest.approx(2, rel=1e-3)
    alone = torch.tensor([[90.0, 0, 0, 0]] * 2)
    assert load_balancing_loss(alone, top_k_gate(alone, 1)[1], real).item() == pytest.approx(4)


def test_auxiliary_loss_is_not_constant_and_its_gradient_lowers_the_expert_that_has_too_much():
    logits = torch.tensor([[2.0, 1, 0, 0]] * 8, requires_grad=True)
    load_balancing_loss(logits, top_k_gate(logits)[1], torch.ones(8, dtype=torch.bool)).backward()
    assert (logits.grad[:, 0] > 0).all()
    assert (logits.grad[:, 2:] < 0).all()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_what_stands_in_padding_changes_nothing(seed):
    x, logits, real, up, down = batch(seed)
    other = [torch.where(real[:, None], one, torch.randn_like(one)) for one in (x, logits)]
    ours, routed = mixture(x, logits, real, up, down, factor=1.0)
    theirs, again = mixture(*other, real, up, down, factor=1.0)
    assert torch.equal(ours, theirs)
    assert torch.equal(routed.aux, again.aux)
    assert torch.equal(routed.load_E, again.load_E)
    assert (ours[~real] == 0).all()


def test_router_and_its_gradients_are_those_of_the_plain_product():
    torch.manual_seed(0)
    x, weight, back = (torch.randn(*shape, dtype=torch.float64) for shape in ((7, 5), (5, 4), (7, 4)))
    inputs = [x.requires_grad_(), weight.requires_grad_()]
    ours, plain = router(*inputs), x @ weight
    assert ours.shape == plain.shape and torch.allclose(ours, plain)
    for one, other in zip(
        torch.autograd.grad(ours, inputs, back), torch.autograd.grad(plain, inputs, back), strict=True
    ):
        assert torch.allclose(one, other)


def test_batch_of_padding_alone_is_nought_and_its_loss_finite():
    x, logits, _, up, down = batch(0)
    y, routed = mixture(x, logits, torch.zeros(len(x), dtype=torch.bool), up, down, factor=1.0)
    assert (y == 0).all()
    assert routed.aux.item() == 0
    assert int(routed.load_E.sum()) == int(routed.dropped) == 0


@given(SEEDS, st.sampled_from([None, 1, 3]))
@settings(max_examples=30, deadline=None)
def test_dispatch_groups_by_expert_with_first_choices_before_second_ones(seed, capacity):
    _, logits, real, _, _ = batch(seed)
    tokens, experts = logits.shape
    _, chosen = top_k_gate(logits)
    slots, sizes = dispatch(chosen, real, experts, capacity)
    own = chosen.T.flatten()[slots].tolist()
    assert own == sorted(own)
    assert [own.count(expert) for expert in range(experts)] == sizes
    assert real[slots % tokens].all()
    for group in slots.split(sizes):
        assert group.tolist() == sorted(group.tolist())  # slots of first choices are lower than all of second ones
    if capacity is None:
        assert sizes == expert_load(chosen, real, experts).tolist()
    else:
        assert max(sizes) <= capacity


def test_expert_that_nobody_chose_costs_nothing_and_learns_nothing():
    x, logits, real, up, down = batch(1)
    logits[:, 3] = -100
    up.requires_grad_()
    mixture(x, logits, real, up, down)[0].sum().backward()
    assert (up.grad[3] == 0).all()
    assert (up.grad[0] != 0).any()


def test_router_learns_through_its_gates():
    layer = MixtureOfExperts(8, 16, 4).double()
    x, real = torch.randn(10, 8, dtype=torch.float64), torch.ones(10, dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda router: mixture(x, x @ router, real, layer.up_EDH, layer.down_EHD)[0],
                                    layer.router_DE.detach().requires_grad_())  # fmt: skip


def test_capacity_holds_in_training_alone():
    layer = MixtureOfExperts(8, 16, 4, factor=1.0)
    with torch.no_grad():
        layer.router_DE[:, 0] += 3
    x, real = torch.randn(64, 8).abs(), torch.ones(64, dtype=torch.bool)
    assert int(layer(x, real)[1].dropped) > 0
    assert int(layer.eval()(x, real)[1].dropped) == 0


def test_more_experts_a_token_than_there_are_is_refused():
    with pytest.raises(ValueError, match="k is 5, expected 1 to 4"):
        MixtureOfExperts(8, 16, 4, k=5)


def test_capacity_is_an_even_load_times_the_factor_rounded_up():
    assert expert_capacity(100, 8, 1.0) == 13
    assert expert_capacity(64, 8, 2.0) == 16


def test_entropy_is_one_for_an_even_load_and_nought_for_one_expert():
    assert load_entropy(torch.tensor([7, 7, 7])) == pytest.approx(1)
    assert load_entropy(torch.tensor([0, 9, 0])) == 0
    assert load_entropy(torch.tensor([5, 5, 0, 0])) == pytest.approx(0.5)
