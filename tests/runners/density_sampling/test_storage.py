import json

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.density_sampling import storage
from runners.density_sampling.method import Hashes, Sketch


def sketch(seed: int = 0) -> Sketch:
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((30, 8))).float()
    hashes = Hashes(8, rows=3, buckets=13, power=2, width=0.5, seed=1)
    return Sketch.empty(hashes).add(torch.nn.functional.normalize(x, dim=1))


def test_what_is_loaded_is_what_was_saved_and_merges_with_it(tmp_path):
    path = tmp_path / "one.safetensors"
    assert storage.save(path, sketch()) == path.stat().st_size
    again = storage.load(path)
    assert (again.hashes, again.documents) == (sketch().hashes, 30)
    assert torch.equal(again.counts_RB, sketch().counts_RB)
    assert (again + sketch(1)).documents == 60
    assert [file.name for file in tmp_path.iterdir()] == ["one.safetensors"]


@given(data=st.data())
def test_a_file_changed_or_cut_anywhere_is_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("sketch") / "one.safetensors"
    storage.save(path, sketch())
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:place])
    else:
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole)
    with pytest.raises(RunnerError) as caught:
        storage.load(path)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"counts": torch.zeros(3)}, path, {"format": "something"})
    with pytest.raises(RunnerError, match="format 'something', expected 'nonmun-density-sketch-1'"):
        storage.load(path)
    with pytest.raises(RunnerError, match=r"nowhere\.safetensors"):
        storage.load(tmp_path / "nowhere.safetensors")


def test_counts_of_another_shape_are_refused(tmp_path):
    path = tmp_path / "shape.safetensors"
    tags = {"format": storage.FORMAT, "settings": json.dumps({"dimensions": 8, "rows": 9, "buckets": 9, "power": 1,
            "width": 0.5, "seed": 0, "documents": 1})}  # fmt: skip
    counts = torch.zeros((2, 2), dtype=torch.int32)
    safetensors.torch.save_file({"counts": counts}, path, tags | {"content": storage._content(counts, tags)})
    with pytest.raises(RunnerError, match=r"counts of \(2, 2\), expected \(9, 9\)"):
        storage.load(path)


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    with pytest.raises(RunnerError, match="nothing was written"):
        storage.save(tmp_path / "no" / "folder.safetensors", sketch())
