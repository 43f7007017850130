import pytest
import torch

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import sampling
from runners.spacetime_diffusion.model import Denoiser
from runners.spacetime_diffusion.sampling import Given, Sampler

from .standin import SHAPE, Blocks


@pytest.fixture
def sampler():
    model = Denoiser(SHAPE, 1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return Sampler(model, steps=3, guidance=2.0)


def captions(count):
    return list(torch.randint(0, SHAPE.vocabulary, (count, SHAPE.length)))


@pytest.mark.parametrize("video", [(1, 1, 1), (1, 8, 8), (9, 4, 12), (9, 12, 4), (21, 6, 6), (4, 5, 7)])
def test_one_model_makes_every_size(sampler, video):
    (found,) = sampling.text_to_video(sampler, Blocks(), [video], captions(1), [7])
    assert found.shape == (video[0], 3, *video[1:])
    assert found.isfinite().all()


def test_a_sample_depends_on_its_own_seed_and_caption_and_not_on_the_batch(sampler, monkeypatch):
    sizes, asked = [(3, 4, 4), (2, 4, 8), (3, 4, 4)], captions(3)
    together = sampling.sample(sampler, sizes, asked, [1, 2, 3])
    alone = [sampling.sample(sampler, [sizes[one]], [asked[one]], [one + 1])[0] for one in range(3)]
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(together, alone, strict=True))
    monkeypatch.setitem(sampling.TOGETHER, "cpu", 10)
    parted = sampling.sample(sampler, sizes, asked, [1, 2, 3])
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(together, parted, strict=True))
    other = sampling.sample(sampler, [sizes[0]], [asked[0]], [9])[0]
    assert not torch.allclose(together[0], other, atol=1e-2)


def test_noise_of_a_longer_video_begins_with_that_of_a_shorter_one():
    assert torch.equal(sampling.noise_of((5, 4, 4), 3, 8)[:2], sampling.noise_of((2, 4, 4), 3, 8))


def test_given_frames_come_back_and_change_the_others(sampler):
    size, asked = (4, 4, 4), captions(1)
    latent = torch.randn(4, 12, 4, 4)
    free = sampling.sample(sampler, [size], asked, [1])[0]
    (held,) = sampling.sample(sampler, [size], asked, [1], given=[Given(latent, (0, 3))])
    assert torch.equal(held[[0, 3]], latent[[0, 3]])
    assert not torch.allclose(held[1:3], free[1:3], atol=1e-3)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("known", [1, 2, 5])
def test_extending_keeps_what_was_given_at_its_end(sampler, known, backwards):
    video = torch.rand(known, 3, 6, 8) * 2 - 1
    (found,) = sampling.extend(sampler, Blocks(), [video], 9, captions(1), [3], backwards=backwards)
    assert found.shape == (9, 3, 6, 8)
    assert torch.equal(found[-known:] if backwards else found[:known], video)


def test_only_latent_frames_that_show_nothing_unknown_are_given():
    before, after = torch.rand(4, 3, 4, 4), torch.rand(5, 3, 4, 4)
    found, size = sampling._ends_of(Blocks(), before, after, 6)
    assert size == (15, 4, 4)  # latent frames show 0, 1-2, 3-4, 5-6, 7-8, 9-10, 11-12, 13-14
    assert found.frames == (0, 1, 6, 7)
    whole = Blocks().encode([torch.cat([before, torch.zeros(6, 3, 4, 4), after])])[0]
    assert torch.equal(found.latent_FChw[list(found.frames)], whole[list(found.frames)])


def test_loop_ends_where_it_begins(sampler):
    video = torch.rand(9, 3, 4, 4)
    (found,) = sampling.loop(sampler, Blocks(), [video], 6, captions(1), [3])
    assert found.shape == (15, 3, 4, 4)
    assert torch.equal(found[:9], video)


def test_between_two_videos_both_are_kept(sampler):
    one, other = torch.rand(3, 3, 4, 4), torch.rand(3, 3, 4, 4)
    (found,) = sampling.between(sampler, Blocks(), [(one, other)], [5], captions(1), [3])
    assert len(found) == 11
    assert torch.equal(found[:3], one) and torch.equal(found[-3:], other)


def test_an_edit_at_full_strength_forgets_the_video_and_a_weak_one_starts_from_it(sampler):
    one, other = torch.rand(5, 3, 4, 4), torch.rand(5, 3, 4, 4)
    asked = captions(1)

    def edited(video, strength):
        return sampling.edit(sampler, Blocks(), [video], asked, [3], strength)[0]

    assert torch.equal(edited(one, 1.0), edited(other, 1.0))
    assert not torch.allclose(edited(one, 0.3), edited(other, 0.3), atol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: sampling.text_to_video(s, Blocks(), [(0, 4, 4)], captions(1), [1]), "clips of 0 frames"),
        (lambda s: sampling.text_to_video(s, Blocks(), [(1, 4, 0)], captions(1), [1]), "4x0 pixels"),
        (lambda s: sampling.edit(s, Blocks(), [torch.zeros(1, 3, 4, 4)], captions(1), [1], 0), "a strength of 0"),
        (lambda s: sampling.extend(s, Blocks(), [torch.zeros(5, 3, 4, 4)], 5, captions(1), [1]), "0 new frames"),
        (lambda s: sampling.between(s, Blocks(), [(None, None)], [3], captions(1), [1]), "no frames to go on from"),
        (lambda s: sampling.sample(s, [(1, 4, 4)], captions(2), [1]), "1 sizes, 2 captions"),
        (
            lambda s: sampling.sample(s, [(1, 4, 4)], captions(1), [1], given=[Given(torch.zeros(2, 12, 4, 4), (0,))]),
            r"given frames of a latent \(2, 12, 4, 4\)",
        ),
    ],
)
def test_what_cannot_be_is_one_line(sampler, call, message):
    with pytest.raises(RunnerError, match=message):
        call(sampler)
