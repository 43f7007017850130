import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from runner_samples import environment, make_runner, start

from nonmun.record import from_json, past_from_json

QUICKER = ("setting(4000,", "setting(200,")


def test_run_prints_metrics_criteria_and_verdict_and_writes_nothing(tmp_path):
    folder = make_runner(tmp_path, "plain")
    found = start(tmp_path, "plain", "--progress", "none")
    assert (found.returncode, found.stderr) == (0, "")
    assert "95 % CI ≤ 0.05x" in found.stdout
    assert found.stdout.rstrip().splitlines()[-1].startswith("reproduced · quick · seed 0")
    assert not (folder / "results").exists()


def test_record_is_whole_with_its_figures_and_the_replaced_one_leaves_a_line(tmp_path):
    folder = make_runner(tmp_path, "kept")
    for seed in ("1", "2"):
        found = start(tmp_path, "kept", "--record", "--seed", seed, "--progress", "none")
        assert found.returncode == 0, found.stderr
    results = folder / "results"
    assert sorted(file.name for file in results.iterdir()) == ["past.json", "quick-ratio.svg", "quick.json"]
    result = from_json((results / "quick.json").read_bytes())
    assert (result.runner, result.preset, result.seed) == ("kept", "quick", 2)
    assert sorted(result.sources) == [f"kept/{name}.py" for name in ("__init__", "__main__", "demo", "method", "plots")]
    assert result.config == {"pairs": 4000}
    assert result.config_schema["properties"]["pairs"]["source"] == "ours: a second's work"
    assert result.versions["numpy"] and result.threads == 1 and result.peak_memory > 10 * 2**20
    assert [run.seed for run in past_from_json((results / "past.json").read_bytes())] == [1]
    assert "Antithetic" in result.figures[0].title


def test_out_writes_elsewhere_and_takes_settings_of_its_own(tmp_path):
    folder = make_runner(tmp_path, "else_where")
    found = start(tmp_path, "else_where", "--pairs", "300", "--out", "there", "--progress", "none")
    assert found.returncode == 0, found.stderr
    assert from_json((tmp_path / "there" / "quick.json").read_bytes()).config == {"pairs": 300}
    assert not (folder / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pairs", "1"], "pairs: '1'"),
        (["--set", "pairs=1"], "pairs: '1'"),
        (["--set", "pears=200"], "did you mean 'pairs'"),
        (["--set", "pairs"], "write --set KEY=VALUE"),
        (["--preset", "huge"], "invalid choice: 'huge'"),
        (["--seed", "x"], "seed: 'x'"),
        (["--pairs", "200", "--record"], "--record with another pairs"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_what_cannot_be_asked_for_ends_with_two_and_one_line(tmp_path, arguments, message):
    make_runner(tmp_path, "asked")
    found = start(tmp_path, "asked", *arguments, "--progress", "none")
    assert found.returncode == 2
    assert message in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_help_comes_from_the_config(tmp_path):
    make_runner(tmp_path, "helped")
    text = " ".join(start(tmp_path, "helped", "--help").stdout.split())
    assert "--pairs V pairs drawn for each estimate of a variance (default 4000; ≥ 100; ours: a second's work)" in text
    assert "quick: about 0.1 min, 0.2 GiB" in text


def test_schema_and_description_are_json(tmp_path):
    make_runner(tmp_path, "said")
    schema = json.loads(start(tmp_path, "said", "--schema").stdout)
    card = json.loads(start(tmp_path, "said", "--describe").stdout)
    assert schema["properties"]["pairs"]["minimum"] == 100
    assert card["config_schema"] == schema
    assert card["presets"]["quick"]["minutes"] == 0.1
    assert [one["control"] for one in card["criteria"]] == [False, True]


def test_progress_is_json_lines_where_there_is_no_terminal_and_the_result_is_one_of_them_on_demand(tmp_path):
    make_runner(tmp_path, "lines")
    found = start(tmp_path, "lines")
    events = [json.loads(line) for line in found.stderr.splitlines()]
    assert (events[0]["done"], events[-1]["done"], events[-1]["total"], events[-1]["ended"]) == (0, 2, 2, True)
    asked = start(tmp_path, "lines", "--progress", "json")
    (line,) = asked.stdout.splitlines()
    assert from_json(json.dumps(json.loads(line)["result"])).verdict == "reproduced"


def test_progress_is_quiet_in_ci(tmp_path):
    make_runner(tmp_path, "quiet")
    assert start(tmp_path, "quiet", CI="true").stderr == ""


def test_missing_package_is_one_line_with_the_command_that_mends_it(tmp_path):
    make_runner(tmp_path, "poor", method=("import numpy as np\n", "import numpy as np\nimport no_such_package\n"))
    found = start(tmp_path, "poor")
    assert found.returncode == 1
    assert found.stderr.splitlines() == [
        "runners.poor.demo needs no_such_package, which is not installed; "
        "install what runners need: make runners, or pip install 'nonmun[runners]'"
    ]


def test_demo_that_does_not_keep_the_contract_is_told_what_it_lacks(tmp_path):
    make_runner(tmp_path, "lacking", demo=('"full": Preset', '"larger": Preset'))
    found = start(tmp_path, "lacking")
    assert found.returncode == 1
    assert "PRESETS has no 'full'" in found.stderr


def test_number_that_is_not_finite_is_named_and_nothing_is_recorded(tmp_path):
    folder = make_runner(tmp_path, "broken", demo=('"x", better="lower", ci95=ci95', '"x", ci95=(0.0, float("nan"))'))
    found = start(tmp_path, "broken", "--record", "--progress", "none")
    assert found.returncode == 1
    assert "metric 'ratio_monotone': ci95[1] is nan" in found.stderr
    assert not (folder / "results").exists()


def test_preset_that_needs_a_gpu_stops_where_there_is_none(tmp_path):
    make_runner(tmp_path, "bare", demo=("minutes=0.5, gib=0.5", 'minutes=0.5, gib=0.5, needs="cuda"'))
    found = start(tmp_path, "bare", "--preset", "full", CUDA_VISIBLE_DEVICES="")
    assert found.returncode == 1
    assert "preset 'full' needs a CUDA device" in found.stderr


def test_preset_larger_than_the_machine_stops_before_it_begins(tmp_path):
    make_runner(tmp_path, "large", demo=("minutes=0.5, gib=0.5", "minutes=0.5, gib=1e6"))
    found = start(tmp_path, "large", "--preset", "full")
    assert found.returncode == 1
    assert "needs about 1e+06 GiB of memory" in found.stderr


def test_figures_that_cannot_be_drawn_do_not_cost_the_record_and_can_be_drawn_again(tmp_path):
    folder = make_runner(tmp_path, "drawn", plots=("label_bars(ax, ratios)", "raise RuntimeError('no ink')"))
    found = start(tmp_path, "drawn", "--record", "--progress", "none")
    assert found.returncode == 1
    assert "recorded, but its figures could not be drawn (RuntimeError: no ink)" in found.stderr
    before = from_json((folder / "results" / "quick.json").read_bytes())
    assert before.figures == ()
    plots = folder / "plots.py"
    plots.write_text(
        plots.read_text("utf-8").replace("raise RuntimeError('no ink')", "label_bars(ax, ratios)"), "utf-8"
    )
    again = start(tmp_path, "drawn", "--redraw")
    assert again.returncode == 0, again.stderr
    after = from_json((folder / "results" / "quick.json").read_bytes())
    assert after.metrics == before.metrics
    assert [figure.file for figure in after.figures] == ["quick-ratio.svg"]
    assert {name for name in after.sources if after.sources[name] != before.sources[name]} == {"drawn/plots.py"}


def test_figures_that_are_no_longer_drawn_are_taken_away(tmp_path):
    folder = make_runner(tmp_path, "renamed")
    start(tmp_path, "renamed", "--record", "--progress", "none")
    plots = folder / "plots.py"
    plots.write_text(plots.read_text("utf-8").replace('{"ratio": fig}', '{"variance": fig}'), "utf-8")
    start(tmp_path, "renamed", "--record", "--progress", "none")
    assert sorted(file.name for file in (folder / "results").glob("*.svg")) == ["quick-variance.svg"]


MOVING = (
    'return {"ratio": fig}',
    """import numpy as np
    from nonmun.runner.moving import Moving
    frames = np.random.default_rng(0).integers(0, 255, (3, SIDE, SIDE, 3), dtype=np.uint8)
    return {"ratio": fig, **{f"clip{n}": Moving(frames, "움직임 · motion", "noise") for n in range(COUNT)}}""",
)


def moving(count, side):
    return MOVING[0], MOVING[1].replace("COUNT", str(count)).replace("SIDE", str(side))


def test_clips_are_recorded_beside_figures_and_taken_away_when_no_longer_drawn(tmp_path):
    pytest.importorskip("PIL")
    folder = make_runner(tmp_path, "moving", plots=moving(1, 8))
    found = start(tmp_path, "moving", "--record", "--progress", "none")
    assert found.returncode == 0, found.stderr
    results = folder / "results"
    names = ["quick-clip0-still.webp", "quick-clip0.webp", "quick-ratio.svg", "quick.json"]
    assert sorted(file.name for file in results.iterdir()) == names
    (clip,) = from_json((results / "quick.json").read_bytes()).clips
    assert (clip.name, clip.file, clip.still, clip.width) == ("clip0", names[1], names[0], 32)
    assert hashlib.sha256((results / clip.file).read_bytes()).hexdigest() == clip.sha256
    plots = folder / "plots.py"
    plots.write_text(plots.read_text("utf-8").replace("range(1)", "range(0)"), "utf-8")
    assert start(tmp_path, "moving", "--redraw").returncode == 0
    assert sorted(file.name for file in results.iterdir()) == names[2:]


def test_too_many_clips_cost_the_pictures_and_not_the_record(tmp_path):
    pytest.importorskip("PIL")
    folder = make_runner(tmp_path, "heavy", plots=moving(9, 200))
    found = start(tmp_path, "heavy", "--record", "--progress", "none")
    assert found.returncode == 1
    assert "KB in all, expected at most 3000" in found.stderr
    assert from_json((folder / "results" / "quick.json").read_bytes()).clips == ()
    assert sorted(file.name for file in (folder / "results").iterdir()) == ["quick.json"]


def test_disk_without_room_leaves_the_old_record_and_no_draft(tmp_path):
    folder = make_runner(tmp_path, "full_disk")
    start(tmp_path, "full_disk", "--record", "--progress", "none")
    before = {file.name: file.read_bytes() for file in (folder / "results").iterdir()}
    full = "import os\ndef full(*_): raise OSError(28, 'No space left on device')\nos.fsync = full\n"
    (folder / "__init__.py").write_text(full)
    found = start(tmp_path, "full_disk", "--record", "--progress", "none")
    assert found.returncode == 1
    assert "No space left on device" in found.stderr
    assert {file.name: file.read_bytes() for file in (folder / "results").iterdir()} == before


# Stubborn in both ways: it swallows the interrupt, and then spends its time in one instruction after another.
STUBBORN = """
    print(progress.scratch(), flush=True)
    progress.on_exit(lambda: print("tidied", flush=True))
    with progress.stage("wait") as stage:
        while True:
            try:
                np.sort(rng.random(3_000_000))
            except KeyboardInterrupt:
                pass
"""
WILLING = """
    import time
    print(progress.scratch(), flush=True)
    progress.on_exit(lambda: print("tidied", flush=True))
    time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("body", [STUBBORN, WILLING], ids=["stubborn", "willing"])
def test_signal_ends_it_with_130_tidied_and_nothing_written(tmp_path, number, body):
    folder = make_runner(tmp_path, "slow", demo=("    metrics = []\n", f"{body}    metrics = []\n"))
    command = [sys.executable, "-m", "runners.slow", "--record", "--progress", "json"]
    child = subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    scratch = child.stdout.readline().strip()
    time.sleep(0.2)
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert out == "tidied\n"
    assert json.loads(err.splitlines()[-1])["event"] == "stopped"
    assert "Traceback" not in err
    assert not os.path.exists(scratch)
    assert not (folder / "results").exists()


def test_tool_is_done_instead_of_a_run_with_its_own_flags(tmp_path):
    folder = make_runner(tmp_path, "tooled")
    (folder / "__main__.py").write_text(
        "from nonmun.runner import RunnerError, Tool, main\n"
        "def work(flags, progress):\n"
        "    if flags.pair == 'bad': raise RunnerError('no pair', mend='name two')\n"
        "    print('paired', flags.pair, flags.out, progress.seed)\n"
        "tool = Tool('pairs of models', lambda group: group.add_argument('--pair'), lambda flags: flags.pair, work)\n"
        "if __name__ == '__main__': raise SystemExit(main(__package__, tools=[tool]))\n"
    )
    found = start(tmp_path, "tooled", "--pair", "a:b", "--out", "delta.bin", "--seed", "4")
    assert (found.returncode, found.stdout) == (0, "paired a:b delta.bin 4\n")
    bad = start(tmp_path, "tooled", "--pair", "bad", "--progress", "none")
    assert (bad.returncode, bad.stderr) == (1, "no pair; name two\n")


def test_tool_knows_the_settings_and_says_what_a_stop_leaves(tmp_path):
    folder = make_runner(tmp_path, "tooled")
    (folder / "__main__.py").write_text(
        "from nonmun.runner import Tool, main\n"
        "def work(flags, progress):\n"
        "    print(flags.config.seed)\n"
        "    raise KeyboardInterrupt\n"
        "wanted = lambda flags: flags.config.seed == 4\n"
        "tool = Tool('pairs', lambda group: None, wanted, work, stopped='stopped; it goes on from here')\n"
        "if __name__ == '__main__': raise SystemExit(main(__package__, tools=[tool]))\n"
    )
    found = start(tmp_path, "tooled", "--seed", "4", "--progress", "none")
    assert (found.returncode, found.stdout, found.stderr) == (130, "4\n", "stopped; it goes on from here\n")
