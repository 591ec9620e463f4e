#!/usr/bin/env python3
"""Random topologies over random input against an oracle: what each sink holds, straight and over kills.

    python3 tests/golden/generated/run_generated.py build/release/millrace            200 topologies
    ... --count 5000 --seed 1000 --kills 2 --keep /somewhere
    ... --only 1234                                                                   one seed, its files kept
"""
import argparse
import concurrent.futures
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "run")]

from generated.topology import Generated  # noqa: E402
from golden.millrace import Workplace, Wrong, check_ledger  # noqa: E402

KILLED_SHARE = 0.2
DRY_RUN_SHARE = 0.3


def canonical(rows):
    """JSON writes 1.0 as 1."""
    plain = lambda v: int(v) if isinstance(v, float) and v.is_integer() else v
    rows = [{k: plain(v) for k, v in r.items()} for r in rows]
    return sorted(json.dumps(r, sort_keys=True, ensure_ascii=False) for r in rows)


def same(what, have, want):
    have, want = canonical(have), canonical(want)
    if have != want:
        more = [r for r in have if r not in set(want)][:3]
        less = [r for r in want if r not in set(have)][:3]
        raise Wrong(f"{what}: {len(have)} rows, expected {len(want)}\n  not expected: {more}\n  missing: {less}")


def table_rows(cells, columns):
    """SQLite keeps booleans as 0 and 1, timestamps as text."""
    return [{n: bool(v) if columns.get(n) == "boolean" and v is not None else v for n, v in row} for row in cells]


def check(case, attempt):
    report = attempt.report()
    check_ledger("report", report)
    if report["stages"]["p"]["dead_letters"] != case.bad:
        raise Wrong(f"{report['stages']['p']['dead_letters']} dead letters, expected {case.bad}")
    want = case.expected
    if "late_file" in case.stages:
        rows = [json.loads(line) for line in attempt.lines("late.jsonl")]
        same("late rows", [{k: v for k, v in r.items() if k != "ts"} for r in rows], case.late)
    if "state" in case.stages:
        have = table_rows(attempt.table("upserted", "state.sqlite"), case.columns)
        same("upserted", have, want)
        newest, batches, seen = {}, set(), set()
        for row in table_rows(attempt.table("appended"), case.columns):
            batch = row.pop("batch")
            batches.add(batch)
            place = json.dumps([row[k] for k in [*case.key, "window_start", "window_end"]])
            if (batch, place) in seen:
                raise Wrong(f"batch {batch} holds {place} twice")
            seen.add((batch, place))
            newest[place] = max(newest.get(place, (0, None)), (batch, json.dumps(row)))
        if batches != set(range(1, len(batches) + 1)):
            raise Wrong(f"batches are {sorted(batches)}")
        same("newest of each group", [json.loads(r) for _, r in newest.values()], want)
        return
    rows = [json.loads(line) for line in attempt.lines("out.jsonl")]
    drop = {"ts"} - set(case.columns)
    have = [{k: v for k, v in r.items() if k not in drop} for r in rows]
    if case.limit:
        check_first(case, have)
    else:
        same("file", have, want)
    if case.order:
        check_order(case, rows)
    if "table" in case.stages:
        have = table_rows(attempt.table("appended"), case.columns)
        same("table", [{k: v for k, v in r.items() if k not in drop} for r in have], want)


def check_order(case, rows):
    by_window = {}
    for r in rows:
        by_window.setdefault((r["window_start"], r["window_end"]), []).append(r[case.order])
    for window, values in by_window.items():
        values = [v for v in values if v is not None]
        if values != sorted(values, reverse=case.descending):
            raise Wrong(f"window {window} is not in the order of {case.order}: {values}")


def check_first(case, rows):
    """Returns the first rows of the order, for each window (all sessions that end at one time) and group in it. The key decides which of equal
    rows come first, which is not compared."""
    order = lambda v: (v is None, v or 0)
    wanted, found = {}, {}
    for into, all_rows in ((wanted, case.expected), (found, rows)):
        for r in all_rows:
            into.setdefault((r["window_end"], *(r[c] for c in case.limit_by)), []).append(r)
    if set(found) != set(wanted):
        raise Wrong(f"rows of other windows: {sorted(set(found) ^ set(wanted))[:3]}")
    for window, have in found.items():
        first = sorted((r[case.order] for r in wanted[window]), key=order, reverse=case.descending)[:case.limit]
        if [r[case.order] for r in have] != first:
            raise Wrong(f"window {window}: the first of {case.order} are {[r[case.order] for r in have]}, expected {first}")
        if case.limit_by and [r.pop("its place") for r in have] != list(range(1, len(have) + 1)):
            raise Wrong(f"window {window}: its rows are not numbered from 1")
        if more := set(canonical(have)) - set(canonical(wanted[window])):
            raise Wrong(f"window {window}: not expected: {sorted(more)[:3]}")


def check_dry_run(case, place):
    """`millrace test` gives the rows that `run` gives, also where its output has no room. Files of several partitions, ticks, and which of equal rows
    come first, it knows in other forms."""
    if case.updates or case.limit or case.stages["p"]["parser"] != "json" or case.stages["src"].get("parallel"):
        return
    any_order = lambda rows: {"rows": rows, "ordered": False}
    expect = {"file": any_order(case.expected), "dead_letters": {"count": case.bad}}
    if "too_late" in case.stages:
        expect[case.late_name] = any_order(case.late)
    files = [{"file": str(place.inputs / name)} for name in sorted(case.files)]
    small = {name: {**s, "retain_memory": "1 kB"} if "window" in s or "join" in s else s for name, s in case.stages.items()}
    (place.folder / "small.json").write_text(json.dumps({**case.topology, "stages": small}, ensure_ascii=False))
    file = place.folder / "generated.test.json"
    file.write_text(json.dumps({"millrace": 1, "topology": "small.json",
                                "cases": [{"name": "the oracle's rows", "input": {"src": files}, "expect": expect}]}, ensure_ascii=False))
    attempt = place.attempt("dry-run")
    ended = subprocess.run([place.binary, "test", file], capture_output=True, text=True, env=attempt.environment(), timeout=120)
    if ended.returncode != 0:
        raise Wrong(f"millrace test: {ended.stdout[:1500]}{ended.stderr[:1500]}")


def run_one(seed, options):
    rng = random.Random(seed)
    base = pathlib.Path(tempfile.mkdtemp(prefix=f"generated-{seed}-", dir=options.keep))
    wrong = None
    try:
        case = Generated(rng)
        place = Workplace(options.binary, base, base, seed, options.kills)
        (base / "topology.json").write_text(json.dumps(case.topology, ensure_ascii=False, indent=1))
        for name, data in case.files.items():
            (place.inputs / name).write_bytes(data)
        attempt = place.attempt("straight")
        attempt.run(["--threads", rng.choice([1, 2, 3])])
        check(case, attempt)
        if rng.random() < DRY_RUN_SHARE:
            check_dry_run(case, place)
        if rng.random() < KILLED_SHARE:
            attempt = place.attempt("killed")
            records = sum(len(p) for p in case.partitions)
            attempt.run_killed(["--set", f"stages.src.rate={max(2, records)}/s"])
            if attempt.report_file.exists():
                check(case, attempt)
    except Wrong as e:
        wrong = str(e)
    except Exception:  # a fault of the generator: one bad seed must not hide the others
        wrong = traceback.format_exc()
    if wrong is None or not options.keep:
        shutil.rmtree(base, ignore_errors=True)
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary", type=pathlib.Path)
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--seed", type=int, default=1, help="the first one")
    p.add_argument("--only", type=int, help="this seed alone")
    p.add_argument("--kills", type=int, default=2)
    p.add_argument("--jobs", type=int, default=3)
    p.add_argument("--keep", help="a folder in which the files of failed seeds stay")
    options = p.parse_args()
    options.binary = options.binary.resolve()
    seeds = [options.only] if options.only is not None else range(options.seed, options.seed + options.count)
    if options.keep:
        pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for seed, wrong in zip(seeds, pool.map(lambda s: run_one(s, options), seeds)):
            if wrong:
                failed.append(seed)
                print(f"FAILED seed {seed}\n    " + wrong.replace("\n", "\n    "), flush=True)
    print(f"{len(seeds) - len(failed)} of {len(seeds)} topologies gave the oracle's rows" +
          (f"; failed seeds: {failed}" if failed else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
