#!/usr/bin/env -S python3 -B
"""Rows that a real PostgreSQL does not take: rows that do not fit are dead letters and the others are in; all else ends the run with one
clear message. Reads a file, so that it needs no Kafka.

    postgres_refuses.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import json
import os
import pathlib
import time
import urllib.parse

from real_systems import (OwnFolder, Run, check, dead_letters, difference, free_port, http_status, main_of_cases, metric, topology_file, unique,
                          wait_until)
from relay import Relay


class Case(OwnFolder):
    """A database and a folder of its own, and a job from a file into a table of it."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.postgres = self.own_postgres()
        self.schema = {"name": "text", "n": "bigint"}

    def job(self, rows, table="answers", rate=None, options=(), url=None, **sink):
        (self.folder / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        source = {"source": "file", "path": str(self.folder / "in.jsonl")}
        if rate:
            source["rate"] = rate
        path = topology_file(self.folder / "topology.json", "refuses", {
            "rows": source, "parsed": {"parser": "json", "from": "rows", "schema": self.schema},
            "table": {"sink": "sql", "from": "parsed", "connection": "${E2E_POSTGRES}", "table": table, **sink}})
        return Run(self.options.millrace, path, self.folder / "state", *options, env={"E2E_POSTGRES": url or self.postgres.url})

    def table(self, columns, name="answers"):
        self.postgres.do(f"create table {name} ({columns})")

    def compare(self, running, fits, refused, *texts, table="answers"):
        """The run has ended: these rows are in, those are dead letters of the sink, once each."""
        running.expect(0)
        rows = self.postgres.ask(f"select * from {table}")
        apart = difference(map(json.dumps, fits), map(json.dumps, rows))
        check(not apart, f"the table: {apart}")
        letters = dead_letters(self.folder / "state")
        apart = difference(map(json.dumps, refused), [json.dumps(json.loads(d["record"])) for d in letters])
        check(not apart, f"dead letters: {apart}")
        check({d["stage"] for d in letters} <= {"table"}, f"dead letters of {[d['stage'] for d in letters]}")
        for text in texts:
            check(any(text in d["error"] for d in letters), f"no dead letter says {text!r}: {[d['error'] for d in letters][:5]}")
        counted = running.ledger()["table"]
        check(counted["out"] == len(fits) and counted["dead_letters"] == len(refused), f"the ledger of the table: {counted}")


def parted(rows, fits):
    return [r for r in rows if fits(r)], [r for r in rows if not fits(r)]


def numbered(count, every=1, other=""):
    return [{"name": other if other and i % every == 0 else f"name {i}", "n": i} for i in range(count)]


def text_too_long(c):
    """A text that its column has no room for."""
    c.table("name varchar(8), n bigint")
    rows = numbered(5000, 7, "longer than eight")
    c.compare(c.job(rows), *parted(rows, lambda r: len(r["name"]) <= 8), "varying(8)", "22001")


def number_too_large(c):
    """Numbers beyond a column of fewer digits, and beyond a check of the table."""
    c.table("name text, n smallint check (n <> 5)")
    rows = numbered(300) + [{"name": "large", "n": n} for n in (32767, 32768, -32769, 2**40)]
    c.compare(c.job(rows), *parted(rows, lambda r: r["n"] != 5 and -32768 <= r["n"] <= 32767), "22003", "answers_n_check")


def numeric_too_narrow(c):
    """The same of numeric(3)."""
    c.table("name text, n numeric(3)")
    rows = numbered(2000)
    c.compare(c.job(rows), *parted(rows, lambda r: r["n"] < 1000), "22003")


def null_where_none_may_be(c):
    """A null in a column that must not be null, and a row that is there already."""
    c.table("name text not null, n bigint unique")
    rows = numbered(100) + [{"name": None, "n": 1000}, {"name": "again", "n": 50}]
    c.compare(c.job(rows), rows[:100], rows[100:], "not-null", "answers_n_key")


def other_texts(c):
    """Everything else that a text may hold comes back as it was."""
    odd = ["", " padded ", "null", "NULL", "\\N", "\\.", "tab\tnew\nline\rreturn", "back\\slash", "O'Brien", 'quo"te',
           "🎉 日本 Ünï", "e\u0301", "\u2028", "\x01\x7f", "a,b;c|d", "{}", "%s $1 :p0", "x" * 100_000]
    rows = [{"name": text, "n": i} for i, text in enumerate(odd * 3)] + [{"name": None, "n": None}]
    c.compare(c.job(rows, create=True), rows, [])


def column_of_another_type(c):
    """Refused before a row is written: table, column, its type and the one that is needed are named."""
    c.table("name text, n date")
    c.job(numbered(10)).expect(1, '"answers"', '"n"', "date", "bigint")
    c.postgres.do("alter table answers drop column n")
    c.job(numbered(10)).expect(1, '"answers"', '"n"', "alter table")
    c.postgres.do("alter table answers add column n bigint, add column must text not null")
    c.job(numbered(10)).expect(1, '"must"', "null")
    c.postgres.do("alter table answers drop column must")
    c.compare(c.job(numbered(10)), numbered(10), [])


def names_in_quotes(c):
    """Names that SQL has words for, with capitals, blanks and quotes in them, are taken as they are."""
    c.schema = {"select": "text", "Group By": "bigint", 'quo"te': "text", "größe 🎈": "bigint", "a.b": "text",
                "semi;colon--": "text"}
    rows = [dict(zip(c.schema, (f"a{i}", i, f"b{i}", -i, "c", "'); drop table x;--"))) for i in range(100)]
    for i, table in enumerate(('Table "of" Answers', "order", "semi;colon", "Übersicht")):
        quoted = '"' + table.replace('"', '""') + '"'
        c.folder = c.folder.parent / f"{c.folder.name}_{i}"
        c.folder.mkdir()
        c.postgres.do("drop table if exists millrace_positions, millrace_rejected")
        c.compare(c.job(rows, table=table, create=True), rows, [], table=quoted)


def name_too_long(c):
    """PostgreSQL cuts names at 63 bytes: a column of a longer one is refused, with its name."""
    long = "n" * 70
    c.schema = {"name": "text", long: "bigint"}
    c.job([{"name": "a", long: 1}], create=True).expect(2, long, "63")


def table_missing(c):
    """No table and no `create`: the message names it, with the statement that makes it."""
    c.job(numbered(10)).expect(1, '"answers"', '"create": true', "create table")


def no_table_at_all(c):
    """A view, and a table that does not survive a crash."""
    c.postgres.do("create view answers as select 'a' as name, 1::bigint as n")
    c.job(numbered(10)).expect(1, '"answers"', "is not a table")
    c.postgres.do("drop view answers; create unlogged table answers (name text, n bigint)")
    c.job(numbered(10)).expect(1, '"answers"', "unlogged", "set logged")


def no_rights(c):
    """A user that may not write: exit 1 with what is denied."""
    user = unique("u")
    c.table("name text, n bigint")
    c.postgres.do(f"create user {user}; grant select on answers to {user}; grant create on schema public to {user}")
    try:
        c.postgres.url = c.postgres.url.replace("//test@", f"//{user}@")
        c.job(numbered(10)).expect(1, "permission denied", "grant")
    finally:
        c.postgres.url = c.postgres.server
        c.postgres.do(f'drop database "{c.postgres.database}" with (force); drop user {user}', server=True)


def refused_at_once(c, *texts):
    """A job on c.postgres.url ends at once, with these words and without the password."""
    began = time.monotonic()
    said = c.job(numbered(10), create=True).expect(1, "table", *texts)
    check(time.monotonic() - began < 25, f"it took {time.monotonic() - began:.0f} s, as if it had been waited for")
    check(said.count("remedy") == 1 and "secret" not in said, f"expected one line with a remedy, and no password: {said}")


def unknown_role(c):
    """A user whom the server does not know: at once, with the remedy."""
    c.postgres.url = c.postgres.url.replace("//test@", "//nobody:secret@")
    refused_at_once(c, 'role "nobody" does not exist', "correct user and password in `connection`")


def wrong_password(c):
    """A wrong password, and none where one is asked for: at once, with the remedy, and not shown."""
    user, rules = unique("u"), pathlib.Path(c.postgres.do("show hba_file").strip())
    c.postgres.do(f"create user {user} password 'right'")
    if not os.access(rules, os.W_OK):
        return print("SKIPPED: the server's rules of access are not on this machine")
    before = rules.read_text()
    try:
        rules.write_text(f"host all {user} all scram-sha-256\n{before}")
        c.postgres.do("select pg_reload_conf()")
        url = c.postgres.url
        for who, texts in ((f"{user}:secret", ("password authentication failed",)), (user, ("no password supplied",))):
            c.postgres.url = url.replace("//test@", f"//{who}@")
            refused_at_once(c, *texts, "correct user and password in `connection`")
    finally:
        rules.write_text(before)
        c.postgres.url = c.postgres.server
        c.postgres.do(f"select pg_reload_conf(); drop user {user}", server=True)


def no_right_to_connect(c):
    """A user that may not enter the database: at once, with the remedy."""
    user = unique("u")
    c.postgres.do(f'create user {user}; revoke connect on database "{c.postgres.database}" from public')
    try:
        c.postgres.url = c.postgres.url.replace("//test@", f"//{user}:secret@")
        refused_at_once(c, "permission denied", "grant the rights")
    finally:
        c.postgres.url = c.postgres.server
        c.postgres.do(f"drop user {user}", server=True)


def unknown_database(c):
    """A database that is not there and may not be made."""
    c.postgres.drop()
    c.job(numbered(10)).expect(1, "there is no database", c.postgres.database, '"create": true')


def server_absent(c):
    """Nobody listens: waited for up to --start-timeout, told once meanwhile and once at the end, with the remedy."""
    c.postgres.url = f"postgresql://test:secret@127.0.0.1:{free_port()}/nowhere"
    began = time.monotonic()
    said = c.job(numbered(10), options=("--start-timeout", "3 s")).expect(
        1, "Connection refused; start the server, or correct `connection`", "waiting for it")
    check(time.monotonic() - began > 2.5, "it was not waited for")
    check(said.count("Connection refused") == 2 and "secret" not in said, f"expected two lines, and no password: {said}")


def running_job(c, **sink):
    running = c.job(numbered(5000), rate="500/s", create=True, **sink)
    wait_until("first rows", lambda: c.postgres.has("answers") and c.postgres.ask("select 1 as x from answers limit 1"))
    return running


def database_dropped(c):
    """The database goes while the job runs: rows that it has committed are gone, so it ends and says so."""
    running = running_job(c)
    c.postgres.drop()
    running.expect(1, "table", "millrace_positions", "--fresh")


def table_dropped(c):
    """The table goes while the job runs; without `create` it ends and names it."""
    c.table("name text, n bigint")
    running = c.job(numbered(5000), rate="500/s")
    wait_until("first rows", lambda: c.postgres.ask("select 1 as x from answers limit 1"))
    c.postgres.do("drop table answers")
    running.expect(1, '"answers"', '"create": true')


def column_changed(c):
    """A column gets another type while the job runs: it ends and names it."""
    running = running_job(c)
    c.postgres.do("alter table answers alter column n type date using null")
    running.expect(1, '"answers"', '"n"', "date")


def table_locked(c):
    """Somebody holds a lock on the table: it waits and says for whom, and all rows are in once."""
    running = running_job(c)
    with c.postgres.session() as other:
        other("begin; lock table answers in access exclusive mode;")
        running.wait_until("it says what it waits for", lambda: "another session holds these rows" in running.errors())
        other("commit;")
    c.compare(running, numbered(5000), [])


def server_hangs(c):
    """A server that takes nothing and answers nothing, on connections that stay open: the sink is stalled, and goes on once it answers."""
    relay, http = Relay(urllib.parse.urlsplit(c.postgres.server).netloc.rpartition("@")[2]), f"127.0.0.1:{free_port()}"
    through = urllib.parse.urlsplit(c.postgres.url)
    through = through._replace(netloc=f"{through.netloc.rpartition('@')[0]}@{relay.address}").geturl()
    rows = numbered(200)
    running = c.job(rows, rate="5/s", options=("--http", http), create=True, url=through)

    def sink(name):
        return metric(http, f"millrace_sink_{name}", 'sink="table"')
    wait_until("rows are in the table", lambda: c.postgres.has("answers") and c.postgres.ask("select * from answers"))
    check(sink("stalled") == 0 and http_status(http, "/healthz")[0] == 200, "it is well")
    relay.hang()
    wait_until("it is stalled", lambda: sink("stalled") == 1)
    check(sink("slow") == 1 and sink("under_way_seconds") > 30 and sink("away") == 0, "a call has taken more than 30 s")
    check(http_status(http, "/healthz")[0] == 503, "it is not healthy")
    relay.go_on()
    wait_until("it is well again", lambda: sink("stalled") == sink("slow") == 0 and http_status(http, "/healthz")[0] == 200)
    c.compare(running, rows, [])
    relay.close()


CASES = [text_too_long, number_too_large, numeric_too_narrow, null_where_none_may_be, other_texts,
         column_of_another_type, names_in_quotes, name_too_long, table_missing, no_table_at_all, no_rights, unknown_role,
         wrong_password, no_right_to_connect, unknown_database, server_absent, database_dropped, table_dropped, column_changed, table_locked,
         server_hangs]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
