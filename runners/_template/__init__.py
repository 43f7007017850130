"""Antithetic variates: the template of a runner, small enough to read in a minute."""
