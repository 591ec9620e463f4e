#!/usr/bin/env -S python3 -B
"""millrace sql and millrace table, as users call them: DuckDB really run on Parquet that it wrote itself into Hive's folders, on what
file sinks wrote, on tables without files; bad input, endless results, Ctrl-C. No server; libduckdb.so (tools/duckdb), else SKIPPED."""
import json
import os
import signal
import subprocess
import threading

from command_under_test import Command, expect, needs_duckdb
from real_systems import PATIENCE, MariaDB, PostgreSQL, Run, check, main, topology_file, unique, wait_until

TOPOLOGY = {
    "millrace": 1, "topology": "game", "stages": {
        "events": {"source": "file", "path": "events.jsonl"},
        "parsed": {"parser": "json", "from": "events",
                   "schema": {"host": "text", "user-agent": "text", "event_type": "text", "at": "timestamp", "n": "bigint"}},
        "swords": {"sink": "file", "from": "parsed", "path": "out/swords.jsonl", "where": "event_type = 'purchase_sword'"},
        "guilds": {"sink": "file", "from": "parsed", "path": "out/guilds.csv", "format": "csv", "roll": {"rows": 2},
                   "where": "event_type = 'join_guild'"},
        "base": {"sink": "sql", "from": "parsed", "connection": "sqlite3://base.sqlite", "table": "Base", "create": True},
    }}
EVENTS = [("user1", "ab \"2\"", "purchase_sword", "2021-04-24 19:55:00.796+0000", 1), ("user2", "", "join_guild", None, None),
          ("user1", None, "purchase_sword", None, 2), ("user3", "x,y", "join_guild", "2021-04-24 20:00:00", 3),
          (None, "ü", "join_guild", None, 4), ("user1", "z", "default", None, 5)]


class Queries(Command):
    def rows(self, query, *arguments):
        return [json.loads(line) for line in self("sql", query, "--format", "json", *arguments).splitlines()]


def partitioned(call, folder):
    table = folder / "events of [today]"
    call("sql", f"""copy (select * from (values
           ('user1.comcast.com', 'ab', 200, '20181001', '07'), ('user1.comcast.com', 'x', 404, '20181001', '07'),
           ('user2.att.com', null, 200, '20181002', '08'), ('user2.att.com', 'q', 200, null, '08')) t(host, "user-agent", status, part_date, hour))
         to '{table}' (format parquet, partition_by (part_date, hour))""")
    for name in ("part_date=20181001/hour=07/.millrace-000001.parquet", ".millrace-manifest", "_SUCCESS"):
        (table / name).write_text("not whole")
    given = ("--table", f"events={table}")
    expect(call("sql", "select host, count(*) as n from events where status = 200 group by host order by host", *given),
           "host               n\n-----------------  -\nuser1.comcast.com  1\nuser2.att.com      2\n(2 rows)\n", "filter, group by, count")
    expect(call("sql", "show tables", *given, "--format", "csv"), "name\nevents\n", "show tables")
    described = [(r["column_name"], r["column_type"]) for r in call.rows("describe events", *given)]
    expect(described, [("host", "VARCHAR"), ("user-agent", "VARCHAR"), ("status", "INTEGER"), ("hour", "VARCHAR"), ("part_date", "VARCHAR")],
           "describe: partitions are text, whatever they look like")
    expect(call.rows("select part_date, hour, count(*) n from events group by all order by n desc, part_date", *given),
           [{"part_date": "20181001", "hour": "07", "n": 2}, {"part_date": "20181002", "hour": "08", "n": 1},
            {"part_date": None, "hour": "08", "n": 1}], "partitions")
    # Counted twice, growing: what a later file holds is in the next answer.
    before = call.rows("select count(*) n from events", *given)[0]["n"]
    call("sql", f"copy (select 'h' as host, 'u' as \"user-agent\", 1 as status) to '{table}/part_date=20181002/hour=08/new.parquet' (format parquet)")
    expect((before, call.rows("select count(*) n from events", *given)[0]["n"]), (4, 5), "counted twice")
    written = sorted(p for p in table.rglob("*"))
    for target in (f"{table}/x.parquet", f"{table}", f"{folder}"):
        call("sql", f"copy events to '{target}' (format parquet)", *given, status=2, says="would write into the table")
    expect(sorted(p for p in table.rglob("*")), written, "the table's folder after refused copies")
    call("sql", "copy (select * from events) to 'elsewhere.csv'", *given)
    check((folder / "elsewhere.csv").exists(), "a copy to elsewhere is not there")
    call("sql", f"copy (select 1 as status) to '{table}/part_date=20181002/hour=08/asked.parquet' (format parquet)", *given, "--write-tables")
    expect(call.rows("select count(*) n from events", *given)[0]["n"], 6, "with --write-tables")
    print("Parquet in Hive's folders: filtered, grouped, counted, described; hidden files unread; nothing written into it")


def topology(call, folder):
    (folder / "topology.json").write_text(json.dumps(TOPOLOGY))
    given = ("--topology", "topology.json")
    empty = call("sql", "select * from swords; describe guilds", *given, "--format", "csv")
    expect(empty.splitlines()[0], "host,user-agent,event_type,at,n", "an empty table's columns")
    expect([line.split(",")[:2] for line in empty.splitlines()[3:]],
           [["host", "VARCHAR"], ["user-agent", "VARCHAR"], ["event_type", "VARCHAR"], ["at", "TIMESTAMP WITH TIME ZONE"], ["n", "BIGINT"]],
           "an empty table's types")
    (folder / "events.jsonl").write_text("".join(
        json.dumps(dict(zip(("host", "user-agent", "event_type", "at", "n"), e))) + "\n" for e in EVENTS))
    call("run", "topology.json", "--state", folder / "state")
    expect(call.rows("select host, \"user-agent\", \"at\", n from swords order by n", *given),
           [{"host": "user1", "user-agent": "ab \"2\"", "at": "2021-04-24T19:55:00.796Z", "n": 1},
            {"host": "user1", "user-agent": None, "at": None, "n": 2}], "a JSON sink's table")
    check(len(list((folder / "out").glob("guilds-*.csv"))) >= 1, "the rolling sink has written no file")
    expect(call.rows("select host, \"user-agent\", \"at\", n from guilds order by n nulls first", *given),
           [{"host": "user2", "user-agent": "", "at": None, "n": None},
            {"host": "user3", "user-agent": "x,y", "at": "2021-04-24T20:00:00Z", "n": 3},
            {"host": None, "user-agent": "ü", "at": None, "n": 4}], "a rolling CSV sink's table: null is not the empty text")
    expect(call("sql", "show tables; select count(*) n from mine", *given, "--table", "mine=swords", "--format", "csv"),
           "name\nbase\nguilds\nmine\nswords\n\nn\n2\n", "tables by their stages' names")
    call("sql", "select * from sword", *given, status=2,
         says='sql:1:15: Catalog Error: Table with name sword does not exist! Did you mean "swords"?; tables are swords, guilds, base')
    # One broken table is told, and does not keep the others from being asked.
    (folder / "out" / "swords.jsonl").write_text('{"n": "no number"}\n')
    expect(call.rows("select count(*) n from guilds", *given), [{"n": 3}], "beside a broken table")
    call("sql", "select sum(n) from swords", *given, status=1, says="sql: ")
    print("a topology's file sinks: by their stages' names, empty at first, with the topology's types")


def definitions(call, folder):
    expect(call("table", "topology.json", "base", "--ddl", "postgresql"),
           'create table if not exists "Base" ("host" text, "user-agent" text, "event_type" text, "at" timestamptz, "n" bigint);\n', "postgresql")
    view = call("table", "topology.json", "guilds", "--ddl", "duckdb")
    expect(call.rows(view + "select count(*) n from guilds"), [{"n": 3}], "the printed view, asked")
    call("table", "topology.json", "guilds", "--ddl", "trino", status=2, says="remedy: a parquet sink")
    call("table", "topology.json", "guild", "--ddl", "hive", status=2, says='did you mean "guilds"?')
    call("table", "topology.json", "events", "--ddl", "hive", status=2, says="is a source")
    call("table", "topology.json", "guilds", "--ddl", "oracle", status=2, says="--ddl: oracle not in")
    call("table", "topology.json", "guilds", "--ddl", "hive", "--set", "stages.guilds.pth=x", status=2, says='did you mean "path"?')
    (folder / "overlay.json").write_text('{"stages": {"base": {"table": "Other"}}}')
    check('"Other"' in call("table", "topology.json", "base", "--ddl", "postgresql", "--with", "overlay.json"), "--with is not heeded")
    print("millrace table: definitions on stdout, one message with its remedy otherwise")


def parquet_sink(call, folder):
    stages = {**{name: TOPOLOGY["stages"][name] for name in ("events", "parsed")},
              "dated": {"transform": "select", "from": "parsed", "columns": {
                  "host": "host", "part_date": "to_char(\"at\" at time zone 'Asia/Ho_Chi_Minh', 'YYYYMMDD')", "at": "\"at\"",
                  "user-agent": "\"user-agent\"", "n": "n", "raw": "_raw::json"}},
              "plays": {"sink": "parquet", "from": "dated", "path": "lake/my plays", "partition_by": "part_date", "roll": {"rows": 2}}}
    topology_file(folder / "lake.json", "lake", stages)
    can = subprocess.run([call.binary, "check", "lake.json"], cwd=folder, capture_output=True, text=True)
    if can.returncode != 0 and "Arrow" in can.stderr:
        print(f"SKIPPED: sql.py's part on the parquet sink: {can.stderr.strip()}", flush=True)
        return
    given = ("--topology", "lake.json")
    expect(call("sql", "select * from plays", *given, "--format", "csv"), "host,part_date,at,user-agent,n,raw\n", "before the first file")
    call("run", "lake.json", "--state", folder / "lake_state")
    rows = call.rows("select * from plays order by n nulls last", *given)
    expect([list(rows[0]), rows[0]["part_date"], rows[0]["at"], rows[0]["n"], json.loads(rows[0]["raw"])["host"]],
           [["host", "part_date", "at", "user-agent", "n", "raw"], "20210425", "2021-04-24T19:55:00.796Z", 1, "user1"], "the first row")
    expect([r["part_date"] for r in rows], ["20210425", None, "20210425", None, None, None], "the partitions")
    expect(call.rows("select part_date, count(*) c, sum(n) s from plays where host is not null group by all order by c", *given),
           [{"part_date": "20210425", "c": 2, "s": 4}, {"part_date": None, "c": 3, "s": 7}], "grouped by partition")
    expect(call.rows("select count(*) c from t", "--table", "t=lake/my plays"), [{"c": 6}], "the folder alone")
    view = call("table", "lake.json", "plays", "--ddl", "duckdb", "--name", "v")
    expect(call.rows(view + "select part_date, n from v where n = 1"), [{"part_date": "20210425", "n": 1}], "the printed view of the sink's folder")
    place = (folder / "lake" / "my plays").resolve()
    hive = call("table", "lake.json", "plays", "--ddl", "hive")
    check("partitioned by (`part_date` string)\nstored as parquet\n" f"location 'file://{place}'" in hive, hive)
    trino = call("table", "lake.json", "plays", "--ddl", "trino")
    check(f"partitioned_by = array['part_date'],\n  external_location = 'file://{place}'" in trino, trino)
    call("sql", "copy plays to 'lake/my plays/x.parquet'", *given, status=2, says="would write into the table")
    print("the parquet sink's table: by its stage's name, with its partitions; nothing but columns before the first file")


def wrong(call, folder):
    (folder / "half.parquet").write_text("PAR1 and no more")
    for arguments, status, says in (
            (["selct 1"], 2, 'sql:1:1: Parser Error: syntax error at or near "selct"'),
            (["select 1;\nselect 2,\n  nosuch(3)"], 1, "sql:3:3: Catalog Error: Scalar Function with name nosuch does not exist!"),
            (["select * from nosuch"], 2, "there are no tables: --topology FILE or --table NAME=FOLDER gives some"),
            (["  ; "], 2, "QUERY: there is no statement"),
            (["select error('boom') from range(2)"], 1, "sql: Invalid Input Error: boom"),
            (["select 1", "--table", "t"], 2, "--table t: expected NAME=FOLDER"),
            (["select 1", "--table", "t=nowhere"], 2, "--table t=nowhere: there is no such folder or file"),
            (["select 1", "--table", "t=half.parquet"], 2, "table t cannot be read: "),
            (["select 1", "--topology", "nowhere.json"], 2, "nowhere.json"),
            (["select 1", "--memory", "much"], 2, "--memory much: expected a size of at least 1 MB"),
            (["select 1", "--format", "xml"], 2, "--format: xml not in"),
            (["select count(distinct x) from range(100000000) t(x)", "--memory", "20 MB"], 1, "remedy: a larger --memory"),
            (["set memory_limit = '1TB'"], 2, '"set" is not for millrace sql'),
            (["attach 'x.db'"], 2, '"attach" is not for millrace sql'),
            (["install httpfs"], 2, "is not for millrace sql"),
            (["select * from 'https://localhost:1/x.parquet'"], 2, "sql:")):
        call("sql", *arguments, status=status, says=says)
    missing = call("sql", "select 1", status=2, says="remedy: run tools/duckdb", environment={"MILLRACE_DUCKDB": str(folder / "none.so")})
    expect(missing, "", "stdout without a library")
    print("bad input: one message each, with place or option and remedy")


def endless(call, folder):
    query = "select x, 'some text ' || x as text from range(1000000000000) t(x)"
    for form in ("table", "csv", "json"):
        process = subprocess.Popen([call.binary, "sql", query, "--format", form, "--memory", "100 MB"], cwd=folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        Run.started.append(process)
        for _ in range(300_000):
            process.stdout.readline()
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            memory = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024
        # The sanitizer's own memory is its own.
        check(memory < 300 or "asan" in str(call.binary), f"{form}: {memory} MB for a stream of rows")
        # Nobody reads: the interrupt finds it waiting in a write.
        process.send_signal(signal.SIGINT)
        killer = threading.Timer(60 * PATIENCE, process.kill)
        killer.start()
        status = process.wait()
        killer.cancel()
        said = process.stderr.read().decode()
        process.stdout.close()
        check(status == 1 and "interrupted" in said, f"{form}: Ctrl-C ends it with {status}: {said}")
        print(f"an endless {form}: {memory} MB, Ctrl-C ends it")
    # One that computes and prints nothing; and a reader that has seen enough.
    temporary = folder / "tmp"
    temporary.mkdir()
    process = subprocess.Popen([call.binary, "sql", "select count(*) from range(1000000000000) t(x) where hash(x) = 1"],
                               env=dict(os.environ, TMPDIR=str(temporary)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    Run.started.append(process)
    # The signal ends the process as any other before the query runs. Starting takes a fraction of these 3 s on the processors.
    def used():
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
            return sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    wait_until("it computes", lambda: used() > 3 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60 * PATIENCE)
    check(process.returncode == 1 and b"interrupted" in said, f"Ctrl-C ends a computation with {process.returncode}: {said}")
    head = subprocess.run(f"'{call.binary}' sql \"{query}\" --format csv | head -n 2; exit ${{PIPESTATUS[0]}}", shell=True, executable="/bin/bash",
                          capture_output=True, text=True, timeout=60 * PATIENCE)
    expect((head.returncode, head.stdout, head.stderr), (0, "x,text\n0,some text 0\n", ""), "a reader that goes")
    left = list(temporary.iterdir())
    check(not left, f"spill folders stay: {left}")


def databases(call, folder):
    """A sql sink's table is asked by the stage's and by its own name, of every product: null, texts, times as they were."""
    rows = [{"user": "ann", "n": 1, "x": 0.1, "m": 1.25, "ok": True, "at": "2021-04-24T19:55:00.796Z"},
            {"user": "a,\"b\"\nc", "n": -9223372036854775808, "x": -1e300, "m": -0.5, "ok": False, "at": "1969-12-31T23:59:59Z"},
            {"user": "", "n": 2, "x": None, "m": None, "ok": None, "at": None}, {"user": None, "n": None, "x": 2.5, "m": 0, "ok": True, "at": None}]
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    servers = {"sqlite": f"sqlite3://{folder}/asked.sqlite"}
    for name, variable in (("postgres", "POSTGRES_URL"), ("mariadb", "MARIADB_URL")):
        if os.environ.get(variable):
            servers[name] = os.environ[variable].rpartition("/")[0] + "/" + unique("asked")
        else:
            print(f"SKIPPED: {variable} is not set: no table of {name} is asked")
    for name, connection in servers.items():
        given = ("--topology", f"{name}.json")
        topology_file(folder / f"{name}.json", name, {
            "rows": {"source": "file", "path": "rows.jsonl"},
            "parsed": {"parser": "json", "from": "rows",
                       "schema": {"user": "text", "n": "bigint", "x": "double", "m": "numeric(38,2)", "ok": "boolean", "at": "timestamp"}},
            "table": {"sink": "sql", "from": "parsed", "connection": connection, "table": "asked_users", "create": True}})
        # The table is missing: the message says what is wrong, and how its own client is asked.
        shown = {"sqlite": "sqlite3 ", "postgres": "psql postgresql://", "mariadb": "mariadb -h "}[name]
        call("sql", "select * from asked_users", *given, status=2, says=shown)
        call("run", f"{name}.json", "--state", folder / f"{name}.state")
        try:
            expect(call.rows('select "user", n, x, m, ok, "at" from asked_users order by n nulls last', *given),
                   [rows[1], rows[0], rows[2], rows[3]], f"{name}: a table by its own name")
            expect(call.rows('select sum(n) as n from "table" where n > 0', *given), [{"n": 3}], f"{name}: by the stage's name")
            expect([r["column_type"] for r in call.rows("describe asked_users", *given)],
                   ["VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(38,2)", "BOOLEAN", "TIMESTAMP WITH TIME ZONE"], f"{name}: the topology's types")
            expect(call.rows("select sum(m)::varchar as m, max(m)::varchar as most from asked_users", *given), [{"m": "0.75", "most": "1.25"}],
                   f"{name}: a numeric's digits")
            call("sql", "select 1 from asked_users", *given, status=2, says="Without it: " + shown,
                 environment={"MILLRACE_DUCKDB": "/nowhere"})
        finally:
            if name == "postgres":
                PostgreSQL(os.environ["POSTGRES_URL"], connection.rpartition("/")[2]).drop()
            elif name == "mariadb":
                MariaDB(os.environ["MARIADB_URL"], connection.rpartition("/")[2]).drop()
    print(f"tables of databases: {', '.join(servers)}")


def test(options, folder):
    needs_duckdb()
    call = Queries(options, folder)
    partitioned(call, folder)
    topology(call, folder)
    databases(call, folder)
    definitions(call, folder)
    parquet_sink(call, folder)
    wrong(call, folder)
    endless(call, folder)


if __name__ == "__main__":
    main(test, __doc__)
