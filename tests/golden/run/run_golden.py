#!/usr/bin/env python3
"""Runs the golden cases beside this file against a millrace binary: README.md says what a case is made of.

    python3 tests/golden/run/run_golden.py build/debug/millrace            all cases
    python3 tests/golden/run/run_golden.py build/debug/millrace -k late    those with "late" in their name
    ... --share 2/4 --seed 7 --kills 5 --keep /somewhere
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from golden import cases, declared  # noqa: E402
from golden.millrace import Workplace  # noqa: E402


def run_case(folder, options):
    with cases.scratch(folder, options) as base:
        place = Workplace(options.binary, folder, base, options.seed, options.kills)
        if cases.lacks_arrow(folder, place):
            return
        if (folder / "scenario.py").exists():
            cases.load_module(folder / "scenario.py").run(place)
        else:
            declared.run(place, cases.load_module)


def main():
    p = cases.arguments(__doc__)
    p.add_argument("--kills", type=int, default=3, help="how often a run is killed before it may end")
    options = cases.parsed(p)
    folders = cases.chosen(options, cases.all_cases())
    failed = cases.run_all(folders, lambda folder: run_case(folder, options), options.jobs)
    sys.exit(cases.sum_up(len(folders), failed))


if __name__ == "__main__":
    main()
