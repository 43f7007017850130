import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import Settings, setting
from nonmun.runner.errors import AskedError
from nonmun.runner.settings import changed, faults_of, parsed


class Config(Settings):
    steps: int = setting(200, "steps", source='paper: "200 steps"', ge=0, le=1000)
    rate: float = setting(1e-4, "learning rate", source="ours: tried", gt=0)
    sizes: tuple[int, ...] = setting((1, 2), "sizes", source="ours: two", min_length=1)
    device: Literal["cpu", "cuda"] = setting("cpu", "where", source="ours: there")
    model: str | None = setting(None, "which", source="ours: none")
    warm: bool = setting(False, "whether", source="ours: no")


def from_text(**texts: str) -> Settings:
    return changed(Config(), {name: parsed(Config, name, text) for name, text in texts.items()})


def test_values_are_read_as_one_writes_them():
    found = from_text(steps="7", rate="1e-3", sizes="4, 8,16", device="cuda", model="a b", warm="true", seed="5")
    expected = {
        "steps": 7,
        "rate": 1e-3,
        "sizes": (4, 8, 16),
        "device": "cuda",
        "model": "a b",
        "warm": True,
        "seed": 5,
    }
    assert found.model_dump() == expected
    assert from_text(sizes="[1, 2, 3]").sizes == (1, 2, 3)
    assert from_text(model="null").model is None


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"steps": "-1"}, "steps: '-1': .*greater than or equal to 0"),
        ({"steps": "1001"}, "steps: .*less than or equal to 1000"),
        ({"steps": "many"}, "steps: 'many': .*valid integer"),
        ({"rate": "0"}, "rate: '0': .*greater than 0"),
        ({"rate": "nan"}, "rate: 'nan'"),
        ({"rate": "inf"}, "rate: 'inf'"),
        ({"sizes": "1,x"}, "sizes.1: 'x'"),
        ({"sizes": ""}, "sizes"),
        ({"sizes": "[1,"}, "sizes: .* is no JSON"),
        ({"device": "tpu"}, "device: 'tpu': .*'cpu' or 'cuda'"),
        ({"seed": "-1"}, "seed"),
    ],
)
def test_value_out_of_bounds_is_one_line_that_names_the_setting(texts, message):
    with pytest.raises(AskedError, match=message) as caught:
        from_text(**texts)
    assert "\n" not in str(caught.value)


def test_unknown_setting_is_met_with_the_nearest_one():
    with pytest.raises(AskedError, match="no setting 'step'; did you mean 'steps'"):
        changed(Config(), {"step": 3})


@given(st.text(max_size=30), st.sampled_from(sorted(Config.model_fields)))
def test_any_text_for_any_setting_is_taken_or_refused_in_one_line(text, name):
    try:
        from_text(**{name: text})
    except AskedError as error:
        assert re.fullmatch(r"[^\n]*", error.message) or "\n" in text


def test_config_that_says_not_where_a_default_is_from_is_at_fault():
    class Bare(Settings):
        steps: int = 3
        rate: float = setting(0.1, "rate", source="guess")
        needed: int = setting(..., "no default", source="ours: none")

    assert faults_of(Config) == []
    found = " | ".join(faults_of(Bare))
    assert "Config.steps has no description" in found
    assert "Config.rate has source 'guess'" in found
    assert "Config.needed has no default" in found
