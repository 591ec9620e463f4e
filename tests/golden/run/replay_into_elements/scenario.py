"""A record that is replayed into a select with an event time, or into a stage downstream of it, has the times of its elements: they count in the
windows that are open, once, and in no stage that had them before"""
import json
import subprocess

from golden.millrace import Wrong, check_ledger, same


def record(number, *ticks):
    return json.dumps({"id": number, "ticks": [{"at": at and f"2021-04-24T{at}Z", "n": n} for at, n in ticks]}) + "\n"


def counts(attempt, sink):
    return [(row["window_start"][11:16], *(row[c] for c in ("c", "sum") if c in row)) for row in map(json.loads, attempt.lines(f"{sink}.jsonl"))]


def replay(place, a, letters):
    done = subprocess.run([place.binary, "replay", letters, "--into", "parsed", "--topology", place.folder / "topology.json", "--state", a.state],
                          capture_output=True, text=True, env=a.environment())
    if done.returncode != 0 or "1 goes into \"parsed\"" not in done.stdout:
        raise Wrong(f"replay: {done.returncode} {done.stdout} {done.stderr}")


def run(place):
    a = place.attempt("elements")
    (a.root / "in.jsonl").write_text(
        record(1, ("10:00:00", "1"), ("10:00:30", "2"))
        + record(2, ("10:00:10", "3"), (None, "4"))  # no time: ticks
        + record(3, ("10:00:20", "6"), ("10:01:10", "five"))  # no number: numbers
        + record(4, ("10:05:00", "7")))
    p = a.start()
    a.wait(lambda: len(a.lines("rows.jsonl")) == 5 and len(a.dead_letters()) == 2 and len(a.lines("strict.jsonl")) == 2, p)
    a.stop(p)
    same({d["stage"]: json.loads(d["record"])["id"] for d in a.dead_letters()}, {"ticks": 2, "numbers": 3})

    for letter in a.dead_letters():
        mended = a.root / f"{letter['stage']}.jsonl"
        mended.write_text(json.dumps({**letter, "record": letter["record"].replace("null", '"2021-04-24T10:05:30Z"').replace("five", "5")}) + "\n")
        replay(place, a, mended)
    p = a.start()
    a.wait(lambda: len(a.lines("rows.jsonl")) == 7, p)
    a.kill(p)
    p = a.start()
    with (a.root / "in.jsonl").open("a") as f:
        f.write(record(5, ("12:00:00", "8")))
    a.wait(lambda: len(a.lines("lenient.jsonl")) == 3 and len(a.lines("strict.jsonl")) == 3, p)
    a.stop(p)

    same(counts(a, "lenient"), [("10:00", 4, 12), ("10:01", 1, 5), ("10:05", 2, 11)])
    # The minute of 10:00 of record 2 had fired. Record 3 was there in time, and does not come again.
    same(counts(a, "strict"), [("10:00", 3), ("10:01", 1), ("10:05", 2)])
    same([json.loads(line)["id"] for line in a.lines("records.jsonl")], [1, 2, 3, 4, 5])
    check_ledger(a.name, a.report(), ended=False)
    same(a.report()["stages"]["strict"]["late_at_shard"], 1)
