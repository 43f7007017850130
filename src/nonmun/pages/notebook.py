"""A runner as a notebook: the same code, imported and not copied, cell by cell."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from nonmun.recorded import Runner

_SETUP = """\
# The knowledge base is the nearest folder above that holds runners/{name}; or set NONMUN_BASE to it. On Colab, first
# clone it, `%cd` into it, and `%pip install "nonmun[runners]"`.
import os
import sys
from pathlib import Path

places = [Path(os.environ["NONMUN_BASE"])] if "NONMUN_BASE" in os.environ else [Path.cwd(), *Path.cwd().parents]
base = next((place for place in places if (place / "runners" / "{name}").is_dir()), None)
if base is None:
    raise SystemExit("no runners/{name} here or above; set NONMUN_BASE to the knowledge base")
sys.path.insert(0, str(base.resolve()))"""

_IMPORTS = """\
from nonmun.runner import rehearse, summary
from runners.{name} import demo, method"""

_METHOD = """\
from IPython.display import Code

Code(filename=method.__file__, language="python")"""

_CONFIG = """\
config = demo.PRESETS["quick"].config  # change a setting with config.model_copy(update={"seed": 1})
config"""

_RUN = """\
result = rehearse(demo, config)
print(summary(result))"""

_FIGURES = """\
from IPython.display import SVG, Image, display

from nonmun.runner.figures import drawn
from nonmun.runner.moving import Moving, encoded
from runners.{name} import plots

for name, figure in plots.draw(result).items():
    if isinstance(figure, Moving):
        display(Image(encoded(figure, name).moving, format="webp"))
    else:
        display(SVG(drawn(figure, name).svg))"""


def notebook(runner: Runner, title: str, claims: tuple[str, str]) -> str:
    """The notebook's JSON, format 4.5. Equal runners give equal text."""
    name = runner.name
    cells = [
        _markdown(f"# {title}", *claims),
        _code(_SETUP.format(name=name)),
        _code(_IMPORTS.format(name=name)),
        _markdown("## Method", "`method.py`, the paper's method in its own symbols."),
        _code(_METHOD),
        _markdown("## Run", "The criteria stand in `demo.CRITERIA`, and were fixed before anything was measured."),
        _code(_CONFIG),
        _code(_RUN),
    ]
    if "plots.py" in runner.code:
        cells.append(_code(_FIGURES.format(name=name)))
    for index, cell in enumerate(cells):
        cell["id"] = hashlib.sha256(f"{name}/{index}".encode()).hexdigest()[:12]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _markdown(*paragraphs: str) -> dict[str, Any]:
    text = "\n\n".join(filter(None, paragraphs))
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}
