#!/usr/bin/env -S python3 -B
"""Three nodes run the job of pipelines/active_users, and are killed with -9 at random while clicks flow: whichever leads, whoever has
the stages on its disk, two at once; or one stands still for longer than it takes to replace it, and wakes up. Now and then
the job is paused meanwhile, or a stage is restarted. After each blow rows that were committed are still there, and none is there twice; at the end
every sink holds exactly the oracle's rows, and the ledger adds up. Many kills go in rounds of 50, each with a cluster and a seed of its own.

    cluster_kills.py --millrace build/release/millrace [--kills 50] [--store dir|postgresql|kafka] [--seed 1] [--moving]
"""
import collections
import random
import signal
import time

from cluster_under_test import ClusterJob, place_of_chains
from job_under_test import Targets, in_rounds, nothing_lost_since
from real_systems import STORES, check, main, needed, wait_until

def stand_still(cluster, node, rng):
    """Others get what it runs. Awake again, it is refused wherever they were first, and is a node without work; or it ends."""
    node.tell(signal.SIGSTOP)
    time.sleep(rng.uniform(4, 7))
    node.tell(signal.SIGCONT)
    wait_until(f"node {node.name} is there again", lambda: not node.alive() or cluster.is_up(node.name))
    return 1


def act(cluster, rng):
    """Somebody restarts what runs, or has paused it while nodes die. The leader may be gone: an action that is refused is not repeated,
    but for `resume`."""
    if rng.random() < 0.5:
        cluster.ask_once("console", "-e", "restart " + rng.choice(["parsed", "counts", "counts/0", "active", "active2"]))
        return False
    cluster.ask_once("console", "-e", "pause")  # a failed request may have been recorded all the same
    return True


def report_outlives_the_leader(cluster, running):
    told = running.report_file.read_bytes()
    running.report_file.unlink()
    leader = cluster.leader()
    cluster.nodes[leader].kill()
    wait_until("another node leads", lambda: cluster.leader() not in (leader, None))
    running.wait()
    check(running.report_file.read_bytes() == told, "the next coordinator gives another report")


def one_round(options, folder, seed, kills):
    """A cluster of its own, killed so many times, and its rows at the end. The work to check one blow grows with the rows before it."""
    brokers, maria_url, postgres_url = needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL")
    store, database = place_of_chains(options.store, folder, "store")
    job = ClusterJob(options, folder, brokers, maria_url, postgres_url, seed, store)
    job.cluster.moves = options.moving
    rng = random.Random(seed)
    job.clicks.start()
    running = job.start()
    before = {name: collections.Counter() for name in Targets.COMMITTED}
    deaths, progress, led, zombies, pauses = 0, 0, 0, 0, 0
    shown, blows = time.monotonic(), 0

    def has_committed():
        job.go_on()
        return collections.Counter(job.targets.active2()) != before["active2"]

    while deaths < kills:
        blows += 1
        if blows % 4 == 0:  # however long that takes here
            wait_until("rows are committed", has_committed)
        time.sleep(rng.choice([0.1, 0.5, 1.0, 2.0, 3.0]) * rng.uniform(0.5, 1.5))
        is_paused = rng.random() < 0.3 and act(job.cluster, rng)
        victims = rng.sample(list(job.cluster.nodes.values()), rng.choice([1, 1, 1, 2]))
        led += job.cluster.leader() in [v.name for v in victims]
        for v in victims:
            check(v.alive(), lambda v=v: f"node {v.name} has ended by itself with {v.process.returncode}: {v.errors()[-1500:]}")
        if rng.random() < 0.25:
            zombies += stand_still(job.cluster, victims[0], rng)
        else:
            for v in victims:
                v.kill()
            deaths += len(victims)
        now = job.targets.committed()
        nothing_lost_since(before, now)
        progress += now["active2"] != before["active2"]
        before = now
        time.sleep(rng.choice([0, 0.5, 3.0]) * rng.uniform(0.5, 1.5))
        job.go_on()
        if is_paused:
            job.cluster.ask("console", "-e", "resume")
            pauses += 1
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{deaths} kills, {sum(now['active2'].values())} rows in active2", flush=True)
    job.clicks.end()
    ended = time.monotonic()
    found = job.finish(running)
    took = time.monotonic() - ended
    report_outlives_the_leader(job.cluster, running)
    check(progress >= blows // 4, f"rows were committed between {progress} of the kills only")
    job.cluster.stop()
    if database:
        database.drop()
    print(f"{deaths} kills of nodes over {options.store} (seed {seed}), {led} times the one that led, {zombies} that woke up, {pauses} while it was paused, whole {took:.0f} s after the last click: {found}", flush=True)
    return deaths


def test(options, folder):
    in_rounds(options, folder, one_round)


if __name__ == "__main__":
    main(test, __doc__, kills=10, seed=1, store=STORES, moving=dict(action="store_true", help="each node that is started again has another address"))
