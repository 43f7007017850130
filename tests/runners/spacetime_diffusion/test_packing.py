import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion.packing import layout, pack, patchify, unpack, unpatchify

SIZES = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7)), min_size=1, max_size=6)


def latents_of(sizes, channels=3):
    return [torch.randn(frames, channels, height, width) for frames, height, width in sizes]


@given(SIZES, st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_every_size_comes_back_as_it_was(sizes, patch):
    latents = latents_of(sizes)
    where = layout(sizes, patch, channels=3)
    x = pack(latents, where)
    assert x.shape == (where.tokens, 3 * patch**2)
    for ours, theirs in zip(unpack(x, where), latents, strict=True):
        assert torch.equal(ours, theirs)


@given(SIZES, st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_places_are_those_of_a_loop_over_frames_rows_and_columns(sizes, patch):
    where = layout(sizes, patch)
    expected = []
    for one in where.order_B.tolist():
        frames, height, width = sizes[one]
        rows, columns = -(-height // patch), -(-width // patch)
        for frame in range(frames):
            expected += [(one, frame, row, column) for row in range(rows) for column in range(columns)]
    found = torch.cat([where.latent_N[:, None], where.grid_N3], dim=1)
    assert found.tolist() == [list(one) for one in expected]
    assert torch.equal(where.frame_N, where.grid_N3[:, 0])
    assert sum(group.tokens for group in where.groups) == where.tokens
    assert (where.grid_N3 < where.extent_N3).all()


def test_a_patch_is_the_square_that_it_covers():
    latent = torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).view(2, 3, 4, 6)
    x = patchify(latent, 2)
    where = layout([(2, 4, 6)], 2)
    for token, (frame, row, column) in enumerate(where.grid_N3.tolist()):
        square = latent[frame, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        assert torch.equal(x[token], square.flatten())


def test_several_latents_of_one_size_are_cut_at_once():
    latents = torch.randn(5, 3, 2, 5, 7)
    assert torch.equal(patchify(latents)[3], patchify(latents[3]))
    assert torch.equal(unpatchify(patchify(latents), (3, 5, 7)), latents)


def test_numbers_that_fill_a_patch_are_known_and_zero():
    latents = latents_of([(2, 3, 5), (1, 1, 1)])
    where = layout([(2, 3, 5), (1, 1, 1)], 2, channels=3)
    x = pack(latents, where)
    assert where.real_NP is not None
    assert int(where.real_NP.sum()) == sum(one.numel() for one in latents)
    assert (x[~where.real_NP] == 0).all()
    assert layout([(2, 4, 6)], 2).real_NP is None


def test_latents_of_one_length_share_a_group_whatever_their_shape():
    where = layout([(3, 4, 8), (3, 4, 4), (3, 8, 4)], 2)
    assert [(one.latents, one.frames, one.patches) for one in where.groups] == [(1, 3, 4), (2, 3, 8)]


@pytest.mark.parametrize("size", [(0, 4, 4), (1, 0, 4), (1, 4, 0)])
def test_an_empty_latent_is_one_line(size):
    with pytest.raises(RunnerError, match="expected at least 1 of each; ask for one frame"):
        layout([(1, 4, 4), size])


def test_no_latent_at_all_is_one_line():
    with pytest.raises(RunnerError, match="a batch without a latent"):
        layout([])


def test_latents_of_other_sizes_than_the_layout_are_one_line():
    with pytest.raises(RunnerError, match="make the layout from these latents"):
        pack([torch.zeros(1, 3, 4, 4)], layout([(1, 4, 6)]))
