#!/usr/bin/env -S python3 -B
"""Kills the job with -9 at random moments while clicks flow, and compares every sink with the oracle.

Beside the screen and `active2` tables in MariaDB, PostgreSQL and SQLite, an appended file and a rolled file get the same rows.
After each kill: rows that were committed are still there, and none is there twice. At the end every sink holds exactly
the oracle's rows, the ledger adds up, and each record that could not be read is one dead letter. Many kills go in rounds of 50, each with
topics, tables and a seed of its own: what one kill is checked by grows with the rows before it.

    kills.py --millrace build/release/millrace [--kills 300] [--seed 1]
"""
import collections
import random
import time

from job_under_test import Job, Targets, in_rounds, nothing_lost_since
from real_systems import check, main, needed, wait_until


def one_round(options, folder, seed, kills):
    job = Job(options, folder, *needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL"), seed)
    rng = random.Random(seed)
    job.clicks.start()
    before = {name: collections.Counter() for name in Targets.COMMITTED}
    shown, progress = time.monotonic(), 0

    def has_committed(running):
        check(running.alive(), lambda: f"ended by itself with {running.process.returncode}: {running.errors()[-1500:]}")
        return collections.Counter(job.targets.active2()) != before["active2"]

    for deaths in range(1, kills + 1):
        running = job.start()
        if deaths % 5 == 0:  # however long that takes here
            wait_until("a life commits rows", lambda running=running: has_committed(running))
        # Most lives are short, some so short that nothing is up yet, some long enough to commit a lot.
        time.sleep(rng.choice([0.05, 0.3, 0.6, 1.0, 1.5, 2.5]) * rng.uniform(0.5, 1.5))
        check(running.alive(), lambda: f"ended by itself with {running.process.returncode}: {running.errors()[-1500:]}")
        running.kill()
        now = job.targets.committed()
        nothing_lost_since(before, now)
        progress += now["active2"] != before["active2"]
        before = now
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{deaths} kills, {sum(now['active2'].values())} rows in active2", flush=True)
    job.clicks.end()
    found = job.finish(job.start())
    check(progress >= kills // 5, f"only {progress} of {kills} lives committed anything")
    print(f"{kills} kills (seed {seed}), {progress} lives committed rows: {found}", flush=True)
    return kills


def test(options, folder):
    in_rounds(options, folder, one_round)


if __name__ == "__main__":
    main(test, __doc__, kills=20, seed=1)
