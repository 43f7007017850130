"""Run every benchmark, or those named: `python -m benchmarks parsing building --notes 5000`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import (
    bitdelta,
    building,
    cot_decoding,
    data_selection,
    editing,
    long_context,
    mixture_of_experts,
    parsing,
    search,
    spacetime_diffusion,
    weight,
)
from benchmarks.corpus import find_vault
from benchmarks.record import Row, write_results

ROOMS = {
    "parsing": parsing,
    "building": building,
    "editing": editing,
    "weight": weight,
    "search": search,
    "bitdelta": bitdelta,
    "cot_decoding": cot_decoding,
    "mixture_of_experts": mixture_of_experts,
    "data_selection": data_selection,
    "long_context": long_context,
    "spacetime_diffusion": spacetime_diffusion,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(ROOMS)} (default: all)")
    parser.add_argument("--notes", type=int, default=5_000, help="how many notes (default: 5,000)")
    parser.add_argument("--vault", type=Path, help="a folder of author-style notes to copy from")
    parser.add_argument("--record", action="store_true", help="record the figures also where only some parts are run")
    parser.add_argument("--no-record", action="store_true", help="print the figures and leave the recorded ones alone")
    options = parser.parse_args()
    if unknown := set(options.names) - ROOMS.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ROOMS)}")
    vault = find_vault(options.vault)
    parts: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(prefix="nonmun-bench-") as scratch:
        for name, room in ROOMS.items():
            if not options.names or name in options.names:
                print(f"{name} …", flush=True)
                parts[name] = room.measure(vault, options.notes, Path(scratch) / name)
    write_results(parts, vault, options.notes, record=not options.no_record and (options.record or not options.names))


if __name__ == "__main__":
    main()
