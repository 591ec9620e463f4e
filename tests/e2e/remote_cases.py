"""Cases that hold for a table on a server of any kind; tests of a kind take these for cases beside their own. A case gets a Case."""
import os
import signal
import time

from cluster_under_test import Cluster, ClusterRun
from parquet_tables import needs_parquet
from patience import LEAST, PATIENCE
from real_systems import OwnFolder, check, free_port, http_status, main, run_cases, wait_until
from remote_tables import Reader, Rows, killed_at_random, refused, says, visible
from servers_away import own_servers, waits_are_told_once

RATE = int(4000 * LEAST / PATIENCE)  # rows a second: fewer on a machine that takes longer for everything else


class Case(OwnFolder):
    """`table` is one of its own."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.place, self.table, self.servers = options.place, name, options.place.servers
        self.at_the_end.callback(self.servers.command, "start", self.place.name)  # also after a case that has failed with a server away

    def rows(self, count, name="rows", **more):
        return Rows(self.options, self.folder / name, self.place, self.table, count, **{"seed": self.options.seed, **more})

    def switch(self, part):
        """How a part of the server goes, and how it comes back."""
        return lambda: self.servers.command("kill", part), lambda: self.servers.command("start", self.place.name)

    def reader(self):
        reader = Reader(self.place, self.table)
        self.at_the_end.callback(reader.ending.set)
        return reader


def main_on_server(kind, variable, cases, doc):
    """A whole test, with a server of its own, as cases end it."""
    def test(options, folder):
        needs_parquet(options)
        with own_servers(folder, kind.name) as (servers, exported):
            options.place = kind(exported[variable], servers)
            run_cases(cases, Case, options, folder)

    main(test, doc, cases, kills=12, seed=1)


def while_it_stands_still(running, go):
    """However long that takes, there are rows to come when it is done."""
    running.process.send_signal(signal.SIGSTOP)
    try:
        go()
    finally:
        running.process.send_signal(signal.SIGCONT)


def is_whole(c, running, rows, reader, what=""):
    """The run comes to its end, each row is in the table once, and nothing else is left there."""
    running.expect(0, seconds=180)
    files = rows.compare()
    check(not rows.left_behind(), f"left behind: {rows.left_behind()}")
    print(f"{c.table}: {what}{files} files; the reader: {reader.end()}", flush=True)


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
    running.check_alive()
    come()
    is_whole(c, running, rows, reader)
    waits_are_told_once(running.errors())


def frozen(c, process, seconds):
    """The server stands still and wakes up: as if nothing had been."""
    pid = c.servers.pid(process)
    rows, reader = c.rows(24_000, rate=RATE), c.reader()
    running = rows.run()
    rows.wait_for_files(4)
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
        running.check_alive()
    finally:
        os.kill(pid, signal.SIGCONT)
    is_whole(c, running, rows, reader)


def kills(c):
    """kill -9 at random moments: each row is in the table once, and what is visible is whole at every moment."""
    rows, reader = c.rows(max(40_000, 5_000 * c.options.kills), rate=RATE), c.reader()
    half, running = killed_at_random(rows, c.options.kills, c.options.seed)
    is_whole(c, running, rows, reader, f"{c.options.kills} kills, {half} with half an upload; ")


def stopped_while_away(c, part):
    """SIGTERM while the server is away ends it in finite time, and the same command goes on when it is back."""
    go, come = c.switch(part)
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


def absent_at_start(c, part):
    """A server that is not there within --start-timeout ends the run; the same command goes on when it is."""
    go, come = c.switch(part)
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


def on_nodes(c):
    """The node of three that has the sink is killed with -9, and another one, whose disk has nothing of the table, goes on: each row is there once."""
    kills, slowly = max(1, c.options.kills // 3), RATE // 4
    rows, reader, had = c.rows(1_000 * (20 + 12 * kills), rate=slowly, roll={"age": "1 s"}), c.reader(), []
    with Cluster(c.options.millrace, c.folder / "cluster", leading=("a", "b", "c"), following=()) as cluster:
        cluster.ask("apply", rows.topology, by=cluster.nodes["a"])
        running = ClusterRun(cluster, rows.name, "a")

        def place_of_sink():
            state, reason = cluster.state_of(rows.name)
            check(state == "running", f"the topology is {state}: {reason}")
            return cluster.places().get(f"{rows.name}/table")

        for _ in range(kills):
            rows.wait_for_files(more_than=len(visible(c.place.walk(c.table))))
            had.append(wait_until("the sink is somewhere", place_of_sink))
            node = cluster.nodes[had[-1]]
            node.kill()
            wait_until("another node has the sink", lambda: place_of_sink() not in (None, had[-1]))
            if node.name != "a":  # it has the source's file
                rows.wait_for_files(more_than=len(visible(c.place.walk(c.table))))
            node.begin()
        running.wait()
        files = rows.compare()
        # A server may finish what a killed node has sent after its successor has looked: the next opening removes that.
        if late := rows.left_behind():
            cluster.ask("apply", rows.topology, by=cluster.nodes["a"])
            running.wait()
            files = rows.compare()
            check(not rows.left_behind(), f"left behind: {rows.left_behind()}; before the last opening {late}")
    print(f"{c.table}: {rows.count} rows once in {files} files; the sink was killed at {', '.join(had)}; the reader: {reader.end()}", flush=True)
