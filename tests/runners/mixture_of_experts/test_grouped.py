import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.mixture_of_experts.grouped import GroupedExperts
from runners.mixture_of_experts.method import dispatch


@given(st.integers(0, 10_000), st.sampled_from([None, 1, 3]))
@settings(max_examples=25, deadline=None)
def test_outputs_and_all_gradients_are_those_of_plain_operations(seed, capacity):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    tokens, experts, k = 7, 4, 2
    x, gate, up, down = normal(tokens, 3), normal(tokens, k), normal(experts, 3, 5), normal(experts, 5, 3)
    chosen = torch.rand(tokens, experts, generator=generator).topk(k).indices
    real = torch.rand(tokens, generator=generator) < 0.8
    slots, sizes = dispatch(chosen, real, experts, capacity)
    place = torch.full((k * tokens,), len(slots))
    place[slots] = torch.arange(len(slots))
    ours = GroupedExperts.apply(x, gate, up, down, slots, place.view(k, tokens).T.contiguous(), sizes)

    rows = []
    for token in range(tokens):
        parts = [torch.zeros(3, dtype=torch.float64)]
        for choice in range(k):
            if choice * tokens + token in slots.tolist():
                expert = chosen[token, choice]
                parts.append(gate[token, choice] * ((x[token] @ up[expert]).relu() @ down[expert]))
        rows.append(sum(parts))
    plain = torch.stack(rows) + 0 * (x.sum() + gate.sum() + up.sum() + down.sum())
    assert torch.allclose(ours, plain)
    back = torch.randn(tokens, 3, generator=generator, dtype=torch.float64)
    inputs = (x, gate, up, down)
    for one, other in zip(
        torch.autograd.grad(ours, inputs, back), torch.autograd.grad(plain, inputs, back), strict=True
    ):
        assert torch.allclose(one, other)
