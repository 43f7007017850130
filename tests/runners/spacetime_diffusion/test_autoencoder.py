"""The autoencoder takes any video, looks only back in time, and learns to give it back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import world
from runners.spacetime_diffusion.autoencoder import Autoencoder, psnr, train_autoencoder


def network(**sizes):
    torch.manual_seed(100)
    return Autoencoder(**({"width": 8} | sizes)).eval()


def video(frames, height, width, seed=0):
    return torch.rand((frames, 3, height, width), generator=torch.Generator().manual_seed(seed)) * 2 - 1


def size(video):
    return len(video), *video.shape[2:]


@given(frames=st.integers(1, 9), height=st.integers(1, 19), width=st.integers(1, 19))
@settings(max_examples=25, deadline=None)
def test_any_size_has_the_latent_that_is_promised_and_comes_back_as_large(frames, height, width):
    one = video(frames, height, width)
    (latent,) = network().encode([one])
    assert latent.shape == (1 + -(-(frames - 1) // 2), 8, -(-height // 4), -(-width // 4))
    (back,) = network().decode([latent], [size(one)])
    assert back.shape == one.shape
    assert back.abs().max() <= 1


@pytest.mark.parametrize(("time", "space"), [(1, 2), (3, 4), (4, 8)])
def test_strides_and_channels_are_what_was_asked_for(time, space):
    net = network(channels=5, time=time, space=space)
    (latent,) = net.encode([video(8, 16, 17)])
    assert latent.shape == (1 + -(-7 // time), 5, 16 // space, -(-17 // space))
    assert net.latent_size((8, 16, 17)) == (latent.shape[0], *latent.shape[2:])
    assert net.decode([latent], [(8, 16, 17)])[0].shape == (8, 3, 16, 17)


def test_an_image_is_a_video_of_one_frame():
    one = video(9, 12, 12)
    image, whole = network().encode([one[:1], one])
    assert torch.allclose(image, whole[:1], atol=1e-6)
    still, moving = network().decode([image, whole], [(1, 12, 12), (9, 12, 12)])
    assert torch.allclose(still, moving[:1], atol=1e-6)


@pytest.mark.parametrize("changed", [1, 4, 8])
def test_no_latent_knows_the_future_and_no_frame_a_later_latent(changed):
    net, one = network(), video(9, 8, 8)
    other = one.clone()
    other[changed:] = video(9 - changed, 8, 8, seed=1)
    same, different = net.encode([one, other])
    first = (changed + 1) // 2  # the first latent that holds a changed frame
    assert torch.equal(same[:first], different[:first])
    assert not torch.equal(same[first:], different[first:])
    mended = same.clone()
    mended[first:] += 1
    back, moved = net.decode([same, mended], [(9, 8, 8)] * 2)
    frames = 2 * first - 1
    assert torch.equal(back[:frames], moved[:frames])
    assert not torch.equal(back[frames:], moved[frames:])


def test_a_video_among_others_has_the_latent_that_it_has_alone():
    videos = [video(5, 8, 8, 1), video(1, 6, 9, 2), video(5, 8, 8, 3), video(2, 8, 8, 4)]
    net = network()
    for together, alone in zip(net.encode(videos), (net.encode([one])[0] for one in videos), strict=True):
        assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 3, 8, 8), (2, 3, 0, 8), (2, 3, 8, 0)])
def test_no_frame_and_no_pixel_are_one_clear_line(shape):
    with pytest.raises(RunnerError, match="at least one frame and one pixel"):
        network().encode([torch.zeros(shape)])


def test_a_latent_of_another_size_and_a_stride_that_is_no_power_are_refused():
    (latent,) = network().encode([video(3, 8, 8)])
    with pytest.raises(RunnerError, match=r"a latent of \(2, 8, 2, 2\), expected \(3, 8, 2, 2\) for 5x8x8"):
        network().decode([latent], [(5, 8, 8)])
    with pytest.raises(RunnerError, match="a stride of 3 in space, expected a power of two"):
        network(space=3)


def test_training_is_the_same_for_a_seed_lowers_the_error_and_leaves_unit_variance():
    videos = [clip.video_TCHW for clip in world.draw(100, 24, [(5, 12, 12), (3, 8, 16), (1, 12, 12)])]

    def trained():
        losses = []
        return train_autoencoder(network(), videos, 40, seed=100, batch=8, report=losses.append), losses

    (one, losses), (again, _) = trained(), trained()
    for name, value in one.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    latents = one.encode(videos)
    assert torch.cat([latent.flatten() for latent in latents]).std() == pytest.approx(1, abs=0.02)
    assert psnr(videos, one.decode(latents, [size(one) for one in videos])) > 12


def test_psnr_is_that_of_its_definition():
    one, other = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.2)
    assert psnr([one], [other]) == pytest.approx(20)
