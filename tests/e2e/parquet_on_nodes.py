#!/usr/bin/env -S python3 -B
"""A table in S3 or HDFS, written by a cluster of three nodes: the node that has the sink is killed with -9, and another one, whose disk has nothing of
the table, goes on. At the end each row is in the table once. A reader looks all the time. The server is its own, by tools/services.

    parquet_on_nodes.py --millrace build/release/millrace [--server s3|hdfs] [--kills 4] [--seed 1]
"""
import sys

from cluster_under_test import Cluster
from parquet_tables import without_parquet
from patience import LEAST, PATIENCE
from real_systems import Run, check, main, wait_until
from remote_tables import Hdfs, S3, Reader, Rows, visible
from servers_away import Servers

TABLE = "nodes"
RATE = int(1_000 * LEAST / PATIENCE)  # rows a second: fewer on a machine that takes longer for everything else
NAME = f"remote_{TABLE}"
SINK = f"{NAME}/table"
KINDS = {"s3": (S3, "S3_URL"), "hdfs": (Hdfs, "WEBHDFS_URL")}


def place_of_sink(cluster):
    state, reason = cluster.state_of(NAME)
    check(state == "running", f"the topology is {state}: {reason}")
    return cluster.places().get(SINK)


def kill_where_the_sink_is(cluster, rows, place, kills):
    """Each time it has made files since; tells the nodes that had it."""
    had = []
    for _ in range(kills):
        rows.wait_for_files(more_than=len(visible(place.walk(TABLE))))
        had.append(wait_until("the sink is somewhere", lambda: place_of_sink(cluster)))
        node = cluster.nodes[had[-1]]
        node.kill()
        wait_until("another node has the sink", lambda: place_of_sink(cluster) not in (None, had[-1]), 60)
        if node.name != "a":  # it has the source's file
            rows.wait_for_files(more_than=len(visible(place.walk(TABLE))))
        node.start()
        node.wait_ready()
    return had


def run_on(place, options, folder):
    cluster = Cluster(options.millrace, folder, f"dir:{folder}/store", leading=("a", "b", "c"), following=())
    rows = Rows(options, folder / "rows", place, TABLE, 1_000 * (20 + 12 * options.kills), rate=RATE, seed=options.seed, roll={"age": "1 s"})
    reader = Reader(place, TABLE)
    try:
        cluster.start()
        cluster.ask("apply", rows.topology, by=cluster.nodes["a"])
        had = kill_where_the_sink_is(cluster, rows, place, options.kills)
        cluster.ask("wait", NAME)
        files = rows.compare()
        # A server may finish what a killed node has sent after its successor has looked: the next opening removes that.
        late = rows.left_behind()
        if late:
            cluster.ask("apply", rows.topology, by=cluster.nodes["a"])
            cluster.ask("wait", NAME)
            files = rows.compare()
            check(not rows.left_behind(), f"left behind: {rows.left_behind()}; before the last opening {late}")
        print(f"{rows.count} rows once in {files} files; the sink was killed at {', '.join(had)}; the reader: {reader.end()}", flush=True)
    finally:
        reader.ending.set()
        cluster.stop()


def test(options, folder):
    if why := without_parquet(options):
        print(f"SKIPPED: {why}", flush=True)
        sys.exit(77)
    kind, variable = KINDS[options.server]
    servers = Servers(folder)
    try:
        run_on(kind(servers.command("start", kind.name)[variable], servers), options, folder)
    finally:
        Run.end_all()
        servers.command("stop", "--remove")


if __name__ == "__main__":
    main(test, __doc__, server=dict(choices=sorted(KINDS), default="s3"), kills=4, seed=1)
