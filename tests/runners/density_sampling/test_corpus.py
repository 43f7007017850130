"""The command on a corpus of one's own."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from nonmun.runner import main
from runners.density_sampling import corpus as tool
from runners.density_sampling import storage
from runners.density_sampling.method import Hashes, Sketch, keys, largest

SETTINGS = {"embed": "words", "rows": "30", "buckets": "500", "keep": "0.2"}
REPOSITORY = Path(__file__).resolve().parents[3]


def write(path: Path, count: int = 60, seed: int = 0) -> list[str]:
    """Most texts are nearly the same; some are of other words."""
    rng = random.Random(seed)
    texts = [f"the cat sat on the mat number {n % 7}" for n in range(count * 4 // 5)]
    texts += [" ".join(f"word{rng.randrange(1000)}" for _ in range(8)) for _ in range(count - len(texts))]
    rng.shuffle(texts)
    path.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)))
    return texts


def command(source: Path, out: Path | None, *more: str, **settings: str) -> int:
    given = [part for name, value in (SETTINGS | settings).items() for part in ("--set", f"{name}={value}")]
    place = ["--out", str(out)] if out else []
    return main(
        "runners.density_sampling", ["--set", f"input={source}", *given, *place, *more, "--progress", "none"],
        tools=[tool.TOOL],
    )  # fmt: skip


def scores(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "scores.jsonl").read_text().splitlines()]


def test_scores_and_what_is_kept_are_those_of_the_method(tmp_path):
    texts = write(tmp_path / "c.jsonl")
    assert command(tmp_path / "c.jsonl", tmp_path / "kept", seed="5") == 0
    embeddings = torch.from_numpy(tool.embedding("words")(texts).astype(np.float16)).float()
    sketch = Sketch.empty(Hashes(384, 30, 500, 4, 0.6, 5)).add(embeddings)
    density = sketch.density(embeddings)
    found = scores(tmp_path / "kept")
    assert [one["score"] for one in found] == pytest.approx(density.tolist(), rel=1e-12)
    assert [int(one["id"]) for one in found if one["kept"]] == largest(keys(density, 5), 12).tolist()
    kept = [json.loads(line) for line in (tmp_path / "kept" / "documents" / "c.jsonl").read_text().splitlines()]
    assert [one["id"] for one in kept] == largest(keys(density, 5), 12).tolist()
    assert sum("cat" in one["text"] for one in kept) / 12 < 0.5
    assert torch.equal(storage.load(tmp_path / "kept" / "sketch.safetensors").counts_RB, sketch.counts_RB)
    report = json.loads((tmp_path / "kept" / "report.json").read_text())
    assert report["S_ratio"] == pytest.approx(density.max() / density.min())


def test_the_command_says_what_is_missing(tmp_path, capsys):
    write(tmp_path / "c.jsonl")
    assert command(tmp_path / "c.jsonl", None) == 1
    assert "--out DIR" in capsys.readouterr().err
    assert command(tmp_path / "none.jsonl", tmp_path / "kept") == 1
    assert "no such file or folder" in capsys.readouterr().err
    assert command(tmp_path, tmp_path / "kept") == 1
    assert "lies in" in capsys.readouterr().err
    assert command(tmp_path / "c.jsonl", tmp_path / "kept", keep="1.5") == 2
    assert not (tmp_path / "kept").exists()


def test_malformed_records_are_told_with_their_offset(tmp_path, capsys):
    write(tmp_path / "c.jsonl")
    with (tmp_path / "c.jsonl").open("a") as file:
        offset = file.tell()
        file.write("{no\n")
    given = ["--set", f"input={tmp_path / 'c.jsonl'}", *(p for n, v in SETTINGS.items() for p in ("--set", f"{n}={v}"))]
    assert (
        main(
            "runners.density_sampling",
            [*given, "--out", str(tmp_path / "kept"), "--progress", "json"],
            tools=[tool.TOOL],
        )
        == 0
    )
    said = capsys.readouterr()
    assert f"1 malformed records skipped, the first in c.jsonl at {offset}: no JSON" in said.out + said.err


@pytest.mark.slow
def test_a_command_that_is_stopped_says_that_it_goes_on(tmp_path):
    """By SIGTERM while it reads; the same command then ends as if nothing had been."""
    write(tmp_path / "c.jsonl", 60_000)
    given = [p for n, v in SETTINGS.items() for p in ("--set", f"{n}={v}")]
    line = [
        sys.executable, "-m", "runners.density_sampling", "--set", f"input={tmp_path / 'c.jsonl'}", *given,
        "--out", str(tmp_path / "kept"),
    ]  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}  # CI is told nothing
    env = {**inherited, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}"}
    process = subprocess.Popen(line, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while not (tmp_path / "kept" / ".work" / "0000002.npz").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on from there" in out + err
    assert not (tmp_path / "kept" / "report.json").exists()
    again = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "parts are there already" in again.stdout + again.stderr
    assert command(tmp_path / "c.jsonl", tmp_path / "whole") == 0
    assert scores(tmp_path / "kept") == scores(tmp_path / "whole")


# --- on Ray ---


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_on_ray_with_a_worker_killed_the_sketch_is_the_same_to_the_bit(tmp_path, monkeypatch):
    """Two workers on a Ray of this machine; one is killed while it scores."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'nonmun[scale]'")
    psutil = pytest.importorskip("psutil")
    import threading

    monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}")
    write(tmp_path / "c.jsonl", 40_000)
    assert command(tmp_path / "c.jsonl", tmp_path / "here") == 0
    killed: list[int] = []

    def kill_one() -> None:
        """As soon as a part is there, and before the last one is."""
        deadline = time.monotonic() + 300
        while not killed and time.monotonic() < deadline:
            if list((tmp_path / "ray" / ".work").glob("0*.npz")):
                mine = psutil.Process().children(recursive=True)
                names = [(one, one.name() + " ".join(one.cmdline())) for one in mine if one.is_running()]
                for one in [one for one, name in names if "_Worker" in name][:1]:
                    one.kill()
                    killed.append(one.pid)
            time.sleep(0.02)

    thread = threading.Thread(target=kill_one)
    thread.start()
    try:
        assert command(tmp_path / "c.jsonl", tmp_path / "ray", "--ray-address", "local") == 0
    finally:
        thread.join()
        ray.shutdown()
    assert killed
    one, other = (storage.load(tmp_path / name / "sketch.safetensors") for name in ("here", "ray"))
    assert torch.equal(one.counts_RB, other.counts_RB)
    assert one.documents == other.documents == 40_000
    assert scores(tmp_path / "here") == scores(tmp_path / "ray")
    for name in ("documents/c.jsonl", "malformed.jsonl"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "ray" / name).read_bytes()
