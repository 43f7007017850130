"""`python -m runners.bitdelta`: flags and help come from demo.Config; --base and --fine-tuned compress any pair."""

from nonmun.runner import main

if __name__ == "__main__":
    from .compress import TOOL

    raise SystemExit(main(__package__, tools=[TOOL]))
