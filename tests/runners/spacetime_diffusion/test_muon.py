"""Muon's step is along the nearest orthogonal matrix of the momentum, whichever way the matrix lies."""

from __future__ import annotations

import pytest
import torch

from runners.spacetime_diffusion.muon import DECAY, MOMENTUM, Muon, orthogonal


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4), (1, 5)])
def test_singular_values_come_near_one_and_singular_vectors_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, *shape) * torch.tensor([1e-3, 1.0, 50.0])[:, None, None]
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    found = u.mT @ orthogonal(matrices) @ v.mT  # diagonal, in the frame of the singular vectors
    values = torch.diagonal(found, dim1=-2, dim2=-1)
    torch.testing.assert_close(found, torch.diag_embed(values), atol=2e-3, rtol=0)
    assert values.min() > 0.3 and values.max() < 1.3


def test_a_matrix_without_gradient_has_a_step_of_nought() -> None:
    assert not orthogonal(torch.zeros(1, 3, 4)).any()


def test_first_step_is_of_the_gradient_alone_at_a_size_that_follows_the_shape() -> None:
    torch.manual_seed(1)
    one, two = (torch.nn.Parameter(torch.randn(8, 2)) for _ in range(2))
    before = [one.detach().clone(), two.detach().clone()]
    optimizer = Muon([one, two], lr=0.1)
    one.grad, two.grad = torch.randn(8, 2), torch.randn(8, 2)
    optimizer.step()
    for now, was in ((one, before[0]), (two, before[1])):
        expected = was * (1 - 0.1 * DECAY) - 0.1 * 2 * orthogonal(now.grad[None])[0]
        torch.testing.assert_close(now.detach(), expected, atol=1e-4, rtol=1e-4)


def test_momentum_carries_a_gradient_on() -> None:
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = Muon([weight], lr=1.0)
    weight.grad = torch.eye(2)
    optimizer.step()
    after = weight.detach().clone()
    weight.grad = torch.zeros(2, 2)
    optimizer.step()
    assert MOMENTUM > 0 and torch.trace(weight - after * (1 - DECAY)) < -1
