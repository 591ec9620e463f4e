#!/usr/bin/env -S python3 -B
"""Memory is bounded by what was configured, not by how long something lasts or how far it lies apart.

    memory.py --millrace BINARY [--only CASE] [--seconds 60] [--retain "60 MB"] [--keys 300000] [--clicks 100000]

slow_sink    a table that takes a hundredth of what the source gives, beside a file that takes all: once output is spilled the memory
             stays flat, also when `retain` is used up and the stage stalls; SIGTERM ends it in finite time, every row comes at most once.
week_apart   two partitions a week apart: with `max_drift` few windows are open, and the memory is that of two that run abreast.
fan_out      a record gives sixty rows and a frame fires tens of windows: memory and state folder hold what `retain_memory` says, whatever
             the length, and every row comes once.
many_keys    bytes of memory and of the state folder for each key, and how long a start with them takes.

slow_sink needs POSTGRES_URL.
"""
import contextlib
import json
import pathlib
import re
import subprocess
import time

from real_systems import PATIENCE, PostgreSQL, Run, Wrong, check, free_port, main, metric, needed, topology_file, unique, wait_until
from soak_samples import sizes_in

MB = 1_000_000
RATE = 20_000
PER_ROW = 1 / (RATE / 100)  # seconds


class Job:
    def __init__(self, options, folder, name, stages, env=None):
        self.binary, self.folder, self.env = options.millrace, folder, env
        self.address = f"127.0.0.1:{free_port()}"
        self.path = topology_file(folder / f"{name}.json", name, stages)
        self.state = folder / f"{name}.state"

    def start(self, *more):
        return Run(self.binary, self.path, self.state, "--http", self.address, *more, env=self.env)

    def metric(self, name, label=""):
        return metric(self.address, name, label)


def slow_sink(options, folder):
    postgres = PostgreSQL(*needed("POSTGRES_URL"), unique("slow"))
    postgres.create()
    postgres.do("create table counts (e bigint, k text, n bigint);"
                f"create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep({PER_ROW}); return new; end $$;"
                "create trigger slow before insert on counts for each row execute function slow()")
    with open(folder / "in.jsonl", "w") as out:  # as many rows as records; more than are read in that time
        out.writelines(f'{{"k":"user-{i:09}-{"x" * 40}","at":{i * 1000 // RATE}}}\n' for i in range(int(RATE * (options.seconds + 60))))
    columns = {"e": "(extract(epoch from window_end) * 10)::bigint", "k": "k", "n": "n"}
    job = Job(options, folder, "slow_sink", {
        "clicks": {"source": "file", "path": f"{folder}/in.jsonl", "rate": f"{RATE}/s"},
        "parsed": {"parser": "json", "from": "clicks", "event_time": "at",
                   "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_ms"}}},
        "counts": {"window": "tumbling", "size": "100 ms", "from": "parsed", "key": ["k"], "aggregates": {"n": "count(*)"},
                   "shards": 2, "retain_memory": "16 MB", "retain": options.retain},
        "rows": {"sink": "file", "from": "counts", "path": f"{folder}/rows.jsonl", "columns": columns, "fsync": False},
        "table": {"sink": "sql", "from": "counts", "connection": "${SLOW_URL}", "table": "counts", "columns": columns}},
        {"SLOW_URL": postgres.url})
    running, began, seen = job.start(), time.monotonic(), []
    wait_until("output is spilled", lambda: job.metric("millrace_spilled_bytes") > 0)
    wait_until("a row is in the table", lambda: job.metric("millrace_sink_rows_total", '"table"') > 0)
    warm = time.monotonic() + 5
    stalled_after = None
    while time.monotonic() < max(began + options.seconds, warm + 20):
        time.sleep(0.5)
        running.check_alive()
        if stalled_after is None and job.metric("millrace_stalled") > 0:
            stalled_after = time.monotonic() - began
        if time.monotonic() > warm:
            seen.append(running.memory_mb())
    check(len(seen) >= 9, f"only {len(seen)} samples")
    third = len(seen) // 3
    first, last = max(seen[:third]), max(seen[-third:])
    spilled = job.metric("millrace_spilled_bytes") / MB
    in_file, in_table = (job.metric("millrace_sink_rows_total", f'"{name}"') for name in ("rows", "table"))
    check(last <= first * 1.1 + 10, f"the memory grows: {first:.0f} MB in the first third, {last:.0f} MB in the last")
    began = time.monotonic()
    running.stop()
    ending = time.monotonic() - began
    rows, different = postgres.do("select count(*), count(distinct (e, k)) from counts").strip().split("|")
    check(rows == different, f"{rows} rows in the table, only {different} of them different")
    postgres.drop()
    stalled = "it never stalled" if stalled_after is None else f"stalled first after {stalled_after:.0f} s"
    print(f"ok      slow_sink: {options.seconds:.0f} s, {in_file:.0f} rows into the file, {in_table:.0f} into the table, {spilled:.0f} MB "
          f"spilled, {stalled}; memory at most {first:.0f} MB in the first third after the warm-up, {last:.0f} MB in the last; "
          f"ended within {ending:.0f} s", flush=True)


def week_apart(options, folder):
    """The same records, the second partition as late as the first or a week later; each an hour of event time a window."""
    week, records, found = 7 * 86400, 300_000, {}
    for name, offset, drift in (("abreast", 0, {}), ("held", week, {"max_drift": "2 hours"}), ("free", week, {})):
        (folder / name).mkdir()
        for part, start in (("a", 0), ("b", offset)):
            with open(folder / name / f"{part}.jsonl", "w") as out:  # four weeks
                out.writelines(f'{{"k":"user-{i % 5000}","at":{start + i * 4 * week // records}}}\n' for i in range(records))
        job = Job(options, folder, name, {
            "in": {"source": "file", "path": f"{folder}/{name}/*.jsonl", "parallel": True, "rate": "60000/s", **drift},
            "parsed": {"parser": "json", "from": "in", "event_time": "at",
                       "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}},
            "counts": {"window": "tumbling", "size": "1 hour", "from": "parsed", "key": ["k"], "aggregates": {"n": "count(*)"}},
            "rows": {"sink": "file", "from": "counts", "path": f"{folder}/{name}-rows.jsonl", "fsync": False}})
        running, memory, windows = job.start(), 0.0, 0.0
        while running.alive():
            time.sleep(0.1)
            with contextlib.suppress(Wrong):  # it is not up yet, or just over
                windows = max(windows, job.metric("millrace_windows_open"))
                memory = max(memory, running.memory_mb())
        running.expect(0)
        check(windows > 0, f"{name}: its windows were never seen")
        rows = [json.loads(line) for line in (folder / f"{name}-rows.jsonl").read_text().splitlines()]
        check(sum(r["n"] for r in rows) == 2 * records, f"{name}: the rows count {sum(r['n'] for r in rows)} of {2 * records} records")
        found[name] = (memory, windows)
    text = "; ".join(f"{name} {memory:.0f} MB, {windows:.0f} windows" for name, (memory, windows) in found.items())
    check(found["held"][1] < found["free"][1] / 4, f"`max_drift` does not bound the windows: {text}")
    check(found["held"][0] < found["abreast"][0] * 1.3 + 10, f"a week apart takes more memory: {text}")
    print(f"ok      week_apart: {text}", flush=True)


def folder_size(folder):
    return sum(sizes_in(pathlib.Path(folder)))


def settle(folder):
    """Waits until it has not changed for some time: the last snapshot is written."""
    last = []

    def is_still():
        now = sorted((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in folder.rglob("*") if f.is_file())
        if not last or last[0][1] != now:
            last[:] = [(time.monotonic(), now)]
        return time.monotonic() - last[0][0] > PATIENCE * 3 / 4

    wait_until("the state is at rest", is_still)


def many_keys(options, folder):
    def keys_of(count):
        file = folder / f"{count}.jsonl"
        with open(file, "w") as out:
            out.writelines(f'{{"k":"user-{i:09}"}}\n' for i in range(count))
        job = Job(options, folder, f"keys_{count}", {
            "in": {"source": "file", "path": str(file), "follow": True},
            "parsed": {"parser": "json", "from": "in", "schema": {"k": "text"}},
            "counts": {"window": "global", "from": "parsed", "key": ["k"], "aggregates": {"n": "count(*)"}},
            "rows": {"sink": "file", "from": "counts", "path": f"{folder}/rows_{count}.jsonl", "where": "n > 1"}})

        def is_whole():
            return job.metric("millrace_keys") == count

        began, running = time.monotonic(), job.start()
        running.wait_until(f"{count} keys", is_whole, 600)
        filled = time.monotonic() - began
        settle(job.state)
        memory, state, disk = running.memory_mb() * 1024 * 1024, job.metric("millrace_state_bytes"), folder_size(job.state)
        running.kill()
        began, running = time.monotonic(), job.start()
        running.wait_until("the keys are there again", is_whole, 600)
        again = time.monotonic() - began
        after = running.memory_mb() * 1024 * 1024
        running.stop()
        file.unlink()
        return {"memory": memory, "state": state, "disk": disk, "filled": filled, "again": again, "after": after}

    few, many = keys_of(1_000), keys_of(options.keys)
    each = {name: (many[name] - few[name]) / options.keys for name in ("memory", "state", "disk", "after")}
    check(each["memory"] < 500, f"{each['memory']:.0f} bytes of memory a key")
    check(each["disk"] < 300, f"{each['disk']:.0f} bytes in the state folder a key")
    print(f"ok      many_keys: {options.keys} keys of 14 bytes with count(*), a key: {each['memory']:.0f} bytes of memory "
          f"({each['after']:.0f} after a restart), of which {each['state']:.0f} are the table, {each['disk']:.0f} bytes in the state "
          f"folder; {many['memory'] / MB:.0f} MB in all; read in {many['filled']:.1f} s, killed and started again in {many['again']:.1f} s",
          flush=True)


def fan_out(options, folder):
    """A user a click, so that each click is a row of each of its sixty windows."""
    file, out = folder / "in.jsonl", folder / "rows.jsonl"
    with open(file, "w") as clicks:
        clicks.writelines(f'{{"u":{i},"at":{i}}}\n' for i in range(options.clicks))
    job = Job(options, folder, "fan_out", {
        "clicks": {"source": "file", "path": str(file)},
        "parsed": {"parser": "json", "from": "clicks", "event_time": "at",
                   "schema": {"u": "bigint", "at": {"type": "timestamp", "format": "epoch_ms"}}},
        "counts": {"window": "sliding", "size": "60 s", "slide": "1 s", "from": "parsed", "key": ["u"], "aggregates": {"n": "count(*)"}},
        "rows": {"sink": "file", "from": "counts", "path": str(out), "columns": {"u": "u"}, "fsync": False}})
    running, memory, disk, status = job.start(), 0.0, 0, None
    while running.alive():
        try:
            status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
            memory = max(memory, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024 / MB)
            disk = max(disk, folder_size(job.state))
        except (OSError, TypeError):  # just over, or a file that went meanwhile
            pass
        time.sleep(0.1)
    running.expect(0)
    with open(out, "rb") as rows:
        lines = sum(block.count(b"\n") for block in iter(lambda: rows.read(1 << 20), b""))
    check(lines == 60 * options.clicks, f"{lines} rows of {60 * options.clicks}")
    check(memory > 0, "its memory was never seen")
    check(memory <= 200, f"{memory:.0f} MB of memory at most, of which 128 are for output")
    print(f"ok      fan_out: {options.clicks} clicks, {lines} rows; memory at most {memory:.0f} MB, state folder at most {disk / MB:.0f} MB "
          f"beside {out.stat().st_size / MB:.0f} MB of output", flush=True)


CASES = (week_apart, fan_out, many_keys, slow_sink)


def test(options, folder):
    for case in CASES:
        if options.only in (None, case.__name__):
            (folder / case.__name__).mkdir()
            case(options, folder / case.__name__)
            subprocess.run(["rm", "-rf", str(folder / case.__name__)], check=True)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES, on_disk=True, seconds=60.0, retain="60 MB", keys=300_000, clicks=100_000)
