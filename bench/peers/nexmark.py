"""The jobs of Nexmark: each query as a topology in SQL, and in Flink SQL. bench/nexmark/README.md tells of the queries."""
import itertools
import os
import subprocess

from jars import ROOT
from sides import Job, Side

QUERIES = ROOT / "bench" / "nexmark"
# Flink's file sink takes no changed rows, as q4 gives them.
NOT_FLINK = {"q4"}


def events(bench, n):
    """A file of so many events; made once."""
    path = bench.work / f"nexmark-{n}.jsonl"
    if not path.exists():
        with open(path, "wb") as out:
            subprocess.run([QUERIES / "generate", str(n)], stdout=out, check=True)
    return path


def whole(bench, system, query):
    """The query's file, the events' statements before it."""
    path = bench.work / f"{system}-{query}.sql"
    path.write_text((QUERIES / system / "events.sql").read_text() + "\n" + (QUERIES / system / f"{query}.sql").read_text())
    return path


def said_at_head(path):
    """The lines of the comment that a file begins with."""
    return [line.lstrip("- ") for line in itertools.takewhile(lambda line: line.startswith("--"), path.read_text().splitlines())]


def of(query):
    def job(bench, name):
        def millrace(n):
            folder = bench.folder("millrace")
            used = bench.measured([bench.binary, "run", whole(bench, "millrace", query), "--state", folder / "state", "--threads", "1",
                                   "--log-level", "error"], stderr=subprocess.DEVNULL,
                                  env={**os.environ, "EVENTS": str(events(bench, n)), "ROWS": str(folder / "rows.csv")})
            return used, folder / "rows.csv"

        def flink(n):
            folder = bench.folder("flink")
            used = bench.peer(folder, "flink", "FlinkSql", whole(bench, "flink", query), events(bench, n), folder / "rows")
            return used, f"{folder}/rows/part-*"

        sides = [Side("millrace", "", "--threads 1, snapshot each second, rows exactly once", millrace)]
        if query not in NOT_FLINK:
            sides.append(Side("Flink SQL", "flink", "parallelism 1, json and csv formats, object reuse, no checkpoints", flink))
        title = " ".join(said_at_head(QUERIES / "millrace" / f"{query}.sql")).partition(". ")[0].rstrip(".")
        return Job(bench, name, f"Nexmark: {title}", sides, whole(bench, "duckdb", query), lambda n: events(bench, n), bench.large,
                   bench.small)
    return job


JOBS = {f"nexmark_{query.stem}": of(query.stem) for query in sorted((QUERIES / "millrace").glob("q*.sql"))}
