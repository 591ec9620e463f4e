#!/usr/bin/env -S python3 -B
"""Predicts who leaves Sparkify: generated listeners, and the truth about them; their features by features.sql over the table, by
features.json while it is killed, and the same by plain Python and by pandas (tools/xgboost_peer); and the probabilities by a model of these, in one process
and on nodes. No server; libduckdb.so (tools/duckdb), else SKIPPED.

    churn.py --millrace BINARY
"""
import collections
import contextlib
import csv
import datetime
import gzip
import json
import math
import os
import sqlite3
import statistics
import subprocess
import sys

from cluster_under_test import Cluster
from parquet_tables import needs_parquet
from real_systems import PATIENCE, ROOT, SKIPPED, Run, captured, check, main, wait_until

PIPELINE = ROOT / "pipelines" / "sparkify"
ZONE = datetime.timezone(datetime.timedelta(hours=7))
LISTENERS, SEASON = 60, 1_200
PAGES = ["NextSong", "Thumbs Up", "Thumbs Down", "Home", "Roll Advert", "Add to Playlist", "Add Friend", "Logout", "Help", "About", "Settings",
         "Save Settings", "Upgrade", "Submit Upgrade", "Downgrade", "Submit Downgrade", "Error"]
LEFT = "Cancellation Confirmation"


def millrace(options, folder, *arguments, status=0, environment=None):
    done = captured(options.millrace, *arguments, cwd=folder, timeout=100 * PATIENCE, env=environment)
    check(done.returncode == status, f"{arguments[0]}: exit status {done.returncode}: {done.stderr[-800:]}")
    return done


def generate(options, folder):
    """Returns the events, and the truth by user."""
    made = ("load", "--kind", "listening", "--keys", LISTENERS, "--seed", 4, "--count", LISTENERS * SEASON, "--spacing", "1 min",
            "--start-time", "2018-10-01T00:00:00Z")
    millrace(options, folder, *made, "--out", "events.json", "--truth", "truth.csv")
    events = [json.loads(line) for line in (folder / "events.json").read_text().splitlines()]
    check([e["ts"] for e in events[:3]] == [1538352000000, 1538352060000, 1538352120000], "the events are not a minute apart")
    truth = {row["userId"]: row for row in csv.DictReader((folder / "truth.csv").open())}
    check(len(truth) == LISTENERS, f"the truth is about {len(truth)} listeners")
    left = {e["userId"] for e in events if e["page"] == LEFT}
    check(left == {u for u, t in truth.items() if t["left"] == "1"}, "who has left is not who the truth says")
    check(3 < len(left) < 30, f"{len(left)} of {LISTENERS} have left")
    with gzip.open(folder / "events.json.gz", "wt") as out:
        out.write((folder / "events.json").read_text())
    refused = millrace(options, folder, *made, "--out", "more.json", "--truth", "no/such/folder.csv", status=2)
    check("--truth no/such/folder.csv" in refused.stderr, refused.stderr)
    return events


def average(values):
    return statistics.fmean(values) if values else None


def features(events):
    """Returns the features that features.sql gives, computed by loops."""
    of = collections.defaultdict(list)
    for e in events:
        if e["userId"]:
            of[e["userId"]].append(e)
    out = {}
    for user, mine in of.items():
        sessions, items, pages = collections.defaultdict(list), collections.defaultdict(list), collections.Counter()
        for e in mine:
            day = datetime.datetime.fromtimestamp(e["ts"] / 1000, ZONE).date()
            sessions[day, e["sessionId"]].append(e["ts"])
            items[day].append(e["itemInSession"])
            pages[e["page"], day] += 1
        took = collections.defaultdict(list)
        for (day, _), times in sessions.items():
            took[day].append(max(times) - min(times))
        last = max(mine, key=lambda e: (e["ts"], e["itemInSession"]))
        row = {
            "gender": mine[0]["gender"],
            "last_level": last["level"],
            "registered_days": (last["ts"] - mine[0]["registration"]) / 86_400_000,
            "avg_length": average([e["length"] for e in mine if "length" in e]),
            "avg_daily_session": average([max(i) for i in items.values()]),
            "avg_daily_sess_cnt": 1.0,
            "avg_daily_sess_dur": average([average(t) for t in took.values()]) / 1000,
            "churned": any(e["page"] == LEFT for e in mine),
        }
        for page in PAGES:
            row["avg_daily_" + page.lower().replace(" ", "_")] = average([n for (p, _), n in pages.items() if p == page])
        out[user] = row
    return out


def compare(found, expected, what):
    check(found.keys() == expected.keys(), f"{what}: users {sorted(found.keys() ^ expected.keys())[:5]}")
    for user, row in expected.items():
        check(found[user].keys() == row.keys(), f"{what}: columns {sorted(found[user].keys() ^ row.keys())}")
        for name, value in row.items():
            other = found[user][name]
            same = math.isclose(other, value, rel_tol=1e-9, abs_tol=1e-9) if isinstance(value, float) and other is not None else other == value
            check(same, f"{what}: {name} of user {user} is {other!r}, expected {value!r}")


def by_pandas(path):
    """None where there is no pandas."""
    peer = subprocess.run([ROOT / "tools" / "xgboost_peer"], capture_output=True, text=True)
    if peer.returncode == 3:
        print(f"SKIPPED: comparison with pandas: {peer.stderr.strip()}", flush=True)
        return None
    check(peer.returncode == 0, peer.stderr)
    done = captured(peer.stdout.strip(), ROOT / "tests" / "e2e" / "churn_pandas.py", path, timeout=100 * PATIENCE)
    check(done.returncode == 0, done.stderr[-1500:])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row.pop("userid"): row for row in rows}


def by_sql(options, folder, events, name="table"):
    environment = {**os.environ, "EVENTS": str(events), "TABLE": str(folder / name)}
    job = (PIPELINE / "topology.json", "--with", PIPELINE / "embedded.json")
    millrace(options, folder, "run", *job, "--state", folder / f"{name}.state", environment=environment)
    done = subprocess.run([options.millrace, "sql", "--topology", *map(str, job), "--format", "json", (PIPELINE / "features.sql").read_text()],
                          cwd=folder, capture_output=True, text=True, timeout=100 * PATIENCE, env=environment)
    if done.returncode != 0 and "libduckdb" in done.stderr:
        print("SKIPPED: features by SQL (no libduckdb.so)")
        return None
    check(done.returncode == 0, done.stderr[-800:])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row.pop("userid"): row for row in rows}


def scored(options, folder):
    """The probabilities of the table by `model evaluate`, and those that come live, over a kill."""
    job = ("--topology", PIPELINE / "topology.json", "--with", PIPELINE / "embedded.json")
    environment = {**os.environ, "TABLE": str(folder / "table")}
    millrace(options, folder, "sql", *job, f"copy ({(PIPELINE / 'features.sql').read_text()}) to 'features.parquet'", environment=environment)
    trained = subprocess.run([options.millrace, "model", "train", "features.parquet", "--label", "churned", "--ignore", "userid", "--model", "forest",
                              "--seed", "42", "--out", "churn.model.json"], cwd=folder, capture_output=True, text=True, timeout=100 * PATIENCE)
    if trained.returncode != 0 and "libxgboost" in trained.stderr:
        print("SKIPPED: probabilities (no libxgboost)")
        sys.exit(SKIPPED)
    check(trained.returncode == 0, trained.stderr[-800:])
    millrace(options, folder, "model", "evaluate", "churn.model.json", "features.parquet", "--predictions", "batch.jsonl", "--report", "batch.html")
    batch = {row["userid"]: row["probability"] for row in map(json.loads, (folder / "batch.jsonl").read_text().splitlines())}
    live = by_topology(options, folder, "scored", "--with", PIPELINE / "features_scored.json",
                       environment={"MODEL": str(folder / "churn.model.json")}, kills=2)
    check(len(batch) == LISTENERS and {u: row["churn_probability"] for u, row in live.items()} == batch,
          "the live probabilities are not those of the table")
    print(f"features_scored.json: the probabilities of {len(live)} listeners are those of the table to the bit, over 2 kills", flush=True)
    live = on_nodes(options, folder, {"MODEL": str(folder / "churn.model.json")})
    check({u: row["churn_probability"] for u, row in live.items()} == batch, "the probabilities on nodes are not those of the table")
    print("features_scored.json: the same on two nodes that were both killed twice", flush=True)


def on_nodes(options, folder, environment):
    """The live table of two nodes at the end; both are killed twice on the way."""
    environment = {**environment, "EVENTS": str(folder / "events.json.gz"), "FEATURES": f"sqlite3://{folder}/nodes.db", "EVERY": "200 ms"}
    with Cluster(options.millrace, folder / "cluster", following=(), environment=environment) as cluster:
        overlays = [a for name in ("embedded", "scored") for a in ("--with", PIPELINE / f"features_{name}.json")]
        cluster.ask("apply", PIPELINE / "features.json", *overlays, "--set", "stages.messages.rate=10000/s", by=cluster.nodes["a"])
        for _ in range(2):
            seen = rows_of(folder / "nodes.db")
            wait_until("rows have come since", lambda: rows_of(folder / "nodes.db") != seen)
            check(cluster.state_of("sparkify_features")[0] != "ended", "it was over before the nodes were killed")
            for node in cluster.nodes.values():
                node.kill()
            cluster.start_missing()
        cluster.ask("wait", "sparkify_features")
        return rows_of(folder / "nodes.db")


def rows_of(database):
    """Returns the rows by user; none where there is no table yet."""
    with contextlib.closing(sqlite3.connect(database, timeout=30 * PATIENCE)) as table, contextlib.suppress(sqlite3.OperationalError):
        table.row_factory = sqlite3.Row
        rows = [dict(row) for row in table.execute("select * from listeners")]
        return {row.pop("userid"): {**row, "churned": bool(row["churned"])} for row in rows}
    return {}


def by_topology(options, folder, name, *more, environment=None, kills=0):
    """The live table at the end, over so many kills on the way."""
    environment = {**os.environ, "EVENTS": str(folder / "events.json.gz"), "FEATURES": f"sqlite3://{folder}/{name}.db", "EVERY": "200 ms",
                   **(environment or {})}
    command = ["run", PIPELINE / "features.json", "--with", PIPELINE / "features_embedded.json", *more, "--state", folder / name]
    for _ in range(kills):
        seen = rows_of(folder / f"{name}.db")
        said = folder / f"{name}.err"
        with open(said, "wb") as err:
            run = subprocess.Popen([options.millrace, *map(str, command), "--set", "stages.messages.rate=20000/s"], cwd=folder, env=environment,
                                   stderr=err)
        Run.started.append(run)
        wait_until("rows have come since, or it is over", lambda: rows_of(folder / f"{name}.db") != seen or run.poll() is not None)
        check(run.poll() in (None, 0), lambda: f"it has ended with {run.returncode}: {said.read_text()[-1500:]}")
        run.kill()
        run.wait()
    done = millrace(options, folder, *command, environment=environment)
    check("none late, no dead letters" in done.stderr, done.stderr[-800:])
    return rows_of(folder / f"{name}.db")


def of_the_sample(options, folder):
    """The events that the project ships, in two months of which most listeners have a day or two."""
    sample = PIPELINE / "sample" / "medium-sparkify-event-data.json.gz"
    expected = by_pandas(sample)
    if expected is None:
        return
    compare(by_topology(options, folder, "sample", environment={"EVENTS": str(sample)}), expected, "features.json and pandas, of the sample")
    compare(by_sql(options, folder, sample, "sample_table"), expected, "features.sql and pandas, of the sample")
    print(f"pandas has the same 24 features of the sample's {len(expected)} listeners", flush=True)


def go(options, folder):
    expected = features(generate(options, folder))
    check(len(expected) == LISTENERS, f"features of {len(expected)} listeners")
    found = by_topology(options, folder, "live", kills=2)
    compare(found, expected, "features.json")
    print(f"features.json: 24 features of {len(found)} listeners are those of plain Python", flush=True)
    needs_parquet(options)
    found = by_sql(options, folder, folder / "events.json.gz")
    if found is None:
        sys.exit(SKIPPED)
    compare(found, expected, "features.sql")
    print(f"features.sql: 24 features of {len(found)} listeners are those of plain Python", flush=True)
    if (others := by_pandas(folder / "events.json.gz")) is not None:
        compare(found, others, "features.sql and pandas")
        print(f"pandas has the same 24 features of {len(others)} listeners", flush=True)
    of_the_sample(options, folder)
    scored(options, folder)


if __name__ == "__main__":
    main(go, __doc__)
