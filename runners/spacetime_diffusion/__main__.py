"""`python -m runners.spacetime_diffusion`: flags and help come from demo.Config."""

from nonmun.runner import main

if __name__ == "__main__":
    raise SystemExit(main(__package__))
