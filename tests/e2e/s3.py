#!/usr/bin/env -S python3 -B
"""The parquet sink in a bucket of a real S3 server: killed at random; the server killed, frozen, absent; a secret and a bucket that are wrong. A
reader looks all the time. The server is its own, by tools/services.

    s3.py --millrace BINARY [--kills 12] [--seed 1] [--only CASE]
"""
import random
import time

from real_systems import case, check
from remote_cases import (absent_at_start, another_state, at_start_empty, away_and_back, fresh, frozen, kills, main_on_server, older_table, on_nodes,
                          stopped_while_away)
from relay import Relay, certificate
from remote_tables import S3, refused, visible


def server_away(c):
    """The server is killed and comes back."""
    away_and_back(c, *c.switch("s3"), c.place.server)


def wrong_secret(c):
    """One clear error, in which no secret is."""
    rows = c.rows(1_000, rate=None)
    rows.write(None, c.place.stage_with(c.table, secret="guessed-wrong"))
    running = rows.run()
    refused(running, 1, "s3://millrace", "SignatureDoesNotMatch", "check the keys")
    check("guessed-wrong" not in running.errors(), "the secret stands in the message")
    rows.write(None, c.place.stage(c.table))
    rows.run().expect(0)
    rows.compare()


def missing_bucket(c):
    """One clear error that names the bucket."""
    rows = c.rows(1_000, rate=None)
    rows.write(None, c.place.stage_with(c.table, bucket="nowhere"))
    refused(rows.run(), 1, "nowhere", "bucket")


def broken_connections(c):
    """Connections that break off wherever they are: each row is in the table once."""
    relay, reader = Relay(c.place.server), c.reader()
    rows = c.rows(24_000)
    rows.write(4000, c.place.stage_with(c.table, endpoint=f"http://{relay.address}"))
    running, rng = rows.run(), random.Random(c.options.seed)
    files, longer = 0, 1.0
    while running.alive():
        time.sleep(rng.uniform(0.02, 0.4) * longer)
        relay.cut()
        before, files = files, len(visible(c.place.walk(c.table)))
        longer = 1.0 if files > before else longer * 1.05  # or nothing ever gets through on a slow machine
    running.expect(0)
    relay.close()
    files = rows.compare()
    print(f"{c.table}: {relay.cuts} connections cut, {files} files; the reader: {reader.end()}", flush=True)


def over_tls(c):
    """An authority that nobody knows is refused, one that is named is trusted."""
    rows = c.rows(3_000, rate=None)
    authority, *own = certificate(rows.folder)
    relay = Relay(c.place.server, tls=own)
    where = c.place.stage_with(c.table, endpoint=f"https://{relay.address}")
    rows.write(None, where)
    refused(rows.run(), 1, relay.address, "ca_file")
    rows.write(None, {**where, "ca_file": str(authority)})
    rows.run().expect(0)
    relay.close()
    rows.compare()


def neighbours(c):
    """Keys that only begin like the table's are none of its files."""
    c.place.write(f"{c.table}-2", "part-000001.parquet", b"somebody else's")
    rows = c.rows(1_000, rate=None, at_start="empty")
    rows.run().expect(0)
    rows.compare()
    check(c.place.read(f"{c.table}-2", "part-000001.parquet") == b"somebody else's", "a neighbour's object is gone")


CASES = (kills, broken_connections, server_away, case("server_frozen", frozen, "s3", 8), case("stopped_without_server", stopped_while_away, "s3"),
         case("absent", absent_at_start, "s3"), wrong_secret, missing_bucket, over_tls, neighbours, at_start_empty, another_state, older_table, fresh,
         on_nodes)


if __name__ == "__main__":
    main_on_server(S3, "S3_URL", CASES, __doc__)
