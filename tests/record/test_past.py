import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_samples import sample

from nonmun.record import RecordError, in_short, past_from_json, past_json


def test_past_runs_are_read_as_they_were_written_the_newest_first():
    older, newer = (in_short(sample(started=f"2024-0{month}-01T00:00:00+00:00")) for month in (1, 2))
    assert past_from_json(past_json([older, newer])) == (newer, older)
    assert newer.metrics == {"recovered": 0.99, "random": -0.2}


def test_only_the_last_fifty_are_kept():
    runs = [in_short(sample(started=f"2024-01-01T00:{minute:02}:00+00:00")) for minute in range(60)]
    kept = past_from_json(past_json(runs))
    assert len(kept) == 50
    assert kept[0].started == "2024-01-01T00:59:00+00:00"


@given(st.binary(max_size=100))
def test_any_text_is_read_or_is_one_error(text):
    with pytest.raises(RecordError):
        past_from_json(text)


def test_error_names_the_key():
    data = json.loads(past_json([in_short(sample())]))
    data["past"][0]["metrics"]["random"] = "low"
    with pytest.raises(RecordError, match=r"past\[0\]\.metrics\.random is 'low'"):
        past_from_json(json.dumps(data))
