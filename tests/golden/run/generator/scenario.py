"""Generated clicks: the record is a function of its number, and the epoch of the first start stays, however often it is killed"""
import json

from golden.millrace import Wrong, same
from golden.oracle import micros


def check(a):
    raw = [json.loads(line) for line in a.lines("raw.jsonl")]
    clicks = [json.loads(r["raw"]) for r in raw]
    same(len(clicks), 3000)
    same([json.loads(line) for line in a.lines("total.jsonl")], [{"n": 3000, "empty": sum(c["userid"] == "" for c in clicks)}])
    same(sum(json.loads(line)["n"] for line in a.lines("rows.jsonl")), 3000)
    return [{k: v for k, v in c.items() if k != "timestamp"} for c in clicks]


def run(place):
    a, b = place.attempt("straight"), place.attempt("killed")
    a.run()
    b.run_killed(["--set", "stages.clicks.rate=2999/s"])
    same(check(b), check(a))
    times = [micros(json.loads(line)["at"]) for line in b.lines("raw.jsonl")]
    if times != sorted(times) or len(set(times)) != 3000:
        raise Wrong("timestamps do not ascend: the epoch has changed between lives")
    # Another rate would be other event times.
    c = place.attempt("changed")
    c.run_until(lambda: c.lines_so_far("raw.jsonl") >= 100, ["--set", "stages.clicks.rate=300/s"])
    c.run(["--set", "stages.clicks.rate=10/s"], exit=2, says=["rate are not those", "--fresh"])
    c.run(["--set", "stages.clicks.seed=8"], exit=2, says=["--fresh"])
