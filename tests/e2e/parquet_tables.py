"""What e2e tests read tables of Parquet files with: the test program beside the binary, and millrace's own SQL."""
import json
import pathlib
import subprocess

from real_systems import ROOT, check


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
    """Why this build has no Parquet, else nothing."""
    done = subprocess.run([options.millrace, "check", str(ROOT / "pipelines" / "game" / "topology.json")], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip()


class Sql:
    """millrace sql over a topology's tables."""

    def __init__(self, options, *arguments, env=None):
        self.command, self.env = [options.millrace, "sql", *map(str, arguments)], env

    def missing(self):
        """Why there is no DuckDB here, else nothing."""
        done = self.run("select 1")
        return done.stderr.strip() if "DuckDB" in done.stderr and done.returncode != 0 else ""

    def run(self, query, *arguments):
        return subprocess.run([*self.command, *arguments, query], capture_output=True, text=True, timeout=120, cwd=ROOT, env=self.env)

    def rows(self, query):
        done = self.run(query, "--format", "json")
        check(done.returncode == 0, f"{query}: {done.stderr[-500:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]
