"""Replayed records: into windows that are open they count, for windows that have fired they are late_at_shard, and the ledger adds up"""
from golden.millrace import Wrong, check_ledger, same

import json
import subprocess

MINUTES = 10


def line(hms, n=1):
    return json.dumps({"t": f"2021-04-24T{hms}Z", "n": n}) + "\n"


def counts(attempt, sink):
    """Returns the start and count of each fired window."""
    return [(row["window_start"][11:16], row["c"]) for row in map(json.loads, attempt.lines(f"{sink}.jsonl"))]


def minutes(begin, end, c):
    return [(f"{9 + (60 + m) // 60:02}:{(60 + m) % 60:02}", c) for m in range(begin, end)]


def run(place):
    a = place.attempt("windows")
    (a.root / "in.jsonl").write_text(
        "".join(line(f"10:{m:02}:00") + line(f"10:{m:02}:30", "no number") for m in range(MINUTES)) + line("10:00:05"))
    p = a.start()
    a.wait(lambda: len(a.lines("rows.jsonl")) == MINUTES + 1 and len(a.lines("strict.jsonl")) == MINUTES - 1, p)
    a.stop(p)
    letters = a.state / "dead_letters.jsonl"
    same(len(letters.read_text().splitlines()), MINUTES)

    mended = a.root / "mended.jsonl"
    mended.write_text(letters.read_text().replace('\\"no number\\"', "2"))
    for says in (f"{MINUTES} go into \"parsed\"", f"0 go into \"parsed\", {MINUTES} were replayed before"):
        done = subprocess.run([place.binary, "replay", mended, "--into", "parsed", "--topology", place.folder / "topology.json", "--state", a.state],
                              capture_output=True, text=True, env=a.environment())
        if done.returncode != 0 or says not in done.stdout:
            raise Wrong(f"replay: expected {says!r}: {done.returncode} {done.stdout} {done.stderr}")
    p = a.start()
    a.wait(lambda: len(a.lines("rows.jsonl")) == 2 * MINUTES + 1, p)
    a.kill(p)
    p = a.start()
    # Open windows fire now, with the replayed records; the last window stays open.
    with (a.root / "in.jsonl").open("a") as f:
        f.write(line("12:00:00"))
    a.wait(lambda: len(a.lines("lenient.jsonl")) == MINUTES and len(a.lines("sliding.jsonl")) == MINUTES + 1
           and len(a.lines("strict.jsonl")) == MINUTES, p)
    a.stop(p)

    same(counts(a, "strict"), minutes(0, MINUTES - 1, 1) + minutes(MINUTES - 1, MINUTES, 2))
    same(counts(a, "lenient"), minutes(0, 1, 3) + minutes(1, MINUTES, 2))
    # The later one of the two windows of the record at 10:08:30 was open.
    same(counts(a, "sliding"), minutes(-1, 0, 1) + minutes(0, MINUTES - 2, 2) + minutes(MINUTES - 2, MINUTES - 1, 4) + minutes(MINUTES - 1, MINUTES, 2))
    same([json.loads(row)["t"] for row in a.lines("late.jsonl")], ["2021-04-24T10:00:05Z"])  # late by the lane, not by the shard
    check_ledger(a.name, a.report(), ended=False)
    stages = a.report()["stages"]
    records = 2 * MINUTES + 2  # parsed; the late one and that of 12:00 are two of them
    for stage, late, missed in (("strict", 1, MINUTES - 1), ("lenient", 0, 0), ("sliding", 1, MINUTES - 2)):
        same({k: stages[stage][k] for k in ("in", "out", "late", "late_at_shard")},
             {"in": records, "out": records - late, "late": late, "late_at_shard": missed})
    # Records that were missed at the shard are among `out`, and in no row: one more is in the window that is open.
    same(stages["strict"]["out"] - stages["strict"]["late_at_shard"], sum(c for _, c in counts(a, "strict")) + 1)
