"""Damage 20,000 files at random, read them, and print what became of each kind of file."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections import Counter

from tests.helpers.fuzz.pool import COLUMNS, FAULTS, Verdict, verdicts
from tests.helpers.fuzz.seeds import KINDS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="number of mutants")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--workers", type=int, default=min(8, os.cpu_count() or 1))
    parser.add_argument("--show", nargs="*", default=FAULTS, help="verdicts to show one by one")
    args = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    start = time.monotonic()
    numbers = range(args.first, args.first + args.count)
    for verdict in verdicts(numbers, args.seed, args.workers):
        counts[verdict.kind, verdict.column] += 1
        if verdict.column in args.show:
            print(line(verdict), flush=True)
    print(table(counts))
    print(f"\nseed {args.seed}, {args.count:,} mutants in {time.monotonic() - start:.0f} s")
    sys.exit(any(counts[kind, column] for kind in KINDS for column in FAULTS))


def line(verdict: Verdict) -> str:
    return f"{verdict.column}: #{verdict.number} {verdict.kind} ({verdict.done}): {verdict.detail}"


def table(counts: Counter[tuple[str, str]]) -> str:
    """Return a table of the number of verdicts for each kind."""
    widths = [max(len(column), 6) for column in COLUMNS]
    rows = [f"{'kind':28}" + " ".join(f"{c:>{w}}" for c, w in zip(COLUMNS, widths, strict=True))]
    totals = Counter()
    for kind in (*KINDS, "all"):
        values = totals if kind == "all" else Counter({c: counts[kind, c] for c in COLUMNS})
        cells = zip(COLUMNS, widths, strict=True)
        rows.append(f"{kind:28}" + " ".join(f"{values[c] or '-':>{w}}" for c, w in cells))
        totals.update(values if kind != "all" else {})
    return "\n".join(rows)


if __name__ == "__main__":
    main()
