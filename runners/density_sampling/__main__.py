"""`python -m runners.density_sampling`: flags and help come from demo.Config; --set input=… samples a corpus."""

from nonmun.runner import main

if __name__ == "__main__":
    from .corpus import TOOL

    raise SystemExit(main(__package__, tools=[TOOL]))
