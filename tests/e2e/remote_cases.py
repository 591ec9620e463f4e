"""Cases that hold for a table on a server of any kind; tests of a kind take these for cases beside their own. A case gets a Case."""
import os
import signal
import time

from parquet_tables import without_parquet
from patience import LEAST, PATIENCE
from real_systems import Run, check, free_port, http_status, run_cases, wait_until
from remote_tables import Reader, Rows, killed_at_random, refused, says, visible
from servers_away import Servers, waits_are_told_once

RATE = int(4000 * LEAST / PATIENCE)  # rows a second: fewer on a machine that takes longer for everything else


class Case:
    """`table` is one of its own."""

    def __init__(self, options, folder, name):
        self.options, self.folder, self.place, self.table = options, folder / name, options.place, name
        self.servers, self.readers = options.place.servers, []

    def rows(self, count, name="rows", **more):
        return Rows(self.options, self.folder / name, self.place, self.table, count, **{"seed": self.options.seed, **more})

    def reader(self):
        self.readers.append(Reader(self.place, self.table))
        return self.readers[-1]

    def close(self):
        """Also after a case that has failed with a server away."""
        for reader in self.readers:
            reader.ending.set()
        self.servers.command("start", self.place.name)


def run_all(kind, variable, cases, options, folder):
    """Starts servers of its own, as cases end them."""
    if why := without_parquet(options):
        print(f"SKIPPED: {why}", flush=True)
        return 77
    servers = Servers(folder)
    try:
        options.place = kind(servers.command("start", kind.name)[variable], servers)
        run_cases(cases, Case, options, folder)
    finally:
        Run.end_all()
        servers.command("stop", "--remove")
    return 0


def while_it_stands_still(running, go):
    """However long that takes, there are rows to come when it is done."""
    running.process.send_signal(signal.SIGSTOP)
    try:
        go()
    finally:
        running.process.send_signal(signal.SIGCONT)


def away_and_back(c, go, come, *texts, missed=None, health=True):
    """The server goes in the middle: the run says so once, waits however long, and goes on; nothing is lost or doubled.

    `missed`: whether its neighbours have missed it; else it is away for three seconds.
    """
    rows, reader, port = c.rows(24_000, rate=RATE), c.reader(), free_port()
    address = f"127.0.0.1:{port}"
    running = rows.run("--http", address)
    rows.wait_for_files(4)
    while_it_stands_still(running, go)
    says(running, "waiting for it", *texts)
    if health:
        wait_until("/healthz answers 503", lambda: http_status(address, "/healthz")[0] == 503, 20)
    if missed:
        wait_until("it is missed", missed)
    else:
        time.sleep(3)
    check(running.alive(), lambda: f"the run has ended: {running.errors()[-1500:]}")
    come()
    running.expect(0, seconds=120)
    waits_are_told_once(running.errors())
    files = rows.compare()
    check(not rows.left_behind(), f"left behind: {rows.left_behind()}")
    print(f"{c.table}: {files} files; the reader: {reader.end()}", flush=True)


def frozen(c, process, seconds):
    """The server stands still and wakes up: as if nothing had been."""
    pid = c.servers.pid(process)

    def wake():
        os.kill(pid, signal.SIGCONT)

    rows, reader = c.rows(24_000, rate=RATE), c.reader()
    running = rows.run()
    rows.wait_for_files(4)
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
        check(running.alive(), lambda: f"the run has ended: {running.errors()[-1500:]}")
    finally:
        wake()
    running.expect(0, seconds=120)
    files = rows.compare()
    check(not rows.left_behind(), f"left behind: {rows.left_behind()}")
    print(f"{c.table}: {files} files; the reader: {reader.end()}", flush=True)


def kills(c):
    """kill -9 at random moments: each row is in the table once, and what is visible is whole at every moment."""
    rows, reader = c.rows(max(40_000, 5_000 * c.options.kills), rate=RATE), c.reader()
    half, running = killed_at_random(rows, c.options.kills, c.options.seed)
    running.expect(0, seconds=180)
    files = rows.compare()
    check(not rows.left_behind(), f"left behind: {rows.left_behind()}")
    print(f"{c.table}: {c.options.kills} kills, {half} with half an upload; {files} files; the reader: {reader.end()}", flush=True)


def stopped_while_away(c, go, come):
    """SIGTERM while the server is away ends it in finite time, and the same command goes on when it is back."""
    rows = c.rows(24_000, rate=RATE)
    running = rows.run()
    rows.wait_for_files(4)
    while_it_stands_still(running, go)
    says(running, "waiting for it")
    running.process.send_signal(signal.SIGTERM)
    running.wait(60)
    come()
    rows.run().expect(0, seconds=120)
    rows.compare()


def absent_at_start(c, go, come):
    """A server that is not there within --start-timeout ends the run; the same command goes on when it is."""
    rows = c.rows(1_000, rate=None)
    go()
    refused(rows.run("--start-timeout", f"{PATIENCE:.0f} s"), 1, c.place.server)
    running = rows.run("--start-timeout", f"{300 * PATIENCE:.0f} s")
    says(running, c.place.server, "waiting for it")
    come()
    running.expect(0)
    rows.compare()


def at_start_empty(c):
    """A new state drops the data that is there, once: not again when the same state goes on."""
    old = c.rows(3_000, "old", seed=7, rate=None)
    old.run().expect(0)
    old.compare()
    new = c.rows(12_000, "new", rate=RATE, at_start="empty")
    running = new.run()
    new.wait_for_files()
    wait_until("files of the new state", lambda: len(visible(c.place.walk(c.table))) > 8)
    running.kill()
    new.run().expect(0)
    new.compare()
    check(not new.left_behind(), f"left behind: {new.left_behind()}")


def another_state(c):
    """Another state must not write to the table: one clear error, and the first goes on."""
    rows = c.rows(3_000, rate=None)
    rows.run().expect(0)
    refused(c.rows(3_000, "other", seed=7, rate=None).run(), 1, "belongs to")
    rows.run().expect(0)
    rows.compare()


def foreign_files(c, name):
    """Puts a table that something else has written where this one will be; its rows."""
    old = Rows(c.options, c.folder / name, c.place, f"{c.table}_{name}", 3_000, seed=7, rate=None)
    old.run().expect(0)
    for n, file in enumerate(visible(c.place.walk(old.table))):
        c.place.write(c.table, f"{file.rpartition('/')[0]}/spark-{n}.parquet", c.place.read(old.table, file))
    return old


def older_table(c):
    """Files that are there already stay beside the new ones."""
    old = foreign_files(c, "old")
    new = c.rows(3_000, rate=None)
    new.run().expect(0)
    new.compare(old)


def fresh(c):
    """--fresh removes the files of the state before, and no others."""
    old = foreign_files(c, "old")
    rows = c.rows(3_000, rate=None)
    rows.run().expect(0)
    rows.run("--fresh").expect(0)
    rows.compare(old)
