import errno
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.bitdelta import storage
from runners.bitdelta.method import DeltaLinear, quantize


def a_delta(seed: int = 0, base: str = "b" * 64, bits: int = 1, **whole: torch.Tensor) -> storage.Delta:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"layers.0.one.weight": (5, 11), "layers.1.two.weight": (3, 16)}
    packed = {name: quantize(torch.randn(shape, generator=generator), bits) for name, shape in shapes.items()}
    return storage.Delta(
        base, {name: pair[0] for name, pair in packed.items()}, {name: pair[1] for name, pair in packed.items()}, whole
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("written") / "a.safetensors"
    storage.save(path, a_delta(bits=2, norm=torch.ones(4)))
    return path.read_bytes()


def refused(folder: Path, data: bytes, base: str | None = None) -> str:
    """The one line that says why."""
    path = folder / "changed.safetensors"
    path.write_bytes(data)
    with pytest.raises(RunnerError) as caught:
        storage.load(path, base)
    assert "\n" not in str(caught.value)
    assert str(path) in caught.value.message
    assert caught.value.mend
    return caught.value.message


# --- round trips ---


@pytest.mark.parametrize("bits", [1, 3])
def test_what_is_saved_is_loaded(tmp_path, bits):
    delta = a_delta(bits=bits, norm=torch.tensor([1.5, 2]).bfloat16())
    size = storage.save(tmp_path / "a.safetensors", delta)
    assert size == (tmp_path / "a.safetensors").stat().st_size
    assert os.listdir(tmp_path) == ["a.safetensors"]
    again = storage.load(tmp_path / "a.safetensors", delta.base)
    assert again.base == delta.base
    assert again.planes == bits
    for name in delta.bits:
        assert torch.equal(again.bits[name], delta.bits[name])
        assert torch.equal(again.scale[name], delta.scale[name])
    assert torch.equal(again.whole["norm"], delta.whole["norm"])


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    storage.save(path, a_delta(0))
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunnerError, match=r"a\.safetensors: No space left on device; nothing was written") as caught:
        storage.save(path, a_delta(1))
    assert "make room" in caught.value.mend
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_being_stopped_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def stopped(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        storage.save(tmp_path / "a.safetensors", a_delta())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("place", ["nowhere/a.safetensors", "."])
def test_a_place_that_cannot_be_written_is_named(tmp_path, place):
    with pytest.raises(RunnerError, match="nothing was written"):
        storage.save(tmp_path / place, a_delta())
    assert os.listdir(tmp_path) == []


def test_a_scale_that_is_not_finite_is_never_written(tmp_path):
    delta = a_delta()
    delta.scale["layers.1.two.weight"][0] = float("nan")
    with pytest.raises(RunnerError, match=r"the scale of layers\.1\.two\.weight is not finite"):
        storage.save(tmp_path / "a.safetensors", delta)
    assert os.listdir(tmp_path) == []


# --- what is refused ---


def test_a_delta_of_another_base_is_refused(tmp_path, written):
    assert "made for the base bbbbbbbbbbbb…, and this model is cccccccccccc…" in refused(tmp_path, written, "c" * 64)


@given(st.data())
def test_a_file_cut_short_is_refused(tmp_path_factory, written, data):
    cut = data.draw(st.integers(0, len(written) - 1))
    refused(tmp_path_factory.mktemp("cut"), written[:cut])


@given(st.data())
def test_a_file_with_any_bit_flipped_is_refused_or_the_same(tmp_path_factory, written, data):
    place, bit = data.draw(st.integers(0, len(written) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(written)
    changed[place] ^= 1 << bit
    folder = tmp_path_factory.mktemp("flipped")
    path = folder / "changed.safetensors"
    path.write_bytes(bytes(changed))
    try:
        delta = storage.load(path)
    except RunnerError as error:
        assert "\n" not in str(error)
        return
    # What a space or a name's order in the header says does not matter; what is loaded has to be what was saved.
    expected = a_delta(bits=2)
    assert all(torch.equal(delta.bits[name], expected.bits[name]) for name in expected.bits)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_delta_are_refused(tmp_path_factory, data):
    refused(tmp_path_factory.mktemp("noise"), data)


@given(st.binary(max_size=64), st.data())
def test_a_file_with_bytes_put_in_or_written_over_is_refused(tmp_path_factory, written, noise, data):
    place = data.draw(st.integers(0, len(written)))
    over = data.draw(st.booleans())
    changed = written[:place] + noise + written[place + (len(noise) if over else 0) :]
    if changed != written:
        refused(tmp_path_factory.mktemp("noise"), changed)


@pytest.mark.parametrize("path", ["nothing.safetensors", "."])
def test_a_path_that_is_no_file_is_named(tmp_path, path):
    with pytest.raises(RunnerError, match=str(tmp_path)):
        storage.load(tmp_path / path)


def rewritten(folder: Path, tensors: dict[str, torch.Tensor], **tags: str) -> bytes:
    """A file with a right hash, whatever is in it."""
    claimed = {"format": storage.FORMAT, "base": "b" * 64} | tags
    content = storage._content(tensors, {key: claimed[key] for key in ("format", "base")})
    return safetensors.torch.save(
        {name: tensor.clone() for name, tensor in tensors.items()}, claimed | {"content": content}
    )


BITS, SCALE = torch.zeros(1, 2, 1, dtype=torch.uint8), torch.ones(1, 1)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"scale": SCALE}, "expected bits/"),
        ({"bits/a": BITS}, "expected bits/"),
        ({"bits/a": BITS, "scale": SCALE, "other": SCALE}, "expected bits/"),
        ({"bits/a": BITS, "scale": SCALE.double()}, "expected float32 of 1 rows"),
        ({"bits/a": BITS, "bits/b": BITS, "scale": SCALE}, "expected float32 of 2 rows"),
        ({"bits/a": BITS, "scale": torch.ones(1, 0)}, "expected float32 of 1 rows"),
        ({"bits/a": BITS, "scale": SCALE * float("nan")}, "not finite"),
        ({"bits/a": BITS.int(), "scale": SCALE}, "expected uint8 K x O x P"),
        ({"bits/a": BITS[0], "scale": SCALE}, "expected uint8 K x O x P"),
        ({"bits/a": BITS, "scale": torch.ones(1, 2)}, "expected uint8 K x O x P"),
    ],
)
def test_a_file_that_is_whole_and_no_delta_is_refused(tmp_path, tensors, said):
    assert said in refused(tmp_path, rewritten(tmp_path, tensors))


def test_a_file_of_another_format_is_refused(tmp_path):
    other = rewritten(tmp_path, {"bits/a": BITS, "scale": SCALE}, format="nonmun-bitdelta-9")
    assert "format 'nonmun-bitdelta-9', expected 'nonmun-bitdelta-1'" in refused(tmp_path, other)


# --- on a model ---


def test_linear_layers_of_blocks_are_found_and_embedding_head_and_norms_left(model):
    names = storage.linear_weights(model)
    assert len(names) == 2 * 7
    assert all(name.startswith("model.layers.") and "norm" not in name for name in names)
    assert storage.fp16_bytes(model)[0] == 2 * sum(weight.numel() for weight in names.values())
    assert storage.fp16_bytes(model)[1] == 2 * sum(parameter.numel() for parameter in model.parameters())


def test_the_fingerprint_depends_on_names_shapes_and_numbers_and_not_on_their_type_or_order():
    one, two = torch.randn(2, 3).bfloat16(), torch.randn(2, 2)
    print_ = storage.fingerprint([("a", one), ("b", two)])
    assert storage.fingerprint([("b", two), ("a", one.float())]) == print_
    changed = one.clone()
    changed[0, 0] += 1
    for other in ([("a", changed), ("b", two)], [("a", one.view(3, 2)), ("b", two)], [("c", one), ("b", two)]):
        assert storage.fingerprint(other) != print_


def change(model, size: float = 0.02, bits: int = 1) -> storage.Delta:
    weights = storage.linear_weights(model)
    generator = torch.Generator().manual_seed(0)
    packed = {n: quantize(size * torch.randn(w.shape, generator=generator), bits) for n, w in weights.items()}
    return storage.Delta(
        storage.fingerprint(weights.items()), {n: p[0] for n, p in packed.items()}, {n: p[1] for n, p in packed.items()}
    )


def test_a_delta_is_put_on_and_taken_off_again(model):
    ids = torch.arange(12).view(2, 6)
    with torch.no_grad():
        before = model(input_ids=ids).logits
        delta = change(model)
        storage.apply(model, delta)
        assert sum(isinstance(module, DeltaLinear) for module in model.modules()) == 14
        assert (model(input_ids=ids).logits - before).abs().max() > 1e-3
        assert storage.fingerprint(storage.linear_weights(model).items()) == delta.base
        storage.remove(model)
        assert torch.equal(model(input_ids=ids).logits, before)


def test_a_delta_of_other_shapes_or_names_is_refused(model):
    delta = change(model)
    name = next(iter(delta.bits))
    wrong = storage.Delta(delta.base, {**delta.bits, name: delta.bits[name][:, :, :-1]}, delta.scale)
    with pytest.raises(RunnerError, match=r"bytes of signs, expected \(28, 4\)"):
        storage.apply(model, wrong)
    for unknown in ("model.layers.9.mlp.up_proj.weight", "model.norm.weight", "model.layers.0.nothing.weight"):
        with pytest.raises(RunnerError):
            storage.apply(model, storage.Delta("", {unknown: delta.bits[name]}, {unknown: delta.scale[name]}))
    with pytest.raises(RunnerError, match="of another shape"):
        storage.apply(model, storage.Delta("", {}, {}, {"model.norm.weight": torch.ones(3)}))
