#!/usr/bin/env -S python3 -B
"""Kafka, MariaDB and PostgreSQL killed, stopped, frozen and started again while the job runs: it waits, says so, and goes on; nothing is lost or doubled.

Starts servers of its own by tools/services, in a temporary folder, so that no other test loses its servers.
"""
import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

from job_under_test import Job
from real_systems import ROOT, SKIPPED, check, free_port, http_status, main, metric, wait_until


class Servers:
    def __init__(self, folder):
        self.env = {**os.environ, "MILLRACE_SERVICES_DIR": str(folder / "services")}

    def pid(self, name):
        """`name`: as tools/services status says it, hdfs.namenode of one of several processes."""
        return self._state(name)["processes"][name]["pid"]

    def port(self, name):
        return self._state(name)["ports"][name]

    def _state(self, name):
        home = pathlib.Path(self.env["MILLRACE_SERVICES_DIR"]) / name.partition(".")[0]
        return json.loads((home / "state.json").read_text())

    def command(self, *arguments):
        done = subprocess.run([str(ROOT / "tools" / "services"), *arguments], env=self.env, capture_output=True, text=True)
        if done.returncode == 3:
            print(f"SKIPPED: {done.stderr.strip().splitlines()[-1]}")
            sys.exit(SKIPPED)
        check(done.returncode == 0, f"tools/services {' '.join(arguments)}: {done.stderr}")
        return dict(shlex.split(line)[1].split("=", 1) for line in done.stdout.splitlines() if line.startswith("export "))


@contextlib.contextmanager
def own_servers(folder, *names):
    """Gives servers that end with this test, and the variables that name them."""
    servers = Servers(folder)
    try:
        yield servers, servers.command("start", *names)
    finally:
        servers.command("stop", "--remove")


def waits_are_told_once(said):
    """A stage says that it waits, and not again until somebody has answered it."""
    waiting = set()
    for line in said.splitlines():
        stage = re.search(r" (?:info|warning|error) ([^:]+):", line)
        if stage and "waiting for it" in line:
            check(stage[1] not in waiting, f"{stage[1]} says again and again that it waits: {said[-1500:]}")
            waiting.add(stage[1])
        elif stage and "answers again" in line:
            waiting.discard(stage[1])


def test(options, folder):
    with own_servers(folder, "kafka", "mariadb", "postgres") as (servers, exported):
        disturb(options, folder, servers, exported)


def disturb(options, folder, servers, exported):
    job = Job(options, folder, exported["KAFKA_BROKERS"], exported["MARIADB_URL"], exported["POSTGRES_URL"], options.seed)
    address = f"127.0.0.1:{free_port()}"
    running = job.start("--http", address)

    def health(status, seconds=60):
        wait_until(f"/healthz answers {status}", lambda: http_status(address, "/healthz")[0] == status, seconds)
        running.check_alive()

    def held_by(sink):
        return metric(address, "millrace_held_bytes", f'sink="{sink}"')

    def rows_grow(name):
        before = len(getattr(job.targets, name)())
        job.clicks.burst(600)
        wait_until(f"{name} goes on", lambda: len(getattr(job.targets, name)()) > before)

    job.clicks.burst(2000)
    wait_until("the first rows are everywhere", lambda: all(job.targets.committed().values()))
    health(200)

    for way in ("kill", "stop", "freeze", "kill"):
        job.clicks.burst(1500)  # they are under way when the broker goes
        frozen = servers.pid("kafka") if way == "freeze" else None  # connected, but it answers nothing
        if frozen:
            os.kill(frozen, signal.SIGSTOP)
        else:
            servers.command(way, "kafka")
        health(503, 30)
        for _ in range(20):  # and says so until one is there again
            status, _ = wait_until("/healthz answers", lambda: http_status(address, "/healthz"))
            check(status == 503, f"/healthz says {status} while Kafka is away")
            time.sleep(0.1)
        if frozen:
            os.kill(frozen, signal.SIGCONT)
        else:
            servers.command("start", "kafka")
        health(200)
        rows_grow("active2")

    for server, sink, way in [(*which, way) for which in (("mariadb", "maria"), ("postgres", "postgresql")) for way in ("kill", "stop")]:
        job.clicks.burst(1500)
        servers.command(way, server)
        rows_grow("active2")  # the others go on
        health(503)
        job.clicks.burst(4000)
        rows_grow("sqlite")
        wait_until(f"more is held for {server}, which is away, than for SQLite", lambda sink=sink: held_by(sink) > held_by("lite"))
        held = held_by(sink)
        print(f"{server} away by {way}: {held:.0f} bytes held, {metric(address, 'millrace_spilled_bytes'):.0f} of them spilled, "
              f"{running.memory_mb():.0f} MB in memory")
        servers.command("start", server)
        health(200)
        rows_grow(sink)

    job.clicks.burst(1500)
    servers.command("kill", "mariadb", "postgres", "kafka")
    health(503)
    servers.command("start", "kafka", "mariadb", "postgres")
    health(200)

    # Ended while a server is away: in finite time, and the same command goes on.
    servers.command("kill", "mariadb")
    rows_grow("active2")
    running.stop(90)
    servers.command("start", "mariadb")
    counted, there = running.ledger()["maria"]["out"], len(job.targets.maria())
    check(counted == there, f"the report counts {counted} rows in MariaDB, which holds {there}")
    running = job.start("--http", address)
    job.clicks.end()
    print("servers away and back: " + job.finish(running))


if __name__ == "__main__":
    main(test, __doc__, seed=1)
