#!/usr/bin/env python3
"""Topologies in SQL on the binary: the pipelines' unit tests on their SQL, a state that goes on from JSON to SQL and back, overlays over SQL, and mistakes,
all of which are told at once with their places."""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOB = """SET topology = 'job';
CREATE TABLE clicks (userid text, at timestamp, ms bigint) WITH (
  connector = 'file', source = 'lines', path = '{folder}/clicks.jsonl', format = 'json', event_time = 'at', watermark_delay = '0 s');
CREATE VIEW counts WITH (shards = 2) AS
  SELECT userid, count(*) AS n, sum(ms) AS ms, window_start, window_end FROM tumble(clicks, '1 minute') GROUP BY window_start, window_end, userid;
CREATE TABLE out WITH (connector = 'file', path = '{folder}/out.jsonl') AS SELECT userid, n, ms FROM counts;
"""
WRONG = """SET topology = 'wrong';
CREATE TABLE clicks (userid text, at timestamp, n integer) WITH (connector = 'file', path = 'x', format = 'json', event_time = 'at');
CREATE TABLE more (ü text, at timestamp) WITH (connector = 'file', pfad = 'x', format = 'json', event_time = 'at');
CREATE VIEW a AS SELECT usrid FROM good;
CREATE TABLE good (userid text, at timestamp) WITH (connector = 'file', path = 'y', format = 'json', event_time = 'at');
CREATE VIEW b AS SELECT 'ü' || nope(1) AS x
  FROM good;
CREATE VIEW c AS SELECT userid, count(*) FROM good GROUP BY userid;
CREATE SOURCE s WITH (connector = 'kafka');
CREATE VIEW d AS SELECT tumble_start(at, '1 minute') AS s, count(*) AS n FROM good GROUP BY tumble(at, '1 minute');
CREATE TABLE out WITH (connector = 'console') AS SELECT * FROM a UNION ALL SELECT * FROM clicks;
"""
# Places, and a part of what is said there.
TOLD = {"2:51": "whole numbers are bigint", "3:68": "\"pfad\"", "4:25": "\"usrid\"", "6:32": "nope", "8:61": "emit = 'updates'", "9:8": "CREATE TABLE s",
        "10:25": "stands in FROM here", "10:93": "stands in FROM here"}
failed = []


def check(ok, what, *seen):
    print("ok     " if ok else "FAILED ", what, flush=True)
    if not ok:
        failed.append(what)
        print(*seen, sep="\n", flush=True)


class Jobs:
    def __init__(self, millrace, folder):
        self.millrace, self.folder = millrace, folder
        (folder / "job.sql").write_text(JOB.format(folder=folder))

    def run(self, *arguments):
        return subprocess.run([self.millrace, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)

    def rows(self):
        return sorted((r["userid"], r["n"], r["ms"]) for r in map(json.loads, (self.folder / "out.jsonl").read_text().splitlines()))

    def write(self, *minutes, first):
        with (self.folder / "clicks.jsonl").open("w" if first else "a") as out:
            for minute in minutes:
                for user in "aab":
                    out.write(json.dumps({"userid": user, "at": f"2024-01-01T00:{minute:02}:01Z", "ms": minute}) + "\n")

    def pipelines(self):
        for file in sorted(ROOT.glob("pipelines/*/*.test.json")):
            text = file.read_text()
            if '"topology": "topology.json"' not in text:
                continue
            # The other files of the pipeline stand beside it by their names.
            beside = self.folder / file.parent.name
            beside.mkdir(exist_ok=True)
            for entry in file.parent.iterdir():
                if entry != file and not (beside / entry.name).exists():
                    (beside / entry.name).symlink_to(entry)
            own = beside / file.name
            own.unlink(missing_ok=True)
            own.write_text(text.replace('"topology": "topology.json"', f'"topology": "{file.parent}/topology.sql"'))
            of_sql, of_json = self.run("test", own), self.run("test", file)
            said = [re.sub(r"\S*/", "", r.stdout) for r in (of_sql, of_json)]
            check(of_sql.returncode == of_json.returncode == 0 and said[0] == said[1], f"{file.parent.name}: its tests on SQL", of_sql.stdout, of_sql.stderr)

    def state(self):
        converted = self.run("convert", self.folder / "job.sql")
        (self.folder / "job.json").write_text(converted.stdout)
        check(converted.returncode == 0 and json.loads(converted.stdout)["topology"] == "job", "the job as JSON", converted.stderr)
        rows = []
        for life, form in enumerate(["json", "sql", "json", "sql"]):
            self.write(2 * life, 2 * life + 1, first=life == 0)
            rows += [(u, n, n * m) for m in (2 * life, 2 * life + 1) for u, n in (("a", 2), ("b", 1))]
            ran = self.run("run", self.folder / f"job.{form}", "--state", self.folder / "state")
            check(ran.returncode == 0 and self.rows() == sorted(rows), f"run {life + 1} of one state, in {form.upper()}", ran.stderr, self.rows())
        changed = self.run("run", self.folder / "job.sql", "--state", self.folder / "state", "--set", "stages.counts.size=2 minutes")
        check(changed.returncode == 2 and "counts" in changed.stderr, "another size is not the same state", changed.stderr)

    def overlays(self):
        (self.folder / "over.json").write_text(json.dumps({"stages": {"out": {"sink": "console", "style": "json", "path": None}}}))
        ran = self.run("run", self.folder / "job.sql", "--with", self.folder / "over.json", "--set", "stages.counts.size=1 hour", "--state", self.folder / "other")
        check(ran.returncode == 0 and '"n":16' in ran.stdout, "an overlay and --set over SQL", ran.stdout, ran.stderr)
        ddl = self.run("table", self.folder / "job.sql", "counts", "--ddl", "postgresql")
        check(ddl.returncode in (0, 2) and "counts" in ddl.stdout + ddl.stderr, "table", ddl.stdout, ddl.stderr)

    def mistakes(self):
        (self.folder / "wrong.sql").write_text(WRONG)
        told = self.run("check", self.folder / "wrong.sql")
        lines = [line.removeprefix(f"{self.folder}/wrong.sql:") for line in told.stderr.splitlines() if ": warning: " not in line]
        places = {":".join(line.split(":")[:2]): line for line in lines}
        check(told.returncode == 2 and places.keys() == TOLD.keys(), "each mistake is told once", told.stderr)
        for place, part in TOLD.items():
            check(part in places.get(place, ""), f"{place}: {part}", told.stderr)

    def capitals(self):
        """A name that SQL reads in lower case is told by check and run; what check --sample sees of the records is told once more."""
        job, records = self.folder / "capitals.sql", self.folder / "capitals.jsonl"
        job.write_text(f"""SET topology = 'capitals';
CREATE TABLE users (userId text, n bigint) WITH (connector = 'file', path = '{records}', format = 'json');
CREATE TABLE out WITH (connector = 'console') AS SELECT userId, n FROM users;
""")
        records.write_text('{"userId":"ann","n":1}\n{"userId":"ben","n":2}\n')
        folded = (f'{job}:2:21: warning: userId without double quotes is the column "userid", which is null where records have "userId"; '
                  'expected "userId" in double quotes, or userid in small letters')
        seen = ('millrace: warning: users: column "userid" is in no record, and "userId" in 2; expected the column to be called "userId", with its '
                "capitals")
        told = self.run("check", job, "--sample", records)
        check(told.returncode == 0 and told.stderr.splitlines() == [folded, seen], "check --sample tells of capitals", told.stderr)
        ran = self.run("run", job, "--state", self.folder / "capitals")
        check(ran.returncode == 0 and folded in ran.stderr, "run tells of capitals", ran.stderr)
        job.write_text(job.read_text().replace("(userId text", '("userId" text'))
        told = self.run("check", job, "--sample", records)
        check(told.returncode == 0 and not told.stderr, "in double quotes they stay", told.stderr)

    def page(self):
        """The whole jobs of docs/topologies_in_sql.md and docs/changes.md are taken, and those that need no database give their rows."""
        pages = "".join((ROOT / "docs" / f"{page}.md").read_text() for page in ("topologies_in_sql", "changes"))
        blocks = re.findall(r"^```sql\n(SET topology = '(\w+)';\n.*?)^```", pages, re.M | re.S)
        jobs = {name: self.folder / f"page_{name}.sql" for _, name in blocks}
        check({"first", "log", "stops", "wrap", "unwrap", "named", "shop", "guesses", "owners"} <= jobs.keys(), f"the pages have whole jobs: {sorted(jobs)}")
        for text, name in blocks:
            jobs[name].write_text(re.sub(r"(path = '|sqlite3://)(?=\w+\.\w+')", lambda at: f"{at[1]}{self.folder}/", text))
            told = self.run("check", jobs[name])
            check(told.returncode == 0, f"the page's job {name} is taken", told.stderr)
        for file, lines in {"access.log": ["2025-03-02T09:10:00Z ann /cart", "2025-03-02T09:50:00Z ben /cart"], "lists.json": ['[{"id": 1}, {"id": 2}]', "[]"],
                            "logins.jsonl": [json.dumps({"id": f"{ip}-{n}", "ip": ip, "outcome": outcome, "at": f"2025-03-02T09:{minute:02}:00Z"})
                                             for ip, last in (("10.0.0.1", 10), ("10.0.0.2", 11))
                                             for n, (minute, outcome) in enumerate([*((m, "failed") for m in (0, 1, 2, 2, last)), (15, "accepted")])],
                            "trips.jsonl": ['{"id":1,"stops":[{"place":"Ulm","ts":"2025-03-02T09:10:00Z"},{"place":"Bonn","ts":"2025-03-02T11:10:00Z"}]}']}.items():
            (self.folder / file).write_text("\n".join(lines) + "\n")
        for name, rows in {"log": [["/cart", "2", "2025-03-02T09:00:00Z"]], "stops": [["Ulm", "1", "2025-03-02T09:00:00Z"], ["Bonn", "1", "2025-03-02T11:00:00Z"]],
                           "guesses": [["10.0.0.1", "2025-03-02T09:15:00Z"]], "wrap": [], "unwrap": [["1"], ["2"]]}.items():
            ran = self.run("run", jobs[name], "--state", self.folder / f"page_{name}")
            found = [line.split() for line in ran.stdout.splitlines()]
            check(ran.returncode == 0 and [row for row in found if row in rows] == rows and (rows or not found), f"the page's job {name} gives its rows", ran.stdout, ran.stderr)


    def united(self):
        """Rows of a text and of a JSON table stand in one window, and the time of each in its record."""
        (self.folder / "ssh.log").write_text("2025-03-02T09:10:00Z a\n2025-03-02T09:10:30Z b\n2025-03-02T09:12:00Z a\n")
        (self.folder / "web.jsonl").write_text("".join(json.dumps({"host": h, "at": f"2025-03-02T09:{m}Z"}) + "\n" for h, m in (("a", "10:20"), ("c", "12:00"))))
        job = self.folder / "united.sql"
        job.write_text(f"""SET topology = 'united';
CREATE TABLE log () WITH (connector = 'file', path = '{self.folder}/ssh.log', format = 'text', event_time = 'split_part(line, '' '', 1)::timestamptz');
CREATE TABLE web (host text, at timestamp) WITH (connector = 'file', path = '{self.folder}/web.jsonl', format = 'json', event_time = 'at');
CREATE VIEW ssh AS SELECT split_part(line, ' ', 2) AS host, _event_time AS at FROM log;
CREATE VIEW logins AS SELECT host, at FROM ssh UNION ALL SELECT host, at FROM web;
CREATE VIEW counts AS SELECT host, count(*) AS n, max(at) AS last, window_end FROM tumble(logins, '1 minute') GROUP BY window_start, window_end, host;
CREATE VIEW firsts WITH (ttl = '1 hour') AS SELECT DISTINCT ON (host) host, n, last FROM counts;
CREATE TABLE out WITH (connector = 'file', path = '{self.folder}/united.jsonl') AS SELECT host, n, last FROM counts;
CREATE TABLE first WITH (connector = 'file', path = '{self.folder}/firsts.jsonl') AS SELECT host, n, last FROM firsts;
CREATE VIEW once WITH (ttl = '1 hour') AS SELECT DISTINCT ON (host) * FROM logins;
CREATE VIEW near AS SELECT o.host, l.at FROM once AS o JOIN logins AS l ON l.host = o.host AND l.at BETWEEN o.window_start AND o.window_start + interval '5 s';
CREATE TABLE pairs WITH (connector = 'file', path = '{self.folder}/near.jsonl') AS SELECT host, at FROM near;
""")
        ran = self.run("run", job, "--state", self.folder / "united")
        rows = lambda name: sorted(tuple(json.loads(line).values()) for line in (self.folder / name).read_text().splitlines())
        at = "2025-03-02T09:1{}Z".format
        check(ran.returncode == 0 and rows("united.jsonl") == [("a", 1, at("2:00")), ("a", 2, at("0:20")), ("b", 1, at("0:30")), ("c", 1, at("2:00"))],
              "rows of two formats stand in one window", ran.stderr, rows("united.jsonl"))
        check(rows("firsts.jsonl") == [("a", 2, at("0:20")), ("b", 1, at("0:30")), ("c", 1, at("2:00"))], "the first rows of windows", rows("firsts.jsonl"))
        check(rows("near.jsonl") == [("a", at("0:00")), ("b", at("0:30")), ("c", at("2:00"))], "window_start of a dedup is the time of its rows", rows("near.jsonl"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="millrace-sql-jobs-") as folder:
        jobs = Jobs(str(pathlib.Path(options.millrace).resolve()), pathlib.Path(folder))
        jobs.pipelines()
        jobs.state()
        jobs.overlays()
        jobs.mistakes()
        jobs.capitals()
        jobs.page()
        jobs.united()
    sys.exit(1 if failed else 0)


main()
