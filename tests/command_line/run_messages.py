#!/usr/bin/env python3
"""What a run tells of its targets, its windows and its late records: `--fresh` by what each sink really does, a silent partition that windows wait for,
an idle one that they wait for on an older copy of the state, a lookup table that is idle, records for windows that an earlier run has fired, and dates
that could have the day or the month first."""
import argparse
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from real_systems import Wrong, check, free_port, http_status, wait_until  # noqa: E402

PARSED = {"parser": "json", "from": "in", "event_time": "at", "schema": {"user": "text", "at": "timestamp"}}
COUNTS = {"window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"], "aggregates": {"n": "count(*)"}}


def click(minute, user="u"):
    return json.dumps({"user": user, "at": f"2024-01-01T00:{minute:02}:00Z"}) + "\n"


class Job:
    def __init__(self, millrace, folder, name, stages):
        self.millrace, self.folder, self.name = millrace, folder / name, name
        self.folder.mkdir()
        self.path = self.folder / "topology.json"
        self.path.write_text(json.dumps({"millrace": 1, "topology": name, "stages": stages(self.folder)}))

    def command(self, *more):
        return [self.millrace, "run", self.path, "--state", self.folder / "state", *more]

    def run(self, *more):
        done = subprocess.run(self.command(*more), capture_output=True, text=True, timeout=120, check=False)
        check(done.returncode == 0, f"{self.name}: exit status {done.returncode}: {done.stderr}")
        return done.stderr

    def told(self, text, part):
        lines = [line for line in text.splitlines() if part in line]
        check(len(lines) == 1, f"{self.name}: {part!r} stands in {len(lines)} lines: {text}")
        return lines[0]


def fresh(millrace, folder):
    def stages(at):
        table = {"sink": "sql", "from": "counts", "connection": f"sqlite3://{at}/out.sqlite", "create": True, "columns": {"who": '"user"', "n": "n"}}
        file = {"sink": "file", "from": "counts", "columns": {"who": '"user"', "n": "n"}}
        return {"in": {"source": "file", "path": str(at / "in.jsonl")}, "parsed": PARSED, "counts": COUNTS,
                "added": {**table, "table": "added"}, "replaced": {**table, "table": "replaced", "mode": "upsert", "key": "who"},
                "whole": {**file, "path": str(at / "whole.jsonl")}, "rolled": {**file, "path": str(at / "rolled.jsonl"), "roll": {"rows": 1}}}

    job = Job(millrace, folder, "fresh", stages)
    (job.folder / "in.jsonl").write_text("".join(click(1, user) for user in "abc"))
    job.run()
    (job.folder / "rolled-000900.jsonl").write_text("of somebody else\n")
    with (job.folder / "whole.jsonl").open("a") as out:
        out.write("of somebody else\n")

    def rows():
        with sqlite3.connect(job.folder / "out.sqlite") as db:
            tables = [db.execute(f"select count(*) from {t}").fetchone()[0] for t in ("added", "replaced")]
        files = [p.read_text().splitlines() for p in sorted(job.folder.glob("rolled-*.jsonl"))]
        return (*tables, len((job.folder / "whole.jsonl").read_text().splitlines()), sum(map(len, files)), ["of somebody else"] in files)

    check(rows() == (3, 3, 4, 4, True), f"after the first run: {rows()}")
    line = job.told(job.run("--fresh"), "--fresh begins a new state")
    check(line.endswith(" warning fresh: --fresh begins a new state; added: rows that are there stay, and rows that are computed again stand there twice; "
                        "replaced: rows that are there stay, and a row that is computed again replaces the one with its key; whole: the file is emptied, "
                        "whoever has written to it; rolled: the files that the state before has written are removed, and no others"), line)
    check(rows() == (6, 3, 3, 4, True), f"after --fresh: {rows()}")
    check("--fresh" not in job.run().replace("--fresh runs it again", ""), "a run without --fresh speaks of it")


def after_the_end(millrace, folder):
    job = Job(millrace, folder, "ended", lambda at: {
        "in": {"source": "file", "path": str(at / "in.jsonl")}, "parsed": PARSED, "counts": COUNTS, "out": {"sink": "console", "from": "counts"}})
    source = job.folder / "in.jsonl"
    source.write_text(click(1) + click(7))
    check("too late" not in job.run(), "a first run has late records")
    with source.open("a") as out:
        out.write(click(8) + click(9) + click(20))
    line = job.told(job.run(), "too late for their shards")
    for part in (" warning ended/counts: 2 records too late for their shards, ",
                 ": an earlier run has ended and has fired its windows up to 2024-01-01T00:10:00Z; they are in no row, and counted as late_at_shard; "
                 "begin a run when the input of its windows is complete, or compute these windows anew with --fresh"):
        check(part in line, f"{part!r} is missing: {line}")
    check("idle_timeout" not in line, line)


def day_or_month(millrace, folder):
    def stages(columns):
        return lambda at: {"in": {"source": "file", "path": str(at / "in.csv")}, "parsed": {"parser": "csv", "from": "in", "schema": columns},
                           "out": {"sink": "console", "from": "parsed"}}

    def said(name, columns, *records):
        job = Job(millrace, folder, name, stages(columns))
        (job.folder / "in.csv").write_text("".join(f"{r}\n" for r in records))
        return job, job.run()

    at = {"id": "bigint", "at": "timestamp"}
    job, text = said("dates", at, "1,05.11.2026 10:00", "2,06.11.2026 10:00", "3,2026-11-07")
    line = job.told(text, "day or the month")
    check(line.endswith(" warning dates/parsed: column \"at\": 2 of the first 3 values, such as \"05.11.2026 10:00\", could have the day or the month first, and "
                        "are read with the month first; if the day is, declare the column's \"format\", such as \"%d.%m.%Y %H:%M\""), line)
    job, text = said("many", at, *(f"{n},05.11.2026" for n in range(200_000)))
    job.told(text, "day or the month")
    for name, columns, records in (("months", at, ("1,05/11/2026", "2,11/25/2026")), ("plain", at, ("1,2026-11-05",)),
                                   ("declared", {**at, "at": {"type": "timestamp", "format": "%d.%m.%Y"}}, ("1,05.11.2026",))):
        check("day or the month" not in said(name, columns, *records)[1], f"{name}: is warned of")


def silent_partition(millrace, folder):
    def stages(timeout):
        return lambda at: {"in": {"source": "file", "path": str(at / "in" / "*.jsonl"), "follow": True, "parallel": True},
                           "parsed": {**PARSED, **timeout}, "counts": COUNTS, "out": {"sink": "console", "from": "counts", "style": "json"}}

    jobs = [Job(millrace, folder, "waits", stages({})), Job(millrace, folder, "goes_on", stages({"idle_timeout": "1 s"}))]
    running = []
    try:
        for job in jobs:
            (job.folder / "in").mkdir()
            (job.folder / "in" / "full.jsonl").write_text(click(1) + click(30))
            (job.folder / "in" / "empty.jsonl").write_text("")
            with (job.folder / "log").open("w") as log, (job.folder / "rows").open("w") as rows:
                running.append(subprocess.Popen(job.command("--progress", "none", "--degraded-by", "silent=5s"), stdout=rows, stderr=log))
        said = jobs[0].folder / "log"
        wait_until("the window's wait is told", lambda: "waits for" in said.read_text(), 60)
        time.sleep(2)
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            check(process.wait(60) == 0, f"exit status {process.returncode}")
    finally:
        for process in running:
            process.kill()
            process.wait()
    line = jobs[0].told(said.read_text(), "waits for")
    check(" warning waits/counts: waits for partition " in line and "empty.jsonl of in, which gives no records, while others are ahead; "
          "with \"idle_timeout\" of parsed, such as \"1 minute\", windows do not wait for it" in line, line)
    check("waits for" not in (jobs[1].folder / "log").read_text(), "a window with idle_timeout is told to wait")
    check((jobs[0].folder / "rows").read_text() == "" and (jobs[1].folder / "rows").read_text().count("\n") == 1, "the rows of the two")


def older_copy(millrace, folder):
    """Goes on with a copy of the state from before windows fired without an idle partition, on the table that has their rows."""
    job = Job(millrace, folder, "older", lambda at: {
        "in": {"source": "file", "path": str(at / "in" / "*.jsonl"), "follow": True, "parallel": True},
        "parsed": {**PARSED, "watermark_delay": "1 minute", "idle_timeout": "1 s"}, "counts": COUNTS,
        "out": {"sink": "sql", "from": "counts", "connection": f"sqlite3://{at}/out.sqlite", "create": True, "table": "counts"}})
    state, copy, log, table = (job.folder / name for name in ("state", "copy", "log", "out.sqlite"))
    (job.folder / "in").mkdir()

    def give(**minutes):
        for user, all_of_it in minutes.items():
            with (job.folder / "in" / f"{user}.jsonl").open("a") as out:
                out.write("".join(click(minute, user) for minute in all_of_it))

    def ends(*wanted):
        def there():
            with sqlite3.connect(table) as db:
                known = db.execute("select count(*) from sqlite_master where name = 'counts'").fetchone()[0]
                rows = db.execute("select window_end from counts order by window_end").fetchall() if known else []
            return [int(row[0][14:16]) for row in rows] == list(wanted)
        wait_until(f"windows that end at {wanted}", there, 60)

    def ask(*words):
        done = subprocess.run([millrace, *words, "--json", "--connect", (copy / "http").read_text().strip(), "--token", copy / "token"],
                              capture_output=True, text=True, timeout=60, check=False)
        check(done.returncode == 0, f"{words}: {done.stderr}")
        return json.loads(done.stdout)

    def run(folder_of_it, do):
        with log.open("w") as said:
            process = subprocess.Popen([millrace, "run", job.path, "--state", folder_of_it, "--progress", "none", "--http", "127.0.0.1:0",
                                        "--degraded-by", "silent=2s"], stderr=said)
        try:
            do()
            process.send_signal(signal.SIGTERM)
            check(process.wait(60) == 0, f"exit status {process.returncode}: {log.read_text()}")
        finally:
            process.kill()
            process.wait()

    def waits():
        wait_until("the wait is told", lambda: "later state" in log.read_text(), 60)
        told = re.search(r" warning older/counts: waits for the idle partition \S*south.jsonl of in, since the targets have rows of a later state, up to "
                         r"2024-01-01T00:(\d\d):00Z; a record at or after 2024-01-01T00:(\d\d):00Z on it lets windows go on, and so does a state as new as "
                         r"the targets, or targets as old as the state\n", log.read_text())
        check(told is not None and int(told[2]) == int(told[1]) + 1, log.read_text())
        trouble, = ask("list")[0]["troubles"]
        check((trouble["code"], trouble["stage"]) == ("targets_ahead", "counts"), f"{trouble}")
        cause, = ask("console", "-e", "explain counts")["causes"]
        check(cause["code"] == "targets_ahead" and told[2] in cause["remedy"], f"{cause}")
        give(south=[int(told[2])])
        wait_until("nothing is wrong", lambda: ask("list")[0]["troubles"] == [], 60)
        give(north=[41])
        ends(5, 5, 10, 10, 15, *sorted((25, int(told[2]) // 5 * 5 + 5)))

    give(north=[1, 8], south=[1, 8])
    run(state, lambda: ends(5, 5))
    shutil.copytree(state, copy)
    give(north=[12, 22])
    run(state, lambda: ends(5, 5, 10, 10, 15))
    run(copy, waits)


def idle_table(millrace, folder):
    """The watermark of a lookup table that nobody changes stands for nothing: no metric, and not that of the progress line."""
    job = Job(millrace, folder, "priced", lambda at: {
        "in": {"source": "file", "path": str(at / "in.jsonl"), "follow": True}, "parsed": {**PARSED, "idle_timeout": "1 hour"},
        "table": {"source": "file", "path": str(at / "rates.jsonl"), "follow": True},
        "rates": {**PARSED, "from": "table", "idle_timeout": "1 s"},
        "priced": {"join": "as_of", "left": "parsed", "right": "rates", "key": "user", "columns": {"user": "l.user"}},
        "counts": {**COUNTS, "from": "priced"}, "out": {"sink": "console", "from": "counts", "style": "json"}})
    (job.folder / "in.jsonl").write_text(click(1) + click(30))
    (job.folder / "rates.jsonl").write_text(json.dumps({"user": "u", "at": "2016-10-27T14:00:00Z"}) + "\n")
    port = free_port()
    get = lambda path: http_status(f"127.0.0.1:{port}", path)[1]
    watermarks = lambda: dict(re.findall(r'^millrace_watermark_seconds\{topology="priced",lane="(\w+)/lane0"\} (\d+)', get("/metrics"), re.M))
    stages = lambda: {s["stage"]: (s["state"], s["watermark"]) for s in json.loads(get("/api/v1/topologies/priced/graph"))["stages"]}

    def life(records):
        said = job.folder / f"log{records}"
        with said.open("w") as log:
            process = subprocess.Popen(job.command("--progress", "log", "--http", f"127.0.0.1:{port}"), stdout=subprocess.DEVNULL, stderr=log)
        try:
            wait_until("the run answers", lambda: process.poll() is not None or bool(watermarks()), 60)
            check(process.poll() is None, said.read_text())
            wait_until("the table is idle", lambda: stages()["rates"][0] == "idle", 60)
            check(stages()["rates"][1] == "2016-10-27T14:00:00Z" and stages()["parsed"] == ("runs", "2024-01-01T00:30:00Z"), f"the stages are {stages()}")
            check(watermarks() == {"parsed": "1704069000"}, f"the metrics are {watermarks()}")
            told = (f" {records} since this start, ", ", watermark 2024-01-01T00:30:00Z, ")
            wait_until("progress is told", lambda: any(all(part in line for part in told) for line in said.read_text().splitlines()), 60)
            process.send_signal(signal.SIGTERM)
            check(process.wait(60) == 0, f"exit status {process.returncode}")
        finally:
            process.kill()
            process.wait()
        check("So far: 3 records read, " in said.read_text(), said.read_text())

    life(3)
    life(0)  # the line counts this start, and the last one the job


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    millrace = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    with tempfile.TemporaryDirectory(prefix="millrace-run-messages-") as made:
        for case in (fresh, after_the_end, day_or_month, silent_partition, older_copy, idle_table):
            case(millrace, pathlib.Path(made))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        print(f"FAILED: {wrong}")
        sys.exit(1)
