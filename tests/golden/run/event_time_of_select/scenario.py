"""An event time of a select with unnest gives the rows, late rows and dead letters that two topologies give, over kills: one that makes a
record of each element, one that reads these by their time. A record of which an element has no time that can be trusted is one dead letter"""
import datetime
import json
import random

from golden.millrace import Wrong, check_ledger, same

BAD = 7  # every so many records has an element whose time is missing or absurd
RECORDS = 400
FILES = ("rows.jsonl", "sessions.jsonl", "late.jsonl", "late_too.jsonl")


def records(rng):
    now = datetime.datetime(2021, 4, 24, 10, tzinfo=datetime.timezone.utc)
    number = 0
    for n in range(RECORDS):
        ticks = []
        for _ in range(rng.choice([0, 1, 1, 2, 3, 8])):
            now += datetime.timedelta(milliseconds=rng.randrange(800))
            at = now - datetime.timedelta(seconds=rng.choice([0, 0, 1, 3, 8, 20, 40]))
            number += 1
            ticks.append({"at": at.isoformat(), "k": rng.choice("abc"), "n": number})
        if n % BAD == BAD - 1:
            ticks.insert(rng.randrange(len(ticks) + 1), {"at": rng.choice([None, "2031-01-01T00:00:00Z"]), "k": "bad", "n": 0})
        yield {"id": n, "ticks": ticks}


def is_bad(line):
    return json.loads(line)["id"] % BAD == BAD - 1


def run(place):
    rng = random.Random(place.random.random())
    lines = [json.dumps(r) + "\n" for r in records(rng)]
    a = place.attempt("one_step")
    (a.root / "input.jsonl").write_text("".join(lines))
    a.run_killed(["--set", "stages.lines.rate=800/s"])
    straight = place.attempt("straight")
    (straight.root / "input.jsonl").write_text("".join(lines))
    straight.run(["--set", "stages.counts.shards=3"])

    first = place.attempt("first_step")
    (first.root / "input.jsonl").write_text("".join(line for line in lines if not is_bad(line)))
    first.run(["--with", place.folder / "first_step.json"])
    second = place.attempt("second_step")
    (second.root / "input.jsonl").write_text("".join(line + "\n" for line in first.lines("elements.jsonl")))
    second.run(["--with", place.folder / "second_step.json"])
    for file in FILES:
        same(a.lines(file), second.lines(file))
        same(straight.lines(file), second.lines(file))
        if not a.lines(file):
            raise Wrong(f"{file} is empty")
    bad = [n for n in range(RECORDS) if n % BAD == BAD - 1 and n % 11 != 0]
    letters = a.dead_letters()
    same(sorted(json.loads(d["record"])["id"] for d in letters), bad)
    same({d["stage"] for d in letters}, {"ticks"})
    if not all("no event time in column \"at\"" in d["error"] or "is later than max_event_time" in d["error"] for d in letters):
        raise Wrong(f"other errors: {letters}")
    same([json.loads(line)["records"] for line in a.lines("total.jsonl")], [RECORDS])
    for each in (straight, second):
        check_ledger(each.name, each.report())
    ledger, other = straight.report()["stages"], second.report()["stages"]
    same(ledger["ticks"]["dead_letters"], len(bad))
    for stage in ("counts", "sessions"):
        same({k: ledger[stage][k] for k in ("in", "out", "late", "filtered", "rows")}, {k: other[stage][k] for k in ("in", "out", "late", "filtered", "rows")})
