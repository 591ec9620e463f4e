#!/usr/bin/env -S python3 -B
"""Tables of PostgreSQL and MariaDB that change while `"source": "sql"` reads them: each change once and at one moment over kills with -9, lookups by
the versions, types as the database has them, a role with no right but to select, and a table that is away for a while.

    polled_tables.py --millrace BINARY [--only NAME] [--orders N] [--kills N]"""
import bisect
import collections
import contextlib
import json
import random
import threading
import time
import urllib.parse

from databases_under_test import SERVERS
from real_systems import OwnFolder, Run, check, difference, main_of_cases, topology_file, unique, whole_rows

ROWS = 2_000
MICRO = 1_000_000


class Case(OwnFolder):
    def on(self, kind):
        (self.folder / kind).mkdir()
        server = self.at_the_end.enter_context(contextlib.closing(SERVERS[kind](self.folder / kind)))
        server.reader = reader_of(self, kind, server)
        return server


def reader_of(case, kind, server):
    """The address of a role that may do nothing but select."""
    role = unique("reader")
    if kind == "postgresql":
        server.do(f"create role {role} login password 'x'; grant usage on schema public to {role};"
                  f" alter default privileges in schema public grant select on tables to {role}")
        case.at_the_end.callback(lambda: server.do(f"drop owned by {role}; drop role {role}"))
    else:
        server.do(f"create user {role} identified by 'x'; grant select on `{server.at.database}`.* to {role}")
        case.at_the_end.callback(lambda: server.do(f"drop user {role}"))
    parts = urllib.parse.urlsplit(server.url)
    return parts._replace(netloc=f"{role}:x@{parts.hostname}:{parts.port}").geturl()


class Churn(threading.Thread):
    """Changes the table until it is ended: single rows, and many at once. `rows` is the table as it must be."""

    def __init__(self, server, rng):
        super().__init__(daemon=True)
        self.server, self.rng, self.rows, self.ending, self.failure = server, rng, {}, threading.Event(), None
        self.server.do("create table customers (id bigint primary key, name text, tier int)")
        self.write({n: (f"name {n}", n % 7) for n in range(ROWS)})

    def write(self, rows):
        values = ", ".join(f"({i}, {'null' if n is None else repr(n)}, {t})" for i, (n, t) in rows.items())
        self.server.do(f"insert into customers values {values}")
        self.rows.update(rows)

    def delete(self, ids):
        self.server.do(f"delete from customers where id in ({', '.join(map(str, ids))})")
        for i in ids:
            del self.rows[i]

    def run(self):
        try:
            while not self.ending.wait(self.rng.uniform(0, .1)):
                self.step()
        except Exception as e:  # told by end()
            self.failure = e

    def step(self):
        rng, some = self.rng, self.rng.choice([1, 1, 1, 5, 300])
        chosen = rng.sample(sorted(self.rows), min(some, len(self.rows)))
        kind = rng.choice(["update", "update", "delete", "insert"])
        if kind == "delete" and len(self.rows) > ROWS // 2:
            self.delete(chosen)
        elif kind == "insert":
            absent = [i for i in range(ROWS) if i not in self.rows]
            chosen = rng.sample(absent, min(some, len(absent)))
            if chosen:
                self.write({i: (rng.choice([None, f"new {rng.random()}"]), rng.randrange(9)) for i in chosen})
        else:
            tier = rng.randrange(9)
            self.server.do(f"update customers set tier = {tier} where id in ({', '.join(map(str, chosen))})")
            for i in chosen:
                self.rows[i] = (self.rows[i][0], tier)

    def end(self):
        self.ending.set()
        self.join()
        if self.failure:
            raise self.failure


def lookups(case, server, orders, kills, seconds):
    """Orders over `seconds` of real time look up customers, who change meanwhile."""
    rng = random.Random(f"{case.name} {orders}")
    churn = Churn(server, rng)
    begin = int((time.time() + 1) * MICRO)
    times = sorted(begin + rng.randrange(seconds * MICRO) for _ in range(orders))
    with open(case.folder / "orders.jsonl", "w") as out:
        for n, at in enumerate(times):
            out.write(f'{{"n":{n},"customer":{n * 7919 % (ROWS + 20)},"at":{at}}}\n')
        out.write(f'{{"n":-1,"customer":-1,"at":{times[-1] + MICRO}}}\n')  # the newest row waits until the table is idle
    micros = {"type": "timestamp", "format": "epoch_us"}
    topology = topology_file(case.folder / "topology.json", "polled", {
        "table": {"source": "sql", "connection": "${READER}", "table": "customers", "key": "id", "every": "200 ms", "spool": "2 MB"},
        "customers": {"parser": "json", "from": "table", "event_time": "_timestamp", "idle_timeout": "20 s",
                      "schema": {"id": "bigint", "name": "text", "tier": "bigint", "deleted": "boolean"}},
        "lines": {"source": "file", "path": str(case.folder / "orders.jsonl")},
        "orders": {"parser": "json", "from": "lines", "event_time": "at", "schema": {"n": "bigint", "customer": "bigint", "at": micros}},
        "named": {"join": "as_of", "left": "orders", "right": "customers", "key": {"customer": "id"}, "how": "left", "deleted": "deleted",
                  "columns": {"n": "l.n", "name": "r.name", "tier": "r.tier"}},
        "versions": {"sink": "file", "from": "customers", "path": str(case.folder / "versions.jsonl"),
                     "columns": {"id": "id", "name": "name", "tier": "tier", "deleted": "deleted", "at": "(extract(epoch from _timestamp) * 1000000)::bigint"}},
        "out": {"sink": "file", "from": "named", "path": str(case.folder / "named.jsonl")}})
    live = lambda: Run(case.binary, topology, case.folder / "state", env={"READER": server.reader})
    churn.start()
    life = live()
    for _ in range(kills):
        life.wait_until("it has read the table", lambda: (case.folder / "versions.jsonl").exists())
        time.sleep(rng.uniform(0, 1.8 * seconds / kills))
        life.check_alive()
        life.kill()
        life = live()
    churn.end()
    life.wait_until("all orders are out", lambda: count_lines(case.folder / "named.jsonl") >= orders, 90 + seconds)
    life.wait_until("the last change is known", lambda: table_of(whole_rows(case.folder / "versions.jsonl")) == churn.rows, 10)
    life.process.terminate()
    check(life.wait() == 0, lambda: f"ended with {life.process.returncode}: {life.errors()[-800:]}")
    judge(case.folder, times, churn.rows, orders)


def count_lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def table_of(versions):
    out = {}
    for v in versions:
        if v["deleted"]:
            out.pop(v["id"], None)
        else:
            out[v["id"]] = (v["name"], v["tier"])
    return out


def check_changes(versions):
    """Each is one."""
    now = {}
    for v in versions:
        is_there = (v["name"], v["tier"]) if not v["deleted"] else None
        check(now.get(v["id"]) != is_there, lambda: f"no change: {v}")
        now[v["id"]] = is_there


def judge(folder, times, rows, orders):
    versions = whole_rows(folder / "versions.jsonl")
    check(table_of(versions) == rows, "the log of changes does not give the table")
    check(all(a["at"] <= b["at"] for a, b in zip(versions, versions[1:])), "a moment lies before an earlier one")
    check_changes(versions)
    by_key = collections.defaultdict(lambda: ([], []))
    for v in versions:
        is_there = (v["name"], v["tier"]) if not v["deleted"] else None
        ats, what = by_key[v["id"]]
        ats.append(v["at"])
        what.append(is_there or (None, None))
    expected = []
    for n, at in enumerate(times):
        ats, what = by_key[n * 7919 % (ROWS + 20)]
        last = bisect.bisect_right(ats, at)
        expected.append((n, *(what[last - 1] if last else (None, None))))
    found = [(r["n"], r["name"], r["tier"]) for r in whole_rows(folder / "named.jsonl")]
    if (newest := (-1, None, None)) in found:
        found.remove(newest)
    check(len(found) == orders and not difference(expected, found), lambda: f"{len(found)} rows of {orders}: {difference(expected, found)}")
    print(f"        {orders} lookups of {len(versions)} versions: each as the log of changes has it", flush=True)


def lookups_on_postgresql(case):
    """A million lookups of a table of PostgreSQL that changes beneath them, over fifty kills"""
    lookups(case, case.on("postgresql"), case.options.orders, case.options.kills, 60)


def lookups_on_mariadb(case):
    """The same with MariaDB, on a smaller scale"""
    lookups(case, case.on("mariadb"), case.options.orders // 10, case.options.kills // 5, 20)


DIGITS = "12345678901234567890123456789.123456789"


def types(case):
    """Values of each type as JSON has them"""
    for kind, columns in {
            "postgresql": {"a": ("bigint", "-9007199254740993", -9007199254740993), "b": ("numeric(20,4)", "1.5000", 1.5), "c": ("double precision", "'NaN'", "NaN"),
                           "d": ("boolean", "true", True), "e": ("jsonb", """'{"x": [1, null]}'""", {"x": [1, None]}), "f": ("text", "'a\"b\\c'", 'a"b\\c'),
                           "g": ("timestamptz", "'2021-04-24 19:55:00.5+02'", "2021-04-24 17:55:00.5+00"), "h": ("bytea", "'\\x00ff'", "\\x00ff"),
                           "i": ("date", "'2021-04-24'", "2021-04-24"), "j": ("real", "0.1", 0.1), "k": ("text", "null", None), "l": ("int[]", "'{1,2}'", "{1,2}"), "o": ("numeric", DIGITS, float(DIGITS))},
            "mariadb": {"a": ("bigint", "-9007199254740993", -9007199254740993), "b": ("decimal(20,4)", "1.5000", 1.5), "c": ("double", "1e300", 1e300),
                        "d": ("boolean", "true", True), "e": ("json", """'{"x": [1, null]}'""", {"x": [1, None]}), "f": ("text", "'a\"b\\\\c'", 'a"b\\c'),
                        "g": ("datetime(6)", "'2021-04-24 19:55:00.5'", "2021-04-24 19:55:00.500000"), "h": ("varbinary(9)", "x'00ff'", "\\x00ff"),
                        "i": ("date", "'2021-04-24'", "2021-04-24"), "j": ("bit(9)", "b'100000001'", 257), "k": ("text", "null", None),
                        "l": ("int(5) zerofill", "7", "00007"), "m": ("tinyint", "1", 1), "n": ("varchar(9)", "'日本🎉'", "日本🎉"), "o": ("decimal(38,9)", DIGITS, float(DIGITS))}}.items():
        server = case.on(kind)
        server.do(f"create table t (id int primary key, {', '.join(f'{n} {t}' for n, (t, _, _) in columns.items())})")
        server.force(f"insert into t values (1, {', '.join(literal for _, literal, _ in columns.values())});")
        topology = topology_file(case.folder / f"{kind}.json", kind, {
            "table": {"source": "sql", "connection": "${READER}", "query": "select * from t", "key": "id"},
            "rows": {"parser": "text", "from": "table"},
            "out": {"sink": "file", "from": "rows", "path": str(case.folder / f"{kind}.jsonl"), "columns": {"raw": "_raw"}}})
        life = Run(case.binary, topology, case.folder / f"{kind}.state", env={"READER": server.reader})
        life.wait_until("the row is there", lambda: whole_rows(case.folder / f"{kind}.jsonl"))
        life.kill()
        raw = whole_rows(case.folder / f"{kind}.jsonl")[0]["raw"]
        check('"b":1.5000,' in raw and f'"o":{DIGITS}' in raw, f"{kind}: a decimal without its digits: {raw}")
        row = json.loads(raw)
        check(row == {"id": 1, "deleted": False, **{n: value for n, (_, _, value) in columns.items()}}, lambda: f"{kind}: {row}")


def away(case):
    """A table that is renamed, and then a server's sessions that are ended: told, with nothing lost, and well again by itself; a role without rights ends the start"""
    server = case.on("postgresql")
    server.do("create table t (id int primary key, v text); insert into t values (1, 'a'); create table secret (id int); ")
    server.do(f"revoke select on secret from {urllib.parse.urlsplit(server.reader).username}")
    stages = lambda table: {
        "table": {"source": "sql", "connection": "${READER}", "table": table, "key": "id", "every": "200 ms"},
        "rows": {"parser": "json", "from": "table", "schema": {"id": "bigint", "v": "text", "deleted": "boolean"}},
        "out": {"sink": "file", "from": "rows", "path": str(case.folder / "out.jsonl")}}
    live = lambda table: Run(case.binary, topology_file(case.folder / f"{table}.json", "away", stages(table)), case.folder / f"state_{table}", "--http", "127.0.0.1:0",
                             env={"READER": server.reader})
    values = lambda: [(r["id"], r["v"]) for r in whole_rows(case.folder / "out.jsonl")]
    life = live("t")
    life.wait_until("the first row is there", lambda: values() == [(1, "a")])
    server.do("alter table t rename to u")
    life.wait_until("the trouble is told", lambda: "there is no table t" in life.errors())
    life.wait_until("it is listed", lambda: "there is no table t" in life.ask_once("list").stdout)
    server.do("update u set v = 'b'; alter table u rename to t")
    life.wait_until("the change is there", lambda: values() == [(1, "a"), (1, "b")])
    life.wait_until("nothing is wrong any more", lambda: "there is no table t" not in life.ask_once("list").stdout)
    server.do("insert into t values (2, 'c'); select pg_terminate_backend(pid) from pg_stat_activity where usename like 'reader%' and datname = current_database()")
    life.wait_until("the new row is there", lambda: values() == [(1, "a"), (1, "b"), (2, "c")])
    life.process.terminate()
    check(life.wait() == 0, lambda: f"ended with {life.process.returncode}: {life.errors()[-800:]}")
    refused = live("secret")
    check(refused.wait() == 1, f"ended with {refused.process.returncode}")
    check("permission denied for table secret" in refused.errors() and "grant the rights" in refused.errors(), refused.errors)


if __name__ == "__main__":
    main_of_cases([lookups_on_postgresql, lookups_on_mariadb, types, away], Case, __doc__, orders=1_000_000, kills=50)
