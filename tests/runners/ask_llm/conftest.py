"""A tiny random Llama with a tokenizer of bytes, which has neither BOS nor padding."""

import sys
from functools import partial
from pathlib import Path

import pytest
import tiny_llama
from tiny_llama import byte_tokenizer, save_tiny

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

torch = pytest.importorskip("torch", reason="torch is not installed: make runners")
pytest.importorskip("transformers", reason="transformers is not installed: make runners")

tiny_model = partial(tiny_llama.tiny_model, max_position_embeddings=512)


@pytest.fixture
def model():
    return tiny_model()


@pytest.fixture(scope="session")
def tokenizer():
    return byte_tokenizer()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny"), max_position_embeddings=1024)
