"""A record with a clip: the starter's, and a square that turns from red to blue."""

import hashlib
import json
from pathlib import Path

import numpy as np


def record_clip(base: Path, runner: str = "scaled_attention", width: int = 320, **changes: object) -> dict[str, bytes]:
    """Put a clip named `turn` beside the recorded run; the files by name. `changes` are of its entry in the record."""
    from nonmun.runner.moving import Moving, encoded

    frames = np.zeros((6, 16, 40, 3), dtype=np.uint8)
    frames[..., 0], frames[..., 2] = np.linspace(255, 0, 6)[:, None, None], np.linspace(0, 255, 6)[:, None, None]
    found = encoded(Moving(frames, "빨강에서 파랑 · red to blue", "A square turns from red to blue."), "turn")
    files = {"quick-turn.webp": found.moving, "quick-turn-still.webp": found.still}
    results = base / "runners" / runner / "results"
    for name, data in files.items():
        (results / name).write_bytes(data)
    record = json.loads((results / "quick.json").read_text("utf-8"))
    sha256, still_sha256 = (hashlib.sha256(data).hexdigest() for data in files.values())
    clip = {
        "name": "turn", "file": "quick-turn.webp", "still": "quick-turn-still.webp", "title": "빨강에서 파랑 · red to blue",
        "alt": "A square turns from red to blue.", "width": width, "height": width * 2 // 5, "sha256": sha256,
        "still_sha256": still_sha256,
    }  # fmt: skip
    record["clips"] = [clip | changes]
    (results / "quick.json").write_text(json.dumps(record), "utf-8")
    return files
