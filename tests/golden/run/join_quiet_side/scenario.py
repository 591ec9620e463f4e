"""A quiet side of a join holds back every row, pairs too, unless its parser has idle_timeout; a side that has ended holds back none"""
from golden.millrace import check_ledger, same

import time

RIGHT = "--set", "stages.views.idle_timeout=700 ms"


def line(user, n, hms):
    return '{"u":"%s","n":%d,"t":"2021-04-24T%sZ"}\n' % (user, n, hms)


def row(user, left, right, start):
    shown = ["null" if n is None else str(n) for n in (left, right)]
    return '{"u":"%s","l":%s,"r":%s,"start":"2021-04-24T%s:00Z"}' % (user, *shown, start)


def begin(place, name, left, right):
    a = place.attempt(name)
    (a.root / "in-left.jsonl").write_text("".join(left))
    (a.root / "in-right.jsonl").write_text("".join(right))
    return a


def append(a, side, text):
    with (a.root / ("in-%s.jsonl" % side)).open("a") as f:
        f.write(text)


LEFT = [line("ann", 1, "10:00:00"), line("bob", 2, "10:01:00"), line("ann", 3, "10:06:00"), line("end", 0, "10:11:00")]
VIEWS = [line("ann", 7, "10:02:00")]
FIRST = [row("ann", 1, 7, "10:00"), row("bob", 2, None, "10:00"), row("ann", 3, None, "10:05")]


def run(place):
    # The left side is at 10:11 and the right one at 10:02: the pair of 10:02 waits, too.
    a = begin(place, "waiting", LEFT, VIEWS)
    p = a.start()
    a.wait(lambda: len(a.lines("rows.jsonl")) == 5, p)
    time.sleep(1.5)
    same(a.lines("out.jsonl"), [])
    append(a, "right", line("bob", 8, "10:06:00"))
    a.wait(lambda: len(a.lines("out.jsonl")) == 2, p)
    same(a.lines("out.jsonl"), FIRST[:2])
    a.stop(p)
    same(a.report()["stages"]["both"]["late_at_shard"], 0)
    check_ledger(a.name, a.report(), ended=False)

    # With idle_timeout the left side goes on alone. A row that the right one then brings, for a window that has fired, is late there.
    a = begin(place, "idle", LEFT, VIEWS)
    p = a.start(RIGHT)
    a.wait(lambda: len(a.lines("out.jsonl")) == 3, p)
    same(a.lines("out.jsonl"), FIRST)
    a.kill(p)
    append(a, "right", line("bob", 8, "10:03:00"))
    append(a, "left", line("ann", 5, "10:12:00") + line("end", 0, "10:16:00"))
    p = a.start(RIGHT)
    a.wait(lambda: len(a.lines("out.jsonl")) == 5, p)
    same(a.lines("out.jsonl"), [*FIRST, row("ann", 5, None, "10:10"), row("end", 0, None, "10:10")])
    a.stop(p)
    same(a.report()["stages"]["both"]["late_at_shard"], 1)
    check_ledger(a.name, a.report(), ended=False)

    # A side that has ended is waited for no longer.
    a = begin(place, "ended", LEFT, VIEWS)
    p = a.start(["--set", "stages.right_lines.follow=false"])
    a.wait(lambda: len(a.lines("out.jsonl")) == 3, p)
    same(a.lines("out.jsonl"), FIRST)
    a.stop(p)
    same(a.report()["stages"]["both"]["late_at_shard"], 0)
    check_ledger(a.name, a.report(), ended=False)
