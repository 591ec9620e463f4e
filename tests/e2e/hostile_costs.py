#!/usr/bin/env -S python3 -B
"""Small records that ask for much: each ends as rows or as dead letters with their cause, in bounded memory and work, and SIGTERM ends the run. No
server.

    hostile_costs.py --millrace BINARY [--only NAME]      each case is a function below
"""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess

from real_systems import PATIENCE, OwnFolder, Run, check, dead_letters, main_of_cases, topology_file, wait_until

MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "functions.md"
MEGABYTE = 1_000_000
# Bounds for one run of some records, far above what it needs and far below what a product of two lengths takes.
MOST_CPU, MOST_MEMORY_MB = 20, 2500


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.number = 0

    def out(self):
        return self.folder / f"out{self.number}.jsonl"

    def topology(self, columns, records, schema=None):
        """A run's topology over these records; columns name what a select makes of them."""
        (self.folder / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
        return topology_file(self.folder / "t.json", "costs", {
            "in": {"source": "file", "path": str(self.folder / "in.jsonl")},
            "parsed": {"parser": "json", "from": "in", "schema": schema or {"t": "text", "n": "bigint"}},
            "made": {"transform": "select", "from": "parsed", "columns": columns},
            "out": {"sink": "file", "from": "made", "path": str(self.out())}})

    def run(self, columns, records, schema=None):
        """Rows of a whole run, and the texts of its dead letters; none where the topology is refused."""
        self.number += 1
        state = self.folder / f"state{self.number}"
        started = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([self.binary, "run", self.topology(columns, records, schema), "--state", state], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=600 * PATIENCE)
        if done.returncode == 2:
            return None
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        check(done.returncode == 0, lambda: f"{columns} ends with {done.returncode}: {done.stdout[-1500:]}")
        cpu = ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime
        check(cpu < MOST_CPU * PATIENCE, lambda: f"{columns} takes {cpu:.1f} CPU-seconds for {len(records)} records")
        check(ended.ru_maxrss / 1024 < MOST_MEMORY_MB, lambda: f"{columns} takes {ended.ru_maxrss / 1024:.0f} MB")
        out = self.out()
        rows = out.read_bytes().count(b"\n") if out.exists() else 0
        errors = [letter["error"] for letter in dead_letters(state)]
        check(rows + len(errors) == len(records), lambda: f"{columns}: {rows} rows and {len(errors)} dead letters of {len(records)} records")
        shutil.rmtree(state)
        out.unlink(missing_ok=True)
        return rows, errors


def a_row_that_repeats_itself(c):
    """101 records of 40 bytes, half of which ask for 16 MB, and one for more."""
    records = [{"t": "0123456789abcdef", "n": 1 << 20 if i % 2 else 1} for i in range(100)] + [{"t": "0123456789abcdef!", "n": 1 << 20}]
    rows, errors = c.run({"made": "length(repeat(t, n))"}, records)
    check((rows, len(errors)) == (100, 1) and "too long" in errors[0], f"{rows} rows, {errors}")


def columns_together(c):
    """A row with many long columns fails by itself, and those beside it do not."""
    records = [{"t": "0123456789abcdef", "n": n} for n in (1, 1 << 20, 2, 1 << 20, 3)]
    rows, errors = c.run({name: "repeat(t, n)" for name in "abcdef"}, records)
    check(rows == 3 and all("of the row take" in e for e in errors), f"{rows} rows, {errors}")


def each_function(c):
    """Each example of the manual, with a megabyte in the place of each of its texts."""
    examples = re.findall(r"^\| `[^`]+` \|[^|]*\| `([^`]+)` \|", MANUAL.read_text(), re.M)
    check(len(examples) > 90, f"the manual has {len(examples)} examples")
    records = [{"t": piece * (MEGABYTE // len(piece)), "n": 1} for piece in ("a", "1,", "<a b='c'>", "%s", "\\")]
    taken = 0
    for example in examples:
        text = example.replace("\\|", "|")
        for literal in re.finditer(r"'(?:[^']|'')*'", text):
            if c.run({"made": text[:literal.start()] + "t" + text[literal.end():]}, records) is not None:
                taken += 1
    check(taken > 80, f"{taken} functions take a column")


def patterns(c):
    """A pattern that reads to the end of the text at each match is given up, and one that does not is not."""
    records = [{"t": "a" * MEGABYTE, "n": 1}]
    for made in ("regexp_replace(t, '(a)(.*END)?', 'x', 'g')", "regexp_count(t, '(a)(.*END)?')", "regexp_instr(t, '(a)(.*END)?', 1, 999999)",
                 "cardinality(regexp_split_to_array(t, '(a)(.*END)?'))"):
        rows, errors = c.run({"made": made}, records)
        check(rows == 0 and "too many matches" in errors[0], f"{made}: {rows} rows, {errors}")
    records = [{"t": "<b>\"k\" = 12, " * (MEGABYTE // 13), "n": 1}]
    for made in ("length(regexp_replace(t, '<[^>]*>', '', 'g'))", "regexp_count(t, '\\s+')", "regexp_count(t, '\"[^\"]*\"')",
                 "regexp_count(t, '(\\w+)\\s')", "regexp_count(t, '[0-9]+|=')"):
        rows, errors = c.run({"made": made}, records)
        if "|" not in made:
            check(rows == 1, f"{made}: {errors}")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sigterm(c):
    """SIGTERM ends a run within some seconds in the middle of a batch of costly records; the same command goes on, and each counts once."""
    records = 60
    path = c.topology({"made": "regexp_count(t, '(a)(.*END)?')"}, [{"t": "a" * 50_000, "n": 1}] * records)
    run = Run(c.binary, path, c.folder / "state")
    run.wait_for_its_beginning()
    wait_until("it works at them", lambda: cpu_seconds(run.process.pid) > 2 or not run.alive())
    run.process.send_signal(signal.SIGTERM)
    status = run.wait(6)
    check(status in (0, 1), lambda: f"SIGTERM ended it with {status}: {run.errors()[-1500:]}")
    check(status == 0 or "has been at the same records of" in run.errors(), lambda: run.errors()[-1500:])
    Run(c.binary, path, c.folder / "state").expect(0, seconds=120)
    errors = [letter["error"] for letter in dead_letters(c.folder / "state")]
    check(len(errors) == records and all("too many matches" in e for e in errors), lambda: f"{len(errors)} dead letters: {errors[:1]}")


CASES = (a_row_that_repeats_itself, columns_together, each_function, patterns, sigterm)

if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
