#!/usr/bin/env -S python3 -B
"""Measures how near models of Sparkify's listeners come to the best that is possible: features of those who are still there at a time, models of who
leaves
later, and beside them the listeners' real chances, which generated listeners have. No server; libduckdb.so (tools/duckdb) and libxgboost.so, else SKIPPED.

    churn_truth.py --millrace BINARY
"""
import bisect
import csv
import json
import math
import os
import statistics
import subprocess
import sys

from churn import PIPELINE, millrace
from parquet_tables import needs_parquet
from real_systems import SKIPPED, captured, check, main

# A season of eight days, of 150 events a day and listener: the averages by day say little where most days have one event of a kind.
LISTENERS, SPACING, BEGIN, CUTOFF = 6_000, "96 ms", "2018-10-01 00:00:00", "2018-10-05 00:00:00"
# A kind of model may stay this far below the real chances. 75 deep trees make less of the same features than boosted ones do (README.md of the
# pipeline).
BOUNDS, PARTS = {"boosted": 0.03, "forest": 0.04}, 5
JOB = ("--topology", PIPELINE / "topology.json", "--with", PIPELINE / "embedded.json")


def listened(options, folder):
    """Returns the environment of the job, once the events are in its table. They go through a pipe: as a file they have 3.5 GB."""
    environment = {**os.environ, "EVENTS": "-", "TABLE": str(folder / "table")}
    ours, its = os.pipe()
    made = subprocess.Popen([options.millrace, "load", "--kind", "listening", "--keys", str(LISTENERS), "--seed", "4", "--count", str(LISTENERS * 1_200),
                             "--spacing", SPACING, "--start-time", BEGIN, "--truth", "truth.csv", "--truth-from", CUTOFF, "--out", f"/dev/fd/{its}", "--append"],
                            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pass_fds=[its])
    os.close(its)  # it is the end of the events if the other process ends, however it does
    with open(ours, "rb") as events:
        job = subprocess.run([options.millrace, "run", *map(str, JOB[1:]), "--state", folder / "state"], cwd=folder, env=environment, stdin=events,
                             capture_output=True, text=True, timeout=600)
    _, said = made.communicate(timeout=60)
    check(made.returncode == 0 and job.returncode == 0, f"{said[-400:]}{job.stderr[-800:]}")
    return environment


def features(options, folder, environment, cutoff="", chosen="true"):
    """Splits the table by listener into parts, each in two files: it, and all the others, whose model judges it without having seen it."""
    query = f"{cutoff} create table features as (select * from ({(PIPELINE / 'features.sql').read_text()}) where {chosen});" + "".join(
        f"copy (select * from features where userid::bigint % {PARTS} {among} {part}) to '{name}{part}.parquet';"
        for part in range(PARTS) for name, among in (("part", "="), ("others", "<>")))
    done = captured(options.millrace, "sql", *JOB, query, cwd=folder, timeout=300, env=environment)
    if done.returncode != 0 and "libduckdb" in done.stderr:
        print("SKIPPED: features by SQL (no libduckdb.so)", flush=True)
        sys.exit(SKIPPED)
    check(done.returncode == 0, done.stderr[-800:])


def placed(value, others):
    """The share of `others`, which are sorted, that is below the value; equal ones count half."""
    return (bisect.bisect_left(others, value) + bisect.bisect_right(others, value)) / 2 / len(others)


def placements(scores, labels):
    """Returns for each leaver and each stayer the share of the other class that it stands above. The mean of the leavers' is the area under the ROC
    curve."""
    leavers = sorted(s for s, left in zip(scores, labels) if left)
    stayers = sorted(s for s, left in zip(scores, labels) if not left)
    return [placed(s, stayers) for s, left in zip(scores, labels) if left], [placed(s, leavers) for s, left in zip(scores, labels) if not left]


def compared(labels, scores, chances):
    """Both areas, and the standard error of their difference: DeLong, DeLong and Clarke-Pearson, 1988."""
    ours, best = placements(scores, labels), placements(chances, labels)
    error = math.sqrt(sum(statistics.variance([a - b for a, b in zip(*pair)]) / len(pair[0]) for pair in zip(ours, best)))
    return statistics.fmean(ours[0]), statistics.fmean(best[0]), error


def judged(options, folder, kind, truth):
    """The mean areas of models and truth over the parts, and the standard error of their difference."""
    found = []
    for part in range(PARTS):
        train = [options.millrace, "model", "train", f"others{part}.parquet", "--label", "churned", "--ignore", "userid", "--model", kind, "--seed", "42",
                 "--held-out", "0.01", "--out", "model.json"]
        done = captured(*train, cwd=folder, timeout=300)
        if done.returncode != 0 and "libxgboost" in done.stderr:
            print("SKIPPED: models (no libxgboost)", flush=True)
            sys.exit(SKIPPED)
        check(done.returncode == 0, done.stderr[-800:])
        figures = json.loads(millrace(options, folder, "model", "evaluate", "model.json", f"part{part}.parquet", "--json", "--predictions",
                                      "rows.jsonl").stdout)
        rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
        found.append(compared([r["churned"] for r in rows], [r["probability"] for r in rows], [float(truth[r["userid"]]["probability"]) for r in rows]))
        check(math.isclose(found[-1][0], figures["model"]["roc_auc"], rel_tol=1e-9), f"{kind}: {found[-1][0]} is not evaluate's {figures}")
    ours, best, errors = zip(*found)
    return statistics.fmean(ours), statistics.fmean(best), math.hypot(*errors) / PARTS


def go(options, folder):
    needs_parquet(options)
    environment = listened(options, folder)
    truth = {row["userId"]: row for row in csv.DictReader((folder / "truth.csv").open())}
    features(options, folder, environment, f"set variable cutoff = timestamp '{CUTOFF}';")
    known = [json.loads(line) for line in millrace(options, folder, "sql", "--format", "json", "select userid, churned from 'part?.parquet'").stdout.splitlines()]
    check(len(known) == len(truth) and {r["userid"]: r["churned"] for r in known} == {u: t["left"] == "1" for u, t in truth.items()},
          "who is still there, or who leaves later, is not who the truth says")
    print(f"{len(truth)} of {LISTENERS} listeners are there at the cutoff, {sum(r['churned'] for r in known)} leave later", flush=True)
    for kind, bound in BOUNDS.items():
        ours, best, error = judged(options, folder, kind, truth)
        print(f"{kind}: ROC AUC {ours:.4f}, of the real chances {best:.4f}; standard error of the difference {error:.4f}", flush=True)
        check(2 * error < 0.01, f"{kind}: the noise is not small beside the bound")
        check(best - ours <= bound, f"{kind}: {best - ours:.4f} below the best that is possible")
        check(ours - best <= 2 * error, f"{kind}: {ours - best:.4f} above the best that is possible: the features know what is yet to come")
    # The comparison would show it if they did: features of the same listeners up to their last events know who has left.
    features(options, folder, environment, chosen="userid::bigint in (select userId from 'truth.csv')")
    ours, best, error = judged(options, folder, "boosted", truth)
    print(f"boosted, features up to the last event: ROC AUC {ours:.4f}, of the real chances {best:.4f}", flush=True)
    check(ours - best > 5 * error, f"features up to the last event are {ours - best:.4f} above the best that is possible")


if __name__ == "__main__":
    main(go, __doc__)
