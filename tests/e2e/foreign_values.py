#!/usr/bin/env -S python3 -B
"""Bytes and numbers of others in Kafka's records: keys that are integers, or no text; times in another unit than milliseconds; values after a Schema
Registry's prefix. Each is a value of its type in every sink, PostgreSQL and MariaDB among them, or a dead letter that says why.

    foreign_values.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import base64
import json
import struct

from real_systems import OnServers, Run, check, dead_letters, main_of_cases, topology_file

AT = 1_619_294_100_796  # 2021-04-24 19:55:00.796, in ms
LAST = 253_402_300_799_999  # a time of year 9999
YEARS = "lies outside of the years 1 to 9999"
LONG, INTEGER = struct.Struct(">q").pack, struct.Struct(">i").pack


def value(i):
    return json.dumps({"i": i}).encode()


class Case(OnServers):
    def run(self, records, columns, parser=None, **source):
        """Returns what the file sink has, after a look that both databases have as many rows; and the dead letters' errors by `i`."""
        self.kafka.produce_records(self.name, records)
        sinks = {"file": {"sink": "file", "path": str(self.folder / "out.jsonl")}}
        for name, database in (("postgres", self.postgres), ("mariadb", self.mariadb)):
            sinks[name] = {"sink": "sql", "connection": database.url.replace("mariadb:", "mysql:"), "table": "t", "create": True}
        topology = topology_file(self.folder / "topology.json", self.name, {
            "rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.name, **source},
            "parsed": {"parser": "json", "from": "rows", "schema": {"i": "bigint"}, **(parser or {})},
            "shaped": {"transform": "select", "from": "parsed", "columns": {"i": "i", **columns}},
            **{name: {**sink, "from": "shaped"} for name, sink in sinks.items()}}, commit_every="50 ms")
        running = Run(self.options.millrace, topology, self.folder / "state")
        running.wait_until("every record is a row or a dead letter", lambda: self.is_done(running, sum(not parser or r[2] is not None for r in records)))
        running.stop()
        ledger = running.ledger()
        rows = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
        for name in sinks:
            check(ledger[name]["out"] == len(rows) and ledger[name]["dead_letters"] == 0, f"the ledger of {name}: {ledger[name]}")
        return rows, {letter["position"]: letter["error"] for letter in dead_letters(self.folder / "state")}

    @staticmethod
    def is_done(running, count):
        ledger = running.ask_ledger()
        lost = ledger["parsed"]["dead_letters"] + ledger["shaped"]["dead_letters"]
        return all(ledger[name]["out"] + lost == count for name in ("file", "postgres", "mariadb"))

    def stored(self, columns, order="order by i"):
        """The same columns of both databases."""
        names = ", ".join(columns)
        found = self.mariadb.ask(f"select {names} from t {order}")
        check([tuple(str(v) for v in row.values()) for row in self.postgres.ask(f"select {names} from t {order}")] == found,
              f"PostgreSQL and MariaDB differ: {found}")
        return found


def integer_keys(c):
    """"key": "bigint" reads what LongSerializer and IntegerSerializer write; a key of another length is a dead letter, a null one null."""
    keys = [LONG(42), LONG(-2), LONG(-2**63), LONG(2**63 - 1), INTEGER(42), INTEGER(-2), INTEGER(-2**31), None, b"", b"42", b"12345", b"123456789"]
    rows, errors = c.run([(AT, key, value(i)) for i, key in enumerate(keys)], {"k": "_key", "double": "_key / 2.0::double precision"}, key="bigint")
    expected = [42, -2, -2**63, 2**63 - 1, 42, -2, -2**31, None]
    check([r["k"] for r in rows] == expected, f"the keys: {rows}")
    check(sorted(errors) == [8, 9, 10, 11], f"dead letters: {errors}")
    for position, size in ((8, "0 bytes"), (9, "2 bytes"), (10, "5 bytes"), (11, "9 bytes")):
        check(f'column "_key": found {size}, expected bigint' in errors[position], f"dead letters: {errors}")
    check([k for _, k in c.stored(["i", "coalesce(k, 0) as k"])] == [str(k or 0) for k in expected], "the keys of the databases")


def text_keys(c):
    """A text key with a NUL byte is a dead letter as one is that is not UTF-8, in whatever sink; the reason says how to read it."""
    keys = ["kéy".encode(), LONG(42), b"\xff", b"", None]
    rows, errors = c.run([(AT, key, value(i)) for i, key in enumerate(keys)], {"k": "_key"})
    check([r["k"] for r in rows] == ["kéy", "", None], f"the keys: {rows}")
    remedy = 'say "key": "bigint" or "bytes" in the source, or leave _key out of the topology'
    check(errors == {1: f'column "_key": the record\'s key holds a NUL byte, which no text can; {remedy}',
                     2: f'column "_key": the record\'s key is not UTF-8; {remedy}'}, f"dead letters: {errors}")


def keys_of_any_bytes(c):
    """"key": "bytes" gives base64, and no dead letter."""
    keys = ["kéy".encode(), LONG(42), b"\xff\0", b"", None]
    rows, errors = c.run([(AT, key, value(i)) for i, key in enumerate(keys)], {"k": "_key"}, key="bytes")
    check([r["k"] for r in rows] == [None if key is None else base64.b64encode(key).decode() for key in keys] and not errors,
          f"the keys: {rows}, dead letters: {errors}")


def times_in_other_units(c):
    """Nanoseconds and microseconds are dead letters, where they overflow as well; the last millisecond of year 9999 is a row everywhere."""
    times = [AT, AT * 1000, AT * 1_000_000, LAST, LAST + 1, 2**63 - 1, 0, -1]
    c.kafka.create(c.name)
    c.kafka.configure(c.name, "message.timestamp.after.max.ms", str(2**63 - 1))  # since 3.6 a broker refuses times of the future by default
    rows, errors = c.run([(at, None, value(i)) for i, at in enumerate(times)], {"t": "_timestamp"})
    expected = ["2021-04-24T19:55:00.796Z", "9999-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", None]
    check([r["t"] for r in rows] == expected, f"the times: {rows}")
    check(sorted(errors) == [1, 2, 4, 5] and all(f'column "_timestamp": the time that the source stores with the record {YEARS}' in e
                                                 for e in errors.values()), f"dead letters: {errors}")
    texts = [row["t"] for row in c.postgres.ask("select to_char(t at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as t from t order by i")]
    check(texts == [t for (t,) in c.mariadb.ask("select date_format(t, '%Y-%m-%d %H:%i:%s.%f') from t order by i")][:3] + [None],
          f"the times of the databases: {texts}")


def times_of_expressions(c):
    """Expressions go as far as PostgreSQL's, and nothing beyond year 9999 or before year 1 leaves them."""
    moved = "_timestamp + i * interval '1 year'"
    rows, errors = c.run([(AT, None, value(i)) for i in (0, 7978, 7979, -2020, -2021, 200_000)],
                         {"t": moved, "back": f"({moved}) - i * interval '1 year'"})
    check([r["t"] for r in rows] == ["2021-04-24T19:55:00.796Z", "9999-04-24T19:55:00.796Z", "0001-04-24T19:55:00.796Z"], f"the times: {rows}")
    check({r["back"] for r in rows} == {"2021-04-24T19:55:00.796Z"}, f"there and back: {rows}")
    check(errors == {2: f"the timestamp 10000-04-24 19:55:00.796+00 {YEARS}", 4: f"the timestamp 0001-04-24 19:55:00.796+00 BC {YEARS}",
                     5: f"the timestamp 202021-04-24 19:55:00.796+00 {YEARS}"}, f"dead letters: {errors}")
    check(c.stored(["count(*)"], "") == [("3",)], "the rows of the databases")


def values_of_a_schema_registry(c):
    """The prefix is named, and that plain JSON is expected."""
    rows, errors = c.run([(AT, None, b"\0" + INTEGER(42) + value(0)), (AT, None, value(1))], {})
    check(rows == [{"i": 1}] and "Schema Registry" in errors[0] and "the schema's id, 42" in errors[0], f"rows: {rows}, dead letters: {errors}")


def tombstones(c):
    """Records without a value are no records under on_null "skip": not in the ledger, and no dead letters."""
    rows, letters = c.run([(AT, b"k", value(1)), (AT, b"k", None), (AT, b"k", value(3))], {}, {"on_null": "skip"})
    check([r["i"] for r in rows] == [1, 3] and not letters, f"rows {rows}, dead letters {letters}")


CASES = [integer_keys, text_keys, keys_of_any_bytes, times_in_other_units, times_of_expressions, values_of_a_schema_registry, tombstones]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
