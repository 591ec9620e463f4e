#!/usr/bin/env -S python3 -B
"""Exact numbers against PostgreSQL, digit for digit: aggregates of drawn numerics by windows, read from JSON and CSV and written to each sink, over kills with -9; and a topology
whose doubles become numerics over its old state.

    numerics.py --millrace BINARY [--only NAME] [--rows N] [--kills N]"""
import decimal
import json
import random
import sqlite3
import time

from real_systems import OwnFolder, Run, captured, check, dead_letters, difference, main_of_cases, topology_file

KEYS = 11
BEGIN = 1_767_225_600  # a full minute
MINUTES = 20
EDGES = ["0", "0.0", "-0.00", "0.1", "0.2", "0.3", "-0.3", "1.50", "1.5", "99.995", "-99.995", "0.005", "1e3", "1.5e-3", "7", "33.333333"]
# Far apart in size and scale, yet no sum of all has more than 38 digits; a variance would have.
WIDE = ["123456789012345678.123456789", "-123456789012345678.12345678", "0.0000000000001", "-1e18", "1e15", "5", "0.000000000000007", "1.10"]


def drawn(rng, rows):
    """(place, key, numeric, money, wide, second), a money with two digits, some of both null."""
    for n in range(rows):
        number = rng.choice(EDGES) if rng.random() < .3 else str(decimal.Decimal(rng.randrange(-10**6, 10**6)).scaleb(-rng.randrange(5)))
        money = f"{rng.randrange(-10**7, 10**7) / 100:.2f}"
        yield (n, rng.randrange(KEYS), None if rng.random() < .05 else number, None if rng.random() < .05 else money, rng.choice(WIDE), n * MINUTES * 60 // rows)


def json_line(row):
    n, k, number, money, wide, second = row
    return f'{{"i":{n},"k":{k},"n":{number or "null"},"m":{money or "null"},"w":{wide},"at":{BEGIN + second}}}\n'


def csv_line(row):
    n, k, number, money, wide, second = row
    return f"{n},{k},{number or ''},{money or ''},{wide},{BEGIN + second}\n"


AGGREGATES = {"sum_n": "sum(n)", "avg_n": "avg(n)", "min_n": "min(n)", "max_n": "max(n)", "sd_n": "stddev(n)", "var_n": "var_pop(n)", "different": "count(distinct n)",
              "sum_m": "sum(m)", "avg_m": "avg(m)", "min_m": "min(m)", "var_m": "variance(m)", "share": "round(sum(m) / count(*), 3)", "large": "sum(n) filter (where m > 0.005)",
              "sum_w": "sum(w)", "avg_w": "avg(w)", "min_w": "min(w)", "max_w": "max(w)", "middle": "percentile_disc(0.5) within group (order by w)",
              "median": "percentile_disc(0.5) within group (order by m)"}


def in_postgres(database, rows):
    """The aggregates of PostgreSQL as texts, by key and minute."""
    database.do("create table rows (i int, k int, n numeric, m numeric(12,2), w numeric, second int)")
    values = ",".join(f"({n},{k},{number or 'null'},{money or 'null'},{wide},{second})" for n, k, number, money, wide, second in rows)
    database.do(f"insert into rows values {values}")
    items = ", ".join(f"({text})::text as {name}" for name, text in AGGREGATES.items())
    return {(r["k"], r["minute"]): {name: r[name] for name in AGGREGATES} for r in
            database.ask(f"select k, second / 60 as minute, {items} from rows group by 1, 2")}


def same(ours, theirs, name):
    """min and max of equal numbers may have the scale of either."""
    if ours is None or theirs is None or not name.startswith(("min_", "max_")):
        return ours == theirs
    return decimal.Decimal(ours) == decimal.Decimal(theirs)


def judge(what, found, expected):
    check(difference(list(expected), list(found)) == "", lambda: f"{what}: {difference(list(expected), list(found))}")
    wrong = [(key, name, found[key][name], expected[key][name]) for key in expected for name in AGGREGATES if not same(found[key][name], expected[key][name], name)]
    check(not wrong, lambda: f"{what}: {len(wrong)} values differ, such as (key and minute, name, ours, PostgreSQL's) {wrong[:4]}")
    print(f"    {what}: {len(expected)} rows of {len(AGGREGATES)} aggregates as PostgreSQL has them", flush=True)


def aggregates(case):
    """Sums, means, extremes, deviations and percentiles of numerics, in JSON, CSV, SQLite, PostgreSQL and Kafka's form, over kills"""
    rng = random.Random(case.options.rows)
    rows = list(drawn(rng, case.options.rows))
    database = case.own_postgres()
    expected = in_postgres(database, rows)
    (case.folder / "rows.jsonl").write_text("".join(map(json_line, rows[::2])))
    (case.folder / "rows.csv").write_text("".join(map(csv_line, rows[1::2])))
    schema = {"i": "bigint", "k": "bigint", "n": "numeric", "m": "numeric(12,2)", "w": "numeric", "at": {"type": "timestamp", "format": "epoch_s"}}
    common = {"schema": schema, "event_time": "at", "watermark_delay": "1 minute"}
    columns = {"k": "k", "minute": f"((extract(epoch from window_start) - {BEGIN}) / 60)::bigint", **{name: name for name in AGGREGATES}}
    typed = {**columns, **{name: f"{name}::numeric(38,12)" for name in ("sum_n", "large")}}
    stages = {
        "lines": {"source": "file", "path": str(case.folder / "rows.jsonl"), "rate": "4000/s"},
        "fields": {"source": "file", "path": str(case.folder / "rows.csv"), "rate": "4000/s"},
        "of_json": {"parser": "json", "from": "lines", **common},
        "of_csv": {"parser": "csv", "from": "fields", **common},
        "minutes": {"window": "tumbling", "size": "1 minute", "from": ["of_json", "of_csv"], "key": "k", "aggregates": AGGREGATES},
        "as_json": {"sink": "file", "from": "minutes", "path": str(case.folder / "out.jsonl"), "columns": columns},
        "as_csv": {"sink": "file", "format": "csv", "from": "minutes", "path": str(case.folder / "out.csv"), "columns": columns},
        "as_text": {"sink": "sql", "from": "minutes", "connection": f"sqlite3://{case.folder}/out.db", "table": "found", "columns": columns, "create": True},
        "as_numeric": {"sink": "sql", "from": "minutes", "connection": "${DATABASE}", "table": "found", "columns": columns, "create": True},
        "as_scaled": {"sink": "sql", "from": "minutes", "connection": "${DATABASE}", "table": "scaled", "columns": typed, "mode": "upsert", "key": ["k", "minute"], "create": True}}
    topology = topology_file(case.folder / "topology.json", "numerics", stages)
    live = lambda: Run(case.binary, topology, case.folder / "state", env={"DATABASE": database.url})
    for _ in range(case.options.kills):
        life = live()
        time.sleep(rng.uniform(.3, 1.2))
        if not life.alive():
            break
        life.kill()
    live().expect(0, seconds=120)
    def of_rows(found):
        return {(int(r["k"]), int(r["minute"])): {name: r[name] for name in AGGREGATES} for r in found}
    digits = lambda text: text
    lines = (case.folder / "out.jsonl").read_text().splitlines()
    shown = [{k: v if v is None else str(v) for k, v in json.loads(line, parse_float=digits, parse_int=digits).items()} for line in lines]
    judge("a file of JSON", of_rows(shown), expected)
    head, *fields = [line.split(",") for line in (case.folder / "out.csv").read_text().splitlines()]
    judge("a file of CSV", of_rows([{n: v or None for n, v in zip(head, f)} for f in fields]), expected)
    with sqlite3.connect(case.folder / "out.db") as held:
        held.row_factory = sqlite3.Row
        found = [{n: v if v is None else str(v) for n, v in dict(r).items()} for r in held.execute("select * from found")]
        kinds = {n for r in held.execute("select * from found") for n, v in dict(r).items() if n.startswith(("sum_", "avg_")) and not isinstance(v, (str, type(None)))}
    check(not kinds, f"SQLite holds numbers and no texts in {kinds}")
    judge("SQLite", of_rows(found), expected)
    shown = ", ".join(f"{name}::text" for name in AGGREGATES)
    judge("PostgreSQL", of_rows(database.ask(f"select k, minute, {shown} from found")), expected)
    unequal = database.ask("select count(*) as n from found f full join scaled s using (k, minute) where f.sum_n is distinct from s.sum_n or f.large is distinct from s.large")
    check(unequal == [{"n": 0}], f"the sums as numeric(38,12) differ in {unequal} rows")
    types = {r["column_name"]: r["t"] for r in database.ask(
        "select column_name, data_type || coalesce('(' || numeric_precision || ',' || numeric_scale || ')', '') as t from information_schema.columns where table_name = 'scaled'")}
    check((types["sum_n"], types["sum_m"], types["avg_n"]) == ("numeric(38,12)", "numeric(38,2)", "numeric"), f"the table that was made has the types {types}")


def keys(case):
    """Groups by numerics that are equal at different scales, and what no numeric(p,s) takes"""
    lines = ['{"n":1.5,"m":1}', '{"n":1.50,"m":2.5}', '{"n":15e-1,"m":3.250}', '{"n":-0.0,"m":4}', '{"n":0,"m":5}', '{"n":null,"m":6}',
             '{"n":1e-38,"m":7}', '{"n":1,"m":1.005}', '{"n":1,"m":123456789}', '{"n":1e-39,"m":8}', '{"n":"1","m":9}', '{"n":99999999999999999999999999999999999999,"m":10}']
    (case.folder / "in.jsonl").write_text("\n".join(lines) + "\n")
    stages = {"lines": {"source": "file", "path": str(case.folder / "in.jsonl")},
              "rows": {"parser": "json", "from": "lines", "schema": {"n": "numeric", "m": "numeric(6,2)"}},
              "by_n": {"window": "global", "from": "rows", "key": "n", "aggregates": {"c": "count(*)", "s": "sum(m)"}},
              "out": {"sink": "file", "from": "by_n", "path": str(case.folder / "out.jsonl"), "columns": {"n": "n", "c": "c", "s": "s"}}}
    life = Run(case.binary, topology_file(case.folder / "topology.json", "keys", stages), case.folder / "state")
    life.expect(0, seconds=60)
    found = sorted((case.folder / "out.jsonl").read_text().splitlines())
    rows = [json.loads(f, parse_float=str, parse_int=str) for f in found]
    check({(r["n"], r["c"], r["s"]) for r in rows} == {("1.5", "3", "6.75"), ("0", "2", "9.00"), (None, "1", "6.00"), ("0." + "0" * 37 + "1", "1", "7.00"), ("9" * 38, "1", "10.00")},
          f"groups: {found}")
    letters = [letter["error"] for letter in dead_letters(case.folder / "state")]
    for part in ("1.005, expected numeric(6,2)", "123456789, expected numeric(6,2)", "1e-39, expected numeric", 'the string "1", expected numeric'):
        check(any(part in letter for letter in letters), f"no dead letter says {part}: {letters}")
    check(len(letters) == 4, f"dead letters: {letters}")


def changed(case):
    """A topology that summed money as double, and as numeric over its old state: refused with the remedy"""
    (case.folder / "in.jsonl").write_text('{"m":0.1}\n{"m":0.2}\n')
    def stages(of):
        return {"lines": {"source": "file", "path": str(case.folder / "in.jsonl")},
                "rows": {"parser": "json", "from": "lines", "schema": {"m": of}},
                "all": {"window": "global", "from": "rows", "aggregates": {"s": "sum(m)"}},
                "out": {"sink": "file", "from": "all", "path": str(case.folder / "out.jsonl"), "columns": {"s": "s"}}}
    run = lambda of, *more: captured(case.binary, "run", topology_file(case.folder / "topology.json", "money", stages(of)), "--state", case.folder / "state", *more)
    check(run("double").returncode == 0, "the run with doubles")
    check((case.folder / "out.jsonl").read_text() == '{"s":0.30000000000000004}\n', (case.folder / "out.jsonl").read_text())
    with open(case.folder / "in.jsonl", "a") as more:
        more.write('{"m":0.3}\n')
    refused = run("numeric(10,2)")
    check(refused.returncode == 2 and "--fresh" in refused.stderr, f"ended with {refused.returncode}: {refused.stderr}")
    print("    " + refused.stderr.strip().splitlines()[-1], flush=True)
    (case.folder / "out.jsonl").unlink()
    anew = run("numeric(10,2)", "--fresh")
    check(anew.returncode == 0, f"--fresh ended with {anew.returncode}: {anew.stderr}")
    check((case.folder / "out.jsonl").read_text() == '{"s":0.60}\n', (case.folder / "out.jsonl").read_text())


if __name__ == "__main__":
    main_of_cases([aggregates, keys, changed], OwnFolder, __doc__, rows=40_000, kills=8)
