"""A partition without records holds windows back, unless it is idle for longer than idle_timeout; what then comes late is counted"""
from golden.millrace import Wrong, check_ledger, same

import time


def line(u, hms):
    return '{"u":"%s","t":"2021-04-24T%sZ"}\n' % (u, hms)


def row(u, n, start, end):
    return '{"u":"%s","n":%d,"window_start":"2021-04-24T%s:00Z","window_end":"2021-04-24T%s:00Z"}' % (u, n, start, end)


def run(place):
    a = place.attempt("waiting")
    (a.root / "in-a.jsonl").write_text(line("a", "10:00:00") + line("a", "10:06:00") + line("a", "10:11:00"))
    (a.root / "in-b.jsonl").write_text(line("b", "10:01:00"))
    p = a.start(["--set", "stages.pa.idle_timeout=off", "--set", "stages.pb.idle_timeout=off"])
    a.wait(lambda: len(a.lines("rows.jsonl")) == 4, p)
    time.sleep(1.5)
    same(a.lines("out.jsonl"), [])
    a.stop(p)

    a = place.attempt("idle")
    fed = {}

    def feed(hms):
        with (a.root / "in-a.jsonl").open("a") as f:
            f.write(line("a", hms))
        fed[hms] = fed.get(hms, 0) + 1

    def feeding(hms, until):
        # Were both without records, none would say how far the time is.
        def step():
            feed(hms)
            time.sleep(0.1)
            return until()
        return step

    feed("10:00:00")
    feed("10:06:00")
    (a.root / "in-b.jsonl").write_text(line("b", "10:01:00"))
    p = a.start()
    a.wait(feeding("10:11:00", lambda: len(a.lines("out.jsonl")) >= 3), p)
    want = [row("a", 1, "10:00", "10:05"), row("b", 1, "10:00", "10:05"), row("a", 1, "10:05", "10:10")]
    same(a.lines("out.jsonl"), want)
    a.kill(p)
    p = a.start()
    a.wait(feeding("10:16:00", lambda: len(a.lines("out.jsonl")) >= 4), p)
    want.append(row("a", fed["10:11:00"], "10:10", "10:15"))
    same(a.lines("out.jsonl"), want)
    with (a.root / "in-b.jsonl").open("a") as f:
        f.write(line("b", "10:02:00"))
    a.wait(lambda: len(a.lines("rows.jsonl")) == 2 + 2 + fed["10:11:00"] + fed["10:16:00"], p)
    a.stop(p)
    same(a.lines("out.jsonl"), want)
    same(a.report()["stages"]["counts"]["late_at_shard"], 1)
    check_ledger(a.name, a.report(), ended=False)
