"""Small stand-ins for what takes long to train."""

import torch

from runners.spacetime_diffusion.model import Shape
from runners.spacetime_diffusion.scene import check_size

SHAPE = Shape(
    channels=12, width=24, heads=2, layers=1, expansion=2, text_width=8, text_layers=1, vocabulary=9, length=5
)


class Blocks:
    """A codec without weights: 2 x 2 pixels by 1 frame, then 2 frames at a time, of which it keeps the last."""

    time = 2

    def latent_size(self, size):
        frames, height, width = size
        check_size(frames, height, width)
        return frames // 2 + 1, -(-height // 2), -(-width // 2)

    def encode(self, videos):
        found = []
        for video in videos:
            video = video[[0, *range(2, len(video), 2), *([len(video) - 1] if len(video) % 2 == 0 else [])]]
            height, width = video.shape[-2:]
            video = torch.nn.functional.pad(video, (0, width % 2, 0, height % 2))
            found.append(torch.nn.functional.pixel_unshuffle(video, 2))
        return found

    def decode(self, latents, sizes):
        found = []
        for latent, (frames, height, width) in zip(latents, sizes, strict=True):
            video = torch.nn.functional.pixel_shuffle(latent, 2)
            times = [(time + 1) // 2 for time in range(frames)]
            found.append(video[times][..., :height, :width])
        return found
