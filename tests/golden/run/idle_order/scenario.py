"""Windows up to the greatest watermark fire if all partitions are idle, or have ended, in any order"""
from golden.millrace import check_ledger, same


def line(u, hm):
    return '{"u":"%s","t":"2021-04-24T%s:00Z"}\n' % (u, hm)


def row(u, n, hour):
    return '{"u":"%s","n":%d,"window_start":"2021-04-24T%02d:00:00Z","window_end":"2021-04-24T%02d:00:00Z"}' % (u, n, hour, hour + 1)


def begin(place, name, **files):
    a = place.attempt(name)
    for file in ("a", "b", "empty", "history"):
        (a.root / ("in-%s.jsonl" % file)).write_text(files.get(file, ""))
    return a


def settled(a, p, rows, lines):
    a.wait(lambda: len(a.lines("rows.jsonl")) == rows and len(a.lines("out.jsonl")) >= len(lines), p)
    same(a.lines("out.jsonl"), lines)


def over(a, p):
    a.stop(p)
    same(a.report()["stages"]["counts"]["late_at_shard"], 0)
    check_ledger(a.name, a.report(), ended=False)


def run(place):
    for name, last in (("a_is_last", "pa"), ("b_is_last", "pb")):
        a = begin(place, name, a=line("a", "00:30") + line("a", "03:30"), b=line("b", "00:10"))
        with_last = ["--set", "stages.%s.idle_timeout=900 ms" % last]
        p = a.start(with_last)
        first = [row("a", 1, 0), row("b", 1, 0)]
        settled(a, p, 3, first)
        # Both wake, the slower one first, and are silent again; also in another life.
        with (a.root / "in-b.jsonl").open("a") as f:
            f.write(line("b", "03:20"))
        settled(a, p, 4, first)
        a.kill(p)
        p = a.start(with_last)
        with (a.root / "in-a.jsonl").open("a") as f:
            f.write(line("a", "05:30"))
        settled(a, p, 5, first + [row("a", 1, 3), row("b", 1, 3)])
        over(a, p)

    a = begin(place, "ended", history=line("h", "00:30") + line("h", "03:30"))
    p = a.start()
    settled(a, p, 2, [row("h", 1, 0)])
    over(a, p)
