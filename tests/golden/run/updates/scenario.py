"""Updates of global, sliding and session windows: batches numbered from 1 without a gap, each key once in one, totals that only grow
and end with the oracle's; rows of sessions that have grown, and rows that having no longer lets through, are taken back, so that
tables end with the rows that final gives; straight, at other shards, and killed again and again"""
import json
import random

from golden.millrace import Wrong, check_ledger, same
from golden.oracle import MINUTE, SECOND, fold, groups, iso, lines, micros, sessions


def partition(rng, n):
    time, out = micros("2021-04-24T10:00:00Z"), []
    for _ in range(n):
        time += rng.randrange(1, SECOND)
        at = time - rng.choice([0, 0, 0, rng.randrange(100 * SECOND)])
        out.append((at, {"u": rng.choice(["u%d" % rng.randrange(9), "", None]), "t": iso(at), "i": rng.randrange(0, 50)}))
    return out


def batches(rows, key, totals):
    """Rows in the order of the sink: batch numbers, one row a key in each, and nothing goes back. Gives the last row of each key."""
    last, seen, number = {}, set(), 0
    for row in rows:
        if row["batch"] != number:
            if row["batch"] != number + 1:
                raise Wrong(f"batch {row['batch']} follows {number}")
            number, seen = row["batch"], set()
        k = tuple(row[c] for c in key)
        if k in seen:
            raise Wrong(f"{k} twice in batch {number}")
        seen.add(k)
        if k in last and any(row[t] < last[k][t] for t in totals):
            raise Wrong(f"{k} goes back: {last[k]} then {row}")
        last[k] = row
    return {k: {c: v for c, v in r.items() if c != "batch"} for k, r in last.items()}


def check(a, parts):
    rows = [r for part in parts for _, r in part]
    by_user = {}
    for r in rows:
        by_user.setdefault(r["u"], []).append(r["i"])
    changes = [json.loads(line) for line in a.lines("changes.jsonl")]
    same(batches(changes, ["u"], ["n", "s", "most"]),
         {(u,): {"u": u, "n": len(i), "s": sum(i), "most": max(i)} for u, i in by_user.items()})
    for one, other in zip(changes, changes[1:]):
        if one["batch"] == other["batch"] and one["n"] < other["n"]:
            raise Wrong(f"not in order within a batch: {one} {other}")
    again = [dict(row) for row in a.table("again")]
    same(batches(again, ["u"], ["n"]), {(u,): {"u": u, "n": len(i)} for u, i in by_user.items()})
    order = lambda r: (r["u"] is None, r["u"])
    same(sorted((dict(r) for r in a.table("newest")), key=order),
         sorted(({"u": u, "n": len(i), "s": sum(i)} for u, i in by_user.items()), key=order))
    windows, late = fold(parts, 2 * MINUTE, MINUTE, delay=MINUTE, lateness=30 * SECOND)
    expected = groups(windows, ["u"], lambda of: {"n": len(of), "s": sum(r["i"] for r in of)})
    moving = batches([json.loads(line) for line in a.lines("moving.jsonl")], ["u", "window_end"], ["n", "s"])
    same(moving, {(r["u"], r["window_end"]): r for r in expected})
    few = {(r["u"].upper(), micros(r["window_end"]), r["s"] + 1) for r in expected if r["n"] < 12 and r["u"] not in (None, "u1")}
    same({(r["name"], micros_of(r["until"]), r["sum"]) for r in map(dict, a.table("fews"))}, few)
    found, gone = sessions(parts, 20 * SECOND, delay=MINUTE)
    whole = {(u, start, end, len(of)) for (start, end, u), of in found.items()}
    same({session_of(r) for r in map(dict, a.table("sessions"))}, whole)
    same(session_changes(a.lines("told.jsonl")), whole)
    same({session_of(r) for r in map(dict, a.table("shorts"))}, {s for s in whole if s[3] < 6})
    if not a.report_file.exists():
        return  # the life before had come to the end, and was killed after it
    report = a.report()
    check_ledger(a.name, report)
    same(report["stages"]["totals"]["out"], len(rows))
    same(report["stages"]["windows"]["late"], len(late))
    same(report["stages"]["visits"]["late"], len(gone))


def session_of(row):
    return row["u"], micros_of(row["window_start"]), micros_of(row["window_end"]), row["n"]


def session_changes(lines):
    """The rows that are left of a list of changes: nothing is deleted that is not there, nothing comes twice."""
    rows = {}
    for row in map(json.loads, lines):
        u, start, end, n = session_of(row)
        if row["change"] == "delete":
            if n is not None or rows.pop((u, start, end), None) is None:
                raise Wrong(f"deletes what is not there: {row}")
        else:
            rows[u, start, end] = n
    return {(*at, n) for at, n in rows.items()}


def micros_of(value):
    """SQLite keeps timestamps as integers of microseconds, or as text."""
    return value if isinstance(value, int) else micros(value)


def run(place):
    rng = random.Random(5)
    parts = [partition(rng, 1100), partition(rng, 700)]
    for name, args, killed in [("straight", [], False), ("shards", ["--set", "stages.totals.shards=1", "--set", "stages.windows.shards=7"], False),
                               ("killed", [], True)]:
        a = place.attempt(name)
        for letter, part in zip("ab", parts):
            (a.root / f"in-{letter}.jsonl").write_text(lines(r for _, r in part))
        if killed:
            a.run_killed(args)
        else:
            a.run(args)
        check(a, parts)
        rows = a.lines("changes.jsonl")
        a.run(args, says="has ended")
        same(a.lines("changes.jsonl"), rows)
