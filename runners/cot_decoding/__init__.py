"""CoT-decoding: `from runners.cot_decoding import cot_decode, aggregate`, for any causal LM of transformers."""

from .decoding import cot_decode, cot_decode_all
from .method import DecodingError, Path, aggregate, max_path

__all__ = ["DecodingError", "Path", "aggregate", "cot_decode", "cot_decode_all", "max_path"]
