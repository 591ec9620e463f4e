#!/usr/bin/env -S python3 -B
"""Joins by windows, by intervals and as of a time against DuckDB, on drawn data: 100,000 rows of two sides, in 1 to 4 partitions each, out of order and partly late; each
`how`, tumbling and sliding windows, reaches to both sides and to one, with 1 to 7 shards, each run killed with -9 twice on its way. DuckDB (libduckdb.so,
tools/duckdb) joins the same files; a row is told beside it for which ends it counts, by its own partition's watermark. Without the library: SKIPPED."""
import json
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from command_under_test import needs_duckdb
from real_systems import PATIENCE, check, main

SECOND = 1_000_000
BEGIN = 1_767_225_600 * SECOND
ROWS = 50_000  # a side
LEAST = -(1 << 62)


def draw(rng, keys, delay, lag, partitions, folder, side):
    """Writes the partitions; each row has in `open` the mark above which it counts for ends."""
    for p in range(partitions):
        clock, newest = BEGIN + 60 * SECOND, None
        with open(folder / f"{side}-{p}.jsonl", "w") as out:
            for n in range(ROWS // partitions):
                clock += rng.choice([0, 0, 1, 2, 40]) * SECOND // 100
                at = clock - rng.choice([0, 0, 0, 0, 1, 5, 30]) * SECOND
                key = None if rng.random() < .01 else rng.randrange(keys)
                mark = LEAST if newest is None else newest - delay - lag
                out.write(json.dumps({"k": key, "n": p * ROWS + n, "t": at, "open": mark, "gone": rng.random() < .1}) + "\n")
                newest = at if newest is None else max(newest, at)


def topology(folder, join, delays):
    def side(name):
        return {f"{name}_files": {"source": "file", "path": str(folder / f"{name}-*.jsonl"), "parallel": True},
                name: {"parser": "json", "from": f"{name}_files", "schema": {"k": "bigint", "n": "bigint", "gone": "boolean", "t": {"type": "timestamp", "format": "epoch_us"}},
                       "event_time": "t", "watermark_delay": f"{delays[name]} us"}}
    return {"millrace": 1, "topology": "joins", "stages": {
        **side("left"), **side("right"),
        "joined": {**join, "left": "left", "right": "right", "key": "k",
                   "columns": {"k": "k", "l": "l.n", "r": "null::bigint" if join["how"] == "anti" else "r.n", "e": "window_end"}},
        "out": {"sink": "file", "from": "joined", "path": str(folder / "out.jsonl")}}}


def run(binary, folder, rng):
    """Runs it to its end, killed twice before."""
    command = [binary, "run", folder / "topology.json", "--state", folder / "state", "--report", folder / "report.json"]
    kills = 0
    while True:
        with open(folder / "log", "a") as log:
            process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        if kills < 2:
            kills += 1
            try:
                process.wait(timeout=rng.uniform(.2, .7))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                continue
        check(process.wait(timeout=200 * PATIENCE) == 0, f"it ended with {process.returncode}: {(folder / 'log').read_text()[-800:]}")
        return json.loads((folder / "report.json").read_text())["stages"]["joined"]


def table(folder, side):
    return f"read_json('{folder}/{side}-*.jsonl', columns = {{k: 'BIGINT', n: 'BIGINT', t: 'BIGINT', open: 'BIGINT', gone: 'BOOLEAN'}})"


def window_pairs(folder, how, size, slide):
    """The rows as DuckDB joins them, as a query: k, l, r, e."""
    def rows_of(side):
        return f"""(select k, n, e from (select k, n, open, unnest(range(((t - {BEGIN} + {slide}) // {slide}) * {slide} + {BEGIN},
                   ((t - {BEGIN} + {slide}) // {slide}) * {slide} + {BEGIN} + {size}, {slide})) as e from {table(folder, side)}) where e > open)"""
    kind = {"inner": "join", "left": "left join", "right": "right join", "full": "full join"}[how]
    return f"""select coalesce(a.k, b.k) as k, a.n as l, b.n as r, coalesce(a.e, b.e) as e
      from {rows_of('left')} a {kind} {rows_of('right')} b on a.k = b.k and a.e = b.e"""


def interval_pairs(folder, how, before, after):
    kind = {"inner": "join", "left": "left join", "anti": "anti join"}[how]
    return f"""select a.k, a.n as l, {'null' if how == 'anti' else 'b.n'} as r, a.t + 1 as e
      from (select * from {table(folder, 'left')} where t + 1 > open) a {kind} (select * from {table(folder, 'right')} where t + {before} + 1 > open) b
      on a.k = b.k and b.t between a.t - {before} and a.t + {after} and a.t + 1 > b.open"""


def versions(folder, how, keep):
    """Of the versions that count at a left row's time the newest one, unless it says that the key is gone. Rows of one time go by file, then line: by n."""
    return f"""select k, l, r, e from (select a.k, a.n as l, case when not b.gone then b.n end as r, a.t + 1 as e
        from (select * from {table(folder, 'left')} where t + 1 > open) a left join (select * from {table(folder, 'right')} where t + {keep} + 1 > open) b
        on a.k = b.k and b.t <= a.t and a.t + 1 > b.open qualify row_number() over (partition by a.n order by b.t desc, b.n desc) = 1)
      where {'true' if how == 'left' else 'r is not null'}"""


def compare(binary, folder, expected):
    """Rows that one of the two has and the other lacks, as DuckDB counts them."""
    query = f"""with expected as ({expected}),
      given as (select k, l, r, epoch_us(e::timestamp) as e from read_json('{folder}/out.jsonl', columns = {{k: 'BIGINT', l: 'BIGINT', r: 'BIGINT', e: 'VARCHAR'}}))
      select (select count(*) from given) as given, (select count(*) from (select * from given except all select * from expected)) as extra,
             (select count(*) from (select * from expected except all select * from given)) as missing"""
    done = subprocess.run([binary, "sql", query, "--format", "json"], capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr[-800:])
    return json.loads(done.stdout)


def data_set(binary, seed, kind):
    rng = random.Random(f"{kind} {seed}")
    lateness = rng.choice([0, 0, 7])
    lag = lateness
    if kind == "window":
        size, slide = rng.choice([(10, 10), (10, 10), (30, 10), (60, 15)])
        how = ["inner", "left", "right", "full"][seed % 4]
        times, said = {"size": f"{size} s", "slide": f"{slide} s"}, f"{size} s every {slide} s"
        expected = lambda folder: window_pairs(folder, how, size * SECOND, slide * SECOND)
    elif kind == "as_of":
        keep, how = rng.choice([0, 20, 86_400]), ["inner", "left"][seed % 2]
        times, said = {"late_versions": f"{keep} s", "deleted": "gone"}, f"versions up to {keep} s late"
        expected = lambda folder: versions(folder, how, keep * SECOND)
    else:
        before, after = rng.choice([(10, 10), (0, 30), (30, 0), (-2, 20), (20, -2), (0, 0)])
        how, lag = ["inner", "left", "anti"][seed % 3], lateness + max(0, after)
        times, said = {"before": f"{before} s", "after": f"{after} s"}, f"{before} s before to {after} s behind"
        expected = lambda folder: interval_pairs(folder, how, before * SECOND, after * SECOND)
    delays = {side: rng.choice([0, 2, 40]) * SECOND for side in ("left", "right")}
    with tempfile.TemporaryDirectory(prefix="millrace-joins-") as name:
        folder = Path(name)
        for side in ("left", "right"):
            draw(rng, rng.choice([500, 20_000] if kind == "as_of" else [20, 500, 20_000]), delays[side], lag * SECOND, rng.randint(1, 4), folder, side)
        join = {"join": kind, "how": how, **times, "allowed_lateness": f"{lateness} s", "shards": rng.randint(1, 7), **({} if kind == "as_of" else {"max_pairs": 10_000_000})}
        (folder / "topology.json").write_text(json.dumps(topology(folder, join, delays)))
        began = time.monotonic()
        counts = run(binary, folder, rng)
        seconds = time.monotonic() - began
        check(counts["in"] == counts["out"] + counts["filtered"] + counts["late"] + counts["dead_letters"], f"the ledger: {counts}")
        check(counts["late"] == counts["late_left"] + counts["late_right"], f"late rows by side: {counts}")
        found = compare(binary, folder, expected(folder))
        check(found["extra"] == 0 and found["missing"] == 0 and found["given"] == counts["rows"], f"seed {seed}, {join}: {found}, {counts}")
        print(f"seed {seed}: {kind}, {how}, {said}: {counts['in']} rows in, {counts['late']} late, {found['given']} rows out, equal; {seconds:.1f} s", flush=True)


def test(options, _):
    needs_duckdb()
    for seed in range(options.first, options.first + options.sets):
        for kind in ("window", "interval", "as_of"):
            data_set(options.millrace, seed, kind)


if __name__ == "__main__":
    main(test, __doc__, sets=20, first=1)
