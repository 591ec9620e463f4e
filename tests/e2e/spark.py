#!/usr/bin/env -S python3 -B
"""The parquet sink's tables as real Spark and pyarrow read them, against DuckDB's rows: folder by folder, and as the tables that
`millrace table --ddl hive` prints, made in a Hive metastore, while a topology goes on writing. Hive's own reader, as Spark brings it along
(2.3), reads them too, but for timestamps, which Hive reads from version 4 on.

Spark is what tools/spark has fetched, DuckDB what tools/duckdb has; else SKIPPED.
"""
import json
import re
import subprocess
import sys
import time

from parquet_tables import Sql, without_parquet
from real_systems import PATIENCE, ROOT, SKIPPED, Run, Wrong, check, main, wait_until

SCHEMA = {"n": "bigint", "t": "text", "price": "double", "ok": "boolean", "at": "timestamp", "tags": ["text"], "nums": ["bigint"],
          "place": {"lat": "double", "city": "text", "deep": {"when": "timestamp", "ids": ["bigint"]}}, "things": [{"a": "bigint", "order": "text"}],
          "raw": "json", "user-agent": "text", "Host": "text", "order": "bigint", "tick`s": "text", "p": "text", "pn": "bigint", "pt": "timestamp",
          "pd": "double", "pb": "boolean"}
PARTITIONS = {"plain": [], "by_text": ["p"], "by_all": ["pn", "pt", "pd", "pb"]}
# The text null, too, which DuckDB takes for null.
TEXTS = ["plain", "a/b=c:d%e\\f", "São Paulo", "x y+z", "2021-04-24", "007", "1e3", "true", None, "", "__x", ".dot", "{br}[sq]^", "q'\"*?#",
         "semi;comma,", "tab\tnl\n", "%41", "~", " lead", "trail ", "nulls"]


def record(n, **members):
    return {"n": n, "t": "São \"q\" 'x'\n" if n % 3 == 0 else f"t{n}", "price": n / 4, "ok": n % 2 == 0, "at": f"2021-04-24T19:55:00.{n:06}Z",
            "tags": ["a", None, str(n)], "nums": [n, None], "place": {"lat": n / 2, "city": "c", "deep": {"when": "1969-12-31T23:59:59.999999Z", "ids": [1]}},
            "things": [{"a": 1, "order": "x"}, None, {"a": None, "order": None}], "raw": {"x": [1, {"y": None}]}, "user-agent": "ab", "Host": "h",
            "order": n * 10**15, "tick`s": "`", "p": "p", "pn": n % 2, "pt": "2021-04-24T19:55:00.796Z", "pd": n / 2, "pb": True, **members}


def records():
    yield from (record(n, p=text) for n, text in enumerate(TEXTS))
    yield {"n": 100}
    yield record(101, t="", tags=[], nums=[], things=[], place={"lat": None, "city": None, "deep": None}, at="1900-01-01T00:00:00Z",
                 pt="1900-01-01T00:00:00Z", pn=-2**63, order=-2**63, pd=1e300, pb=False, price=5e-324)
    yield record(102, at="9999-12-31T23:59:59.999999Z", pt="9999-12-31T23:59:59.999999Z", pn=2**63 - 1, pd=-0.5, price=-1.7976931348623157e308)


def topology(folder):
    source = {"source": "file", "path": str(folder / "events.jsonl"), "follow": True}
    tables = {name: {"sink": "parquet", "from": "parsed", "path": str(folder / "lake" / name), "partition_by": by, "roll": {"age": "1 s"}}
              for name, by in PARTITIONS.items()}
    days = {"sink": "parquet", "from": "parsed", "path": str(folder / "lake" / "it's days"), "partition_by": "day", "roll": {"age": "1 s"},
            "compression": "zstd", "columns": {"day": "to_char(\"at\", 'YYYYMMDD')", "n": "n", "t": "t"}}
    return {"millrace": 1, "topology": "lake", "stages": {
        "events": source, "parsed": {"parser": "json", "from": "events", "schema": SCHEMA}, **tables, "days": days}}


class Spark:
    """A session under tools/spark's Python; its own process, because that has packages of its own."""

    def __init__(self, python, folder):
        self.log = folder / "spark.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([python, ROOT / "tests" / "e2e" / "spark_session.py", folder / "spark"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8")
        Run.started.append(self.process)

    def _answer(self, what):
        try:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError as e:
            raise Wrong(f"Spark has gone ({e}): {self.log.read_text()[-2000:]}") from None
        check(line, lambda: f"Spark has gone: {self.log.read_text()[-2000:]}")
        return json.loads(line)

    def ask(self, **what):
        said = self._answer(what)
        check("error" not in said, lambda: f"{what}: {said['error'][:2000]}")
        return said

    def sql(self, text):
        return self.ask(sql=text)["rows"]

    def refused(self, text):
        return self._answer({"sql": text}).get("error")

    def define(self, options, file, stage):
        """Makes the table by what `millrace table --ddl hive` prints."""
        printed = subprocess.run([options.millrace, "table", str(file), stage, "--ddl", "hive"], capture_output=True, text=True, check=True).stdout
        text = "\n".join(line for line in printed.splitlines() if not line.startswith("--"))
        for statement in filter(str.strip, text.split(";\n")):
            self.sql(statement.rstrip(";\n"))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60 * PATIENCE)


def same_form(value):
    """Timestamps with six digits, whoever wrote them."""
    if isinstance(value, dict):
        return {name: same_form(member) for name, member in value.items()}
    if isinstance(value, list):
        return [same_form(element) for element in value]
    stamp = isinstance(value, str) and re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", value)
    return f"{stamp[1]}.{stamp[2] or '0':0<6}Z" if stamp else value


def same_rows(what, found, expected):
    by_number = lambda rows: sorted((same_form(row) for row in rows), key=lambda row: row["n"])
    found, expected = by_number(found), by_number(expected)
    check([row["n"] for row in found] == [row["n"] for row in expected], lambda: f"{what}: rows {[row['n'] for row in found]}")
    for one, other in zip(found, expected):
        check(one == other, lambda: f"{what}: row {one['n']}: {[(k, one.get(k), other.get(k)) for k in {*one, *other} if one.get(k) != other.get(k)]}")


def expect_python(options):
    done = subprocess.run([ROOT / "tools" / "spark", "--where"], capture_output=True, text=True)
    for why in (done.stderr.strip() if done.returncode else "", without_parquet(options), Sql(options).missing()):
        if why:
            print("SKIPPED: spark.py:", why.removeprefix("tools/spark: SKIPPED: "), flush=True)
            sys.exit(SKIPPED)
    return done.stdout.strip()


def read_folders(spark, folder, rows):
    for name, by in PARTITIONS.items():
        path = str(folder / "lake" / name)
        expected = rows[name]
        same_rows(f"pyarrow, {name}", spark.ask(arrow=path, partitions={column: SCHEMA[column] for column in by})["rows"], expected)
        found = spark.ask(read=path, infer=True)
        kinds = dict(found["columns"])
        wanted = {"n": "bigint", "t": "string", "price": "double", "ok": "boolean", "at": "timestamp", "tags": "array<string>", "raw": "string",
                  "place": "struct<lat:double,city:string,deep:struct<when:timestamp,ids:array<bigint>>>", "user-agent": "string",
                  "p": "string", "pn": "bigint", "pt": "string" if "pt" in by else "timestamp", "pd": "double"}
        check(all(kinds[column] == kind for column, kind in wanted.items()), lambda: f"{name}: Spark's columns {kinds}")
        if "pb" in by:  # Spark guesses neither booleans nor timestamps
            expected = [{**row, "pb": row["pb"] if row["pb"] is None else str(row["pb"]).lower()} for row in expected]
        same_rows(f"Spark, {name}", found["rows"], expected)
    file = next((folder / "lake" / "plain").glob("*.parquet"))
    check(spark.ask(statistics=str(file))["rows"] == [{"used": True}], "Spark leaves the statistics of texts unused")
    print("folders: pyarrow and Spark have DuckDB's rows, all types and partitions", flush=True)


def read_defined(options, spark, file, rows):
    for name in PARTITIONS:
        spark.define(options, file, name)
    check({row["tableName"] for row in spark.sql("show tables")} == set(PARTITIONS), "show tables")
    for name, by in PARTITIONS.items():
        same_rows(f"Spark, table {name}", spark.sql(f"select * from {name}"), rows[name])
        one = next(row for row in rows[name] if row["n"] == 4)
        where = " and ".join(f"`{column}` = {value}" for column, value in (("t", "'t4'"), ("user-agent", "'ab'"), ("pn", "0"), ("p", "'2021-04-24'"),
                                                                          ("pt", "timestamp'2021-04-24T19:55:00.796Z'"), ("pd", "2.0")))
        same_rows(f"{name} where {where}", spark.sql(f"select * from {name} where {where}"), [one])
        # Hive's own reader.
        spark.sql("set spark.sql.hive.convertMetastoreParquet=false")
        columns = [column for column in SCHEMA if column not in ("at", "pt", "place") or column in by]
        # It has no null for a text of a folder's name.
        text = lambda row, column: row[column] or "__HIVE_DEFAULT_PARTITION__" if column in by and column in ("p", "pt") else row[column]
        same_rows(f"Hive's reader, table {name}", spark.sql(f"select {', '.join('`' + c.replace('`', '``') + '`' for c in columns)} from {name}"),
                  [{column: text(row, column) for column in columns} for row in rows[name]])
        why = spark.refused(f"select max(at) from {name}")
        check(why and "TimestampWritable" in why, lambda: f"Hive 2.3 reads timestamps after all, docs/sql.md says from 4 on: {why}")
        spark.sql("set spark.sql.hive.convertMetastoreParquet=true")
    print("tables by the printed definition: Spark has DuckDB's rows; Hive's reader, but for timestamps", flush=True)


def growing(options, spark, file, folder):
    """New files in known partitions are seen once the table is refreshed, new partitions after msck."""
    spark.define(options, file, "days")
    count = lambda: spark.sql("refresh table days") or [[row["day"], row["c"]] for row in spark.sql(
        "select day, count(*) as c from days group by day order by day nulls first")]
    check(count() == [[None, 1], ["19000101", 1], ["20210424", len(TEXTS)], ["99991231", 1]], lambda: f"{count()}")
    with open(file.parent / "events.jsonl", "a", encoding="utf-8") as f:
        f.writelines(json.dumps(r) + "\n" for r in (record(200), record(201, at="2021-05-01T12:00:00Z")))
    wait_until("a row in a known partition", lambda: [["20210424", len(TEXTS) + 1]] == count()[2:3], 30)
    wait_until("the new partition's file", lambda: list((folder / "lake" / "it's days" / "day=20210501").glob("*.parquet")))
    check("20210501" not in [day for day, _ in count()], "a partition that the metastore does not know is read")
    spark.sql("msck repair table days")
    check(["20210501", 1] in count(), lambda: f"after msck: {count()}")
    for infer, kind, day in ((True, "int", 20210501), (False, "string", "20210501")):
        said = spark.ask(read=str(folder / "lake" / "it's days"), infer=infer)
        check(dict(said["columns"])["day"] == kind and [row["n"] for row in said["rows"] if row["day"] == day] == [201],
              lambda: f"the folder, types {'guessed' if infer else 'not guessed'}: {said['columns']}")
    print("a table that grows: counts, a new partition after msck repair table", flush=True)


def test(options, folder):
    python = expect_python(options)
    file = folder / "topology.json"
    file.write_text(json.dumps(topology(folder)))
    (folder / "events.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records()), encoding="utf-8")
    spark = Spark(python, folder)
    run = Run(options.millrace, file, folder / "state")
    sql = Sql(options, "--topology", file)
    count = len(list(records()))
    for name in (*PARTITIONS, "days"):
        wait_until(f"rows of {name}", lambda: sql.rows(f"select count(*) as c from {name}")[0]["c"] == count)
    rows = {name: sql.rows(f"select * from {name}") for name in PARTITIONS}
    began = time.monotonic()
    read_folders(spark, folder, rows)
    read_defined(options, spark, file, rows)
    growing(options, spark, file, folder)
    spark.stop()
    run.stop()
    print(f"{count} rows, {time.monotonic() - began:.0f} s of asking", flush=True)


if __name__ == "__main__":
    main(test, __doc__)
