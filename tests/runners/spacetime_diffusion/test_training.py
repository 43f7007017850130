from dataclasses import replace

import pytest
import torch

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import captions, shelves, training
from runners.spacetime_diffusion.packing import unpatchify
from runners.spacetime_diffusion.training import Job, Plan
from runners.spacetime_diffusion.world import draw

from .standin import SHAPE, Blocks

WORDS = replace(SHAPE, vocabulary=len(captions.VOCABULARY), length=captions.LENGTH)
SIZES = ((5, 8, 8), (5, 4, 10), (1, 7, 8))
PLAN = Plan(steps=20, batch=6, rate=3e-3, matrix_rate=0.02, dropout=0.1, ema=0.999)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def kept():
    return shelves.shelved(draw(100, 30, SIZES), Blocks(), WORDS.patch)


def job(kept, kind="native", seed=100, rungs=(2, 8), **changes):
    return Job(kind, seed, replace(WORDS, **changes), kept, rungs)


def trained(*args, plan=PLAN, **changes):
    return training.train(job(*args, **changes), plan, CPU, lambda loss: None)


def test_shelves_hold_every_clip_with_both_its_captions(kept):
    clips = list(draw(100, 30, SIZES))
    assert sum(len(one.x_SNP) for one in kept) == 30
    (shelf,) = [one for one in kept if one.size == (3, 4, 4)]
    own = [clip for clip in clips if clip.video_TCHW.shape[0] == 5 and clip.video_TCHW.shape[-1] == 8]
    for row, clip in enumerate(own):
        latent = unpatchify(shelf.x_SNP[row], shelf.size, WORDS.patch)
        assert torch.equal(latent, Blocks().encode([clip.video_TCHW])[0])
        assert torch.equal(shelf.descriptive_SL[row], captions.encode(captions.descriptive(clip.scene)))
        assert torch.equal(shelf.short_SL[row], captions.encode(captions.short(clip.scene)))


def test_a_batch_has_every_size_in_its_share_and_fits_its_layout(kept):
    counts = shelves.composition(kept, 7)
    assert counts == [2, 2, 2] and shelves.composition(kept, 1) == [1, 1, 1]
    where = shelves.batch_layout(kept, counts, WORDS.patch)
    assert where.order_B.tolist() == list(range(6))
    x, caption = shelves.draw(kept, counts, torch.Generator().manual_seed(0), short=False)
    assert x.shape == (where.tokens, WORDS.inputs) and len(caption) == 6
    assert where.real_NP is not None and (x[~where.real_NP] == 0).all()


def test_no_clip_is_one_line():
    with pytest.raises(RunnerError, match="no clips to train on"):
        shelves.composition((), 4)


def test_frames_are_given_whole(kept):
    counts = shelves.composition(kept, 60)
    where = shelves.batch_layout(kept, counts, WORDS.patch)
    plan = replace(PLAN, batch=60)
    batch = training.next_batch(job(kept), plan, where, torch.ones(sum(counts)), torch.Generator().manual_seed(1))
    told = {}
    for latent, frame, given in zip(
        where.latent_N.tolist(), where.frame_N.tolist(), batch.given_N.tolist(), strict=True
    ):
        told.setdefault((latent, frame), set()).add(given)
    assert all(len(one) == 1 for one in told.values())
    assert {True} in told.values()
    images = where.extent_N3[:, 0] == 1
    assert not batch.given_N[images].any()
    assert (batch.caption_BL == 0).all(1).any() and not (batch.caption_BL == 0).all(1).all()


def test_same_seed_same_weights_whatever_is_trained_beside_it(kept):
    one, other = trained(kept), trained(kept)
    assert one.losses == other.losses and len(one.losses) == 8
    assert all(map(torch.equal, one.last.state_dict().values(), other.last.state_dict().values()))
    assert trained(kept, seed=101).losses != one.losses


def test_a_longer_run_begins_as_a_shorter_one(kept):
    short, long = trained(kept, rungs=(4,)), trained(kept, rungs=(4, 8))
    assert sorted(long.models) == [4, 8]
    assert all(map(torch.equal, short.models[4].state_dict().values(), long.models[4].state_dict().values()))
    assert not torch.equal(long.models[4].last.weight, long.models[8].last.weight)


def test_loss_falls(kept):
    plan = Plan(steps=150, batch=6, rate=3e-3, matrix_rate=0.02, dropout=0.1, ema=0.999)
    losses = trained(kept, rungs=(150,), plan=plan).losses
    assert sum(losses[-20:]) < 0.6 * sum(losses[:20])


def test_kept_weights_are_a_mean_over_steps(kept):
    from runners.spacetime_diffusion.method import ema_decay

    seen = []
    plan = replace(PLAN, ema=0.5)
    for steps in (1, 2):
        run = trained(kept, rungs=(steps,), plan=replace(plan, ema=0.0))  # nothing kept: the weights themselves
        seen.append(run.last.last.weight)
    first, second = seen
    mean = first * 0 + 0  # the last layer begins with nought
    for done, weight in ((1, first), (2, second)):
        mean = torch.lerp(mean, weight, 1 - ema_decay(done, 0.5))
    assert torch.allclose(trained(kept, rungs=(2,), plan=plan).last.last.weight, mean, atol=1e-7)


def test_short_captions_are_what_that_variant_sees(kept, monkeypatch):
    seen = []
    real = shelves.draw
    monkeypatch.setattr(training, "draw", lambda *args, short: seen.append(short) or real(*args, short=short))
    trained(kept, "short", rungs=(1,))
    trained(kept, "native", rungs=(1,))
    assert seen == [True, False]


def test_loss_that_is_no_number_is_one_line(kept):
    with pytest.raises(RunnerError, match="the loss of 'native' is no number; train it with a lower --rate"):
        trained(kept, plan=replace(PLAN, rate=float("inf")))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_recorded_step_learns_what_an_eager_one_does(kept):
    cuda = torch.device("cuda")
    graph, eager = (
        training.train(job(kept, rungs=(10, 40)), replace(PLAN, graphs=graphs), cuda, lambda loss: None).losses
        for graphs in (True, False)
    )
    assert graph == pytest.approx(eager, rel=0.03)
