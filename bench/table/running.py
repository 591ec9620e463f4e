"""The rows about a process that runs on: how soon a window's rows can be read, and how soon after a kill."""
import json
import signal
import subprocess
import time

from table.harness import Failed, Row, need
from table.servers import new_topic


WINDOW_MS = 50  # 2,000 windows in the default of 100 s: one in a thousand is two of them


def latency_topology(source, out, fsync, size="1 s"):
    return {"millrace": 1, "topology": "bench", "commit_every": "0 s",
            "stages": {"clicks": source,
                       "parsed": {"parser": "json", "from": "clicks", "event_time": "at",
                                  "schema": {"userid": "text", "at": {"type": "timestamp", "format": "epoch_us"}}},
                       "counts": {"window": "tumbling", "size": size, "from": "parsed", "key": ["userid"],
                                  "aggregates": {"n": "count(*)"}, "shards": 1},
                       "rows": {"sink": "file", "from": "counts", "path": str(out), "format": "csv", "fsync": fsync,
                                "columns": {"e": "(extract(epoch from window_end) * 1000000)::bigint", "userid": "userid",
                                            "n": "n"}}}}


def measure(bench, source, place, fsync, options=(), once_started=lambda: None):
    """`once_started` is called while the run waits for its records."""
    folder = bench.folder("latency")
    if place[0] == "file":
        open(place[1], "wb").close()
    rows = folder / "rows.csv"
    plan = latency_topology(source, rows, fsync, f"{WINDOW_MS} ms")
    process = subprocess.Popen([str(c) for c in bench.start(plan, folder, *options, threads=2)],
                               stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)  # it waits for records then
        once_started()
        used = bench.measured([bench.tool("latency_bench"), rows, bench.latency_rate, 1000, WINDOW_MS, bench.seconds, *place])
    finally:
        process.terminate()
        process.wait()
    return json.loads(used.out)


def tail_of(figures):
    return f"p99 {figures['p99_ms']:.2f}, p99.9 {figures['p999_ms']:.2f}, max {figures['max_ms']:.2f} ms"


def latency(bench):
    """latency of windows of 50 ms at 100 k records/s from a followed file, p50 (p99 at most 3 ms)"""
    place = bench.work / "followed.jsonl"
    source = {"source": "file", "path": str(place), "follow": True}
    found = {}
    for fsync in (False, True):
        found[fsync] = measure(bench, source, ("file", place), fsync)
        bench.drop(place)
    f, d = found[False], found[True]
    return Row(f["p50_ms"], None, "ms", 1, False, f"{tail_of(f)}; with fsync p50 {d['p50_ms']:.2f}, {tail_of(d)}",
               n=f["windows"], second=f["p99_ms"] <= 3)


def latency_kafka(bench):
    """the same through Kafka, from before the record is produced, p50 (p99 at most 3 ms)"""
    brokers = need("KAFKA_BROKERS", "kafka")
    topic = new_topic(bench, "floor")
    # The time of the broker and any two clients: a bare consumer waits for the record that closes the window.
    floor = json.loads(bench.measured([bench.tool("latency_bench"), "-", bench.latency_rate, 1000, WINDOW_MS, bench.seconds, "bare",
                                       brokers, topic]).out)
    topic = new_topic(bench, "latency")
    f = measure(bench, {"source": "kafka", "brokers": brokers, "topic": topic}, ("kafka", brokers, topic), False)
    return Row(f["p50_ms"], None, "ms", 1, False,
               f"{tail_of(f)}; a bare producer and consumer alone p50 {floor['p50_ms']:.2f}, {tail_of(floor)}",
               n=f["windows"], second=f["p99_ms"] <= 3)


class OpenWindows:
    """A thousand windows of a second with a thousand users each, all kept open by an hour's delay; a record an hour and some seconds later
    closes the next one."""
    WINDOWS, USERS, HOUR, SECOND = 1000, 1000, 3_600_000_000, 1_000_000
    BASE = 1_700_000_000 * SECOND

    def __init__(self, folder, shards):
        self.lines, self.rows = folder / "in.jsonl", folder / "rows.csv"
        self.plan = latency_topology({"source": "file", "path": str(self.lines), "follow": True}, self.rows, True)
        self.plan["stages"]["parsed"]["watermark_delay"] = "1 hour"
        self.plan["stages"]["counts"]["shards"] = shards
        with open(self.lines, "w") as out:
            for i in range(self.WINDOWS * self.USERS):
                out.write('{"userid":"user%07d","at":%d}\n' % (i, self.BASE + i * self.SECOND // self.USERS))

    def keys(self, closed):
        """Counts the windows that are open once this many are closed."""
        return (self.WINDOWS - closed) * self.USERS

    def rows_of(self, window):
        return [f"{self.BASE + (window + 1) * self.SECOND},user{window * self.USERS + u:07},1" for u in range(self.USERS)]

    def close(self, window):
        with open(self.lines, "a") as out:
            out.write('{"userid":"last","at":%d}\n' % (self.BASE + (window + 1) * self.SECOND + self.HOUR))


def recovery(bench):
    """kill -9 to the first correct new row, 1 M keys of state"""
    folder = bench.folder("recovery")
    state = OpenWindows(folder, 4)
    rows, plan = state.rows, state.plan
    plan["stages"]["rows"]["order_by"] = "userid"
    port = bench.free_port()
    command = [str(c) for c in bench.start(plan, folder, "--http", f"127.0.0.1:{port}", threads=2)]
    took = []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for i in range(bench.rounds):
            wait_for(lambda: bench.metric(port, "millrace_keys") >= state.keys(i), 300, "the million keys")
            time.sleep(3)  # all state is in snapshots
            seen = rows.stat().st_size if rows.exists() else 0
            wanted = "".join(f"{row}\n" for row in state.rows_of(i))
            wanted = ("e,userid,n\n" if seen == 0 else "") + wanted
            begun = time.monotonic()
            process.send_signal(signal.SIGKILL)
            process.wait()
            state.close(i)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            wait_for(lambda: rows.exists() and rows.stat().st_size > seen, 60, "the next rows", 0.002)
            took.append(time.monotonic() - begun)
            wait_for(lambda: rows.stat().st_size >= seen + len(wanted), 60, "the window's other rows", 0.01)
            if (found := tail(rows, seen).decode()) != wanted:
                raise Failed(f"behind the kill came {found[:200]!r}, expected {wanted[:200]!r}")
    finally:
        process.kill()
        process.wait()
    took.sort()
    return Row(took[len(took) // 2], (took[0], took[-1]), "s", 1, False,
               f"{state.keys(0)} keys in {state.WINDOWS} windows, 4 shards", n=len(took))


def tail(path, begin):
    with open(path, "rb") as file:
        file.seek(begin)
        return file.read()


def wait_for(there, seconds, what, pause=0.25):
    until = time.monotonic() + seconds
    while not there():
        if time.monotonic() > until:
            raise Failed(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)
