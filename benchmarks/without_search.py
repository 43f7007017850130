"""`nonmun` without its search index, which has a peer and benchmarks of its own: what the rest of a build costs."""

from importlib import import_module

from nonmun.build.indexing import Indexed
from nonmun.cli import main

# By its name: `nonmun.build` and `generate` are functions as well.
import_module("nonmun.build.generate").index_notes = lambda *_: Indexed({}, {}, lambda: None)

if __name__ == "__main__":
    main()
