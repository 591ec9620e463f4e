"""A random topology with its input and what it must give."""
import csv
import gzip
import io
import json

from golden.local_clock import HOUR, LocalClock
from golden.oracle import SECOND, iso, micros

from .expressions import TEXTS, Expressions, Sqlite, quote
from .oracle import Window, aggregate

START = 1_619_259_600 * SECOND
# Instants at which clocks change: an hour is skipped, or shown twice; half an hour, at midnight, or a quarter past it; a whole day was left out.
CHANGES = [("Europe/Berlin", 1_616_893_200), ("Europe/Berlin", 1_635_642_000), ("Australia/Lord_Howe", 1_617_462_000),
           ("Asia/Beirut", 1_616_882_400), ("America/St_Johns", 1_300_001_460), ("Pacific/Apia", 1_325_239_200), ("Asia/Ho_Chi_Minh", 1_619_259_600)]
NAMES = {"bigint": ["i", "Count", "n 1"], "double": ["d", "price"], "text": ["t", "User-Agent", "select", "ü"], "boolean": ["b"]}
VALUES = {"bigint": lambda rng: rng.choice([0, 1, -1, 7, rng.randrange(-1000, 1000)]),
          "double": lambda rng: rng.randrange(-400, 400) / 4,
          "text": lambda rng: rng.choice(TEXTS),
          "boolean": lambda rng: rng.random() < 0.5}


class Generated:
    """topology (a dict), files ({name: bytes}), records; and after expect(): what each sink must hold."""

    def __init__(self, rng):
        self.rng = rng
        self.sqlite = Sqlite()
        self.schema = {name: kind for kind, names in NAMES.items() for name in rng.sample(names, rng.randint(1, len(names)))}
        self.delay = rng.choice([0, 1, 5, 30]) * SECOND
        self.begin, self.zone = START, None
        if rng.random() < 0.15:
            self.zone, changes = rng.choice(CHANGES)
            self.begin = (changes - rng.randrange(3600)) * SECOND
        self.files, self.stages = {}, {}
        self.make_input()
        self.columns, self.behind = self.schema, "p"
        self.rows = [[(time, row) for time, row in partition] for partition in self.partitions]
        if rng.random() < 0.5:
            self.make_select()
        self.updates, self.has_windows, self.order, self.limit, self.where = False, False, None, None, None
        self.limit_by, self.key = [], []
        self.late_name = "w.late"
        if rng.random() < 0.15:
            rng.choice([self.make_join, self.make_join, self.make_join, self.make_dedup])("w")
        elif rng.random() < 0.9:
            self.make_window("w")
            if self.has_windows and not self.updates and rng.random() < 0.3:
                self.take_results()
                self.make_window("w2")
        else:
            self.expected = [row for partition in self.rows for _, row in partition if row is not None]
        if self.has_windows and not self.updates and ("join" in self.stages["w"] or self.stages["w"]["window"] == "dedup") and rng.random() < 0.3:
            self.take_results()
            self.make_window("w2")
        if not self.updates and rng.random() < 0.3:
            self.select_of_results()
        self.make_sinks()
        self.topology = {"millrace": 1, "topology": "generated", "stages": self.stages}
        if rng.random() < 0.5:
            self.topology["snapshot_every"] = rng.choice(["off", "20 ms", "200 ms"])
        if rng.random() < 0.5:
            self.topology["commit_every"] = rng.choice(["0 ms", "10 ms", "500 ms"])
        if "w" in self.stages and rng.random() < 0.2:
            self.stages["w"].update(retain_memory="2 MB", retain="100 MB")

    # Input

    def make_input(self):
        rng = self.rng
        text = rng.random() < 0.3
        parts = rng.choice([1, 1, 2, 3])
        self.bad, self.partitions = 0, []
        for part in range(parts):
            rows, lines = [], []
            time = self.begin + rng.randrange(100) * SECOND
            for _ in range(rng.choice([0, 3, 40, 400])):
                time += rng.choice([0, 1, 1, 1, 2, 40]) * SECOND // rng.choice([1, 2, 7])
                at = time - rng.choice([0, 0, 0, rng.randrange(1, 50) * SECOND])
                row = {n: None if rng.random() < 0.15 else VALUES[k](rng) for n, k in self.schema.items()}
                rows.append((at, row))
                lines.append((at, row))
                if rng.random() < 0.03:
                    lines.append((None, rng.choice(['{"ts": "no time"}', "[1]", "{", '{"ts": 5}'])))
                    self.bad += 1
            self.partitions.append(rows)
            name = f"part-{part}." + ("csv" if text else "jsonl")
            data = (self.as_csv(lines, with_header=self.header) if text else self.as_json(lines)) if lines or text else b""
            if rng.random() < 0.3:
                name, data = name + ".gz", gzip.compress(data)
            self.files[name] = data
        source = {"source": "file", "path": "${IN}/part-*"}
        if parts > 1 and rng.random() < 0.6:
            source["parallel"] = True
        else:  # one log in the order of names
            self.partitions = [[r for p in self.partitions for r in p]]
        self.stages["src"] = source
        self.stages["p"] = {"parser": "csv" if text else "json", "from": "src",
                            "schema": {**self.schema, "ts": "timestamp"} if not text or self.header else {"ts": "timestamp", **self.schema},
                            "event_time": "ts", "watermark_delay": f"{self.delay // SECOND} s",
                            **({"header": True} if text and self.header else {})}

    @property
    def header(self):
        if not hasattr(self, "header_"):
            self.header_ = self.rng.random() < 0.5
        return self.header_

    def as_json(self, lines):
        rng, out = self.rng, []
        for at, row in lines:
            if at is None:
                out.append(row)
                continue
            members = [("ts", iso(at)), *((n, v) for n, v in row.items() if v is not None or rng.random() < 0.5)]
            rng.shuffle(members)
            if rng.random() < 0.1:
                members.append(("unknown", {"a": [1, {"b": None}]}))
            out.append(rng.choice(["", "", " "]) + json.dumps(dict(members), ensure_ascii=rng.random() < 0.3))
        return ("\n".join(out) + rng.choice(["\n", ""])).encode()

    def as_csv(self, lines, with_header):
        out = io.StringIO()
        names = ["ts", *self.schema]
        if with_header:
            self.rng.shuffle(names)
            csv.writer(out, lineterminator="\n").writerow(names)
        for at, row in lines:
            if at is None:
                out.write("no, record, of, this\n" if len(names) != 4 else "no, record\n")
                continue
            values = {"ts": iso(at), **row}
            field = lambda v: "" if v is None else '""' if v == "" else str(v).lower() if isinstance(v, bool) else \
                '"' + v.replace('"', '""') + '"' if isinstance(v, str) and set(v) & set('," ') else str(v)
            out.write(",".join(field(values[n]) for n in names) + "\n")
        return out.getvalue().encode()

    # Stages

    def evaluate(self, columns, expressions):
        """The expressions on every row that is left, in the shape of self.rows."""
        flat = [row for partition in self.rows for _, row in partition if row is not None]
        values = iter(self.sqlite.run(flat, columns, expressions))
        return [[(time, None if row is None else next(values)) for time, row in partition] for partition in self.rows]

    def filter(self, columns):
        """A condition, and self.rows without those that it does not take."""
        condition = Expressions(self.rng, columns).boolean(2)
        taken = self.evaluate(columns, {"c": ("boolean", condition)})
        self.rows = [[(time, row if row is not None and v["c"] else None) for (time, row), (_, v) in zip(p, q)]
                     for p, q in zip(self.rows, taken)]
        return condition

    def make_select(self):
        rng, stage = self.rng, {"transform": "select", "from": self.behind}
        if rng.random() < 0.6:
            stage["where"] = self.filter(self.columns)
        if rng.random() < 0.8 or "where" not in stage:
            made = {}
            for name in rng.sample(["x", "y", "Z z", "t2"], rng.randint(1, 4)):
                kind = rng.choice(list(NAMES))
                made[name] = (kind, Expressions(rng, self.columns).any_of(kind))
            keep = rng.random() < 0.5
            kept = self.rows
            self.rows = self.evaluate(self.columns, made)
            if keep:
                self.rows = [[(time, None if row is None else {**old, **row}) for (time, row), (_, old) in zip(p, q)]
                             for p, q in zip(self.rows, kept)]
            stage["columns"] = {**({"*": True} if keep else {}), **{n: text for n, (_, text) in made.items()}}
            self.columns = {**(self.columns if keep else {}), **{n: kind for n, (kind, _) in made.items()}}
        self.stages["selected"] = stage
        self.behind = "selected"

    def take_results(self):
        """The window's rows as the input of one downstream: one log whose watermark makes no row late."""
        self.rows = [[(micros(row["window_end"]) - 1, row) for row in self.expected]]
        self.delay = 10**18

    def make_window(self, name):
        rng = self.rng
        kind = rng.choice(["tumbling", "tumbling", "sliding", "sliding", "session", "global"])
        stage = {"window": kind, "from": self.behind, "shards": rng.randint(1, 5)}
        if kind == "tumbling":
            window = Window(kind, rng.choice([1, 7, 60]) * SECOND)
            stage["size"] = f"{window.size // SECOND} s"
        elif kind == "sliding":
            slide = rng.choice([1, 5, 10]) * SECOND
            window = Window(kind, slide * rng.choice([2, 3, 6]), slide)
            stage.update(size=f"{window.size // SECOND} s", slide=f"{slide // SECOND} s")
        elif kind == "session":
            window = Window(kind, rng.choice([3, 20]) * SECOND)
            stage["gap"] = f"{window.size // SECOND} s"
        else:
            window = Window(kind, rng.choice([None, None, 20 * SECOND]))
            if window.size:
                stage["state_ttl"] = f"{window.size // SECOND} s"
        if kind in ("tumbling", "sliding"):
            self.place_grid(window, stage)
        if not (kind == "global" and not window.size) and rng.random() < 0.4:
            window.lateness = rng.choice([1, 10]) * SECOND
            stage["allowed_lateness"] = f"{window.lateness // SECOND} s"
        if rng.random() < 0.3:
            stage["where"] = self.filter(self.columns)
        self.key = stage["key"] = rng.sample(list(self.columns), rng.randint(0, min(2, len(self.columns))))
        functions = self.aggregates(stage, name)
        if not self.key:
            del stage["key"]
        self.fold(window, functions, stage, name)
        self.has_windows = window.kind != "global"  # else each key that state_ttl ends has a window of its own, without bounds
        self.stages[name] = stage
        self.behind = name

    def make_join(self, name):
        """The rows with some of themselves, under other names."""
        rng = self.rng
        self.key = rng.sample(list(self.columns), rng.randint(1, min(2, len(self.columns))))
        condition = Expressions(rng, self.columns).boolean(2)
        taken = self.evaluate(self.columns, {"c": ("boolean", condition)})
        others = [[(time, {"r " + n: v for n, v in row.items() if n in self.columns} if row is not None and c["c"] else None) for (time, row), (_, c) in zip(p, q)]
                  for p, q in zip(self.rows, taken)]
        self.stages["others"] = {"transform": "select", "from": self.behind, "where": condition, "columns": {"r " + n: quote(n) for n in self.columns}}
        stage = {"join": "window", "left": self.behind, "right": "others", "key": {k: "r " + k for k in self.key}, "shards": rng.randint(1, 5)}
        lateness = rng.choice([1, 10]) * SECOND if rng.random() < 0.4 else 0
        if lateness:
            stage["allowed_lateness"] = f"{lateness // SECOND} s"
        pairs = rng.choice([self.interval_pairs, self.window_pairs, self.versions])(stage, lateness, others)
        self.late_name = "w.late_left"
        kept = [n for n in self.columns if n not in self.key]
        right = [] if stage["how"] == "anti" else ["r " + n for n in kept]
        self.expected = [{**dict(zip(self.key, key)), **{n: l.get(n) for n in kept}, **{n: r.get(n) for n in right}, **bounds} for key, l, r, bounds in pairs]
        self.columns = {**{k: self.columns[k] for k in self.key}, **{n: self.columns[n] for n in kept}, **{n: self.columns[n[2:]] for n in right}}
        self.has_windows = True
        self.follow(stage, name)

    def make_dedup(self, name):
        """The first row of each key by time, and again once its time to live is over."""
        rng = self.rng
        self.key = rng.sample(list(self.columns), rng.randint(1, min(2, len(self.columns))))
        ttl, lateness = rng.choice([1, 7, 60]) * SECOND, rng.choice([0, 0, 1, 10]) * SECOND
        stage = {"window": "dedup", "from": self.behind, "key": self.key, "ttl": f"{ttl // SECOND} s", "allowed_lateness": f"{lateness // SECOND} s",
                 "shards": rng.randint(1, 5)}
        rows, self.late = self.with_watermarks(self.rows, lambda t, w: w is not None and t < w - lateness)
        given, self.expected = {}, []
        for time, _, row in sorted(((t, n, row) for n, (t, row, _) in enumerate(rows)), key=lambda r: r[:2]):
            key = tuple(row[k] for k in self.key)
            if key not in given or time >= given[key] + ttl:
                given[key] = time
                self.expected.append({**{n: row.get(n) for n in self.columns}, "window_start": iso(time), "window_end": iso(time + 1)})
        self.has_windows = True
        self.follow(stage, name)

    def follow(self, stage, name):
        self.stages[name] = stage
        self.behind = name
        if self.rng.random() < 0.5:
            self.stages["too_late"] = {"transform": "select", "from": self.late_name, "columns": {"*": True}}
            self.stages["late_file"] = {"sink": "file", "from": "too_late", "path": "${OUT}/late.jsonl"}

    @staticmethod
    def kept_alone(rows, key, alone):
        """A row with a null in its key is filtered where it could not come out alone."""
        return [[(t, row if row is None or alone or all(row[k] is not None for k in key) else None) for t, row in p] for p in rows]

    def window_pairs(self, stage, lateness, others):
        rng = self.rng
        kind = rng.choice(["tumbling", "tumbling", "sliding"])
        slide = rng.choice([1, 5, 20]) * SECOND
        window = Window(kind, slide * (1 if kind == "tumbling" else rng.choice([2, 3])), slide, lateness)
        how = stage["how"] = rng.choice(["inner", "left", "right", "full"])
        stage["size"] = f"{window.size // SECOND} s"
        if kind == "sliding":
            stage["slide"] = f"{slide // SECOND} s"
        self.place_grid(window, stage)
        right_key = ["r " + k for k in self.key]
        left, self.late = window.fold(self.kept_alone(self.rows, self.key, how in ("left", "full")), self.delay, self.key)
        right, _ = window.fold(self.kept_alone(others, right_key, how in ("right", "full")), self.delay, right_key)
        out = []
        for start, end, *key in {**left, **right}:
            ls, rs = ([row for _, row in of.get((start, end, *key), [])] for of in (left, right))
            pairs = [(l, r) for l in ls for r in rs] if None not in key else []
            if not pairs:
                pairs = [(l, {}) for l in ls if how in ("left", "full")] + [({}, r) for r in rs if how in ("right", "full")]
            out += [(key, l, r, window.bounds(start, end)) for l, r in pairs]
        return out

    def interval_pairs(self, stage, lateness, others):
        rng = self.rng
        before, after = (s * SECOND for s in rng.choice([(4, 3), (0, 6), (5, 0), (8, -3), (-2, 6), (60, 0), (0, 0)]))
        how = rng.choice(["inner", "left", "anti"])
        stage.update(join="interval", how=how, before=f"{before // SECOND} s", after=f"{after // SECOND} s")
        lag = lateness + max(0, after)
        has_fired = lambda time, watermark: watermark is not None and time < watermark - lag
        right_key = ["r " + k for k in self.key]
        left, self.late = self.with_watermarks(self.kept_alone(self.rows, self.key, how != "inner"), lambda t, w: has_fired(t, w))
        right, _ = self.with_watermarks(self.kept_alone(others, right_key, False), lambda t, w: has_fired(t + before, w))
        out = []
        for time, l, _ in left:
            key = [l[k] for k in self.key]
            met = [r for t, r, w in right if None not in key and [r[k] for k in right_key] == key and -before <= t - time <= after and not has_fired(time, w)]
            pairs = [{}] * (how != "inner" and not met) if how == "anti" or not met else met
            out += [(key, l, r, {"window_start": iso(time), "window_end": iso(time + 1)}) for r in pairs]
        return out

    def versions(self, stage, lateness, others):
        rng = self.rng
        how, keep = rng.choice(["inner", "left"]), rng.choice([0, 5, 86_400]) * SECOND
        stage.update(join="as_of", how=how, late_versions=f"{keep // SECOND} s")
        has_fired = lambda time, watermark: watermark is not None and time < watermark - lateness
        right_key = ["r " + k for k in self.key]
        left, self.late = self.with_watermarks(self.kept_alone(self.rows, self.key, how == "left"), lambda t, w: has_fired(t, w))
        right, _ = self.with_watermarks(self.kept_alone(others, right_key, False), lambda t, w: has_fired(t + keep, w))
        gone = None
        if rng.random() < 0.5:
            gone = rng.choice(list(self.columns))
            stage["deleted"] = quote("r " + gone) + " is null"
        out = []
        for time, l, _ in left:
            key = [l[k] for k in self.key]
            known = [(t, n, r) for n, (t, r, w) in enumerate(right)
                     if None not in key and [r[k] for k in right_key] == key and t <= time and not has_fired(time, w)]
            newest = max(known, key=lambda k: k[:2])[2] if known else None  # of one time the last in the order of partitions
            if newest is not None and gone is not None and newest["r " + gone] is None:
                newest = None
            if newest is not None or how == "left":
                out.append((key, l, newest or {}, {"window_start": iso(time), "window_end": iso(time + 1)}))
        return out

    def with_watermarks(self, partitions, is_late):
        """(time, row, the watermark of its partition just before it), and the late rows."""
        out, late = [], []
        for partition in partitions:
            watermark = None
            for time, row in partition:
                if row is not None:
                    late.append(row) if is_late(time, watermark) else out.append((time, row, watermark))
                watermark = time - self.delay if watermark is None else max(watermark, time - self.delay)
        return out, late

    def place_grid(self, window, stage):
        """Windows go by the clocks of a zone, whose windows divide a day or have whole days, or from another time on, or both."""
        rng = self.rng
        if self.zone is not None:
            stage["zone"] = self.zone
            window.slide = rng.choice([60 * SECOND, HOUR // 4, HOUR, 6 * HOUR, 24 * HOUR])
            window.size = window.slide * (1 if window.kind == "tumbling" else rng.choice([2, 3]))
            stage["size"] = f"{window.size // SECOND} s"
            if window.kind == "sliding":
                stage["slide"] = f"{window.slide // SECOND} s"
            window.clock = LocalClock(self.zone, self.begin, self.begin + 24 * HOUR)
        if rng.random() < 0.2:
            window.offset = rng.randrange(window.slide // SECOND) * SECOND
            stage["offset"] = f"{window.offset // SECOND} s"

    def aggregates(self, stage, window):
        """{name: (function, kind of result, argument or none, filter or none)}"""
        rng, out = self.rng, {}
        stage["aggregates"] = {}
        names, functions = ["a1", "A2", "a3", "a4"], ["count(*)", "count", "count distinct", "sum", "min", "max", "avg", "first", "last"]
        if window == "w2":  # its rows have one time, and the window's key decides
            names, functions = ["a" + n for n in names], functions[:-2]
        for name in names[:rng.randint(1, 4)]:
            function = rng.choice(functions)
            kinds = {"sum": ["bigint", "double"], "avg": ["bigint", "double"], "min": ["bigint", "double", "text"],
                     "max": ["bigint", "double", "text"]}.get(function, ["bigint", "double", "text", "boolean"])
            kind = rng.choice(kinds)
            argument = None if function == "count(*)" else Expressions(rng, self.columns).any_of(kind, 1)
            condition = Expressions(rng, self.columns).boolean(1) if rng.random() < 0.25 else None
            text = "count(*)" if argument is None else \
                f"count(distinct {argument})" if function == "count distinct" else f"{function}({argument})"
            stage["aggregates"][name] = text + (f" filter (where {condition})" if condition else "")
            result = "bigint" if function.startswith("count") else "double" if function == "avg" else kind
            out[name] = (function, result, (kind, argument), condition)
        return out

    def fold(self, window, functions, stage, name):
        rng = self.rng
        wanted = {}
        for column, (_, _, (kind, argument), condition) in functions.items():
            wanted["v" + column] = (kind, argument or "1")
            wanted["f" + column] = ("boolean", condition or "true")
        computed = self.evaluate(self.columns, wanted)
        both = [[(t, None if r is None else {"row": r, "of": c, **{k: r[k] for k in self.key}}) for (t, r), (_, c) in zip(p, q)]
                for p, q in zip(self.rows, computed)]
        groups, late = window.fold(both, self.delay, self.key)
        if name == "w":
            self.late = [r["row"] for r in late]
        self.expected = []
        for (start, end, *key), rows in groups.items():
            made = {n: aggregate(f, [(r["of"]["v" + n], r["of"]["f" + n]) for _, r in rows]) for n, (f, *_) in functions.items()}
            self.expected.append({**dict(zip(self.key, key)), **made, **window.bounds(start, end)})
        self.columns = {**{k: self.columns[k] for k in self.key}, **{n: kind for n, (_, kind, _, _) in functions.items()}}
        self.updates = window.kind != "session" and not (window.kind == "global" and window.size) and rng.random() < 0.35
        if self.updates:
            stage.update(emit="updates", every=f"{rng.choice([20, 100])} ms")
        elif rng.random() < 0.3:
            stage["having"] = Expressions(rng, self.columns).boolean(2)
            kept = self.sqlite.run(self.expected, list(self.columns), {"c": ("boolean", stage["having"])})
            self.expected = [row for row, k in zip(self.expected, kept) if k["c"]]
        if name == "w" and rng.random() < 0.5:
            self.stages["too_late"] = {"transform": "select", "from": "w.late", "columns": {"*": True}}
            self.stages["late_file"] = {"sink": "file", "from": "too_late", "path": "${OUT}/late.jsonl"}

    def select_of_results(self):
        """Downstream of the window, or the parser: a transform, or the sink's own filter."""
        rng = self.rng
        condition = Expressions(rng, self.columns).boolean(2)
        kept = self.sqlite.run(self.expected, list(self.columns), {"c": ("boolean", condition)})
        self.expected = [row for row, k in zip(self.expected, kept) if k["c"]]
        if rng.random() < 0.5:
            self.where = condition
            return
        name, kind = "made", rng.choice(list(NAMES))
        text = Expressions(rng, self.columns).any_of(kind)
        made = self.sqlite.run(self.expected, list(self.columns), {name: (kind, text)})
        self.expected = [{**row, **m} for row, m in zip(self.expected, made)]
        self.stages["results"] = {"transform": "select", "from": self.behind, "where": condition, "columns": {"*": True, name: text}}
        self.columns = {**self.columns, name: kind}
        self.behind = "results"

    # Sinks

    def make_sinks(self):
        if self.updates:
            batch = {"*": True, "batch": "_batch"}
            self.stages["table"] = {"sink": "sql", "from": self.behind, "connection": "sqlite3://${OUT}/out.sqlite",
                                    "table": "appended", "create": True, "columns": batch}
            # Sliding windows by a zone's clocks may begin at one instant, where these skip an hour.
            key = [*self.key, "window_start", *(["window_end"] if self.zone else [])]
            self.stages["state"] = {"sink": "sql", "from": self.behind, "connection": "sqlite3://${OUT}/state.sqlite", "table": "upserted",
                                    "create": True, "mode": "upsert", "key": key}
            return
        where = {"where": self.where} if self.where else {}
        self.stages["file"] = {"sink": "file", "from": self.behind, "path": "${OUT}/out.jsonl", **where}
        if self.has_windows and self.rng.random() < 0.5:
            self.order = next((n for n, k in self.columns.items() if k == "bigint" and n.lower().startswith("a")), None)
            if self.order:
                self.descending = self.rng.random() < 0.5
                self.stages["file"]["order_by"] = self.order + (" desc" if self.descending else "")
                if self.rng.random() < 0.4:
                    self.limit = self.stages["file"]["limit"] = self.rng.choice([1, 2, 5])
                    groups = [k for k in self.key if k in self.columns and k != self.order]
                    if groups and self.rng.random() < 0.7:
                        self.limit_by = self.rng.sample(groups, self.rng.randint(1, len(groups)))
                        self.stages["file"] |= {"limit_by": self.limit_by, "rank": "its place"}
        if self.rng.random() < 0.5:
            self.stages["table"] = {"sink": "sql", "from": self.behind, "connection": "sqlite3://${OUT}/out.sqlite", "table": "appended",
                                    "create": True, **where}
