"""An event time by an expression gives the rows, late rows and dead letters that a topology in two steps gives: one that computes the column, one that
reads it. Over kills; for a nested number in quotes, and for a date and a local time in two columns"""
import datetime
import json
import random
import zoneinfo

from golden.millrace import Wrong, check_ledger, same

ZONE = "Europe/Paris"
EXPRESSIONS = {
    "nested": "to_timestamp(payload.ts_ms::bigint / 1000.0)",
    "joined": f"(day || ' ' || hour)::timestamp at time zone '{ZONE}'",
}
BAD = 7  # every so many records has no time that can be read


def records(rng):
    now = datetime.datetime(2021, 3, 28, 0, 59, 30, tzinfo=datetime.timezone.utc)  # clocks go forward soon
    for n in range(600):
        now += datetime.timedelta(milliseconds=rng.randrange(800))
        at = now - datetime.timedelta(seconds=rng.choice([0, 0, 1, 3, 8, 20]))
        local = at.astimezone(zoneinfo.ZoneInfo(ZONE))
        bad = n % BAD == BAD - 1
        yield {"payload": {"ts_ms": None if bad else str(round(at.timestamp() * 1000))}, "day": "nowhere" if bad else local.strftime("%Y-%m-%d"),
               "hour": local.strftime("%H:%M:%S.%f")[:-3], "k": rng.choice("abc"), "n": n}


def run(place):
    rng = random.Random(place.random.random())
    text = "".join(json.dumps(r) + "\n" for r in records(rng))
    for name, expression in EXPRESSIONS.items():
        a = place.attempt(name)
        (a.root / "input.jsonl").write_text(text)
        set_time = ["--set", f"stages.parsed.event_time={expression}"]
        a.run_killed(["--set", "stages.lines.rate=2000/s", *set_time])
        two = place.attempt(name + "_in_two_steps")
        (two.root / "input.jsonl").write_text("".join(line + "\n" for line in a.lines("first.jsonl")))
        two.run(["--set", "stages.first=null"])
        for file in ("rows.jsonl", "late.jsonl"):
            same(a.lines(file), two.lines(file))
        if not a.lines("late.jsonl"):
            raise Wrong("no record is late")
        same(sorted(json.loads(d["record"])["n"] for d in a.dead_letters()), list(range(BAD - 1, 600, BAD)))
        same(all(expression in d["error"] for d in a.dead_letters()), True)
        check_ledger(two.name, two.report())
