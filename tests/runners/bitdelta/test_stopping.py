"""Ctrl-C in the middle of a run: one line, exit code 130, nothing written, nobody left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
SMALL = "batch=4 test=5 windows=2 window=16 distances=1 most_bits=2 decoded=3 decode_steps=1".split()


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["fine-tune", "distil", "controls", "memory"])
def test_ctrl_c_leaves_nothing(tiny, tmp_path, stage):
    command = [sys.executable, "-m", "runners.bitdelta", "--model", str(tiny), "--device", "cpu"]
    for item in (*SMALL, "steps=3" if stage != "fine-tune" else "steps=3000"):
        command += ["--set", item]
    command += ["--out", str(tmp_path / "out"), "--progress", "json"]
    paths = os.pathsep.join([str(REPOSITORY / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(scratch)}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        lines = []
        for line in run.stderr:
            lines.append(line)
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "stage" and stage in event["stage"]:
                break
        else:
            pytest.fail(f"no stage {stage}: {lines}")
        children = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        rest = run.stderr.read()
    assert run.returncode == 130
    assert "Traceback" not in rest
    assert "stopped; nothing was written" in rest
    assert not (tmp_path / "out").exists()
    assert list(scratch.iterdir()) == []
    psutil.wait_procs(children, timeout=10)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
