"""A Result as a person reads it on a terminal."""

from __future__ import annotations

from unicodedata import east_asian_width

from nonmun.record import Result


def summary(result: Result) -> str:
    """The metrics, then the criteria, then the verdict."""
    rows = [("", "value", "95 %", "baseline")]
    group = ""
    for metric in result.metrics:
        if metric.group != group:
            group = metric.group
            rows.append((group, "", "", ""))
        ci95 = "" if metric.ci95 is None else f"{metric.ci95[0]:.3g} – {metric.ci95[1]:.3g}"
        baseline = "" if metric.baseline is None else f"{metric.baseline:.3g}"
        rows.append((f"  {metric.label or metric.name}", f"{metric.value:.3g} {metric.unit}".rstrip(), ci95, baseline))
    widths = [max(_width(row[column]) for row in rows) for column in range(4)]
    lines = [
        (_pad(row[0], widths[0], left=True) + "".join(f"  {_pad(row[column], widths[column])}" for column in (1, 2, 3)))
        for row in rows
    ]
    lines.append("")
    for check in result.checks:
        mark = "통과 · yes" if check.passed else "실패 · no "
        lines.append(f"[{mark}] {check.claim}\n    {check.criterion}: {check.value}")
    lines.append(f"\n{result.verdict} · {result.preset} · seed {result.seed} · {result.seconds:.3g} s")
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int, *, left: bool = False) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text
