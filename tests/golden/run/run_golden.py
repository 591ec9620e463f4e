#!/usr/bin/env python3
"""Runs the golden cases beside this file against a millrace binary: README.md says what a case is made of.

    python3 tests/golden/run/run_golden.py build/debug/millrace            all cases
    python3 tests/golden/run/run_golden.py build/debug/millrace -k late    those with "late" in their name
    ... --share 2/4 --seed 7 --kills 5 --keep /somewhere
"""
import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from golden import declared  # noqa: E402
from golden.millrace import Workplace, Wrong  # noqa: E402


def load_module(path):
    spec = importlib.util.spec_from_file_location(f"case_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_case(folder, options):
    """None, or what is wrong."""
    started = time.monotonic()
    base = pathlib.Path(tempfile.mkdtemp(prefix=f"golden-{folder.name}-", dir=options.keep))
    try:
        place = Workplace(options.binary, folder, base, options.seed, options.kills)
        if folder.name.startswith("parquet") and not place.parquet_dump.exists():
            print(f"SKIPPED {folder.name}: this build has no Arrow; remedy: tools/arrow, and build again")
            return None, 0
        if (folder / "scenario.py").exists():
            load_module(folder / "scenario.py").run(place)
        else:
            declared.run(place, load_module)
        wrong = None
    except Wrong as e:
        wrong = str(e)
    except Exception:  # a broken case must not hide the others
        wrong = traceback.format_exc()
    if not options.keep or wrong is None:
        shutil.rmtree(base, ignore_errors=True)
    return wrong, time.monotonic() - started


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary", type=pathlib.Path)
    p.add_argument("-k", dest="filter", default="", help="only cases whose name holds this")
    p.add_argument("--share", default="1/1", help="I/N: the I-th of N parts of the cases")
    p.add_argument("--jobs", type=int, default=3)
    p.add_argument("--kills", type=int, default=3, help="how often a run is killed before it may end")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", help="a folder in which the files of failed cases stay")
    options = p.parse_args()
    options.binary = options.binary.resolve()
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    share, shares = map(int, options.share.split("/"))
    folders = sorted(f for f in HERE.iterdir() if (f / "topology.json").exists() or (f / "scenario.py").exists())
    folders = [f for f in folders[share - 1::shares] if options.filter in f.name]
    if not folders:
        sys.exit("no such case")
    failed = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(run_case, f, options): f for f in folders}
        for done in concurrent.futures.as_completed(runs):
            wrong, took = done.result()
            name = runs[done].name
            print(f"{'FAILED' if wrong else 'ok    '} {name} ({took:.1f} s)", flush=True)
            if wrong:
                failed.append(name)
                print("    " + wrong.replace("\n", "\n    "), flush=True)
    print(f"{len(folders) - len(failed)} of {len(folders)} cases passed" +
          (f"; failed: {', '.join(sorted(failed))}" if failed else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
