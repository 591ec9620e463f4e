#!/usr/bin/env python3
"""Random queries in SQL over files, on the binary and in DuckDB: the rows must be the same.

Each query is a view and its sink in a topology of 25; the same text, with windows as time_bucket and generate_series, is asked of
DuckDB. Rows of a file are in the order of their times, so none is late. DuckDB comes from tools/duckdb_peer, else SKIPPED.

    tests/e2e/sql_oracle.py --millrace build/release/millrace --queries 500 --seed 1
"""
import argparse
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 25


def in_peer():
    """Starts again in the Python that has DuckDB, unless this one has it."""
    try:
        import duckdb
        return duckdb
    except ImportError:
        found = subprocess.run([ROOT / "tools" / "duckdb_peer"], capture_output=True, text=True)
        if found.returncode != 0:
            print(found.stderr.strip() or "SKIPPED: DuckDB's package is not there")
            sys.exit(77 if found.returncode == 3 else 1)
        os.execv(found.stdout.strip(), [found.stdout.strip(), "-B", *sys.argv])


class Query:
    """A text for both, windows and as_of but for their names in FROM."""

    def __init__(self, ours, theirs, order=None, limit=None):
        self.ours, self.theirs, self.order, self.limit = ours, theirs, order, limit


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def number(self, t, depth=2):
        r = self.rng
        if depth == 0 or r.random() < 0.3:
            return r.choice([f"{t}v", f"{t}id", str(r.randint(-3, 9))])
        a, b = self.number(t, depth - 1), self.number(t, depth - 1)
        return r.choice([f"({a} + {b})", f"({a} - {b})", f"({a} * {r.randint(-2, 3)})", f"abs({a})", f"coalesce({a}, {b})",
                         f"nullif({a}, {b})", f"greatest({a}, {b})", f"least({a}, {b})", f"({a} % {r.randint(2, 5)})",
                         f"CASE WHEN {self.condition(t, depth - 1)} THEN {a} ELSE {b} END", f"length({self.text(t, depth - 1)})"])

    def text(self, t, depth=2):
        r = self.rng
        if depth == 0 or r.random() < 0.4:
            return r.choice([f"{t}k", "'x'", f"{t}k"])
        a = self.text(t, depth - 1)
        return r.choice([f"upper({a})", f"({a} || {self.text(t, depth - 1)})", f"coalesce({a}, 'none')", f"reverse({a})",
                         f"replace({a}, 'a', 'bc')", f"left({a}, {r.randint(1, 3)})",
                         f"CASE {t}k WHEN 'a' THEN {a} ELSE '-' END"])

    def condition(self, t, depth=2):
        r = self.rng
        if depth > 0 and r.random() < 0.4:
            a, b = self.condition(t, depth - 1), self.condition(t, depth - 1)
            return r.choice([f"({a} AND {b})", f"({a} OR {b})", f"(NOT {a})"])
        n, m = self.number(t, max(0, depth - 1)), self.number(t, max(0, depth - 1))
        return r.choice([f"({n} {r.choice(['<', '<=', '=', '<>', '>', '>='])} {m})", f"({t}v IS NULL)", f"({t}v IS NOT NULL)",
                         f"({n} BETWEEN {r.randint(-2, 3)} AND {r.randint(3, 9)})", f"({t}k IN ('a', 'bb'))", f"({t}k LIKE '%b%')",
                         f"({n} IS DISTINCT FROM {m})"])

    def aggregate(self):
        r = self.rng
        n = self.number("", 1)
        out = r.choice(["count(*)", f"count({n})", f"sum({n})", f"min({n})", f"max({n})", f"avg({n})", "count(DISTINCT k)",
                        f"bool_or({self.condition('', 1)})", f"min({self.text('', 1)})", "string_agg(k, ',' ORDER BY id)"])
        if r.random() < 0.3:
            out += f" FILTER (WHERE {self.condition('', 1)})"
        return out

    def where(self, t=""):
        return f" WHERE {self.condition(t)}" if self.rng.random() < 0.5 else ""

    def window(self, table):
        r = self.rng
        slide = r.choice([1, 5, 10])
        if r.random() < 0.5:
            ours, size = f"tumble({table}, '{slide} minutes')", slide
        else:
            size = slide * r.randint(2, 4)
            ours = f"hop({table}, '{slide} minutes', '{size} minutes')"
        bucket = f"time_bucket(INTERVAL '{slide} minutes', ts)"
        theirs = (f"(SELECT *, window_start + INTERVAL '{size} minutes' AS window_end FROM (SELECT *, unnest(generate_series("
                  f"{bucket} - INTERVAL '{size - slide} minutes', {bucket}, INTERVAL '{slide} minutes')) AS window_start FROM {table}))")
        return ours, theirs

    def plain(self):
        columns = ", ".join([f"{self.number('')} AS c1", f"{self.text('')} AS c2", f"{self.condition('')} AS c3", "ts"])
        q = f"SELECT {columns} FROM {self.rng.choice(['a', 'b'])}{self.where()}"
        return Query(q, q)

    def grouped(self):
        r = self.rng
        ours, theirs = self.window(r.choice(["a", "b"]))
        key = r.choice(["k", f"({self.number('', 1)} % 3)", None])
        columns = ["window_start", "window_end"] + ([f"{key} AS key"] if key else []) + [f"{self.aggregate()} AS n{i}" for i in range(r.randint(1, 3))]
        having = f" HAVING count(*) > {r.randint(0, 4)}" if r.random() < 0.3 else ""
        where = self.where()
        text = "SELECT {} FROM {{}} w{} GROUP BY window_start, window_end{}{}".format(
            ", ".join(columns), where.replace("{", "{{"), ", " + key if key else "", having)
        return Query(text.format(ours), text.format(theirs))

    def top(self):
        r = self.rng
        ours, theirs = self.window("a")
        inner = "SELECT window_start, window_end, k, count(*) AS n FROM {} GROUP BY window_start, window_end, k"
        n, way = r.randint(1, 3), r.choice(["DESC NULLS FIRST", "ASC NULLS LAST"])
        if r.random() < 0.4:
            inner = "SELECT window_start, window_end, k, id % 3 AS h, count(*) AS n FROM {} GROUP BY window_start, window_end, k, (id % 3)"
            columns, by = r.choice([("*", "h"), ("window_start, n, h, k, rank AS place", "h"), ("window_end, k, h, n", "k"), ("*", "h, k")])
            ranked = (f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY window_start, window_end, {by} ORDER BY n {way}, k ASC "
                      f"NULLS LAST, h) AS rank FROM ({inner}) x) t WHERE rank <= {n}")
            return Query("TOP " + ranked.format(ours), ranked.format(theirs))
        ranked = ("SELECT window_start, window_end, k, n FROM (SELECT *, row_number() OVER (PARTITION BY window_end ORDER BY "
                  f"n {way}, k ASC NULLS LAST) AS rank FROM ({inner}) x) t WHERE rank <= {n}")
        if r.random() < 0.5:
            return Query("TOP " + ranked.format(ours), ranked.format(theirs))
        return Query(inner.format(ours), ranked.format(theirs), f"n {way.split()[0]}, k", n)

    def union(self):
        first, second = (f"SELECT id, k, {self.number('')} AS n FROM {t}{self.where()}" for t in "ab")
        q = f"{first} UNION ALL {second}"
        if self.rng.random() < 0.5:
            q = f"WITH u AS ({q}) SELECT k, n + id AS s FROM u WHERE n > 0"
        return Query(q, q)

    def nested(self):
        q = (f"WITH c AS (SELECT id, k, v, {self.number('')} AS n FROM a{self.where()}) SELECT d.k, d.m + 1 AS m FROM "
             f"(SELECT k, n * 2 AS m, v FROM c{self.where()}) d")
        return Query(q, q)

    def joined(self):
        r = self.rng
        low, high = sorted([r.randint(-900, 600), r.randint(-600, 900)])
        shift = lambda s: f"{'+' if s >= 0 else '-'} interval '{abs(s)} seconds'"
        on = f"r.k = l.k AND r.ts BETWEEN l.ts {shift(low)} AND l.ts {shift(high)}"
        if r.random() < 0.4:
            on = f"l.k = r.k AND l.ts >= r.ts {shift(-high)} AND l.ts < r.ts {shift(-low)}"
        how = r.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN"])
        columns = f"l.id AS lid, r.id AS rid, {self.number('l.', 1)} AS n, {self.text('r.', 1)} AS t"
        where = r.choice(["", "", f" WHERE {self.condition('l.', 1)}", f" WHERE ({self.condition('r.', 1)} OR r.id IS NULL)"])
        if how != "RIGHT JOIN" and r.random() < 0.3:
            # Behind an inner join r.k is l.k, which the star gives.
            columns = "l.*, r.id AS rid, r.v AS rv" + (", r.k AS rk" if how == "LEFT JOIN" else "")
        q = f"SELECT {columns} FROM a l {how} b r ON {on}{where}"
        if r.random() < 0.25:
            q = f"SELECT l.id, l.k, l.v FROM a l WHERE NOT EXISTS (SELECT FROM b r WHERE {on})"
            return Query(q, q.replace("SELECT FROM", "SELECT 1 FROM"))
        return Query(q, q)

    def windows_joined(self):
        r = self.rng
        ours, theirs = self.window("a")
        both = [(ours, theirs), (ours.replace("(a,", "(b,"), theirs.replace("FROM a)", "FROM b)"))]
        how = r.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        text = f"SELECT window_start, k, l.id AS lid, r.id AS rid, {self.number('l.', 1)} AS n FROM {{}} l {how} {{}} r USING (window_start, window_end, k)"
        return Query(text.format(both[0][0], both[1][0]), text.format(both[0][1], both[1][1]))

    def versions(self):
        how = self.rng.choice(["", "LEFT "])
        columns = "l.id AS lid, r.id AS rid, r.v"
        return Query(f"SELECT {columns} FROM a l {how}JOIN as_of(b, l.ts) r ON r.k = l.k",
                     f"SELECT {columns} FROM a l ASOF {how}JOIN b r ON r.k = l.k AND l.ts >= r.ts")

    def three_joined(self):
        """Joins within a time and as of a time, one behind another, of any of the tables before."""
        r = self.rng
        names, columns, ours, theirs, timed = ["x"], ["x.id AS xid"], "a x", "a x", "x"
        for i, t in enumerate(r.sample(["y", "z", "w"], r.choice([2, 2, 2, 3]))):
            table = r.choice("abc")
            key = r.choice(names)
            how = r.choice(["JOIN", "JOIN", "LEFT JOIN"])
            by = r.choice(["k", "k", "v"])
            on = f"{t}.{by} = {key}.{by}"
            if r.random() < 0.4:
                ours += f" {how} as_of({table}, {timed}.ts) {t} ON {on}"
                theirs += f" ASOF {how} {table} {t} ON {on} AND {timed}.ts >= {t}.ts"
            else:
                low, high = sorted([r.randint(-400, 300), r.randint(-300, 400)])
                on += f" AND {t}.ts BETWEEN {timed}.ts - interval '{-low} seconds' AND {timed}.ts + interval '{high} seconds'"
                ours += f" {how} {table} {t} ON {on}"
                theirs += f" {how} {table} {t} ON {on}"
                if how == "JOIN" and i == 0 and r.random() < 0.3:
                    timed = t  # rows of an inner join have either time
            names.append(t)
            columns.append(f"{t}.id AS {t}id")
        columns += [f"{self.number(r.choice(names) + '.', 1)} AS n", f"{self.text(r.choice(names) + '.', 1)} AS t"]
        if r.random() < 0.3:
            columns = ["x.*"] + columns[1:]
        where = r.choice(["", "", f" WHERE {self.condition(r.choice(names) + '.', 1)}", f" WHERE {names[-1]}.id IS NULL"])
        select, behind = f"SELECT {', '.join(columns)} FROM ", where
        if r.random() < 0.25:
            a, b = r.sample(names, 2)
            select, behind = f"SELECT {a}.k, count(*) AS c, sum({b}.v) AS s FROM ", f" GROUP BY {a}.k"
            return Query(f"FINAL {select}{ours}{behind}", select + theirs + behind)
        return Query(select + ours + behind, select + theirs + behind)

    def three_windows(self):
        r = self.rng
        size = r.choice([1, 5, 10])
        ours, theirs = [], []
        for t in r.sample("abc", 3):
            ours.append(f"tumble({t}, '{size} minutes') {t}")
            theirs.append(f"(SELECT *, time_bucket(INTERVAL '{size} minutes', ts) AS window_start, time_bucket(INTERVAL '{size} minutes', ts) + "
                          f"INTERVAL '{size} minutes' AS window_end FROM {t}) {t}")
        how = [r.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]) for _ in range(2)]
        columns = f"window_start, window_end, k, a.id AS aid, b.id AS bid, c.id AS cid, {self.number(r.choice('abc') + '.', 1)} AS n"
        behind = " USING (window_start, window_end, k)"
        text = lambda of: f"SELECT {columns} FROM {of[0]} {how[0]} {of[1]}{behind} {how[1]} {of[2]}{behind}{where}"
        where = self.where(r.choice("abc") + ".")
        return Query(text(ours), text(theirs))

    def three_counts(self):
        """Counts of windows of three tables, which go by their bounds and the key."""
        r = self.rng
        size = r.choice([5, 10])
        count = "SELECT window_start, window_end, k, count(*) AS n FROM {} GROUP BY window_start, window_end, k"
        ours, theirs = [], []
        for t in "abc":
            ours.append("(" + count.format(f"tumble({t}, '{size} minutes')") + f") {t}")
            theirs.append("(" + count.format(f"(SELECT *, time_bucket(INTERVAL '{size} minutes', ts) AS window_start, time_bucket(INTERVAL '{size} minutes', ts) + "
                                             f"INTERVAL '{size} minutes' AS window_end FROM {t})") + f") {t}")
        how = [r.choice(["JOIN", "LEFT JOIN"]) for _ in range(2)]
        behind = " USING (window_start, window_end, k)"
        text = lambda of: f"SELECT window_start, window_end, k, a.n AS an, b.n AS bn, c.n + a.n AS cn FROM {of[0]} {how[0]} {of[1]}{behind} {how[1]} {of[2]}{behind}"
        return Query(text(ours), text(theirs))

    def distinct(self):
        return Query("DEDUP SELECT DISTINCT ON (k) id, k, v FROM a", "SELECT DISTINCT ON (k) id, k, v FROM a ORDER BY k, ts")

    def elements(self):
        r = self.rng
        x = lambda: r.choice(["x", "(x + l.v)", "(x * 2 - l.id)"])
        where = r.choice(["", f" WHERE {x()} > {r.randint(-2, 4)}", f" WHERE {self.condition('l.', 1)}", f" WHERE x > 1 OR {self.condition('l.', 1)}"])
        columns, behind = r.choice([(f"l.id, {x()} AS n, x AS m", ""), ("l.*, x AS y", ""), (f"l.k, count(*) AS n, sum(x) AS s", " GROUP BY l.k")])
        if "l.*" in columns and "x" in where:
            where = f" WHERE {self.condition('l.', 1)} OR x > 3"
        q = f"SELECT {columns} FROM a l{{}} unnest(l.xs) AS {{}}{where}{behind}"
        between = r.choice([",", " CROSS JOIN LATERAL"])
        return Query(("FINAL " if behind else "") + q.format(between, "x"), q.format(between, "e(x)"))

    def joined_groups(self):
        r = self.rng
        q = ("SELECT l.k, count(*) AS n, sum(r.id) AS s, max(l.v) AS m FROM a l JOIN b r ON r.k = l.k AND r.ts BETWEEN l.ts AND l.ts + "
             f"interval '{r.randint(1, 20)} minutes' GROUP BY l.k")
        return Query("FINAL " + q, q)

    def any(self):
        kinds = [self.plain, self.grouped, self.grouped, self.grouped, self.top, self.union, self.nested, self.joined, self.joined,
                 self.windows_joined, self.versions, self.distinct, self.elements, self.joined_groups,
                 self.three_joined, self.three_joined, self.three_windows, self.three_counts]
        return self.rng.choice(kinds)()


def rows_of_table(rng, first):
    at = datetime.datetime(2024, 3, 1, 10)
    out = []
    for i in range(rng.randint(20, 60)):
        at += datetime.timedelta(seconds=rng.randint(1, 180) * 2 + first)  # times of the tables differ
        out.append({"id": first * 1000 + i, "k": rng.choice(["a", "bb", "cab", "d", None]), "v": rng.choice([None, *range(-4, 9)]),
                    "xs": rng.choice([None, [], [rng.randint(0, 5)], [rng.randint(-5, 5) for _ in range(rng.randint(2, 4))]]),
                    "ts": at.strftime("%Y-%m-%d %H:%M:%S")})
    return out


def statements(queries, folder):
    out = ["SET topology = 'oracle';"]
    for t in "abc":
        out.append(f"CREATE TABLE {t} (id bigint, k text, v bigint, xs bigint[], ts timestamptz) WITH (connector = 'file', path = '{folder}/{t}.jsonl', "
                   "format = 'json', event_time = 'ts');")
    for i, q in enumerate(queries):
        sink = f"CREATE TABLE s{i} WITH (connector = 'file', path = '{folder}/s{i}.jsonl') AS"
        word, _, rest = q.ours.partition(" ")
        if word == "TOP":
            out.append(f"{sink} {rest};")
            continue
        options = {"DEDUP": " WITH (ttl = '30 days')", "FINAL": " WITH (emit = 'final')"}.get(word, "")
        out.append(f"CREATE VIEW v{i}{options} AS {rest if options else q.ours};")
        out.append(f"{sink} SELECT * FROM v{i}{f' ORDER BY {q.order} LIMIT {q.limit}' if q.order else ''};")
    return "\n".join(out) + "\n"


def canonical(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str) and len(value) >= 19 and value[4:5] == "-" and value[13:14] == ":":
        return value[:19].replace("T", " ")
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, list):
        return [canonical(v) for v in value]
    try:
        return round(float(value), 6)
    except (TypeError, ValueError):
        return value


def sorted_rows(rows):
    return sorted(json.dumps([canonical(v) for v in r]) for r in rows)


def run_batch(duckdb, millrace, seed, count, folder, compared):
    rng = random.Random(seed)
    maker = Maker(rng)
    queries = [maker.any() for _ in range(count)]
    db = duckdb.connect()
    for first, t in enumerate("abc"):
        path = folder / f"{t}.jsonl"
        path.write_text("".join(json.dumps(r) + "\n" for r in rows_of_table(rng, first)))
        db.execute(f"CREATE TABLE {t} AS SELECT * FROM read_json('{path}', columns = {{id: 'BIGINT', k: 'VARCHAR', v: 'BIGINT', xs: 'BIGINT[]', ts: 'TIMESTAMP'}})")
    job = folder / "job.sql"
    job.write_text(statements(queries, folder))
    done = subprocess.run([millrace, "run", job, "--state", folder / "state"], capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        return [f"seed {seed}: exit {done.returncode}\n{done.stderr[-3000:]}"]
    wrong = []
    for i, q in enumerate(queries):
        path = folder / f"s{i}.jsonl"
        have = sorted_rows(json.loads(line).values() for line in path.read_text().splitlines()) if path.exists() else []
        try:
            want = sorted_rows(db.execute(q.theirs).fetchall())
        except duckdb.Error as e:
            wrong.append(f"seed {seed}, s{i}: DuckDB refuses it: {e}\n  {q.theirs}")
            continue
        compared[0] += 1 if want else 0
        compared[1] += len(want)
        if have != want:
            more, less = [r for r in have if r not in set(want)][:3], [r for r in want if r not in set(have)][:3]
            wrong.append(f"seed {seed}, s{i}: {len(have)} rows, DuckDB has {len(want)}\n  {q.ours}\n  {q.theirs}\n  not expected: {more}\n  missing: {less}")
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--millrace", type=pathlib.Path, required=True)
    p.add_argument("--queries", type=int, default=500)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", type=pathlib.Path, help="a folder for the batches in which something differs")
    a = p.parse_args()
    duckdb = in_peer()
    wrong = []
    compared = [0, 0]  # queries with rows, and rows
    for batch in range((a.queries + BATCH - 1) // BATCH):
        with tempfile.TemporaryDirectory(prefix="millrace-oracle-") as folder:
            found = run_batch(duckdb, a.millrace.resolve(), a.seed + batch, min(BATCH, a.queries - batch * BATCH), pathlib.Path(folder), compared)
            if found and a.keep:
                a.keep.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-r", folder, a.keep / str(a.seed + batch)], check=True)
            wrong += found
    for w in wrong:
        print(w)
    print(f"{a.queries} queries, {compared[0]} of them with rows, {compared[1]} rows, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
