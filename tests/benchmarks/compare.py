"""Compare this project with its peers, side by side in one run.

    pip install -e ".[bench]"
    python tests/benchmarks/compare.py            # all cases, about twenty minutes
    python tests/benchmarks/compare.py --quick    # smaller, under a minute

Each case first checks that all contenders give the same result, bit for bit, which
also warms the page cache. Then each runs once in every repeat, in turn, starting
with another one each time, so that a busy machine hits all alike. README.md beside
this file tells how to read the tables. Thresholds are shown, never asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from typing import Any

from cases import CASES
from model import CaseResult
from table import as_values, case_tables, goal_table, machine, whole_table
from timing import run_case


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 1 if this project failed or gave another result."""
    options = _options(arguments)
    if options.list:
        for case in CASES.values():
            print(f"{case.name:16} {case.count:>9,} x {case.title}")
        return 0
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="dask-fileseq-") as temporary:
        folder = options.data or temporary
        os.makedirs(folder, exist_ok=True)
        results = _run(options, os.path.abspath(folder))
    wrong = [(result.case.name, m) for result in results for m in result.wrong]
    for name, found in wrong:
        print(f"\nWRONG: {name}: {found.name}: {found.state}")
    return int(bool(wrong))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add = parser.add_argument
    add("--case", action="append", choices=list(CASES), metavar="NAME", help="only this case")
    add("--list", action="store_true", help="list the cases")
    add("--quick", action="store_true", help="smaller data, in all under a minute")
    add("--repeats", type=int, help="how often each is timed (5, or 1 if quick)")
    add("--files", type=int, metavar="N", help="at most so many files a case")
    add("--data", metavar="DIR", help="keep the data there, and take it if it is there")
    add("--json", metavar="FILE", help="write all measurements there as well")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, folder: str) -> list[CaseResult]:
    about = machine() | {"quick": options.quick}
    repeats = options.repeats or (1 if options.quick else 5)
    print(_head(about, repeats), flush=True)
    results: list[CaseResult] = []
    start = time.perf_counter()
    for name in options.case or CASES:
        case = CASES[name]
        count = case.quick if options.quick else case.count
        count = min(count, options.files or count)
        enough = 0.05 if options.quick else 0.3
        results.append(run_case(case, folder, count, repeats, _say, enough))
        _say("")
        print(f"\n{case_tables(results[-1])}", flush=True)
        if options.json:
            _write_json(options.json, about, results)
    print(f"\n## Microseconds a file\n\n{whole_table(results)}")
    print(f"\n## Thresholds\n\n{goal_table(results)}")
    print(f"\n{time.perf_counter() - start:.0f} s in all")
    return results


def _head(about: dict[str, Any], repeats: int) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    lines = [
        "# dask-fileseq and its peers",
        "",
        f"{about['processor']}, {about['cores']} cores, {about['system']};"
        f" Python {about['python']}; load {about['load before']}",
        versions,
        f"{repeats} repeats at most, medians; page cache warm; opening is part of the time",
    ]
    if about["quick"]:
        lines.append("quick: small data, the thresholds are meant for all of it")
    return "\n".join(lines)


def _say(text: str) -> None:
    """Show on a terminal what is going on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def _write_json(path: str, about: dict[str, Any], results: list[CaseResult]) -> None:
    with open(path, "w") as file:
        json.dump(about | {"cases": [as_values(result) for result in results]}, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
