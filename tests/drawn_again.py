"""What every runner's result has to bear: being written, read again, and drawn from what was read."""

import json
from dataclasses import asdict
from types import ModuleType

from nonmun.record import Result, from_json, to_json
from nonmun.runner.figures import Picture, drawn
from nonmun.runner.moving import Encoded, Moving, encoded


def drawn_again(plots: ModuleType, result: Result) -> dict[str, Picture | Encoded]:
    """The pictures and clips of a record of this result; each says in words what it shows."""
    again = from_json(to_json(result))
    kept = {"metrics": asdict(again)["metrics"], "checks": asdict(again)["checks"], "figures": (), "clips": ()}
    assert asdict(again) == json.loads(json.dumps(asdict(result))) | kept
    found: dict[str, Picture | Encoded] = {}
    for name, one in plots.draw(again).items():
        if isinstance(one, Moving):
            found[name] = clip = encoded(one, name)
            assert clip.still, name
        else:
            found[name] = picture = drawn(one, name)
            assert picture.title, name
            assert len(picture.alt) > 80, name
            assert "<text" in picture.svg, name
    return found
