"""Random expressions whose meaning PostgreSQL and SQLite share, and their values as SQLite computes them."""
import sqlite3

TEXTS = ["", " ", "a", "b", "ab", "Ab", "ü", "日本", "x y", "it's", "😀", "100%", "_"]


def quote(name):
    """Writes a column as expressions do."""
    return name if len(name) <= 2 and name.isidentifier() and name == name.lower() else '"' + name.replace('"', '""') + '"'


class Expressions:
    """Draws expressions over columns {name: bigint | double | text | boolean}. Depth is bounded, results stay far below 2^63."""

    def __init__(self, rng, columns):
        self.rng = rng
        self.by_type = {}
        for name, kind in columns.items():
            self.by_type.setdefault(kind, []).append(quote(name))

    def any_of(self, kind, depth=2):
        return getattr(self, kind)(depth)

    def leaf(self, kind, literals):
        columns = self.by_type.get(kind, [])
        return self.rng.choice(columns) if columns and self.rng.random() < 0.8 else self.rng.choice(literals)

    def same(self, kind, depth, others):
        """Draws a form that exists for every type, else one of `others`."""
        rng = self.rng
        if depth <= 0:
            return None
        form = rng.randrange(4 + 3 * len(others))
        if form == 0:
            return f"coalesce({self.any_of(kind, depth - 1)}, {self.any_of(kind, depth - 1)})"
        if form == 1:
            return f"case when {self.boolean(depth - 1)} then {self.any_of(kind, depth - 1)} else {self.any_of(kind, depth - 1)} end"
        if form == 2:
            return f"nullif({self.any_of(kind, depth - 1)}, {self.any_of(kind, 0)})"
        return rng.choice(others)() if others and form > 3 else None

    def bigint(self, depth):
        d, rng = depth - 1, self.rng
        return self.same("bigint", depth, [
            lambda: f"({self.bigint(d)} {rng.choice('+-*')} {self.bigint(0)})",
            lambda: f"({self.bigint(d)} {rng.choice('/%')} {rng.choice(['7', '-3', '10'])})",
            lambda: f"abs({self.bigint(d)})",
            lambda: f"length({self.text(d)})",
            lambda: f"-({self.bigint(d)})",
        ]) or self.leaf("bigint", ["0", "1", "-5", "12"])

    def double(self, depth):
        d, rng = depth - 1, self.rng
        return self.same("double", depth, [
            lambda: f"({self.double(d)} {rng.choice('+-')} {self.double(0)})",
            lambda: f"({self.double(d)} * 0.5::double precision)",
            lambda: f"abs({self.double(d)})",
        ]) or self.leaf("double", ["0.25::double precision", "-1.5::double precision"])

    def text(self, depth):
        d, rng = depth - 1, self.rng
        return self.same("text", depth, [
            lambda: f"({self.text(d)} || {self.text(0)})",
            lambda: f"substr({self.text(d)}, {rng.randrange(1, 4)}, {rng.randrange(0, 3)})",
            lambda: f"replace({self.text(d)}, 'a', {self.text(0)})",
            lambda: f"trim({self.text(d)})",
            lambda: f"({self.bigint(d)})::text",
        ]) or self.leaf("text", ["'" + t.replace("'", "''") + "'" for t in TEXTS])

    def boolean(self, depth):
        d, rng = depth - 1, self.rng
        kind = rng.choice(["bigint", "double", "text"])
        return self.same("boolean", depth, [
            lambda: f"({self.boolean(d)} {rng.choice(['and', 'or'])} {self.boolean(d)})",
            lambda: f"(not {self.boolean(d)})",
            lambda: f"({self.any_of(kind, d)} {rng.choice(['=', '<>', '<', '<=', '>', '>='])} {self.any_of(kind, d)})",
            lambda: f"({self.any_of(kind, d)} is {rng.choice(['', 'not '])}null)",
            lambda: f"({self.bigint(d)} between {self.bigint(0)} and {self.bigint(0)})",
            lambda: f"({self.any_of(kind, d)} in ({self.any_of(kind, 0)}, {self.any_of(kind, 0)}))",
            lambda: f"({self.text(d)} like {rng.choice(['$a%$', '$%b$', '$_$', '$%a%$', '$$'])})".replace("$", "'"),
            lambda: f"({self.any_of(kind, d)} is distinct from {self.any_of(kind, 0)})",
        ]) or self.leaf("boolean", ["true", "false"])


class Sqlite:
    """Evaluates expressions over rows; booleans come back as bool, by the type that is asked for."""

    def __init__(self):
        self.db = sqlite3.connect(":memory:")
        self.db.execute("pragma case_sensitive_like = on")

    def run(self, rows, columns, expressions):
        """rows: [{name: value}] of `columns`; expressions: {name: (type, text)}. A row of values for each row."""
        declared = ", ".join('"' + c.replace('"', '""') + '"' for c in columns) or "nothing"
        self.db.execute("drop table if exists t")
        self.db.execute(f"create table t ({declared})")
        marks = ", ".join("?" * max(1, len(columns)))
        self.db.executemany(f"insert into t values ({marks})", [[r[c] for c in columns] or [None] for r in rows])
        texts = [translated(text) for _, text in expressions.values()]
        cursor = self.db.execute(f"select {', '.join(texts) or 'null'} from t order by rowid")
        kinds = list(expressions.items())
        return [{name: as_type(kind, v) for (name, (kind, _)), v in zip(kinds, values)} for values in cursor]


def translated(text):
    """SQLite's spelling: casts, and `is distinct from`, which it has as `is not`."""
    text = text.replace("::double precision", "").replace(" is distinct from ", " is not ")
    while "::text" in text:
        end = text.index("::text")
        depth, at = 0, end - 1
        while True:
            depth += {")": 1, "(": -1}.get(text[at], 0)
            if depth == 0:
                break
            at -= 1
        text = f"{text[:at]}cast({text[at:end]} as text){text[end + 6:]}"
    return text


def as_type(kind, value):
    if value is None:
        return None
    return bool(value) if kind == "boolean" else float(value) if kind == "double" else value
