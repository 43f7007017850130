"""The Result that a runner writes, as a value and as JSON (`schema: 1`). Standard library only.

    Metric      one measured number, with its 95 % interval and what it is compared with
    Criterion   what has to hold of a metric; declared in code, before anything is measured
    Check       a criterion held against what was measured: `judge`
    Result      a whole run: what was claimed and asked for, what was measured and found, on what machine
    Figure      one picture of a Result, a file beside its JSON
    Clip        one that moves, and its still

`verdict` follows from the checks alone. `to_json` and `from_json` are inverse to one another; a text that is no valid
Result gives one RecordError, which names the key at fault, and no other exception. `source_hashes` tells the code that
made a record from the code as it is now. `Past` is a former record in short, and past.json holds those.
"""

from nonmun.record.as_json import SCHEMA, from_json, to_json
from nonmun.record.criteria import VERDICTS, Check, Criterion, judge, verdict
from nonmun.record.metrics import Metric, RecordError
from nonmun.record.past import FILE as PAST_FILE
from nonmun.record.past import Past, in_short, past_from_json, past_json
from nonmun.record.result import Clip, Figure, Result
from nonmun.record.sources import source_hashes

__all__ = [
    "PAST_FILE",
    "SCHEMA",
    "VERDICTS",
    "Check",
    "Clip",
    "Criterion",
    "Figure",
    "Metric",
    "Past",
    "RecordError",
    "Result",
    "from_json",
    "in_short",
    "judge",
    "past_from_json",
    "past_json",
    "source_hashes",
    "to_json",
    "verdict",
]
