"""`python -m runners.ask_llm`: flags and help come from demo.Config; --set input=… rates a corpus."""

from nonmun.runner import main

if __name__ == "__main__":
    from .corpus import TOOL

    raise SystemExit(main(__package__, tools=[TOOL]))
