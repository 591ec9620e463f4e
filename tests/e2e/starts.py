#!/usr/bin/env -S python3 -B
"""Starts one run after the other on one state, each of which is killed once it has written rows: no start stands still, and each record
comes out once.

    starts.py --millrace BINARY [--starts 2000] [--side-by-side 2] [--busy 2]

So many states are begun and killed side by side, beside so many processes that compute without a pause: a thread then loses the processor
anywhere, between two calls of a start, too. A start that stands still is told with the stacks of its threads (gdb) and its log.
"""
import concurrent.futures
import contextlib
import random
import subprocess
import sys
import time

from real_systems import PATIENCE, Run, check, describe_the_living, main, topology_file, whole_rows

COUNT = 10_000_000  # more records than the lives take
STILL = 30  # seconds on a quiet machine: a start takes a tenth of one


def topology(folder, name):
    return topology_file(folder / f"{name}.json", name, {
        "made": {"source": "generator", "kind": "clicks", "count": COUNT, "rate": "20000/s"},
        "parsed": {"parser": "json", "from": "made", "schema": {"userid": "text"}, "event_time": "_timestamp"},
        "counts": {"window": "tumbling", "size": "10 ms", "from": "parsed",
                   "aggregates": {"n": "count(*)", "first": "min(_position)", "last": "max(_position)"}},
        "file": {"sink": "file", "from": "counts", "path": str(folder / f"{name}.out"), "format": "json"}}, commit_every="0 s")


def size(file):
    return file.stat().st_size if file.exists() else 0


def start_once(options, folder, name, chance):
    """One life: it writes, and is killed at a random moment after that."""
    out = folder / f"{name}.out"
    before = size(out)
    life = Run(options.millrace, folder / f"{name}.json", folder / name, "--log-level", "debug", out=folder / f"{name}.screen")
    until = time.monotonic() + STILL * PATIENCE
    while size(out) <= before:
        life.check_alive()
        if time.monotonic() > until:
            describe_the_living(folder)
            check(False, lambda: f"a start stood still for {STILL * PATIENCE} s; it said: {life.errors()[-3000:]}")
        time.sleep(0.002)
    time.sleep(chance.random() * 0.02)  # the moment is the chance that is looked for
    life.kill()
    Run.started.remove(life.process)
    Run.lives.remove(life)
    life.err.unlink()


def check_rows(file):
    """Each record from the first one on is in one row: rows are windows in their order. A kill may have cut the last line."""
    expected = 0
    for row in whole_rows(file):
        check(row["first"] == expected and row["last"] - row["first"] + 1 == row["n"], lambda: f"a record is lost or comes twice: {row}, expected from {expected} on")
        expected = row["last"] + 1
    return expected


def begin_again_and_again(options, folder, name, starts):
    topology(folder, name)
    chance = random.Random(name)
    for _ in range(starts):
        start_once(options, folder, name, chance)
    records = check_rows(folder / f"{name}.out")
    print(f"{name}: {starts} starts after kill -9, none stood still; {records} records, each once", flush=True)


def busy(count):
    """Processes that compute without a pause."""
    return [subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"]) for _ in range(count)]


def test(options, folder):
    computing = busy(options.busy)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.side_by_side) as pool:
            share = -(-options.starts // options.side_by_side)
            for done in [pool.submit(begin_again_and_again, options, folder, f"starts{i}", share) for i in range(options.side_by_side)]:
                done.result()
    finally:
        for process in computing:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()


if __name__ == "__main__":
    main(test, __doc__, starts=2000, side_by_side=2, busy=2)
