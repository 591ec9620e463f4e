"""The rows that count clicks of a file: beside the hand-written loop, and beside another topology of ours."""
import subprocess
import threading
import urllib.request

from table.harness import Failed, Row, middle, ratio

PARSED = {"parser": "json", "from": "clicks", "event_time": "timestamp", "watermark_delay": "1 minute",
          "schema": {"userid": "text",
                     "timestamp": {"type": "timestamp", "format": "%Y-%m-%d %H:%M:%S", "trailing": "ignore"}}}
COUNTS = {"window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["userid"], "aggregates": {"n": "count(*)"},
          "shards": 1}


def topology(source, out, counts=None, **top):
    columns = {"e": "extract(epoch from window_end)::bigint", "userid": "userid", "n": "n"}
    return {"millrace": 1, "topology": "bench", **top,
            "stages": {"clicks": source, "parsed": PARSED, "counts": {**COUNTS, **(counts or {})},
                       "rows": {"sink": "file", "from": "counts", "path": str(out), "format": "csv", "columns": columns}}}


def clicks_in(rows):
    """All clicks that CSV rows with the number last hold."""
    with open(rows, "rb") as lines:
        return sum(int(line.rsplit(b",", 1)[1]) for line in lines if line[:1].isdigit())


class Count:
    """Counts clicks of generated files with a topology; `kept`: every click must be in the rows; `partitions`: the
    clicks are dealt out to so many files; `cores`: all threads of the process share so many (none: what there are)."""

    def __init__(self, bench, name, users=10_000, threads=1, counts=None, kept=True, rate=None, partitions=1, cores=None,
                 **top):
        self.bench, self.name, self.users, self.threads = bench, name, users, threads
        self.partitions, self.cores = partitions, cores
        self.counts, self.kept, self.top = counts, kept, top
        self.rate = {"rate": f"{rate}/s"} if rate else {}
        self.last = None

    def use(self, n, *options):
        folder = self.bench.folder(self.name)
        if self.partitions == 1:
            source = {"source": "file", "path": str(self.bench.clicks(n, self.users))}
        else:
            source = {"source": "file", "path": self.bench.parts(n, self.partitions), "parallel": True}
        used = self.bench.run(topology({**source, **self.rate}, folder / "rows.csv", self.counts, **self.top), folder,
                              *options, threads=self.threads, cores=self.cores)
        if self.kept and (there := clicks_in(folder / "rows.csv")) != n:
            raise Failed(f"{self.name}: the rows hold {there} clicks of {n}")
        return used

    def cpu(self, large=None, small=None):
        figure, self.last = self.bench.marginal(self.use, large, small)
        return figure

    def wall(self):
        return self.bench.marginal(self.use, figure=lambda u: u.wall)[0]


class Loop:
    """The floor: a loop written by hand over simdjson's DOM, which validates every record as we do, or over On-Demand, which does not."""

    def __init__(self, bench, kind):
        self.bench, self.kind, self.last = bench, kind, None

    def use(self, n):
        used = self.bench.measured([self.bench.tool("file_count_bench"), self.kind, self.bench.clicks(n)], stderr=subprocess.DEVNULL)
        there = sum(int(line.rsplit(b",", 1)[1]) for line in used.out.splitlines())
        if there != n:
            raise Failed(f"the loop over {self.kind} counted {there} clicks of {n}")
        return used

    def cpu(self):
        figure, self.last = self.bench.marginal(self.use)
        return figure


def sides(pairs, theirs, ours, unit="CPU-s/M"):
    return f"{theirs} {middle([p[0] for p in pairs]):.3f}, {ours} {middle([p[1] for p in pairs]):.3f} {unit}"


def file_count(bench):
    """file -> parse -> 5-minute count -> rows, against the floor: a hand-written loop over simdjson's DOM"""
    ours, dom, ondemand = Count(bench, "file_count"), Loop(bench, "dom"), Loop(bench, "ondemand")
    rounds = bench.in_turn(dom.cpu, ours.cpu, ondemand.cpu)
    bench.peak = ours.last.rss
    pairs = [(d, o) for d, o, _ in rounds]
    bare = ratio([(l, o) for _, o, l in rounds], 0, "")
    return ratio(pairs, 0.8, f"{sides(pairs, 'DOM', 'millrace')}; On-Demand {middle([r[2] for r in rounds]):.3f}, a ratio of {bare.value:.2f} "
                             f"({bare.spread[0]:.2f} to {bare.spread[1]:.2f}); peak memory of the loop {dom.last.rss:.0f} MB")


def memory(bench):
    """peak RSS of the first row"""
    peak = getattr(bench, "peak", None) or Count(bench, "memory").use(bench.large).rss
    return Row(peak, None, "MB", 100, False, f"{bench.large} records")


def users(bench):
    """1 M users against 10 k users"""
    many, few = Count(bench, "users_many", 1_000_000), Count(bench, "users_few")
    pairs = bench.in_turn(few.cpu, many.cpu)
    bench.drop(bench.clicks(bench.small, 1_000_000))
    bench.drop(bench.clicks(bench.large, 1_000_000))
    return ratio(pairs, 0.6, sides(pairs, "10 k users", "1 M users") + "; most users once a window: 14 times the rows")


def keys(bench):
    """10 M keys against 1 k keys"""
    # A day's window that few keys pass: the table's cost, without that of ten million rows.
    wide = {"size": "1 day", "having": "count(*) > 20000000"}
    many = Count(bench, "keys_many", bench.keys, counts=wide, kept=False)
    few = Count(bench, "keys_few", 1_000, counts=wide, kept=False)
    pairs = bench.in_turn(few.cpu, many.cpu)
    rss = many.last.rss
    bench.drop(bench.clicks(bench.small, bench.keys))
    bench.drop(bench.clicks(bench.large, bench.keys))
    return ratio(pairs, 0.6, sides(pairs, "1 k keys", f"{bench.keys} keys") + f", peak {rss:.0f} MB")


def two_sides(bench, n, users):
    stages = {}
    for side, seed in (("left", 1), ("right", 2)):
        stages[f"{side}_file"] = {"source": "file", "path": str(bench.clicks(n, users, seed))}
        stages[side] = {**PARSED, "from": f"{side}_file"}
    return stages


def join(bench):
    """two files of clicks of 100 k users, paired by user in windows of 5 minutes, against a hash join written by hand over simdjson's DOM"""
    users, given = 100_000, {}

    def ours(n):
        folder = bench.folder("join")
        stages = two_sides(bench, n, users)
        time = "extract(epoch from {}.timestamp)::bigint"
        stages["pairs"] = {"join": "window", "left": "left", "right": "right", "key": "userid", "size": "5 minutes", "shards": 1,
                           "columns": {"e": "extract(epoch from window_end)::bigint", "userid": "userid", "l": time.format("l"), "r": time.format("r")}}
        stages["rows"] = {"sink": "file", "from": "pairs", "path": str(folder / "rows.csv"), "format": "csv"}
        used = bench.run({"millrace": 1, "topology": "bench", "stages": stages}, folder)
        given["ours", n] = (folder / "rows.csv").read_bytes().partition(b"\n")[2]
        return used

    def theirs(n):
        used = bench.measured([bench.tool("file_join_bench"), bench.clicks(n, users, 1), bench.clicks(n, users, 2)], stderr=subprocess.DEVNULL)
        given["theirs", n] = used.out
        return used
    large = min(bench.large, 1_000_000)
    pairs = bench.in_turn(lambda: bench.marginal(theirs, large, large // 5)[0], lambda: bench.marginal(ours, large, large // 5)[0])
    if given["ours", large] != given["theirs", large]:
        raise Failed(f"the two give different rows: {given['ours', large].count(10)} and {given['theirs', large].count(10)}")
    return ratio(pairs, 0.5, f"{sides(pairs, 'by hand', 'millrace')} of both sides' records; {given['ours', large].count(10)} rows of {2 * large} records, equal byte by byte")


def against_counts(bench, users, stage, what):
    """A stage over two files of clicks, against counts by user and minute of both."""
    given = {}

    def run(name, stage):
        def used(n):
            folder = bench.folder(name)
            stages = {**two_sides(bench, n, users), "given": {**stage, "key": "userid", "shards": 1},
                      "rows": {"sink": "file", "from": "given", "path": str(folder / "rows.csv"), "format": "csv"}}
            used = bench.run({"millrace": 1, "topology": "bench", "stages": stages}, folder)
            given[name, n] = (folder / "rows.csv").read_bytes().count(b"\n") - 1
            return used
        return used
    large = min(bench.large, 1_000_000)
    counted = run("counts", {"window": "tumbling", "from": ["left", "right"], "size": "1 minute", "aggregates": {"n": "count(*)"}})
    made = run("made", stage)
    pairs = bench.in_turn(lambda: bench.marginal(counted, large, large // 5)[0], lambda: bench.marginal(made, large, large // 5)[0])
    return ratio(pairs, 0.5, f"{sides(pairs, 'counted', 'given')} of both sides' records; {given['made', large]} {what} and {given['counts', large]} counts of {2 * large} records")


def interval_join(bench):
    """two files of clicks of 100 k users, each with the other file's of the next minute, against counts by user of both"""
    return against_counts(bench, 100_000, {"join": "interval", "left": "left", "right": "right", "before": "0 s", "after": "1 minute",
                                           "columns": {"userid": "userid", "l": "l.timestamp", "r": "r.timestamp"}}, "pairs")


def as_of_join(bench):
    """clicks with the last one of their user, of 1 M users, in another file, as its version, against counts by user of both"""
    return against_counts(bench, 1_000_000, {"join": "as_of", "left": "left", "right": "right", "how": "left",
                                             "columns": {"userid": "userid", "l": "l.timestamp", "r": "r.timestamp"}}, "rows")


def dedup(bench):
    """the first click of each of 100 k users in a minute, of two files, against counts by user of both"""
    return against_counts(bench, 100_000, {"window": "dedup", "from": ["left", "right"], "ttl": "1 minute"}, "first clicks")


def sliding(bench):
    """sliding 600 s / 1 s with a having that few pass, against tumbling"""
    having = {"having": "count(*) > 1000000"}
    slid = Count(bench, "sliding", counts={"window": "sliding", "size": "600 s", "slide": "1 s", **having}, kept=False)
    tumbled = Count(bench, "tumbling", counts={"size": "600 s", **having}, kept=False)
    pairs = bench.in_turn(tumbled.cpu, slid.cpu)
    return ratio(pairs, 0.4, sides(pairs, "tumbling", "sliding"))


def sliding_day(bench):
    """sliding 1 day / 1 s with a having that few pass, against 600 s / 1 s"""
    having = {"having": "count(*) > 1000000"}
    day = Count(bench, "sliding_day", counts={"window": "sliding", "size": "1 day", "slide": "1 s", **having}, kept=False)
    short = Count(bench, "sliding_short", counts={"window": "sliding", "size": "600 s", "slide": "1 s", **having}, kept=False)
    pairs = bench.in_turn(short.cpu, day.cpu)
    return ratio(pairs, 0.7, sides(pairs, "600 s", "1 day"))


def threads(bench):
    """two cores against one, four partitions"""
    one = Count(bench, "threads_1", counts={"shards": 4}, partitions=4, cores=1)
    two = Count(bench, "threads_2", threads=2, counts={"shards": 4}, partitions=4)
    pairs = bench.in_turn(one.wall, two.wall)
    for n in (bench.small, bench.large):
        bench.drop_parts(n, 4)
    return ratio(pairs, 1.7, sides(pairs, "one core", "two cores", "s/M by the wall clock"))


def snapshots(bench):
    """snapshot_every 1 second against off"""
    off = Count(bench, "snapshots_off", snapshot_every="off")
    on = Count(bench, "snapshots_on", snapshot_every="1 second")
    pairs = bench.in_turn(off.cpu, on.cpu)
    return ratio(pairs, 0.95, sides(pairs, "off", "1 second"))


def pause(bench):
    """longest pause of a shard for a snapshot, p99"""
    port = bench.free_port()
    buckets, done = {}, threading.Event()

    def watch():
        while not done.wait(0.1):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=1) as answer:
                    text = answer.read().decode()
            except OSError:
                continue
            for line in text.splitlines():
                if line.startswith("millrace_snapshot_pause_seconds_bucket"):
                    buckets[float(line.split('le="')[1].split('"')[0].replace("+Inf", "inf"))] = float(line.rsplit(" ", 1)[1])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        # The rate is limited, so that there are snapshots enough
        Count(bench, "pause", snapshot_every="1 second", rate=max(150_000, bench.large // 40)).use(bench.large, "--http", f"127.0.0.1:{port}")
    finally:
        done.set()
        watcher.join()
    total = buckets.get(float("inf"), 0)
    if total == 0:
        raise Failed("no snapshot was seen; give more --records")
    p99 = min(le for le, count in buckets.items() if count >= 0.99 * total)
    return Row(p99 * 1e3, None, "ms", 1, False, f"at most, of {total:.0f} snapshots, one shard")
