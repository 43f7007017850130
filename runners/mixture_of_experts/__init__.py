"""Mixture of experts: `from runners.mixture_of_experts import MixtureOfExperts`, a layer for any transformer."""

from .method import MixtureOfExperts, Routed, load_balancing_loss, load_entropy

__all__ = ["MixtureOfExperts", "Routed", "load_balancing_loss", "load_entropy"]
