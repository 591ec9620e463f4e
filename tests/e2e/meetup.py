#!/usr/bin/env python3
"""The job of pipelines/meetup on a real Kafka and PostgreSQL: killed with -9 again and again while answers come, and compared with
the oracle. After each kill committed batches are as they were; at the end the last row of each group, and the row of the table
that holds one a group, are the oracle's totals of all answers since the first start.

    meetup.py --millrace BINARY [--kills 20] [--seed 1]
"""
import argparse
import os
import random
import sys
import time

sys.dont_write_bytecode = True
from meetup_under_test import Meetup  # noqa: E402
from real_systems import check, main, needed  # noqa: E402


def test(options, folder):
    job = Meetup(options, folder, *needed("KAFKA_BROKERS", "POSTGRES_URL"), options.seed)
    rng = random.Random(options.seed)
    running = job.start_at_the_end(200)
    running.kill()
    job.burst(300)  # `latest` was decided at the first start: what comes while it is down counts
    job.thread.start()
    grown, batches = 0, 0
    for _ in range(options.kills):
        running = job.start()
        # Most lives are short, some so short that nothing is up yet, some long enough for several batches.
        time.sleep(rng.choice([0.05, 0.4, 1.0, 1.5, 2.5, 4.0]) * rng.uniform(0.5, 1.5))
        check(running.alive(), lambda: f"ended by itself with {running.process.returncode}: {running.errors()[-1500:]}")
        running.kill()
        now = job.look()
        grown, batches = grown + (now > batches), now
    job.end()
    found = job.finish(job.start())
    check(grown >= max(1, options.kills // 10), f"only {grown} of {options.kills} lives committed a batch")
    print(f"{options.kills} kills (seed {options.seed}), {grown} lives committed batches: {found}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--http-port", type=int, default=15000 + os.getpid() % 15000)
    sys.exit(main(test, arguments))
