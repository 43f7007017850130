"""What every runner's result has to bear: being written, read again, and drawn from what was read."""

import json
from dataclasses import asdict
from types import ModuleType

from nonmun.record import Result, from_json, to_json
from nonmun.runner.figures import Picture, drawn


def drawn_again(plots: ModuleType, result: Result) -> dict[str, Picture]:
    """The pictures of a record of this result; each says in words what it shows."""
    again = from_json(to_json(result))
    kept = {"metrics": asdict(again)["metrics"], "checks": asdict(again)["checks"], "figures": (), "clips": ()}
    assert asdict(again) == json.loads(json.dumps(asdict(result))) | kept
    pictures = {name: drawn(figure, name) for name, figure in plots.draw(again).items()}
    for name, picture in pictures.items():
        assert picture.title, name
        assert len(picture.alt) > 80, name
        assert "<text" in picture.svg, name
    return pictures
