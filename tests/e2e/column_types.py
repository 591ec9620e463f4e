#!/usr/bin/env -S python3 -B
"""Every type that a column of PostgreSQL, MariaDB or SQLite can have, against every type of a topology: a value is read back as it was
given, or its column is refused at the start, or its row is a dead letter. Which texts and numbers a column holds is asked of the
server itself, which gets each of them alone: those are stored, and the others are dead letters. Needs no Kafka.

    column_types.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import contextlib
import datetime
import decimal
import json
import re

from databases_under_test import SERVERS
from real_systems import OwnFolder, Run, check, dead_letters, main, needed, run_cases, topology_file

UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
TEXTS = ["", " ", "a", "A", "ab", "a ", "abc", "abc  ", "  ab", "abcde", "abcde   ", "abcd ", "abcdefgh", "éé", "ééééé", "éé   ", "日本🎉",
         "x" * 63, "x" * 64, "é" * 40, "x" * 70, "x" * 250 + " " * 10, "é" * 128 + "  ", "x" * 300, "a\n", "a\tb\\n", "it's \"q\" \\", "\u3000",
         "null", "0", "1", "7", "007", "70", "2007", "-0", "-0.00", "+5", "12.5", "12.50", "12.500", ".5", "5.", "1e3", " 5", "5 ",
         "123.45", "99999.99", "9" * 38, "1" * 20 + "." + "1" * 18, "0." + "1" * 40, "NaN", "Infinity", "1200", "1250",
         "true", "t", "TRUE", "B'101'", "101", "x1F",
         "2021-04-24", "2021-4-24", "20210424", "21-04-24", "2021-02-30", "0000-00-00", "0044-03-15 BC", "10000-01-01", "2021-04-24 19:55:00",
         "2021-04-24T19:55:00.7965Z", "2021-04-24 19:55:00+00", "infinity", "epoch", "today", "now", "19:55:00", "19:55:00.7",
         "19:55:00.700000", "19:55", "195500", "12", "23:59:60", "24:00:00", "19:55:00.7965", "19:55:00+02", "-12:00:00", "1 day",
         "1 day 00:00:00.75", "P1D",
         UUID, UUID.upper(), UUID.replace("-", ""), "{" + UUID + "}", "10.0.0.1", "10.0.0.1/32", "10.0.0.0/8", "::FFFF",
         "08:00:2b:01:02:03", "08002b010203", "[1, 2]", "{1,2}", '{"a": 1}', '{"b":1, "a":2,"a":3}', '"x"', "$1.00", "\\x61", "b,a", "a,b", "a,a",
         "b c", "(1,2)", "(1, 2)", "[1,3)", "<a/>", "a & b", "16/B374D848", "1:2:", "pg_class", "postgres", "POINT(1 2)"]
WHOLE = [0, 1, -1, 7, 70, 100, 123, 1250, 12345, 99999, -32769, 2**31, 2**53 + 1, 2**63 - 1, -2**63]
DOUBLES = ["0", "1", "-0.5", "0.1", "0.30000000000000004", "1e300", "1.7976931348623157e308", "5e-324", "123456789.125", "9007199254740993",
           "NaN", "Infinity", "-Infinity", "1e-7", "12345678901234567890"]
NUMERICS = ["0", "1", "-1", "0.00", "7", "7.0", "12.5", "12.50", "12.500", "-0.01", "0.001", "1.005", "100", "1200", "1250", "1200.00", "123.45",
            "99999.99", "32767", "-32769", "2147483648.0", "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
            "18446744073709551615", "12345678901234567890.01", "9" * 38, "-" + "9" * 38, "1" * 20 + "." + "1" * 18, "0." + "0" * 37 + "1",
            "-0." + "9" * 38]
MOMENTS = ["2021-04-24T19:55:00Z", "2021-04-24T19:55:00.7Z", "2021-04-24T19:55:00.796501Z", "1970-01-01T00:00:00Z",
           "1969-12-31T23:59:59.999999Z", "2038-01-19T03:14:08Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
DATES = ["2021-04-24", "1970-01-01", "1969-12-31", "2024-02-29", "0001-01-01", "9999-12-31"]
JSONS = [{}, {"b": 1, "a": [True, None, "x  ", "\n\\\"é🎉"]}, [1.5, 1e20, 0.1, 12345678901234567890123], "text ", 5,
         True, {"a": "y" * 300}]
OURS = {"text": ("text", TEXTS), "bigint": ("bigint", WHOLE), "numeric": ("numeric", NUMERICS), "double": ("double", DOUBLES), "boolean": ("boolean", [True, False]),
        "timestamp": ("timestamp", MOMENTS), "date": ("date", DATES), "json": ("json", JSONS), "list": (["bigint"], [[], [1, 2], list(range(100))]),
        "object": ({"m": "text"}, [{"m": "x "}, {"m": None}, {"m": "z" * 100}])}

# The sink may refuse these though their server gives them back.
NO_DATES_AND_NUMBERS = ("infinity", "0044-03-15 BC", "10000-01-01", "NaN", "Infinity", "-12:00:00")  # infinite, negative or far


FILLED = ("character(5)", "bpchar", "mine.code5", "mine.code5_again")  # PostgreSQL fills them up with blanks


def is_stricter(declared, value):
    if declared in FILLED:
        return value.endswith(" ")  # shown, but no part of the value: `::text` and comparisons leave blanks away
    if declared.startswith("enum("):
        return value == "日本🎉"  # MariaDB's catalogue has ? for what is beyond U+FFFF
    return declared.split("(")[0] in ("date", "time", "numeric", "mine.amount") and value in NO_DATES_AND_NUMBERS


class Case(OwnFolder):
    """A server of each kind with a database of its own, made when it is asked for."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.servers = {}

    def on(self, kind):
        if kind not in self.servers:
            (self.folder / kind).mkdir()
            self.servers[kind] = self.at_the_end.enter_context(contextlib.closing(SERVERS[kind](self.folder / kind)))
        return self.servers[kind]

    def job(self, server, table, schema, rows, columns=None, **sink):
        folder = server.folder / table
        folder.mkdir(exist_ok=True)
        (folder / "in.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
        stages = {"rows": {"source": "file", "path": str(folder / "in.jsonl")}, "parsed": {"parser": "json", "from": "rows", "schema": schema},
                  "table": {"sink": "sql", "from": "parsed", "connection": "${E2E_DATABASE}", "table": table, **sink}}
        if columns:
            stages["given"] = {"transform": "select", "from": "parsed", "columns": columns}
            stages["table"]["from"] = "given"
        topology_file(folder / "topology.json", table, stages)
        return Run(self.options.millrace, folder / "topology.json", folder / "state", env={"E2E_DATABASE": server.url})


def same(ours, given, text, declared):
    """Returns whether `text` of the database is the value that was given; every byte of a text counts, but what is no part of a value of
    the column's type."""
    try:
        if ours == "text":
            return text == given or plain(given, declared) == plain(text, declared)
        return is_value(ours, given, text.rstrip(" ") if declared in FILLED else text)
    except (ValueError, decimal.InvalidOperation):
        return False


PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def plain(text, declared):
    """The text without what is no part of its value: zeros at the end of a fraction, blanks that fill up, capitals of a UUID."""
    kind = declared.split("(")[0].split(" ")[0]
    if kind in ("character", "bpchar", "mine.code5", "mine.code5_again") and not declared.startswith("character varying"):
        return text if text.endswith(" ") and len(text) != 5 else text.rstrip(" ")
    if kind in ("numeric", "decimal", "mine.amount") and PLAIN_NUMBER.fullmatch(text) or kind == "time" and "." in text:
        return text.rstrip("0").rstrip(".") if "." in text else text
    return text.lower() if kind == "uuid" else text


def is_value(ours, given, text):
    if ours == "bigint":
        return re.fullmatch(r"-?[0-9]+(\.0+)?", text) is not None and decimal.Decimal(text) == given
    if ours == "numeric":
        return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None and decimal.Decimal(text) == decimal.Decimal(given)
    if ours == "double":
        return repr(float(text)) == repr(float(given)) or float(text) == float(given) == 0
    if ours == "boolean":
        return {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}.get(text.lstrip("0") or "0") == given
    if ours == "date":
        return text == given
    if ours == "timestamp":
        plain = re.sub(r"(Z|\+00)$", "", text.replace("T", " "))
        return datetime.datetime.fromisoformat(six_digits(plain)) == datetime.datetime.fromisoformat(six_digits(given[:-1]))
    return json.loads(text, parse_float=decimal.Decimal) == json.loads(json.dumps(given), parse_float=decimal.Decimal)


def six_digits(moment):
    head, _, fraction = moment.partition(".")
    return f"{head}.{fraction:0<6}"


def job_of(c, server, table, ours, columns, rows):
    kind, _ = OURS[ours]
    cast = {"double": "double precision", "numeric": "numeric"}.get(ours)
    if not cast:
        return c.job(server, table, {"id": "bigint", **{n: kind for n in columns}}, rows)
    return c.job(server, table, {"id": "bigint", **{n: "text" for n in columns}}, rows, {"id": "id", **{n: f"{n}::{cast}" for n in columns}})


def values_of_every_type(c, kind, ours):
    """The two runs: all columns, whose message names those that are refused; then the others, with each value in each of them."""
    server, values = c.on(kind), OURS[ours][1]
    types = {f"c{i}": t for i, t in enumerate(server.types())}

    def create(table, columns):
        server.do(f"create table {table} (id integer not null, {', '.join(f'{n} {t}' for n, t in columns.items())})")

    create("every", types)
    said = job_of(c, server, "every", ours, types, []).expect(1, "remedy: alter the table")
    refused = set(re.findall(r'its column ["`](c\d+)["`] is ', said))
    taken = {n: t for n, t in types.items() if n not in refused}
    create("held", taken)
    create("alone", taken)
    given = {i: (n, v) for i, (n, v) in enumerate((n, v) for n in taken for v in values)}
    job_of(c, server, "held", ours, taken, [{"id": i, n: v} for i, (n, v) in given.items()] + [{"id": -1}]).expect(0)
    found = server.read("held", taken)
    stored = {i for i, n in found if n is None}
    letters = {json.loads(d["record"])["id"]: d["error"] for d in dead_letters(server.folder / "held" / "state")}
    check(stored & set(letters) == set() and stored | set(letters) == {-1, *given},
          f"each row is stored or a dead letter: {[given.get(i) for i in list(stored.symmetric_difference({-1, *given} - set(letters)))[:5]]}")
    check(all(letters.values()), "a dead letter without a reason")
    changed = [(taken[n], v, found.get((i, n))) for i, (n, v) in given.items()
               if i in stored and ((i, n) not in found or not same(ours, v, found[(i, n)], taken[n]))]
    check(not changed, f"{len(changed)} values of {ours} were changed: {changed[:20]}")
    check(-1 in stored, "nulls are not stored")
    if ours in ("text", "bigint"):
        server.force("".join(f"insert into alone (id, {server.name(n)}) values ({i}, {server.literal(v)});\n" for i, (n, v) in given.items()))
        alone = server.read("alone", taken)
        held = {i for i, (n, v) in given.items() if (i, n) in alone and same(ours, v, alone[(i, n)], taken[n])}
        lost = [(taken[n], v, letters[i]) for i, (n, v) in given.items() if i in held - stored and not is_stricter(taken[n], v)]
        check(not lost, f"{len(lost)} dead letters that the server holds: {lost[:20]}")
        check(len(held) > len(values), "the server holds almost nothing")
    differs = set(taken.values()) ^ server.TAKEN[ours]
    check(not differs, f"{ours} is taken by {sorted(taken.values())}, expected {sorted(server.TAKEN[ours])}: {sorted(differs)}")
    if ours not in ("text", "bigint"):
        held = {n for n in taken if len([i for i in stored if given.get(i, ("",))[0] == n]) > len(values) / 2}
        check(held, f"of {ours} no column holds most")


def pair(kind, ours):
    def case(c):
        values_of_every_type(c, kind, ours)
    case.__name__ = f"{ours}_on_{kind}"
    case.__doc__ = f"Values of type {ours} in columns of every type of {kind}."
    return case


KEYS = ["a", "A", "b", "a", "á"]


def upserted(c, kind, table, says, left):
    server = c.on(kind)
    rows = [{"k": k, "n": i} for i, k in enumerate(KEYS)]
    running = c.job(server, table, {"k": "text", "n": "bigint"}, rows, mode="upsert", key=["k"])
    said = running.expect(0, *says)
    check(bool(says) == ("its collation takes" in said), f"{table}: {said}")
    letters = [json.loads(d["record"])["n"] for d in dead_letters(server.folder / table / "state")]
    check(letters == left, f"{table}: dead letters {letters}, expected {left}")


def keys_on_mariadb(c):
    """A collation that takes different keys for the same is said at the start; of such keys the first is stored, the others are dead letters."""
    server = c.on("mariadb")
    for table, column, unique_key in (("folds", "varchar(20)", "primary key"), ("pads", "varchar(20) collate utf8mb4_bin", "primary key"),
                                      ("slow", "varchar(20)", ""), ("exact", "varchar(20) collate utf8mb4_nopad_bin", "primary key")):
        server.do(f"create table {table} (k {column} {unique_key}, n bigint)")
    says = [" warning ", "table `folds`", "its collation takes", "(`k`)", "dead letter",
    "remedy: varchar(255) character set utf8mb4 collate utf8mb4_nopad_bin"]
    upserted(c, "mariadb", "folds", says, [1, 4])
    upserted(c, "mariadb", "pads", ["its collation takes"], [])
    upserted(c, "mariadb", "slow", ["its collation takes", "slow"], [])
    upserted(c, "mariadb", "exact", [], [])
    check(server.ask("select k, n from folds order by n") == [("b", "2"), ("a", "3")], "folds")
    check(len(server.ask("select k from slow")) == 4, "slow")


def long_numbers_as_keys(c):
    """Keys of more digits than a double has find their own row, also without an index."""
    digits = ["12345678901234567890.01", "12345678901234567890.02", "12345678901234567890.01"]
    for kind, column in (("mariadb", "decimal(30,2)"), ("postgresql", "numeric(30,2)")):
        server = c.on(kind)
        server.do(f"create table digits (k {column}, n bigint)")
        c.job(server, "digits", {"k": "text", "n": "bigint"}, [{"k": k, "n": i} for i, k in enumerate(digits)], mode="upsert", key=["k"]).expect(0)
        found = server.read("digits", {"k": column}, "n")
        check({v: i for (i, n), v in found.items() if n} == {digits[1]: 1, digits[2]: 2}, f"{kind}: {found}")


def numerics_as_keys(c):
    """Numerics of more digits than a double has find their own row, equal ones the same row at any scale, with an index and without."""
    digits = ["12345678901234567890.01", "12345678901234567890.02", "12345678901234567890.010", "12345678901234567890.0200"]
    for kind, columns in (("mariadb", ("decimal(30,4)", "varchar(40)")), ("postgresql", ("numeric(30,4)", "numeric", "text")), ("sqlite", ("text",))):
        server = c.on(kind)
        for i, (column, index) in enumerate((column, index) for column in columns for index in ("", "unique")):
            server.do(f"create table keys{i} (k {column} {index}, n bigint)")
            c.job(server, f"keys{i}", {"k": "text", "n": "bigint"}, [{"k": k, "n": n} for n, k in enumerate(digits)],
                  {"k": "k::numeric", "n": "n"}, mode="upsert", key=["k"]).expect(0)
            found = {n: decimal.Decimal(v) for (n, name), v in server.read(f"keys{i}", {"k": column}, "n").items() if name}
            check(found == {2: decimal.Decimal(digits[0]), 3: decimal.Decimal(digits[1])}, f"{kind}, {column} {index}: {found}")


def numerics_in_made_tables(c):
    """The table that the sink makes holds each digit of a numeric: as a decimal of its digits, in PostgreSQL of any scale, too, in SQLite as a text."""
    digits = ["1.500000000", "-0.000000001", "0.000000000", "9" * 29 + "." + "9" * 9, "-" + "9" * 29 + "." + "9" * 9, "9007199254740993.000000001"]
    plain = ["1.50", "1.5", "0.00", "9" * 38, "-0." + "9" * 38, "0." + "0" * 37 + "1"]
    for kind in SERVERS:
        server = c.on(kind)
        for table, cast, given in (("fixed", "numeric(38, 9)", digits), ("plain", "numeric", plain)):
            if kind == "mariadb" and table == "plain":
                c.job(server, table, {"id": "bigint", "v": "numeric"}, [], create=True).expect(2, "for which MySQL and MariaDB have no type")
                continue
            c.job(server, table, {"id": "bigint", "v": "text"}, [{"id": i, "v": v} for i, v in enumerate(given)] + [{"id": -1}],
                  {"id": "id", "v": f"v::{cast}"}, create=True).expect(0)
            found = server.read(table, {"v": ""})
            check(found == {**{(i, "v"): v for i, v in enumerate(given)}, **{(i, None): "" for i in range(-1, len(given))}}, f"{kind}, {table}: {found}")


def keys_on_sqlite(c):
    """The same of an index of SQLite's that leaves case away."""
    server = c.on("sqlite")
    server.do("create table folds (k text collate nocase primary key, n integer)")
    server.do("create table exact (k text primary key, n integer)")
    upserted(c, "sqlite", "folds", [" warning ", 'table "folds"', "its collation takes", '("k")', "dead letter", "remedy: text"], [1])
    upserted(c, "sqlite", "exact", [], [])
    check({i: v for (i, n), v in server.read("folds", {"k": ""}, "n").items() if n} == {2: "b", 3: "a", 4: "á"}, "folds")


def keys_on_postgresql(c):
    """The same of nondeterministic collations, of a column and of an index alone, and of citext."""
    server = c.on("postgresql")
    server.do("""create collation folds (provider = icu, locale = 'und-u-ks-level1', deterministic = false); create extension citext;
        create table by_column (k text collate folds primary key, n bigint); create table by_index (k text, n bigint);
        create unique index on by_index (k collate folds);
        create table by_type (k citext primary key, n bigint); create table exact (k text primary key, n bigint);
        create table fixed (k char(1) primary key, n bigint)""")
    says = [" warning ", "its collation takes", '("k")', "dead letter", 'remedy: text collate "C"']
    upserted(c, "postgresql", "by_column", says, [1, 4])
    upserted(c, "postgresql", "by_index", says, [1, 4])
    upserted(c, "postgresql", "by_type", says, [1])
    upserted(c, "postgresql", "exact", [], [])
    upserted(c, "postgresql", "fixed", [], [])
    check([(r["k"], r["n"]) for r in server.at.ask("select k, n from by_index order by n")] == [("b", 2), ("a", 3)], "by_index")


def nulls(c):
    """A null is stored or a dead letter, also where the database has something to put in its place; a column that the database
    alone may fill is refused."""
    maria, postgres = c.on("mariadb"), c.on("postgresql")
    rows = [{"n": 7, "t": "2021-04-24T19:55:00Z"}, {"n": None, "t": "2021-04-24T19:55:00Z"}, {"n": 8, "t": None}]
    maria.do("create table filled (n bigint auto_increment primary key, t timestamp not null)")
    postgres.do("create table filled (n bigint generated by default as identity, t timestamptz not null default now()); "
                "create table always (n bigint generated always as identity, t timestamptz)")
    for server, texts in ((maria, ["column n: the database puts a value", "column t: the database puts a value"]), (postgres, ['"n"', '"t"'])):
        c.job(server, "filled", {"n": "bigint", "t": "timestamp"}, rows).expect(0)
        letters = dead_letters(server.folder / "filled" / "state")
        check(sorted(map(json.dumps, (json.loads(d["record"])["n"] for d in letters))) == ["8", "null"], f"dead letters {letters}")
        for text in texts:
            check(any(text in d["error"] for d in letters), f"no dead letter says {text}: {letters}")
    check(maria.ask("select n from filled") == [("7",)] and postgres.at.ask("select n from filled") == [{"n": 7}], "the rows")
    c.job(postgres, "always", {"n": "bigint", "t": "timestamp"}, rows).expect(1, '"always"', '"n" is computed by the database')


CASES = [*(pair(kind, ours) for kind in SERVERS for ours in OURS), keys_on_sqlite, keys_on_mariadb, keys_on_postgresql, long_numbers_as_keys, numerics_as_keys,
         numerics_in_made_tables, nulls]


def test(options, folder):
    needed("POSTGRES_URL", "MARIADB_URL")
    run_cases(CASES, Case, options, folder)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES)
