"""`python -m runners.in_context_language`: flags come from demo.Config; --keep-weights trains for quick."""

from nonmun.runner import main

if __name__ == "__main__":
    from .keeping import TOOL

    raise SystemExit(main(__package__, tools=[TOOL]))
