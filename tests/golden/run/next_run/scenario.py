"""The batch that runs each hour: an ended topology takes later files and appended lines, each record once over kills; what has fired stays fired"""
from golden.millrace import Wrong, check_ledger, same

import collections
import json

FIVE, TEN = 5, 10  # minutes


class Oracle:
    """Counts by user and window; at the end of a run all windows up to the last one that fired are closed for good."""

    def __init__(self, size, slide):
        self.size, self.slide = size, slide
        self.closed, self.rows, self.missed, self.fired = -1, [], 0, []

    def run(self, records):
        """Makes lines of (user, minute, amount)."""
        counts = collections.Counter()
        for user, minute, amount in records:
            ends = [e for e in range(minute // self.slide * self.slide + self.slide, minute + self.size + 1, self.slide) if e > self.closed]
            if not ends:
                self.missed += 1
            for end in ends:
                counts[end, user] += amount
        self.fired = [(user, end, n) for (end, user), n in sorted(counts.items())]
        self.rows += self.fired
        self.closed = max([self.closed, *(end for _, end, _ in self.fired)])


def record(i, minute, second=0):
    return {"i": i, "u": f"u{i % 3}", "t": f"2021-04-24T{minute // 60:02}:{minute % 60:02}:{second:02}Z"}


def text(records):
    return "".join(json.dumps(r) + "\n" for r in records)


def minute_of(r):
    return int(r["t"][11:13]) * 60 + int(r["t"][14:16])


def windows(a, name):
    return sorted((r["u"], int(r["window_end"][11:13]) * 60 + int(r["window_end"][14:16]), r["n"]) for r in map(json.loads, a.lines(name)))


class Batch:
    def __init__(self, place, name, args=()):
        self.a, self.args = place.attempt(name), list(args)
        self.folder = self.a.root / "in"
        self.folder.mkdir()
        self.counts, self.sliding, self.tens = Oracle(FIVE, FIVE), Oracle(TEN, FIVE), Oracle(TEN, TEN)
        self.all = []

    def take(self, new, says="this one reads what is new", killed=True):
        """`new` was just added to the files: a run takes it, killed on the way; the next one finds nothing."""
        self.all += [r["i"] for r in new]
        records = [(r["u"], minute_of(r), 1) for r in new]
        self.counts.run(records)
        self.sliding.run(records)
        self.tens.run([(user, end - 1, n) for user, end, n in self.counts.fired])
        a = self.a
        if killed:
            a.run_killed([*self.args, "--set", f"stages.lines.rate={max(len(new), 100)}/s"])
        else:
            a.run(self.args, says=says)
        self.check()
        a.run(self.args, says=["has ended", "nothing new in"])
        if not a.place.is_on_nodes:
            a.run([*self.args, "--fail-on", "empty"], exit=1, says="no new record was read, which fails the run by --fail-on empty")
        self.check()

    def check(self):
        a = self.a
        same(sorted(json.loads(line)["i"] for line in a.lines("rows.jsonl")), sorted(self.all))
        same(sorted(dict(row)["i"] for row in a.table("rows")), sorted(self.all))
        same(windows(a, "counts.jsonl"), sorted(self.counts.rows))
        same(sorted((dict(row)["u"], dict(row)["n"]) for row in a.table("counts")), sorted((u, n) for u, _, n in self.counts.rows))
        same(windows(a, "sliding.jsonl"), sorted(self.sliding.rows))
        same(windows(a, "tens.jsonl"), sorted(self.tens.rows))

    def check_report(self):
        report = self.a.report()
        check_ledger(self.a.name, report)
        stages = report["stages"]
        same(stages["lines"]["in"], len(self.all))
        same(stages["counts"]["out"], len(self.all))
        same((stages["counts"]["late_at_shard"], stages["sliding"]["late_at_shard"]), (self.counts.missed, self.sliding.missed))
        same(stages["counts"]["rows"], len(self.counts.rows))


def hour(begin, count, minute):
    """One record each second from there on."""
    return [record(begin + n, minute + n // 60, n % 60) for n in range(count)]


def one_log(place, killed):
    b = Batch(place, "killed" if killed else "straight")
    first = hour(0, 400, 600)
    (b.folder / "10.jsonl").write_text(text(first[:300]))
    (b.folder / "11.jsonl").write_text(text(first[300:]))
    b.take(first, says="has ended", killed=killed)
    # A later file, and lines at the end of the last one; two records come for windows that have fired.
    more = [record(1000, 601), *hour(400, 300, 610), record(1001, 604)]
    with (b.folder / "11.jsonl").open("a") as f:
        f.write(text(more[:100]))
    (b.folder / "12.jsonl").write_text(text(more[100:]))
    b.take(more, killed=killed)
    # Files that were read may be taken away; the last one without a newline, ended later.
    for name in ("10.jsonl", "11.jsonl", "12.jsonl"):
        (b.folder / name).unlink()
    last = hour(2000, 200, 640)
    (b.folder / "13.jsonl").write_text(text(last).rstrip("\n"))
    b.take(last, killed=killed)
    tail = hour(3000, 50, 700)
    with (b.folder / "13.jsonl").open("a") as f:
        f.write("\n" + text(tail))
    b.take(tail, killed=killed)
    if not killed:
        same((b.counts.missed, b.sliding.missed), (2, 2))
    if not killed and not place.is_on_nodes:
        b.a.run(["--fresh", "--set", "stages.row_table=null", "--set", "stages.out_table=null"])
        same(len(b.a.lines("rows.jsonl")), 250)
    return b


def parallel(place):
    b = Batch(place, "parallel", ["--set", "stages.lines.parallel=true"])
    first = hour(0, 300, 600)
    (b.folder / "b.jsonl").write_text(text(first[:200]))
    (b.folder / "c.jsonl").write_text(text(first[200:]))
    b.take(first)
    more = hour(300, 300, 620)
    for name, part in (("a", more[:100]), ("b", more[100:200]), ("d", more[200:])):  # new, appended to, new
        with (b.folder / f"{name}.jsonl").open("a") as f:
            f.write(text(part))
    b.take(more)
    (b.folder / "d.jsonl").unlink()
    again = hour(600, 100, 640)
    for name, part in (("b", again[:50]), ("e", again[50:])):
        with (b.folder / f"{name}.jsonl").open("a") as f:
            f.write(text(part))
    b.take(again)


def what_comes_meanwhile(place):
    """A run that was killed takes what it began with; what has come since is the next one's."""
    b = Batch(place, "meanwhile")
    first, more, later = hour(0, 100, 600), hour(100, 300, 610), hour(400, 100, 620)
    (b.folder / "1.jsonl").write_text(text(first))
    b.take(first, says="has ended", killed=False)
    (b.folder / "2.jsonl").write_text(text(more))
    # It is killed long before its end, also on a busy machine: an ended run would have the next one take all that comes.
    b.a.run_until(lambda: b.a.lines_so_far("rows.jsonl") > 110, ["--set", "stages.lines.rate=20/s"])
    with (b.folder / "2.jsonl").open("a") as f:
        f.write(text(later[:50]))
    (b.folder / "3.jsonl").write_text(text(later[50:]))
    for part in (more, later):
        b.all += [r["i"] for r in part]
        records = [(r["u"], minute_of(r), 1) for r in part]
        b.counts.run(records)
        b.sliding.run(records)
        b.tens.run([(user, end - 1, n) for user, end, n in b.counts.fired])
        b.a.run()
        b.check()
    b.a.run(says="nothing new in")


def run(place):
    one_log(place, killed=False)
    one_log(place, killed=True)
    parallel(place)
    what_comes_meanwhile(place)
