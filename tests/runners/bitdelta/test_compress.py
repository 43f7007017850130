import json
import os
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

from nonmun.runner import RunnerError, main
from runners.bitdelta import compress as tool
from runners.bitdelta import storage
from runners.bitdelta.method import quantize


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(folder / "model.safetensors")


def variant(folder: Path, to: Path, **changed: torch.Tensor) -> Path:
    """A copy of a model with other tensors."""
    shutil.copytree(folder, to)
    tensors = {name: tensor.clone() for name, tensor in weights_of(folder).items()} | changed
    (to / "model.safetensors").unlink()
    safetensors.torch.save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, to / "model.safetensors"
    )
    return to


@pytest.fixture
def pair(tiny: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A base, and a fine-tune that moved its matrices and one norm."""
    generator = torch.Generator().manual_seed(0)
    moved = {
        name: tensor + 0.02 * torch.randn(tensor.shape, generator=generator)
        for name, tensor in weights_of(tiny).items()
        if "_proj" in name
    }
    moved["model.norm.weight"] = 1.5 * torch.ones(28)
    return tiny, variant(tiny, tmp_path / "fine", **moved)


def test_a_pair_is_compressed_as_its_matrices_are(pair, tmp_path):
    base, fine = pair
    delta = tool.compress(str(base), str(fine), bits=2)
    old, new = weights_of(base), weights_of(fine)
    assert set(delta.bits) == {name for name in old if "_proj" in name}
    for name, bits in delta.bits.items():
        expected_bits, expected_scale = quantize(new[name] - old[name], 2)
        assert torch.equal(bits, expected_bits)
        assert torch.equal(delta.scale[name], expected_scale)
    assert set(delta.whole) == {"model.norm.weight"}


def test_what_is_compressed_goes_onto_the_base_it_was_made_from(pair, model):
    base, fine = pair
    delta = tool.compress(str(base), str(fine), bits=8)
    # eight bits leave a thirtieth of a Gaussian change over, and layers add up what is left
    assert delta.base == storage.fingerprint(storage.linear_weights(model).items())
    from runners.models import language_model

    ids = torch.arange(12).view(2, 6)
    with torch.no_grad():
        wanted = language_model(str(fine), device="cpu").model(input_ids=ids).logits
        before = (model(input_ids=ids).logits - wanted).abs().max()
        storage.apply(model, delta)
        assert (model(input_ids=ids).logits - wanted).abs().max() < 0.2 * before


def test_weights_in_several_files_are_read_by_their_index(pair, tmp_path):
    base, fine = pair
    whole = tool.compress(str(base), str(fine))
    tensors = weights_of(fine)
    parts = {name: f"model-{index % 2}.safetensors" for index, name in enumerate(sorted(tensors))}
    for file in set(parts.values()):
        own = {name: tensors[name] for name in tensors if parts[name] == file}
        safetensors.torch.save_file(own, fine / file)
    (fine / "model.safetensors").unlink()
    (fine / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    again = tool.compress(str(base), str(fine))
    assert all(torch.equal(again.bits[name], whole.bits[name]) for name in whole.bits)
    (fine / "model-1.safetensors").unlink()
    with pytest.raises(RunnerError, match=r"model-1\.safetensors is missing"):
        tool.compress(str(base), str(fine))


def one_layer(folder: Path) -> str:
    return next(name for name in sorted(weights_of(folder)) if "q_proj" in name)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(tiny, tmp_path, value):
    name = one_layer(tiny)
    spoiled = weights_of(tiny)[name].clone()
    spoiled[1, 2] = value
    with pytest.raises(RunnerError, match=f"{name} holds NaN or infinity"):
        tool.compress(str(tiny), str(variant(tiny, tmp_path / "nan", **{name: spoiled})))


def test_models_of_different_shapes_are_refused(tiny, tmp_path):
    longer = torch.zeros(1300, 28)
    other = variant(tiny, tmp_path / "longer", **{"model.embed_tokens.weight": longer})
    with pytest.raises(RunnerError, match=r"model\.embed_tokens\.weight is \(1200, 28\) in .* and \(1300, 28\)"):
        tool.compress(str(tiny), str(other))
    more = variant(tiny, tmp_path / "more", **{"model.extra.weight": torch.ones(3)})
    with pytest.raises(RunnerError, match=r"has model\.extra\.weight and .* has not"):
        tool.compress(str(tiny), str(more))


@pytest.mark.parametrize("damage", ["cut", "index", "none", "elsewhere"])
def test_a_model_that_is_not_whole_is_named(tiny, tmp_path, damage):
    broken = variant(tiny, tmp_path / "broken")
    file = broken / "model.safetensors"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "index":
        (broken / "model.safetensors.index.json").write_text('{"weight_map": 3}')
    elif damage == "none":
        file.unlink()
    name = "nobody/nothing" if damage == "elsewhere" else str(broken)
    with pytest.raises(RunnerError) as caught:
        tool.compress(str(tiny), name)
    assert "\n" not in str(caught.value)
    assert name in caught.value.message


# --- the command ---


def command(*arguments: str) -> int:
    return main("runners.bitdelta", [*arguments, "--progress", "none"], tools=[tool.TOOL])


def test_the_command_writes_a_delta_that_can_be_loaded(pair, tmp_path, capsys):
    base, fine = pair
    out = tmp_path / "delta.safetensors"
    assert command("--base", str(base), "--fine-tuned", str(fine), "--out", str(out)) == 0
    assert len(storage.load(out).bits) == 14


@pytest.mark.parametrize("missing", ["--base", "--fine-tuned", "--out"])
def test_the_command_says_what_is_missing(pair, tmp_path, capsys, missing):
    base, fine = pair
    given = {"--base": str(base), "--fine-tuned": str(fine), "--out": str(tmp_path / "d.safetensors")}
    del given[missing]
    assert command(*(part for item in given.items() for part in item)) == 1
    assert "--base ID --fine-tuned ID --out delta.safetensors" in capsys.readouterr().err
    assert not (tmp_path / "d.safetensors").exists()


def test_the_command_writes_nothing_where_it_cannot(pair, tmp_path, capsys):
    base, fine = pair
    before = sorted(os.listdir(tmp_path))
    for out in (tmp_path, tmp_path / "nowhere" / "d.safetensors"):
        assert command("--base", str(base), "--fine-tuned", str(fine), "--out", str(out)) == 1
        assert "cannot be a file" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == before
