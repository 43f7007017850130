"""Density sampling: `from runners.density_sampling import Hashes, Sketch, keys, largest`, for any embeddings."""

from .method import Hashes, Kernel, Sketch, keys, largest

__all__ = ["Hashes", "Kernel", "Sketch", "keys", "largest"]
