"""A runner's modules, found and held against the contract."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from nonmun.record import Criterion, Result, source_hashes
from nonmun.runner.environment import seed_all
from nonmun.runner.errors import RunnerError
from nonmun.runner.progress import Progress
from nonmun.runner.settings import Preset, Settings, faults_of

MEND = "see nonmun.runner for what demo.py holds"
INSTALL = "install what runners need: make runners, or pip install 'nonmun[runners]'"


@dataclass(frozen=True)
class Contract:
    """One runner: what its demo.py and plots.py say."""

    package: str
    folder: Path
    paper: str
    claim: Mapping[str, str]
    config: type[Settings]
    presets: Mapping[str, Preset]
    criteria: tuple[Criterion, ...]
    run: Callable[[Any, Progress], Result]
    sources: Mapping[str, str]  # as they were when read: what is edited while it runs did not make its result

    @property
    def name(self) -> str:
        return self.package.rpartition(".")[2]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of Config: bounds, defaults, descriptions and where each default is from."""
        return self.config.model_json_schema()

    def draw(self, result: Result) -> dict[str, Any]:
        """The figures of a result, by name; none where the runner has no plots.py."""
        if importlib.util.find_spec(f"{self.package}.plots") is None:
            return {}
        figures: dict[str, Any] = _import(f"{self.package}.plots").draw(result)
        return figures

    def card(self) -> dict[str, Any]:
        """What the runner says of itself, for programs."""
        presets = {
            name: {
                "config": preset.config.model_dump(mode="json", exclude={"seed"}),
                "minutes": preset.minutes,
                "gib": preset.gib,
                "needs": preset.needs,
                "about": preset.about,
            }
            for name, preset in self.presets.items()
        }
        criteria = [{"claim": one.claim, "criterion": one.text, "control": one.control} for one in self.criteria]
        return {
            "runner": self.name,
            "paper": self.paper,
            "claim": dict(self.claim),
            "presets": presets,
            "criteria": criteria,
            "config_schema": self.schema,
            "sources": dict(self.sources),
        }


def read_contract(package: str) -> Contract:
    """The contract of `runners.NAME`. RunnerError where a package is missing, or where demo.py does not keep it."""
    return contract_of(_import(f"{package}.demo"))


def contract_of(demo: ModuleType) -> Contract:
    """The contract that a demo module keeps; RunnerError names what it lacks."""
    package = demo.__name__.rpartition(".")[0]
    lacking = [name for name in ("PAPER", "CLAIM", "Config", "PRESETS", "CRITERIA", "run") if not hasattr(demo, name)]
    if lacking:
        raise RunnerError(f"{demo.__name__} has no {', '.join(lacking)}", mend=MEND)
    folder = Path(str(demo.__file__)).resolve().parent
    contract = Contract(
        package=package,
        folder=folder,
        paper=demo.PAPER,
        claim=demo.CLAIM,
        config=demo.Config,
        presets=demo.PRESETS,
        criteria=tuple(demo.CRITERIA),
        run=demo.run,
        sources=source_hashes(folder),
    )
    faults = [*faults_of(contract.config), *_faults(contract)]
    if faults:
        raise RunnerError(f"{demo.__name__}: {'; '.join(faults)}", mend=MEND)
    return contract


def _faults(contract: Contract) -> list[str]:
    found = [f"CLAIM has no '{lang}'" for lang in ("ko", "en") if not contract.claim.get(lang)]
    found += [f"PRESETS has no '{name}'" for name in ("quick", "full") if name not in contract.presets]
    for name, preset in contract.presets.items():
        if type(preset.config) is not contract.config:
            found.append(f"preset '{name}' holds no Config")
    if all(criterion.control for criterion in contract.criteria):
        found.append("CRITERIA holds no claim")
    for criterion in contract.criteria:
        found += [
            f"criterion on '{criterion.metric}' is for a preset '{name}' that there is not"
            for name in criterion.presets
            if name not in contract.presets
        ]
    return found


def rehearse(demo: ModuleType, config: Settings | None = None, *, preset: str = "quick") -> Result:
    """Run without a word, for tests. Everything that a run leaves behind is cleaned up."""
    from nonmun.runner.cleanup import Cleanup

    contract, cleanup = contract_of(demo), Cleanup()
    asked = config or contract.presets[preset].config
    try:
        seed_all(asked.seed)
        return contract.run(asked, Progress(contract, asked, preset=preset, cleanup=cleanup))
    finally:
        cleanup.run()


def _import(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or str(error)
        if module.startswith(missing):
            raise RunnerError(f"no module {missing}", mend=f"write it; {MEND}") from error
        raise RunnerError(f"{module} needs {missing}, which is not installed", mend=INSTALL) from error
