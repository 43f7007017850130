import pytest
import torch

from nonmun.runner import RunnerError
from runners.bitdelta import storage
from runners.bitdelta.method import merge, quantize
from runners.bitdelta.serving import BASE, serve

IDS = torch.arange(40).view(4, 10) % 97


def deltas(model, count: int, bits: int = 1) -> list[storage.Delta]:
    weights = storage.linear_weights(model)
    base = storage.fingerprint(weights.items())
    found = []
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        packed = {n: quantize(0.03 * torch.randn(w.shape, generator=generator), bits) for n, w in weights.items()}
        found.append(storage.Delta(base, {n: p[0] for n, p in packed.items()}, {n: p[1] for n, p in packed.items()}))
    return found


@torch.no_grad()
def alone(model, delta: storage.Delta | None) -> torch.Tensor:
    """Logits with one tenant's weights merged into a full model."""
    weights = storage.linear_weights(model)
    before = {name: weight.clone() for name, weight in weights.items()}
    for name, weight in weights.items() if delta else ():
        weight.copy_(merge(weight, delta.bits[name], delta.scale[name]))
    logits = model(input_ids=IDS).logits
    for name, weight in weights.items():
        weight.copy_(before[name])
    return logits


@pytest.mark.parametrize("bits", [1, 2])
@pytest.mark.parametrize("rows", [[0, 1, 2, BASE], [2, 2, 2, 2], [1, BASE, 1, 0]])
def test_each_row_of_a_mixed_batch_gets_what_its_tenant_gives_alone(model, bits, rows):
    own = deltas(model, 3, bits)
    expected = {tenant: alone(model, own[tenant] if tenant >= 0 else None) for tenant in set(rows)}
    tenants = serve(model, own)
    with tenants.serving(rows), torch.no_grad():
        found = model(input_ids=IDS).logits
    for row, tenant in enumerate(rows):
        assert torch.allclose(found[row], expected[tenant][row], atol=1e-5)
        others = [logits for other, logits in expected.items() if other != tenant]
        assert all((found[row] - logits[row]).abs().max() > 1e-3 for logits in others)


def test_decoding_with_a_cache_gives_what_the_whole_sequence_gives(model):
    tenants = serve(model, deltas(model, 2))
    with tenants.serving([0, 1, 0, BASE]), torch.no_grad():
        whole = model(input_ids=IDS).logits[:, -1]
        state = model(input_ids=IDS[:, :-1], use_cache=True)
        step = model(input_ids=IDS[:, -1:], past_key_values=state.past_key_values).logits[:, -1]
    assert torch.allclose(step, whole, atol=1e-4)


def test_a_batch_without_its_tenants_is_refused(model):
    tenants = serve(model, deltas(model, 2))
    with pytest.raises(ValueError, match=r"no tenants for a batch of 4; call the model within tenants\.serving"):
        model(input_ids=IDS)
    with tenants.serving([0, 1]), pytest.raises(ValueError, match="2 tenants for a batch of 4"):
        model(input_ids=IDS)
    for wrong in ([2, 0], [-2]):
        with pytest.raises(ValueError, match="expected -1 to 1"), tenants.serving(wrong):
            pass


def test_deltas_that_cannot_share_a_base_are_refused(model):
    one, other = deltas(model, 2)
    with pytest.raises(RunnerError, match="no deltas to serve"):
        serve(model, [])
    with pytest.raises(RunnerError, match="delta 1 is for another base"):
        serve(model, [one, storage.Delta("another", other.bits, other.scale)])
    with pytest.raises(RunnerError, match="of another number of bits"):
        serve(model, [one, *deltas(model, 1, bits=2)])
    norm = {"model.norm.weight": torch.ones(28)}
    with pytest.raises(RunnerError, match=r"delta 0 changes model\.norm\.weight as well"):
        serve(model, [storage.Delta(one.base, one.bits, one.scale, norm)])
