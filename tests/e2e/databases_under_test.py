"""PostgreSQL, MariaDB and SQLite with a database of its own each: the types that a column can have, which of a topology's types a sink
may write into them, and values as the database itself holds them, without a cast between them and the test."""
import contextlib
import os
import re
import sqlite3
import subprocess

from real_systems import MariaDB, PostgreSQL, check, needed, unique


def run(command, script):
    return subprocess.run(command, input=script, capture_output=True, text=True, encoding="utf-8",
                          env={**os.environ, "PGCLIENTENCODING": "UTF8"})


def of_copy(cell):
    """A field of COPY's text format."""
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return None if cell == "\\N" else re.sub(r"\\(.)", lambda m: escapes.get(m[1], m[1]), cell)


class OnPostgreSQL:
    """The texts are what the types' output functions give: no cast between them and the test."""
    KEPT = {"text", "character varying", "character varying(5)", "name", "character(5)", "bpchar", "citext", 'text COLLATE "C"',
            "mine.code5", "mine.code5_again"}
    DECIMALS = {"numeric", "numeric(12,2)", "numeric(5,-2)", "numeric(3,5)", "mine.amount"}
    TAKEN = {"text": KEPT | DECIMALS | {"date", "time without time zone", "time(0) without time zone", "uuid", "mine.mood", "json"},
             "bigint": KEPT | DECIMALS | {"bigint", "integer", "smallint", "mine.small"},
             "numeric": KEPT | DECIMALS | {"bigint", "integer", "smallint", "mine.small"},
             "double": KEPT | {"double precision"}, "boolean": KEPT | {"boolean", "bigint", "integer", "smallint", "mine.small"},
             "timestamp": KEPT | {f"timestamp{p} {z} time zone" for p in ("", "(0)") for z in ("with", "without")},
             "date": KEPT | {"date"},
             "json": KEPT | {"json", "jsonb"}, "list": KEPT | {"json", "jsonb"}, "object": KEPT | {"json", "jsonb"}}

    def __init__(self, folder):
        self.folder = folder
        self.at = PostgreSQL(*needed("POSTGRES_URL"), unique("columns"))
        self.at.create()
        self.url, self.do, self.close = self.at.url, self.at.do, self.at.drop

    def types(self):
        self.do("""create extension citext; create extension hstore; create extension ltree; create schema mine;
            create type mine.mood as enum ('a', 'A', '1', 'b c', '日本🎉'); create type mine.pair as (a int, b text);
            create type mine.reals as range (subtype = float8);
            create domain mine.code5 as char(5); create domain mine.code5_again as mine.code5 check (value <> 'xxxxx');
            create domain mine.small as int check (value < 1000);
            create domain mine.amount as numeric(5,1); create domain mine.clock as interval(0); create domain mine.many as text[];
            create domain mine.name as bit(3); create type mine.text as (a int); create type mine.int4 as (a int);
            create type mine.uuid as range (subtype = int4)""")
        found = [r["type"] for r in self.at.ask("""select format_type(t.oid, null) as type from pg_type t left join pg_class c on c.oid = t.typrelid
            where t.typtype <> 'p' and t.typname not in ('gtsvector') and (t.typrelid = 0 or t.typnamespace = 'mine'::regnamespace)
            and not exists (select from pg_type e where e.oid = t.typelem and e.typtype = 'p')
            and t.typnamespace <> 'information_schema'::regnamespace
            and not exists (select from pg_type e join pg_class r on r.oid = e.typrelid where e.oid = t.typelem
            and e.typnamespace <> 'mine'::regnamespace)
            order by 1""")]
        check(len(found) > 150, f"only {len(found)} types in pg_type")
        return [t for t in found if t != "character"] + ["character(5)", "character varying(5)", "bpchar", "bit(3)", "bit varying(3)",
        "numeric(12,2)", "numeric(5,-2)", "numeric(3,5)",
                                                         "time(0) without time zone", "time(0) with time zone", "timestamp(0) with time zone",
                                                         "timestamp(0) without time zone", "interval(0)", 'text COLLATE "C"']

    def name(self, column):
        return f'"{column}"'

    def literal(self, value):
        return "E'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"

    def force(self, script):
        run(["psql", "-X", "-q", "-f", "-", "-d", self.url], script)

    def read(self, table, columns, by="id"):
        out = {}
        names = [by, *columns]
        copied = self.do("set datestyle = 'ISO, YMD'; set timezone = 'UTC'; set extra_float_digits = 3;"
                         f" copy {table} ({', '.join(names)}) to stdout")
        for line in copied.split("\n")[:-1]:
            row = dict(zip(names, map(of_copy, line.split("\t"))))
            out.update({(int(row[by]), n): v for n, v in row.items() if v is not None and n != by})
            out[(int(row[by]), None)] = ""
        return out


class OnMariaDB:
    KEPT = {"char(5)", "varchar(5)", "varchar(300)", "tinytext", "text", "mediumtext", "longtext", "json", "varbinary(20)", "tinyblob",
            "blob", "mediumblob", "longblob", "varchar(20) collate utf8mb4_nopad_bin", "varchar(20) character set latin1",
            "tinytext character set latin1", "tinytext character set utf8mb3", "tinytext character set ucs2",
            "tinytext character set utf16", "char(5) character set utf32", "varchar(5) character set ascii"}
    WHOLES = {"tinyint", "smallint", "mediumint", "int", "bigint", "bigint unsigned", "int(5) zerofill"}
    DECIMALS = {"decimal(10,0)", "decimal(12,2)", "decimal(65,30)", "decimal(38,0) unsigned"}
    TAKEN = {"text": KEPT | DECIMALS | {"date", "time", "time(3)", "uuid", "enum('a','b c','it''s \"q\" \\\\','1','日本🎉','')"},
             "bigint": KEPT | WHOLES | DECIMALS, "numeric": KEPT | WHOLES | DECIMALS,
             "double": KEPT | {"double", "double unsigned"}, "boolean": KEPT | WHOLES | {"bit(1)"},
             "timestamp": KEPT | {"datetime", "datetime(6)", "timestamp null", "timestamp(3) null"},
             "date": KEPT | {"date"},
             "json": KEPT, "list": KEPT, "object": KEPT}
    OTHERS = {"float", "float(10,2)", "double(10,2)", "bit(3)", "year", "set('a','b')", "binary(5)", "inet4", "inet6", "geometry",
              "point", "polygon"}

    def __init__(self, folder):
        self.folder = folder
        self.at = MariaDB(*needed("MARIADB_URL"), unique("columns"))
        self.url, self.ask, self.close = self.at.url, self.at.ask, self.at.drop
        self.ask(f"create database `{self.at.database}` character set utf8mb4 collate utf8mb4_general_ci", "")

    def do(self, statement):
        self.ask(statement)

    def types(self):
        return sorted(self.OTHERS.union(*self.TAKEN.values()))

    def name(self, column):
        return f"`{column}`"

    def literal(self, value):
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"

    def force(self, script):
        p = self.at.parts
        done = run(["mariadb", "--no-defaults", f"-h{p.hostname}", f"-P{p.port}", f"-u{p.username}", "-f",
                    "--default-character-set=utf8mb4", "-D", self.at.database],
                   "set session sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_AUTO_VALUE_ON_ZERO';"
                   " set time_zone = '+00:00';\n" + script)
        check(not re.search(r"ERROR (1064|1054|1146) ", done.stderr), f"a statement of the test is wrong: {done.stderr[:500]}")

    def read(self, table, columns, by="id"):
        out = {(int(i), None): "" for i, in self.ask(f"select {by} from {table}")}
        if not columns:
            return out
        text = {n: f"convert({self.name(n)} using utf8mb4)" if t != "bit(1)" else f"{self.name(n)} + 0" for n, t in columns.items()}
        query = " union all ".join(f"select {by}, '{n}', hex({text[n]}) from {table} where {self.name(n)} is not null" for n in columns)
        for i, n, digits in self.ask("set time_zone = '+00:00'; " + query):
            # hex() of a number is the number in hexadecimal.
            out[(int(i), n)] = str(int(digits, 16)) if columns[n] == "bit(1)" else bytes.fromhex(digits).decode()
        return out


class OnSQLite:
    """A column's declared type is an affinity: what it makes of a value is no error of SQLite's but another value."""
    OPTIONS = ""
    KEPT = {"TEXT", "VARCHAR(3)", "CLOB", "NATIVE CHARACTER(5)", "BLOB", ""}
    INTEGERS = {"INTEGER", "INT", "BIGINT", "FLOATING POINT"}
    NUMERIC = {"NUMERIC", "DECIMAL(10,2)", "STRING", "JSON", "ANY", "UUID"}
    TAKEN = {"text": KEPT, "bigint": KEPT | INTEGERS | NUMERIC, "numeric": KEPT | INTEGERS | NUMERIC, "double": KEPT | {"REAL", "DOUBLE PRECISION", "FLOAT"},
             "boolean": KEPT | INTEGERS | NUMERIC | {"BOOLEAN"}, "timestamp": KEPT | {"DATE", "DATETIME", "TIMESTAMP"},
             "date": KEPT | {"DATE", "DATETIME", "TIMESTAMP"},
             "json": KEPT, "list": KEPT, "object": KEPT}

    def __init__(self, folder):
        self.folder, self.url = folder, f"sqlite3://{folder}/table.sqlite"

    def close(self):
        pass

    def connection(self):
        return contextlib.closing(sqlite3.connect(self.folder / "table.sqlite", isolation_level=None))

    def do(self, statement):
        with self.connection() as c:
            c.execute(statement + self.OPTIONS)

    def types(self):
        return sorted(set().union(*self.TAKEN.values()))

    def name(self, column):
        return column

    def literal(self, value):
        return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)

    def force(self, script):
        with self.connection() as c:
            for statement in script.split(";\n")[:-1]:
                with contextlib.suppress(sqlite3.Error):
                    c.execute(statement)

    def read(self, table, columns, by="id"):
        with self.connection() as c:
            rows = c.execute(f"select {', '.join([by, *columns])} from {table}").fetchall()
        out = {(row[0], None): "" for row in rows}
        out.update({(row[0], n): v if isinstance(v, str) else repr(v) for row in rows for n, v in zip(columns, row[1:]) if v is not None})
        return out


class OnStrictSQLite(OnSQLite):
    OPTIONS = " strict"
    TAKEN = {ours: {"TEXT", "ANY"} | more for ours, more in
             {"text": set(), "bigint": {"INT", "INTEGER"}, "numeric": {"INT", "INTEGER"}, "double": {"REAL"}, "boolean": {"INT", "INTEGER"}, "timestamp": set(),
              "date": set(),
              "json": set(), "list": set(), "object": set()}.items()}

    def types(self):
        return ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"]


# Each of them has these: types() of columns; force() runs statements and goes on after one that fails; read() gives the text of
# each value by row and column, without nulls, and (row, None) for each row.
SERVERS = {"sqlite": OnSQLite, "strict_sqlite": OnStrictSQLite, "postgresql": OnPostgreSQL, "mariadb": OnMariaDB}
