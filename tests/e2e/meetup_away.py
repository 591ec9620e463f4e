#!/usr/bin/env -S python3 -B
"""The two brokers of a Kafka cluster killed and stopped, one and both, while the job of pipelines/meetup runs: it waits, says so, and
goes on where it was; batches stay numbered without a gap. Ended while its database is away, it goes on with the same number. Starts
servers of its own.
"""
import time

from meetup_under_test import Meetup
from real_systems import http_status, main, wait_until
from servers_away import own_servers


def test(options, folder):
    with own_servers(folder, "kafka", "postgres", "--brokers", "2") as (servers, exported):
        disturb(Meetup(options, folder, exported["KAFKA_BROKERS"], exported["POSTGRES_URL"], options.seed, replication=2), servers)


def disturb(job, servers):
    running = job.start_at_the_end(100)

    def health(status, seconds=60):
        wait_until(f"/healthz answers {status}", lambda: http_status(job.address, "/healthz")[0] == status, seconds)
        running.check_alive()

    def batches_grow():
        before = job.look()
        job.burst(50)
        wait_until("the next batch comes", lambda: job.look() > before)

    batches_grow()
    # A broker of two: its partitions wait, and nothing of them is lost. Then both.
    for way, names in (("kill", ["kafka.1"]), ("kill", ["kafka.2"]), ("stop", ["kafka"])):
        job.burst(100)  # they are under way when it goes
        servers.command(way, *names)
        time.sleep(2)
        running.check_alive()
        servers.command("start", "kafka")
        health(200)
        wait_until("the cluster takes records again", lambda: job.burst(50) or True)
        batches_grow()

    # Ended while the database is away: in finite time, and the same command goes on.
    servers.command("kill", "postgres")
    job.burst(100)
    time.sleep(1.5)
    running.stop(90)
    servers.command("start", "postgres")
    running = job.start()
    job.burst(100)
    print("servers away and back: " + job.finish(running))


if __name__ == "__main__":
    main(test, __doc__, seed=1)
