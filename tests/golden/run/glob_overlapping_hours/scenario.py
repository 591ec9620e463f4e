"""Late records of files of the same hours that are one log: "parallel" is named as the remedy, and is not mixed with what was read so"""
import json

from golden.millrace import same

HOURS = 24
PARALLEL = ["--set", "stages.lines.parallel=true"]
REMEDY = '"parallel": true of lines, begun anew'


def write(a):
    for name in ("a", "b"):
        (a.root / f"in-{name}.jsonl").write_text("".join(json.dumps({"u": name, "t": f"2021-04-24T{h:02}:30:00Z"}) + "\n" for h in range(HOURS)))


def late(a):
    return a.report()["stages"]["counts"]["late"]


def run(place):
    a = place.attempt("one_log")
    write(a)
    a.run(says=[REMEDY])
    same(late(a), HOURS - 1)
    a.run(PARALLEL, says=["nothing is left to do (--fresh runs it again)"])
    a.run([*PARALLEL, "--fresh"])
    same((late(a), len(a.lines("out.jsonl"))), (0, 2 * HOURS))

    for name, before, after, says in (("one_log_half_read", [], PARALLEL, 'leave "parallel" out'),
                                      ("files_half_read", PARALLEL, [], 'put "parallel": true back')):
        a = place.attempt(name)
        write(a)
        out = a.out / "out.jsonl"
        a.run_until(lambda: out.exists() and out.stat().st_size > 0, [*before, "--set", "stages.lines.rate=20/s"])
        a.run(after, exit=2, says=["its files were read", says, "--fresh"])
        a.run(before)
        same(a.report()["stages"]["lines"]["in"], 2 * HOURS)
