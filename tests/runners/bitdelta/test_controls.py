import pytest
import torch

from runners.bitdelta import controls


def matrix(outputs: int, inputs: int) -> torch.Tensor:
    return 1e-4 * torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(outputs))


@pytest.mark.parametrize(("outputs", "inputs"), [(30, 50), (50, 30), (40, 40)])
@pytest.mark.parametrize("rank", [1, 4])
def test_truncated_svd_is_the_best_of_its_rank(outputs, inputs, rank):
    delta = matrix(outputs, inputs)
    found = controls.truncated_svd(delta, 2 * rank * (outputs + inputs))
    u, s, v = torch.linalg.svd(delta, full_matrices=False)
    best = u[:, :rank] * s[:rank] @ v[:rank]
    assert torch.linalg.matrix_rank(found, rtol=1e-3).item() == rank
    assert (found - best).norm() < 2e-3 * best.norm()


def test_a_change_of_low_rank_needs_no_more():
    low = matrix(20, 2) @ matrix(30, 2).T
    assert (controls.truncated_svd(low, 2 * 2 * 50) - low).norm() < 2e-3 * low.norm()


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_rounding_gives_the_nearest_of_an_even_grid(bits):
    delta = matrix(6, 40)
    found = controls.round_to_nearest(delta, bits)
    for row, rounded in zip(delta.tolist(), found.tolist(), strict=True):
        step = (max(row) - min(row)) / (2**bits - 1)
        grid = [min(row) + level * step for level in range(2**bits)]
        for value, other in zip(row, rounded, strict=True):
            assert other == pytest.approx(min(grid, key=lambda level: abs(level - value)), abs=4e-3 * 2**bits * step)
        assert len(set(rounded)) <= 2**bits


def test_rounding_a_row_that_does_not_change_leaves_it():
    assert torch.equal(controls.round_to_nearest(torch.zeros(2, 5), 2), torch.zeros(2, 5))
    assert controls.round_to_nearest_bytes((10, 12), 3) == 10 * 5 + 40


def test_random_signs_have_the_scale_and_nothing_of_delta():
    generator = torch.Generator().manual_seed(0)
    found = controls.random_signs((200, 300), 0.5, generator)
    assert found.abs().unique().tolist() == [0.5]
    assert abs(found.mean().item()) < 0.01
