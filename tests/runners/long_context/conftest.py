"""A model of a few thousand parameters, trained or not, and a tiny language model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch

from runners.long_context.haystack import VOCABULARY
from runners.long_context.model import RetrievalTransformer

SHAPE = {"width": 16, "heads": 2, "layers": 2, "window": 8, "dims": 8}


def untrained(seed: int = 0, **changes: int) -> RetrievalTransformer:
    """Weights far from nought, so that attention is uneven and a mistake in it shows."""
    torch.manual_seed(seed)
    model = RetrievalTransformer(len(VOCABULARY), **{**SHAPE, **changes})
    with torch.no_grad():
        for layer in model.layers:
            layer.bias_HW.normal_()
            layer.qkv.weight.mul_(3)
    return model.eval()


@pytest.fixture
def model() -> RetrievalTransformer:
    return untrained()


@pytest.fixture
def tiny():
    """A Llama of two layers that reads bytes."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, bos_token_id=None, eos_token_id=0, pad_token_id=None,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


class Bytes:
    """The least that a tokenizer has to be."""

    def __call__(self, text: str, add_special_tokens: bool = True):
        from types import SimpleNamespace

        return SimpleNamespace(input_ids=list(text.encode()))


@pytest.fixture
def tokenizer() -> Bytes:
    return Bytes()
