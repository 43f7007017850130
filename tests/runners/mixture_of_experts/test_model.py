import pytest
import torch

from runners.mixture_of_experts.model import (
    KINDS,
    Shape,
    Transformer,
    active_multiplications,
    parameters,
)

SHAPE = Shape(layers=2, width=16, heads=2, experts=4, hidden=8, k=2, length=12)


@pytest.fixture(params=KINDS)
def model(request):
    return Transformer(SHAPE, request.param, seed=100)


def ids(rows=3):
    return torch.randint(1, 98, (rows, SHAPE.length), generator=torch.Generator().manual_seed(1))


def test_no_byte_sees_those_after_it(model):
    inputs, real = ids(), torch.ones(3, SHAPE.length, dtype=torch.bool)
    changed = inputs.clone()
    changed[:, 7:] = 5
    one, other = model.eval()(inputs, real)[0], model(changed, real)[0]
    assert torch.allclose(one[:, :7], other[:, :7], atol=1e-5)
    assert not torch.allclose(one[:, 7:], other[:, 7:], atol=1e-3)


def test_padding_does_not_change_what_stands_before_it(model):
    inputs, real = ids(), torch.ones(3, SHAPE.length, dtype=torch.bool)
    real[:, 9:] = False
    whole = model.eval()(inputs[:, :9], real[:, :9])[0]
    assert torch.allclose(model(inputs, real)[0][:, :9], whole, atol=1e-5)


def test_dense_equals_sparse_in_active_multiplications_and_in_parameters():
    assert active_multiplications(SHAPE, "dense") == active_multiplications(SHAPE, "sparse")
    assert active_multiplications(SHAPE, "dense_total") > active_multiplications(SHAPE, "sparse")
    count = {kind: parameters(Transformer(SHAPE, kind, 0)) for kind in KINDS}
    assert count["dense_total"] == count["sparse"] == count["no_aux"] == count["frozen"]
    assert count["dense"] < count["sparse"]


def test_multiplications_are_those_of_the_matrices_a_token_meets():
    model = Transformer(SHAPE, "sparse", 0)
    met = 0
    for block in model.blocks:
        met += block.ffn.router_DE.numel()
        met += SHAPE.k * (block.ffn.up_EDH[0].numel() + block.ffn.down_EHD[0].numel())
    assert met == active_multiplications(SHAPE, "sparse")


def test_variants_of_a_seed_begin_alike_and_seeds_do_not():
    state = {kind: Transformer(SHAPE, kind, 100).state_dict() for kind in ("sparse", "dense", "no_aux")}
    for name, tensor in state["dense"].items():
        if "ffn.up" not in name and "ffn.down" not in name:
            assert torch.equal(tensor, state["sparse"][name]), name
    assert all(torch.equal(tensor, state["no_aux"][name]) for name, tensor in state["sparse"].items())
    other = Transformer(SHAPE, "sparse", 101).state_dict()
    assert not torch.equal(other["blocks.0.ffn.router_DE"], state["sparse"]["blocks.0.ffn.router_DE"])


def test_frozen_router_has_no_gradient_and_its_experts_have():
    model = Transformer(SHAPE, "frozen", 100)
    logits, routed = model(ids(), torch.ones(3, SHAPE.length, dtype=torch.bool))
    (logits.square().mean() + routed[0].aux).backward()
    ffn = model.blocks[0].ffn
    assert ffn.router_DE.grad is None
    assert ffn.up_EDH.grad is not None
