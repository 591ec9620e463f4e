#!/usr/bin/env -S python3 -B
"""The disk is full: under the state folder, under the targets of file sinks, SQLite and Parquet, under the spool of an HTTP stream or server. Each time
the run goes on as far as it can and says once what is wrong; after kill -9, and a start that finds the disk still full, the same
command goes on when there is room, and every row is there once.

    disk_full.py --millrace BINARY [--hold 10]

The small file systems are tmpfs in a mount namespace of this test (unshare -m), which takes root: else it says SKIPPED.
"""
import collections
import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

from http_server import Game, answered, answers_of, clients_of, expect, settled
from patience import LEAST, PATIENCE
from real_systems import SKIPPED, Run, Wrong, check, difference, free_port, main_of_parts, metric, topology_file, wait_until, whole_rows
from servers_away import waits_are_told_once

MB = 1_000_000
KEYS, WINDOW = 5_000, 20_000
FULL = "No space left on device"
# Records a second: of lives that are disturbed on their way, of the last one.
SLOWLY, AT_ONCE = int(3_000 * LEAST / PATIENCE), 1_000_000


def own_mounts():
    """Starts this test again where its mounts are its own."""
    if os.environ.get("MILLRACE_OWN_MOUNTS"):
        return
    if subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"], capture_output=True).returncode:
        print(f"SKIPPED: {pathlib.Path(sys.argv[0]).name} may not mount a tmpfs of its own (unshare -m; mount); remedy: run it as root")
        sys.exit(SKIPPED)
    os.environ["MILLRACE_OWN_MOUNTS"] = "yes"
    os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", *sys.argv])


def fill(file):
    """Writes until its disk is full."""
    with open(file, "ab", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    ballast.write(b"x" * size)


class Disk:
    """A small file system that is made full and gets room again."""

    def __init__(self, path, mb=64):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mb}m", "none", str(path)], check=True)
        (path / "state").mkdir()

    def remove(self):
        subprocess.run(["umount", "-l", str(self.path)], check=True)

    def fill(self):
        fill(self.path / "ballast")

    def free(self):
        (self.path / "ballast").unlink()


def key(i):
    return f"user-{i * 7919 % KEYS:06}-{'x' * 200}"


def write_input(path, records):
    """A window holds every key four times."""
    with open(path, "w") as out:
        out.writelines(f'{{"k":"{key(i)}","at":{i // 1000}}}\n' for i in range(records))
    counted = collections.Counter((i // WINDOW * 20 + 20, key(i)) for i in range(records))
    return [(e, k, n) for (e, k), n in counted.items()]


def topology(folder, sinks):
    columns = {"e": "extract(epoch from window_end)::bigint", "k": "k", "n": "n"}
    stages = {
        "clicks": {"source": "file", "path": f"{folder}/in.jsonl", "rate": f"{SLOWLY}/s"},
        "parsed": {"parser": "json", "from": "clicks", "event_time": "at",
                   "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}},
        "counts": {"window": "tumbling", "size": "20 s", "from": "parsed", "key": ["k"], "aggregates": {"n": "count(*)"},
                   "shards": 2},
        **{name: {**sink, "from": "counts", "columns": columns} for name, sink in sinks.items()}}
    return topology_file(folder / "topology.json", "disk_full", stages, snapshot_every="100 ms")


def json_rows(*paths):
    return [tuple(row.values()) for path in paths for row in whole_rows(path)]


def parquet_dump(options):
    """Reads tables; a build without Arrow has none, nor the sink."""
    program = pathlib.Path(options.millrace).resolve().parent / "tests" / "parquet_dump"
    if not program.exists():
        print("SKIPPED: the parquet sink on a full disk, because this build has no Arrow; remedy: tools/arrow, and build again")
        return None
    return program


def parquet_rows(program, folder):
    done = subprocess.run([program, folder], capture_output=True, text=True, check=True)
    return [tuple(json.loads(line).values()) for line in done.stdout.splitlines()]


def sqlite_rows(path):
    with sqlite3.connect(path, timeout=60) as db:
        return db.execute("select e, k, n from rows").fetchall()


def complaints(running):
    return [line for line in running.errors().splitlines() if FULL in line]


def told_once_by(running, stages):
    """Each of these names the trouble, no other but the dead letters of that folder does, and none again and again."""
    def by():
        return collections.Counter(re.search(r"(?:warning|error) (?:[^:/]+/)?([^:]+):", line)[1] for line in complaints(running))
    wait_until(f"each of {stages} complains", lambda: set(stages) <= set(by()))
    found = by()
    check(set(found) - {"dead_letters"} == set(stages) and max(found.values()) <= 2,
          f"expected one complaint by each of {stages}: {complaints(running)}")


def refuses_to_start(start):
    """A start may fail while the disk is full, with a last line that names cause and remedy; or it waits, and says that."""
    running = start()
    try:
        wait_until("it ends or complains", lambda: not running.alive() or complaints(running))
    except Wrong as e:
        raise Wrong(f"{e}; it runs on a full disk and says {running.errors()[-1000:]!r}") from None
    if running.alive():
        running.kill()
        return "waits"
    check(running.process.returncode in (1, 2), f"ended with {running.process.returncode}")
    last = running.errors().strip().splitlines()[-1]
    check(FULL in last and "make room" in last, lambda: f"its last words should name cause and remedy: {running.errors()[-1000:]}")
    return f"exits with {running.process.returncode}"


def goes_on_when_there_is_room(disk, running, start):
    """Killed while its disk is full, and started while it still is: what that start does, and a run that goes on with room."""
    running.kill()
    how = refuses_to_start(start)
    disk.free()
    return how, start()


def under_the_state(options, folder):
    rows = write_input(folder / "in.jsonl", 400_000)
    disk = Disk(folder / "disk")
    state = folder / "state"
    state.symlink_to(folder / "disk" / "state")  # reports and output beside it have room
    path = topology(folder, {"rows": {"sink": "file", "path": f"{folder}/rows.jsonl"}})
    address = f"127.0.0.1:{free_port()}"

    def start(rate=SLOWLY):
        return Run(options.millrace, path, state, "--http", address, "--set", f"stages.clicks.rate={rate}/s")

    def written():
        return json_rows(folder / "rows.jsonl")

    running = start()
    wait_until("the first rows", written)
    disk.fill()
    wait_until("a snapshot fails", lambda: metric(address, "millrace_snapshot_failures_total") > 0)
    seen, before = len(written()), running.memory_mb()
    time.sleep(options.hold)
    grown = running.memory_mb() - before
    wait_until("the sink goes on while only the state folder is full", lambda: len(written()) > seen)
    told_once_by(running, ["counts/0", "counts/1"])
    check(grown < 30, f"{grown:.0f} MB more memory after {options.hold} s without a snapshot")
    disk.free()
    wait_until("snapshots are written again", lambda: running.errors().count("snapshots are written again") >= 2)

    before, seen = len(complaints(running)), len(written())
    disk.fill()
    wait_until("it fails again", lambda: len(complaints(running)) > before)
    how, running = goes_on_when_there_is_room(disk, running, start)
    wait_until("more rows", lambda: len(written()) > seen)
    disk.fill()
    wait_until("and again", lambda: complaints(running))
    running.kill()
    disk.free()
    start(AT_ONCE).expect(0, seconds=120)
    check(not difference(rows, written()), difference(rows, written()))
    disk.remove()
    print(f"ok      under the state folder: {len(rows)} rows once, {grown:+.0f} MB in {options.hold} s; a start on a full disk {how}",
          flush=True)


def under_the_targets(options, folder):
    rows = write_input(folder / "in.jsonl", 300_000)
    disk = Disk(folder / "disk", 96)
    dump = parquet_dump(options)
    tables = {"table": {"sink": "parquet", "path": f"{folder}/disk/table", "roll": {"rows": 7_000}}} if dump else {}
    path = topology(folder, {
        **tables,
        "appended": {"sink": "file", "path": f"{folder}/disk/rows.jsonl"},
        "rolled": {"sink": "file", "path": f"{folder}/disk/rolled/rows.jsonl", "roll": {"rows": 7_000}},
        "lite": {"sink": "sql", "connection": f"sqlite3://{folder}/disk/rows.sqlite", "table": "rows", "create": True},
        "elsewhere": {"sink": "file", "path": f"{folder}/rows.jsonl"}})
    full = ["appended", "rolled", "lite", *tables]

    def start(rate=SLOWLY):
        return Run(options.millrace, path, folder / "state", "--set", f"stages.clicks.rate={rate}/s")

    def elsewhere():
        return len(json_rows(folder / "rows.jsonl"))

    running = start()
    wait_until("the first rows", elsewhere)
    disk.fill()
    wait_until("each sink says that the disk is full", lambda: all(
        any(f"/{name}:" in line and ("full" in line or FULL in line) for line in running.errors().splitlines()) for name in full))
    seen = elsewhere()
    wait_until("the other sink goes on", lambda: elsewhere() > seen + KEYS)
    waits_are_told_once(running.errors())
    disk.free()
    wait_until("they go on", lambda: running.errors().count("the target answers again") >= len(full))
    said = running.errors().count("waiting for it")
    disk.fill()
    wait_until("full again", lambda: running.errors().count("waiting for it") > said)
    running.kill()
    refuses = start()
    wait_until("a start on a full disk ends or waits", lambda: not refuses.alive() or "waiting for it" in refuses.errors() or complaints(refuses))
    refuses.kill()
    disk.free()
    start(AT_ONCE).expect(0, seconds=120)
    for name, found in (("appended", json_rows(folder / "disk" / "rows.jsonl")),
                        ("rolled", json_rows(*sorted((folder / "disk" / "rolled").glob("rows-*.jsonl")))),
                        ("SQLite", sqlite_rows(folder / "disk" / "rows.sqlite")),
                        *((name, parquet_rows(dump, folder / "disk" / name)) for name in tables),
                        ("elsewhere", json_rows(folder / "rows.jsonl"))):
        check(not difference(rows, found), f"{name}: {difference(rows, found)}")
    disk.remove()
    print(f"ok      under the targets: {len(rows)} rows once in each", flush=True)


def under_the_spool(options, folder):
    port, count = free_port(), 8_000
    with open(folder / "records.jsonl", "w") as out:
        out.writelines(f'{{"n":{i},"mtime":{10**12 + i},"padding":"{"x" * 200}"}}\n' for i in range(count))
    with open(folder / "load.out", "wb") as out:
        load = subprocess.Popen([options.millrace, "load", "--file", str(folder / "records.jsonl"), "--http-serve", f"127.0.0.1:{port}", "--since",
                                 "since_mtime=mtime", "--rate", f"{int(400 * LEAST / PATIENCE)}/s", "--stay"], stdout=out, stderr=out)
    Run.started.append(load)
    disk = Disk(folder / "disk")
    state = folder / "state"
    state.symlink_to(folder / "disk" / "state")
    path = topology_file(folder / "topology.json", "spooled", {
        "stream": {"source": "http_stream", "url": f"http://127.0.0.1:{port}/2/rsvps", "since": "since_mtime=mtime"},
        "parsed": {"parser": "json", "from": "stream", "schema": {"n": "bigint"}},
        "rows": {"sink": "file", "from": "parsed", "path": f"{folder}/rows.jsonl"}})

    def start():
        return Run(options.millrace, path, state)

    def taken():
        return len(json_rows(folder / "rows.jsonl"))

    running = start()
    wait_until("the first rows", taken)
    disk.fill()
    wait_until("it says that it reads no more", lambda: "nothing is read until it can be written" in running.errors())
    time.sleep(2)
    told_once_by(running, ["stream"])
    disk.free()
    seen = taken()
    wait_until("it goes on", lambda: taken() > seen)
    before = len(complaints(running))
    disk.fill()
    wait_until("and stops again", lambda: len(complaints(running)) > before)
    how, running = goes_on_when_there_is_room(disk, running, start)
    wait_until("every record", lambda: taken() >= count, 120)
    running.stop()
    rows = collections.Counter(json_rows(folder / "rows.jsonl"))
    check(len(rows) == count and set(rows.values()) == {1}, f"{len(rows)} different records of {count}, {sum(rows.values())} rows")
    disk.remove()
    print(f"ok      under the spool: {count} records once; a start on a full disk {how}", flush=True)


def under_the_server(options, folder):
    """An HTTP server answers 200 only to requests whose records are kept."""
    disk = Disk(folder / "disk")
    game = Game(options, folder, "api")
    game.state.symlink_to(folder / "disk" / "state")
    running = game.start()
    clients = clients_of(game, 4, 1)
    wait_until("the first answers", lambda: answered(clients, 200) > 100)
    disk.fill()
    wait_until("it says that it takes no more", lambda: complaints(running))
    wait_until("clients are sent away", lambda: answered(clients, 503))
    time.sleep(2)
    told_once_by(running, ["api"])
    disk.free()
    seen = answered(clients, 200)
    wait_until("it goes on", lambda: answered(clients, 200) > seen)
    before = len(complaints(running))
    disk.fill()
    wait_until("and stops again", lambda: len(complaints(running)) > before)
    how, running = goes_on_when_there_is_room(disk, running, lambda: Run(options.millrace, game.topology, game.state))
    seen = answered(clients, 200)
    wait_until("it takes requests again", lambda: answered(clients, 200) > seen)
    answers = answers_of(clients)
    settled(game)
    running.stop()
    expect(game, answers)
    disk.remove()
    print(f"ok      under the HTTP server: of {len(answers)} requests {answered(clients, 200)} answered, each there once; a start on a full disk {how}", flush=True)


CASES = (under_the_state, under_the_targets, under_the_spool, under_the_server)


if __name__ == "__main__":
    own_mounts()
    main_of_parts(CASES, __doc__, hold=dict(type=float, default=10, help="seconds that the state folder's disk stays full"))
