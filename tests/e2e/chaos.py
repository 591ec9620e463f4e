#!/usr/bin/env -S python3 -B
"""The job and its servers go down together, in an order drawn by the seed: kill -9 of the job, of Kafka, of MariaDB, of
PostgreSQL, several at a time, SIGTERM, a job or a broker that stands still for a while. After each round committed rows are
still there, each once; at the end every sink equals the oracle. Starts servers of its own.

    chaos.py --millrace build/release/millrace [--rounds 50] [--seed 1]
"""
import collections
import os
import random
import signal
import time

from job_under_test import Job, Targets, nothing_lost_since
from real_systems import main
from servers_away import own_servers

SERVERS = ("kafka", "mariadb", "postgres")
EVENTS = [("job",), ("kafka",), ("mariadb",), ("postgres",), ("job", "kafka"), ("job", "mariadb"), ("job", "postgres"),
          ("mariadb", "postgres"), SERVERS, ("job", *SERVERS), ("end",), ("stand still",), ("kafka stands still",)]


def test(options, folder):
    with own_servers(folder, *SERVERS) as (servers, exported):
        job = Job(options, folder, exported["KAFKA_BROKERS"], exported["MARIADB_URL"], exported["POSTGRES_URL"], options.seed)
        running = job.start()
        rng, before = random.Random(options.seed), {name: collections.Counter() for name in Targets.COMMITTED}
        for number in range(1, options.rounds + 1):
            event = rng.choice(EVENTS)
            print(f"round {number}: {' and '.join(event)}", flush=True)
            running = strike(event, rng, job, running, servers)
            now = job.targets.committed()
            nothing_lost_since(before, now)
            before = now
        job.clicks.end()
        print(f"{options.rounds} rounds (seed {options.seed}): {job.finish(running)}")


def strike(event, rng, job, running, servers):
    """One round; gives the run that goes on."""
    job.clicks.burst(rng.choice([100, 1000, 2000]))
    time.sleep(rng.uniform(0, 1.5))
    running.check_alive()
    down = [name for name in SERVERS if name in event]
    if down:
        servers.command("kill", *down)
        time.sleep(rng.uniform(0, 1))
    if "job" in event:
        running.kill()
    elif "end" in event:
        running.stop()
    elif "stand still" in event:
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        running.process.send_signal(signal.SIGCONT)
    elif "kafka stands still" in event:  # longer than its clients wait for an answer
        pid = servers.pid("kafka")
        os.kill(pid, signal.SIGSTOP)
        time.sleep(rng.uniform(4, 8))
        os.kill(pid, signal.SIGCONT)
    if down:
        time.sleep(rng.uniform(0, 6))
        servers.command("start", *down)
    if not running.alive():
        running = job.start()
    time.sleep(rng.uniform(0, 4))
    return running


if __name__ == "__main__":
    main(test, __doc__, rounds=8, seed=1)
