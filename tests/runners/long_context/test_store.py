import shutil
from types import SimpleNamespace

import pytest
import torch

from nonmun.runner import RunnerError
from runners.long_context.store import Store


def test_what_was_kept_comes_back_in_order():
    store = Store(10, 3)
    keys, value = torch.randn(10, 3).bfloat16(), torch.arange(10, dtype=torch.int16)
    store.append(keys[:4], value[:4])
    store.append(keys[4:], value[4:])
    found = list(store.chunks(6))
    assert [start for start, _, _ in found] == [0, 6]
    assert torch.equal(torch.cat([key for _, key, _ in found]), keys.float())
    assert torch.cat([own for _, _, own in found]).tolist() == list(range(10))
    assert store.per_token == 3 * 2 + 2


def test_more_than_there_is_room_for_is_refused():
    store = Store(2, 1)
    with pytest.raises(ValueError, match="3 keys, expected at most 2"):
        store.append(torch.zeros(3, 1), torch.zeros(3, dtype=torch.int16))


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(RunnerError, match=r"0\.0 GB free"):
        Store(1000, 64, folder=tmp_path)
    assert not list(tmp_path.iterdir())
