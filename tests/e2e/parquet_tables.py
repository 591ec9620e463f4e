"""Readers of tables of Parquet files, for e2e tests: the test program beside the binary, and millrace's own SQL."""
import json
import os
import pathlib
import subprocess
import sys

from real_systems import ROOT, SKIPPED, captured, check, unique

sys.path.insert(0, str(ROOT / "tools" / "services.d"))
import trino_client


def table_rows(options, folder):
    """All rows that a reader sees, as maps; none of a folder that is not there yet."""
    if not pathlib.Path(folder).exists():
        return []
    dump = pathlib.Path(options.millrace).resolve().parent / "tests" / "parquet_dump"
    done = subprocess.run([dump, folder], capture_output=True, text=True)
    check(done.returncode == 0, f"{folder}: {done.stderr[-500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def visible_files(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*")
                  if p.is_file() and not any(part.startswith((".", "_")) for part in p.relative_to(folder).parts))


def without_parquet(options):
    """Returns why this build has no Parquet, if it has none."""
    done = subprocess.run([options.millrace, "check", str(ROOT / "pipelines" / "game" / "topology.json")], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip()


def needs_parquet(options):
    if why := without_parquet(options):
        print(f"SKIPPED: {why}", flush=True)
        sys.exit(SKIPPED)


class Sql:
    """millrace sql over a topology's tables."""

    def __init__(self, options, *arguments, env=None):
        self.command, self.env = [options.millrace, "sql", *map(str, arguments)], env

    def missing(self):
        """Returns why there is no DuckDB here, if there is none."""
        done = self.run("select 1")
        return done.stderr.strip() if "DuckDB" in done.stderr and done.returncode != 0 else ""

    def is_missing(self, what):
        """Whether DuckDB is; it says that `what` is left out."""
        if why := self.missing():
            print(f"SKIPPED: {what}: {why}", flush=True)
        return bool(why)

    def run(self, query, *arguments):
        return captured(*self.command, *arguments, query, timeout=120, cwd=ROOT, env=self.env)

    def rows(self, query):
        done = self.run(query, "--format", "json")
        check(done.returncode == 0, f"{query}: {done.stderr[-500:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]


class Trino:
    """The real one that TRINO_URL names: a schema of its own, made with the first definition, for tables of a topology."""

    def __init__(self, options, topology, env=None):
        self.binary, self.topology, self.env = options.millrace, topology, env
        self.url, self.schema, self.made = os.environ["TRINO_URL"], unique("game"), False

    def ask(self, sql):
        return trino_client.ask(self.url, sql, schema=self.schema)

    def define(self, stage):
        """Makes the table by what `millrace table --ddl trino` prints."""
        if not self.made:
            self.ask(f"create schema hive.{self.schema}")
            self.made = True
        printed = subprocess.run([self.binary, "table", str(self.topology), stage, "--ddl", "trino", "--name", f"hive.{self.schema}.{stage}"],
                                 capture_output=True, text=True, check=True, env=self.env).stdout
        text = "\n".join(line for line in printed.splitlines() if not line.startswith("--"))
        for statement in filter(str.strip, text.split(";\n")):
            self.ask(statement.rstrip(";\n"))

    def drop(self):
        """Called when it has no tables any more."""
        self.ask(f"drop schema {self.schema}")

    def expect(self, sql, rows, names=None):
        found = self.ask(sql)
        check(found[1] == rows, lambda: f"{sql}: found {found[1]}, expected {rows}")
        check(names is None or found[0] == names, lambda: f"{sql}: columns {found[0]}, expected {names}")
