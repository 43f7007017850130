"""What a runner's author uses. A runner is a folder in runners/ that holds:

`method.py`, the paper's method, which imports nothing of this.

`demo.py`, what is claimed, asked for and measured::

    from nonmun.runner import Criterion, Metric, Preset, Progress, Result, Settings, setting

    PAPER = "arXiv:2402.10193"
    CLAIM = {"ko": "…", "en": "…"}

    class Config(Settings):                     # a frozen pydantic model that has `seed` already
        steps: int = setting(200, "distillation steps", source='paper: "200 steps"', ge=0, le=100_000)
        model: str = setting("smollm2", "…", source="ours: runs on a CPU")      # so there is --model

    PRESETS = {"quick": Preset(Config(), minutes=4, gib=3), "full": Preset(Config(steps=800), minutes=30, gib=6)}

    CRITERIA = (                                # fixed before anything is measured; see nonmun.record
        Criterion("한국어 주장 · the claim", metric="recovered", at_least=0.97),
        Criterion("대조: … · control: …", metric="recovered_random", at_most=0.1, control=True),
    )

    def run(config: Config, progress: Progress) -> Result:
        with progress.stage("distil", total=config.steps, unit="step") as stage:
            for step in range(config.steps):
                ...
                stage.advance(loss=0.12)        # what is given is shown beside the bar
        for batch in progress.track(batches, "measure", unit="batch"):      # the same in one line
            ...
        return progress.result(
            metrics=[Metric("recovered", 0.98, "되찾은 비율 · recovered", better="higher", ci95=(0.97, 0.99))],
            series={"loss": [...]},             # plain lists, numbers and texts: all that plots need
            device="cpu",
        )

`plots.py`, which draws from the Result alone and computes nothing::

    from nonmun.runner.figures import ACCENT, CONTROL, GREY, INK, figure

    def draw(result: Result) -> dict[str, Figure]:
        fig, ax = figure("The finding as title", alt="What a person who cannot see it needs to know.")
        ax.plot(result.series["loss"], color=ACCENT)
        return {"loss": fig}

Beside figures it may give clips, `Moving(frames, title="…", alt="…")` of nonmun.runner.moving: small pictures that
loop. Figures named alike up to `--` (`tree--one`, `tree--two`) are alternatives: the page opens the first, and offers
others.

`__main__.py`, three lines::

    from nonmun.runner import main
    if __name__ == "__main__":
        raise SystemExit(main(__package__))

`README.md`: title, claim in both languages, criteria, what it does not show. `results/` is written by `--record`.

`progress` also has `seed`, `say(text)`, `scratch()` (a folder that is removed however the run ends) and
`on_exit(callback)` (called however the run ends, also after Ctrl-C or SIGTERM). Stop with `RunnerError(message,
mend=…)`: it is shown as one line, and the exit code is 1. Ctrl-C is an ordinary KeyboardInterrupt: `finally` works, and
a second later the process is ended anyway.

In tests `rehearse(demo, demo.Config(seed=3, steps=2))` runs quietly and gives the Result. What the command does
besides, such as compressing a pair of public models, is a `Tool`: `main(__package__, tools=[Tool(…)])`.

Exit codes: 0 it ran (whatever the verdict), 1 it failed, 2 asked for what cannot be, 130 ended by Ctrl-C or SIGTERM.
"""

from nonmun.record import Criterion, Metric, Result
from nonmun.runner.command import Tool, main
from nonmun.runner.contract import rehearse
from nonmun.runner.errors import RunnerError
from nonmun.runner.progress import Progress
from nonmun.runner.settings import Preset, Settings, setting
from nonmun.runner.summary import summary

__all__ = [
    "Criterion",
    "Metric",
    "Preset",
    "Progress",
    "Result",
    "RunnerError",
    "Settings",
    "Tool",
    "main",
    "rehearse",
    "setting",
    "summary",
]
