"""Keeps pytest, also its doctests, away: nothing here is a test."""

collect_ignore_glob = ["*.py"]
