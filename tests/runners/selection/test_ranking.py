import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runners.selection import ranking

NUMBERS = st.lists(st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.5, -1.5]), min_size=1, max_size=80)


@given(NUMBERS, st.data())
def test_the_threshold_is_that_of_sorting(tmp_path_factory, numbers, data):
    path = tmp_path_factory.mktemp("ranking") / "keys"
    path.write_bytes(np.array(numbers, "<f8").tobytes())
    count = data.draw(st.integers(1, len(numbers)))
    least, ties = ranking.threshold(path, count)
    ranked = sorted(numbers, reverse=True)
    assert least == ranked[count - 1]
    assert ties == sum(one == least for one in ranked[:count])


def test_blocks_do_not_matter(tmp_path, monkeypatch):
    numbers = np.random.default_rng(0).standard_normal(1000).round(2)
    (tmp_path / "keys").write_bytes(numbers.astype("<f8").tobytes())
    whole = ranking.threshold(tmp_path / "keys", 300)
    monkeypatch.setattr(ranking, "_AT_ONCE", 7)
    assert ranking.threshold(tmp_path / "keys", 300) == whole
