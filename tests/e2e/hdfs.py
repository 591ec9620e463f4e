#!/usr/bin/env -S python3 -B
"""The parquet sink in a real HDFS over WebHDFS: killed at random and in the middle of an upload; NameNode and DataNode killed, frozen, absent, in
safe mode; folders that cannot be had. A reader looks all the time. Servers are its own, by tools/services.

    hdfs.py --millrace BINARY [--kills 12] [--seed 1] [--only CASE]
"""
import json
import os
import re
import signal
import subprocess
import urllib.request

from real_systems import PATIENCE, case, check
from remote_cases import absent_at_start, at_start_empty, away_and_back, frozen, kills, main_on_server, on_nodes, stopped_while_away
from remote_tables import Hdfs, refused


def stands_still_within(running, rows):
    """Says whether it does so now, within an upload; else it goes on."""
    running.process.send_signal(signal.SIGSTOP)
    if rows.left_behind():
        return True
    running.process.send_signal(signal.SIGCONT)
    return False


def half_upload(c):
    """Killed while a large file is on its way: readers never see it, the next life sends it whole and leaves no other file."""
    rows, reader = c.rows(2_000, rate=None, size=10_000), c.reader()
    # It may be whole before the run stands still, or once more until the kill comes; then there are more.
    for _ in range(4):
        running = rows.run()
        running.wait_until("an upload under way", lambda running=running: stands_still_within(running, rows))
        running.kill()
        if rows.left_behind():
            break
    check(rows.left_behind(), "each of four uploads was whole before the kill")
    rows.run().expect(0, seconds=120)
    rows.compare()
    check(not rows.left_behind(), f"left behind: {rows.left_behind()}")
    print(f"{c.table}: the reader: {reader.end()}", flush=True)


def sends(c, running):
    """Returns whether it has sent something to the DataNode, which may stand still: the kernel takes that."""
    command = ["ss", "-Htnpi", "state", "established", "dport", "=", f":{c.servers.port('hdfs.datanode')}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return any(re.search(r"bytes_sent:[1-9]", one) for one in re.split(r"\n(?=\S)", listed) if f"pid={running.process.pid}," in one)


def late_uploads(c):
    """Lives begin to send and are killed while the DataNode stands still. It takes all of that at once when it wakes up, beside the bytes of the
    present life: none of it gets into a visible file."""
    rows, reader, pid = c.rows(2_000, rate=None, size=10_000), c.reader(), c.servers.pid("hdfs.datanode")
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(4):
            running = rows.run()
            running.wait_until("it has begun to send", lambda running=running: sends(c, running))
            running.kill()
        running = rows.run()
        running.wait_until("it has begun to send", lambda: sends(c, running))
    finally:
        os.kill(pid, signal.SIGCONT)
    running.expect(0, seconds=120)
    rows.compare()
    print(f"{c.table}: the reader: {reader.end()}", flush=True)


def namenode_away(c):
    """The NameNode is killed and comes back."""
    away_and_back(c, *c.switch("hdfs.namenode"), c.place.server)


def datanode_away(c):
    """The DataNode is killed and comes back, after the NameNode has missed it."""
    def is_missed():
        with urllib.request.urlopen(f"{c.place.url}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState", timeout=10 * PATIENCE) as answer:
            return json.load(answer)["beans"][0]["NumDeadDataNodes"] == 1
    away_and_back(c, *c.switch("hdfs.datanode"), missed=is_missed)


def safe_mode(c):
    """The NameNode refuses changes for a while."""
    try:
        away_and_back(c, lambda: c.servers.command("safemode", "enter"), lambda: c.servers.command("safemode", "leave"), "safe mode")
    except BaseException:
        c.servers.command("safemode", "leave")  # or the next cases fail, too
        raise


def no_rights(c):
    """A folder of another user's: one clear error; as that other user it goes."""
    c.place.client.make_folder(f"/lake/{c.table}")
    rows = c.rows(1_000, rate=None)
    rows.write(None, c.place.stage(c.table, user="stranger"))
    refused(rows.run(), 1, "stranger", f"/lake/{c.table}", "permission")
    rows.write(None, c.place.stage(c.table))
    rows.run().expect(0)
    rows.compare()


def own_user(c):
    """The user in the connection is whose the files are."""
    rows = c.rows(1_000, rate=None)
    c.place.client.make_folder("/lake")
    c.place.client.allow("/lake", "1777")
    rows.write(None, c.place.stage(c.table, user="someone"))
    rows.run().expect(0)
    rows.compare()
    owners = {entry["owner"] for entry in c.place.client.list(f"/lake/{c.table}").values()}
    check(owners == {"someone"}, f"owners: {owners}")


def file_in_the_way(c):
    """A file where the table's folder should be."""
    c.place.client.make_folder("/lake")
    c.place.client.write(f"/lake/{c.table}", b"no folder")
    refused(c.rows(1_000, rate=None).run(), 1, f"/lake/{c.table}")
    check(c.place.client.read(f"/lake/{c.table}") == b"no folder", "the file that was in the way is gone")


# Whose table it is, is decided above the servers: s3.py has those cases.
CASES = (kills, half_upload, late_uploads, namenode_away, datanode_away, safe_mode, case("namenode_frozen", frozen, "hdfs.namenode", 8),
         case("datanode_frozen", frozen, "hdfs.datanode", 8), case("stopped_without_namenode", stopped_while_away, "hdfs.namenode"),
         case("absent", absent_at_start, "hdfs"), no_rights, own_user, file_in_the_way, at_start_empty, on_nodes)


if __name__ == "__main__":
    main_on_server(Hdfs, "WEBHDFS_URL", CASES, __doc__)
