"""What is loaded is what was saved; a file that is damaged, or of another network, is refused in one line."""

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import checkpoints

SETTINGS = {"width": 3, "sizes": (1, 2)}


def network(width=3, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.BatchNorm1d(width))


def test_what_is_loaded_is_what_was_saved(tmp_path):
    path = tmp_path / "new" / "one.safetensors"
    assert checkpoints.save(path, "judge", SETTINGS, network()) == path.stat().st_size
    other = network(seed=1)
    first = checkpoints.load(path, "judge", SETTINGS, other)
    for name, value in network().state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    assert len(first) == 64
    assert [file.name for file in path.parent.iterdir()] == ["one.safetensors"]


def test_another_configuration_says_what_differs(tmp_path):
    path = tmp_path / "one.safetensors"
    checkpoints.save(path, "judge", SETTINGS, network())
    with pytest.raises(RunnerError, match="judge with width 3, expected 4; ask for that, or train one like this"):
        checkpoints.load(path, "judge", SETTINGS | {"width": 4}, network(4))
    with pytest.raises(RunnerError, match="judge with depth None, expected 2"):
        checkpoints.load(path, "judge", SETTINGS | {"depth": 2}, network())
    with pytest.raises(RunnerError, match="judge, expected autoencoder"):
        checkpoints.load(path, "autoencoder", SETTINGS, network())
    with pytest.raises(RunnerError, match="weights of another network"):
        checkpoints.load(path, "judge", SETTINGS, network(4))


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_changed_or_cut_anywhere_is_refused(tmp_path, data):
    path = tmp_path / "one.safetensors"
    checkpoints.save(path, "judge", SETTINGS, network())
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:place])
    else:
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole)
    with pytest.raises(RunnerError) as caught:
        checkpoints.load(path, "judge", SETTINGS, network())
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_and_none_at_all_are_named(tmp_path):
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"x": torch.zeros(3)}, path)
    with pytest.raises(RunnerError, match="format None, expected 'nonmun-spacetime-1'"):
        checkpoints.load(path, "judge", SETTINGS, network())
    with pytest.raises(RunnerError, match=r"nowhere\.safetensors.*name a checkpoint, or train one"):
        checkpoints.load(tmp_path / "nowhere.safetensors", "judge", SETTINGS, network())


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunnerError, match="nothing was written"):
        checkpoints.save(tmp_path / "file" / "one.safetensors", "judge", SETTINGS, network())
