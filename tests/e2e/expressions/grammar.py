"""Draws expressions of the offered grammar, and rows of nasty values, from a seed: the same seed, the same text.

Known differences from PostgreSQL (docs/functions.md) are left out of the grammar, so that every
difference counts: no numeric (literals are cast), no integer arithmetic, case only of ASCII letters, no constant
that could be computed before rows are looked at."""

import random

COLUMNS = [("a", "bigint"), ("b", "bigint"), ("x", "double"), ("y", "double"), ("s", "text"), ("t", "text"),
           ("w", "text"), ("p", "boolean"), ("q", "boolean"), ("ts", "timestamp"), ("us", "timestamp"), ("j", "json"),
           ("l", "text[]"), ("n", "bigint[]")]
OF_TYPE = {"bigint": ["a", "b"], "double": ["x", "y"], "text": ["s", "t", "w"], "boolean": ["p", "q"],
           "timestamp": ["ts", "us"], "json": ["j"], "text[]": ["l"], "bigint[]": ["n"]}
SQL_TYPE = {"double": "double precision", "timestamp": "timestamptz"}

INTEGERS = [0, 1, -1, 2, 3, 7, 10, -10, 100, 2**31 - 1, 2**31, -2**31, 2**53, 2**53 + 1, 2**63 - 1, -2**63 + 1]
DOUBLES = ["0", "-0", "1", "-1", "0.5", "-0.5", "1.5", "2.5", "0.1", "1e-5", "123456.789", "1e15", "-1e22", "5e-324",
           "1.7976931348623157e308", "NaN", "Infinity", "-Infinity"]
TEXTS = ["", " ", "a", "A", "abc", "ABC", "abcabc", "hello world", "  padded  ", "a,b,,c", ",", "%", "_", "100%_x", "42",
         "-7", " 12 ", "1e5", "NaN", "3.5", "true", "f", "null", "Hà Nội", "ội", "e\u0301", "🎉", "x🎉y", "日本語", "ß",
         "2021-04-24", "2024-02-29 23:59:59.5+07", "{}", "{\"k\":1}", "[1,2]", "'quoted'", "\"", "a" * 300, "zz top",
         "key=value", "k", "name", "..", "$1", "(a)", "[b]", "a|b", "x*y+z?", "Ünïcödé", "\u00a0", "\u2028"]
WORDS = ["", "a", "Z", "hello", "Hello World", "ABC def", "x1y2", "one-two", "MiXeD cAsE", "the end."]
TIMES = ["1970-01-01 00:00:00+00", "2021-04-24 19:55:00.796+00", "2020-02-29 23:59:59.999999+00",
         "2019-12-31 23:30:00+00", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00", "2024-03-10 07:30:00+00",
         "2024-11-03 06:30:00+00", "1969-12-31 23:59:59.5+00", "2000-01-01 00:00:00+00", "2021-01-03 00:00:00+00",
         "2016-02-29 12:34:56.000001+00", "1883-11-18 17:00:00+00"]
JSONS = ["{}", "[]", "null", "true", "\"text\"", "12.50", "1e400", "{\"a\":1,\"b\":\"x\",\"k\":null}",
         "{\"a\":{\"b\":[10,{\"c\":true}]},\"k\":\"Hà Nội\"}", "[1, [2, 3], {\"k\": \"v\"}, null, \"\"]",
         " { \"k\" : [ 1 , 2 ] , \"a\" : { } } ", "[-0, 0.0, 1E5]", "{\"\":0,\"1\":\"one\"}"]
LISTS = ["{}", "{a}", "{a,b,c}", "{NULL}", "{NULL,\"\",a}", "{\"two words\",\"comma,\"}", "{42,-7}", "{ội,🎉}", "{abc,abc}"]
NUMBERS = ["{}", "{1}", "{1,2,3}", "{NULL,-7}", "{9223372036854775807}", "{0,0}", "{10,NULL,100}"]
INTERVALS = ["0", "1 day", "-1 day", "1 month", "-13 months", "1 year 2 mons 3 days 04:05:06.789", "36 hours", "0.5 seconds",
             "-00:00:00.000001", "100 days -1 hour"]
UNITS = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
         "century"]
FIELDS = ["epoch", "year", "month", "day", "hour", "minute", "second", "dow", "isodow", "doy", "week", "quarter", "isoyear"]
ZONES = ["UTC", "Asia/Ho_Chi_Minh", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"]
TIME_TEMPLATES = ["YYYY-MM-DD HH24:MI:SS", "YYYYMMDD", "FMMonth DD, YYYY", "Day DY D ID", "HH12:MI AM", "MS US", "IYYY-IW-ID",
                  "Q WW DDD J", "\"at\" HH24", "Y,YYY CC", "TH DDth"]
NUMBER_TEMPLATES = ["999", "0000", "FM999", "9,999", "S9999", "9999MI", "999PR", "99.9", "FM90.09", "9999999999999999999",
                    "FM9G999G999th"]
PIECES = ["a", "b", "l+", "[a-c]", "[^a-z]", ".", ".*", "o?", "x{1,2}", "\\d", "\\d+", "\\s", "\\w+", "(ab)", "(?:a|b)",
          "[[:upper:]]", "\\.", ",", "ội", "%",
          "[^\\W]", "[\\D]", "\\B", "\\x61", "\\141", "(?#b)", "\\A", "\\Z"]
WORD_PATTERNS = ["\\m\\w+\\M", "\\m\\w", "\\w\\M", "\\yb", "\\m(a|h|N)\\w*", "\\Y[a-z]", "[a-z]\\Y", "\\W\\m", "\\M\\W", "\\m", "\\M", "\\w+\\M\\W+\\m\\w+",
                 "(?i)\\mhello\\M", "(?x) \\m \\w+? \\M # words", "^\\m\\w|\\W\\m\\w"]
LIKE_PIECES = ["%", "_", "a", "b", "abc", ",", "\\%", "o", "ộ", " "]


class Grammar:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def rows(self, count):
        def value(kind, name):
            r = self.random
            if r.random() < 0.12:
                return "\\N"
            if kind == "bigint":
                return str(r.choice(INTEGERS) if r.random() < 0.7 else r.randint(-1000, 1000))
            if kind == "double":
                return r.choice(DOUBLES) if r.random() < 0.7 else repr(r.uniform(-1000, 1000))
            if kind == "text":
                return r.choice(WORDS if name == "w" else TEXTS)
            if kind == "boolean":
                return r.choice("tf")
            return r.choice({"timestamp": TIMES, "json": JSONS, "text[]": LISTS, "bigint[]": NUMBERS}[kind])
        return ["\t".join(value(kind, name) for name, kind in COLUMNS) for _ in range(count)]

    def expression(self):
        kind = self.random.choice(["bigint", "double", "text", "text", "boolean", "boolean", "timestamp", "json", "text[]",
                                   "bigint[]"])
        return self.draw(kind, self.random.randint(1, 4))

    # ---- drawing

    def draw(self, kind, depth):
        """Reads a column somewhere in each part that could fail."""
        if depth <= 0:
            return self.random.choice(OF_TYPE[kind])
        if self.random.random() < 0.15 and kind not in ("json",):
            return self.choice_of(kind, depth - 1)
        rules = getattr(self, kind.replace("[]", "_list"))
        return self.random.choice(rules)(self, depth - 1)

    def leaf(self, kind):
        """A column, or a literal; only beside something that reads a column."""
        r = self.random
        if r.random() < 0.5:
            return r.choice(OF_TYPE[kind])
        if kind == "bigint":
            return f"({r.choice(INTEGERS)})::bigint"
        if kind == "double":
            return f"'{r.choice(DOUBLES)}'::double precision"
        if kind == "text":
            return quoted(r.choice(TEXTS)) + "::text"
        if kind == "timestamp":
            return f"timestamptz '{r.choice(TIMES)}'"
        return r.choice(OF_TYPE[kind])

    def either(self, kind, depth):
        return self.leaf(kind) if self.random.random() < 0.4 else self.draw(kind, depth)

    def small(self, low=-3, high=6):
        return str(self.random.randint(low, high))

    def ascii(self):
        return self.random.choice(["w", "w", "(w || 'Xy')", "left(w, 3)"])

    def pattern(self):
        r = self.random
        if r.random() < 0.15:
            return quoted(r.choice(WORD_PATTERNS))
        text = "".join(r.choice(PIECES) for _ in range(r.randint(1, 3)))
        return quoted(("^" if r.random() < 0.2 else "") + text + ("$" if r.random() < 0.2 else ""))

    def like_pattern(self):
        return quoted("".join(self.random.choice(LIKE_PIECES) for _ in range(self.random.randint(0, 4))))

    def choice_of(self, kind, depth):
        r = self.random
        what = r.randrange(5 if kind in ("bigint", "double", "text", "timestamp") else 3)
        if what == 0:
            return f"case when {self.draw('boolean', depth)} then {self.draw(kind, depth)} else {self.draw(kind, depth)} end"
        if what == 1:
            return f"coalesce({self.draw(kind, depth)}, {self.draw(kind, depth)})"
        if what == 2:
            return (f"case when {self.draw('boolean', depth)} then {self.draw(kind, depth)} "
                    f"when {self.draw('boolean', depth)} then {self.draw(kind, depth)} end")
        if what == 3:
            return f"nullif({self.draw(kind, depth)}, {self.either(kind, depth)})"
        return f"{r.choice(['greatest', 'least'])}({self.draw(kind, depth)}, {self.either(kind, depth)}, {self.leaf(kind)})"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def rule(text, **choices):
    """{kind} draws, {kind?} may be a literal, {.method} calls; others come from choices."""
    def build(g, depth):
        out, rest = "", text
        while rest:
            head, brace, rest = rest.partition("{")
            out += head
            if not brace:
                break
            name, _, rest = rest.partition("}")
            if name.startswith("."):
                out += getattr(g, name[1:])()
            elif name in choices:
                out += g.random.choice(choices[name])
            elif name.rstrip("?") not in OF_TYPE:  # an array's own braces
                out += "{" + name + "}"
            elif name.endswith("?"):
                out += g.either(name[:-1], depth)
            else:
                out += g.draw(name, depth)
        return out
    return build


COMPARE = ["=", "<>", "<", "<=", ">", ">="]
Grammar.bigint = [
    rule("({bigint} {op} {bigint?})", op=["+", "-", "*", "/", "%", "&", "|", "#"]),
    rule("({bigint?} {op} {bigint})", op=["+", "-", "*", "/", "%"]),
    rule("(- {bigint})"), rule("abs({bigint})"), rule("mod({bigint}, {bigint?})"), rule("gcd({bigint}, {bigint?})"),
    rule("{f}({text})::bigint", f=["length", "octet_length", "bit_length", "ascii", "char_length"]),
    rule("strpos({text}, {text?})::bigint"), rule("position({text?} in {text})::bigint"),
    rule("({double})::bigint"), rule("({text})::bigint"), rule("({boolean})::int::bigint"), rule("({bigint})::int::bigint"),
    rule("extract({f} from {timestamp})::bigint", f=[f for f in FIELDS if f != "epoch"]), rule("({bigint[]})[{.small}]"),
    # a double of seconds holds microseconds for a few centuries around 1970
    rule("extract(epoch from greatest(least({timestamp}, timestamptz '2200-01-01'), timestamptz '1800-01-01'))::bigint"),
    rule("array_position({bigint[]}, {bigint})::bigint"), rule("array_position({text[]}, {text?}, {n})::bigint", n=["1", "2", "9"]),
    rule("cardinality({l})::bigint", l=["l", "n"]), rule("array_length({text[]}, 1)::bigint"),
    rule("regexp_count({text}, {.pattern})::bigint"), rule("({json} ->> {k})::bigint", k=["'a'", "'k'", "0", "1"]),
    rule("json_array_length({json})::bigint"), rule("({bigint} << {n})", n=["1", "3", "40"]),
    rule("regexp_instr({text}, {.pattern})::bigint"),
]
Grammar.double = [
    rule("({double} {op} {double?})", op=["+", "-", "*", "/"]), rule("({double?} {op} {double})", op=["+", "-", "*", "/"]),
    rule("{f}({double})", f=["abs", "floor", "ceil", "round", "trunc", "sign", "sqrt", "cbrt", "exp", "ln", "-", "degrees",
                             "radians", "atan", "log10"]),
    rule("power({double}, {double?})"), rule("({bigint})::double precision"), rule("({text})::double precision"),
    # there a second's fraction is added to its whole, and may be rounded twice
    rule("date_part({f}, {timestamp})", f=[quoted(f) for f in FIELDS if f != "second"]),
    rule("extract({f} from {timestamp})::double precision", f=FIELDS), rule("atan2({double}, {double?})"),
    rule("({json} ->> {k})::double precision", k=["'a'", "0"]),
]
Grammar.text = [
    rule("({text} || {text?})"), rule("({text?} || {text})"), rule("({text} || {bigint})"),
    rule("substr({text}, {.small})"), rule("substring({text} from {.small} for {n})", n=["0", "1", "3", "100"]),
    rule("{f}({text}, {.small})", f=["left", "right"]), rule("{f}({text}, {n})", f=["lpad", "rpad"], n=["0", "1", "5", "12"]),
    rule("{f}({text}, {n}, {text?})", f=["lpad", "rpad"], n=["0", "4", "9"]), rule("{f}({text})", f=["btrim", "ltrim", "rtrim"]),
    rule("trim({side} {text?} from {text})", side=["both", "leading", "trailing"]),
    rule("replace({text}, {text?}, {text?})"), rule("translate({text}, {text?}, {text?})"), rule("reverse({text})"),
    rule("repeat({text}, {n})", n=["-1", "0", "1", "3"]), rule("split_part({text}, {text?}, {n})", n=["1", "2", "-1", "9"]),
    rule("md5({text})"), rule("{f}({.ascii})", f=["upper", "lower", "initcap"]),
    rule("({k})::text", k=["a", "x", "y", "p", "ts", "n", "l"]), rule("({bigint})::text"), rule("({double})::text"),
    rule("({boolean})::text"), rule("({timestamp})::text"), rule("({bigint[]})::text"), rule("({text[]})::text"),
    rule("({timestamp} - {timestamp})::text"), rule("age({timestamp}, {timestamp})::text"),
    rule("({timestamp}::time)::text"), rule("({timestamp}::time {op} ({timestamp} - {timestamp}))::text", op=["+", "-"]),
    rule("({timestamp}::time - {timestamp}::time)::text"), rule("(({timestamp} - {timestamp})::time({n}))::text", n=["0", "2", "6"]),
    rule("(({timestamp} - {timestamp})::interval {f})::text", f=["day", "hour", "minute", "day to hour", "second(1)", "year to month"]),
    rule("({text})::varchar({n})::text", n=["1", "3", "10"]), rule("({bigint})::varchar({n})::text", n=["1", "4"]),
    rule("to_char({timestamp}::time, {f})", f=["'HH24:MI:SS.US'", "'HH12 AM'", "'FMHH24:FMMI'"]),
    rule("make_interval(hours => ({bigint} % 1000)::int, secs => {n})::text", n=["0", "1.5", "-0.25"]),
    rule("{f}({timestamp} - {timestamp})::text", f=["justify_hours", "justify_days", "justify_interval"]),
    rule("concat({text}, {bigint}, {boolean})"), rule("concat_ws({text?}, {text}, {double}, {text?})"),
    rule("format({f}, {text}, {bigint})", f=["'%s|%s'", "'%2$s-%1$s'", "'%10s|%-5s'", "'%L %s %%'"]),
    rule("to_char({timestamp}, {f})", f=[quoted(t) for t in TIME_TEMPLATES]),
    rule("to_char({bigint}, {f})", f=[quoted(t) for t in NUMBER_TEMPLATES]),
    rule("to_char({timestamp} at time zone {z}, 'YYYY-MM-DD HH24:MI')", z=[quoted(z) for z in ZONES]),
    rule("({text[]})[{.small}]"), rule("array_to_string({text[]}, {text?})"), rule("array_to_string({bigint[]}, ',', '?')"),
    rule("({json} ->> {k})", k=["'a'", "'k'", "''", "0", "1", "-1"]), rule("({json} #>> {k})", k=["'{a,b}'", "'{1,0}'", "'{k}'"]),
    rule("json_typeof({json})"), rule("({json})::text"),
    rule("regexp_replace({text}, {.pattern}, {r})", r=["''", "'-'", "'<\\&>'"]),
    rule("regexp_replace({text}, {.pattern}, {r}, 'g')", r=["''", "'-'", "'<\\&>'"]),
    rule("regexp_replace({text}, {.pattern}, '<\\&>', {n}, {m}, {f})", n=["1", "2", "5"], m=["0", "1", "2"], f=["''", "'i'", "'n'", "'p'", "'w'"]),
    rule("substring({text} from {.pattern})"), rule("regexp_substr({text}, {.pattern})"), rule("quote_literal({text})"),
    rule("overlay({text} placing {text?} from {n} for {m})", n=["1", "2", "9"], m=["0", "1", "3"]),
]
Grammar.boolean = [
    rule("({bigint} {op} {bigint?})", op=COMPARE), rule("({double} {op} {double?})", op=COMPARE),
    rule("({text} {op} {text?})", op=COMPARE), rule("({timestamp} {op} {timestamp?})", op=COMPARE),
    rule("({bigint} {op} {double})", op=COMPARE), rule("({boolean} {op} {boolean})", op=COMPARE),
    rule("({boolean} and {boolean})"), rule("({boolean} or {boolean})"), rule("(not {boolean})"),
    rule("({text} is {n} null)", n=["", "not"]), rule("({double} is null)"), rule("({json} is null)"), rule("({text[]} is null)"),
    rule("({boolean} is {n})", n=["true", "not true", "false", "unknown", "not unknown"]),
    rule("({text} is {n} distinct from {text?})", n=["", "not"]), rule("({double} is distinct from {double?})"),
    rule("({bigint} {n} in (1, a, b, 42))", n=["", "not"]), rule("({text} in ('', 'abc', t))"),
    rule("({bigint} {n} between {bigint?} and {bigint?})", n=["", "not"]),
    rule("({double} between symmetric {double?} and {double?})"),
    rule("({text} {n} like {.like_pattern})", n=["", "not"]), rule("({.ascii} ilike 'h%')"),
    rule("({text} {op} {.pattern})", op=["~", "!~"]), rule("({.ascii} ~* {.pattern})"),
    rule("({text} similar to '%(a|b|,)_%')"), rule("starts_with({text}, {text?})"),
    rule("({text} {op} any({text[]}))", op=COMPARE), rule("({bigint} {op} all({bigint[]}))", op=COMPARE),
    rule("({bigint[]} {op} {bigint[]})", op=["=", "<>", "@>", "<@", "&&"]), rule("({text[]} {op} {text[]})", op=["=", "<>", "@>", "&&"]),
    rule("(({bigint}, {text}) {op} ({bigint?}, {text?}))", op=COMPARE), rule("(({text}, {double}) is {n} distinct from ({text?}, {double?}))", n=["", "not"]),
    rule("(({bigint}, {boolean}) {n} in ((1, true), (a, q), (b, null)))", n=["", "not"]),
    rule("({double} = any({bigint[]}))"), rule("({text} = any('{a,abc,NULL}'))"), rule("({text})::boolean"),
    rule("(({timestamp} - {timestamp}) {op} interval '1 day')", op=COMPARE),
    rule("({timestamp}::time {op} {timestamp}::time)", op=COMPARE), rule("({timestamp}::time {n} between '09:00' and '19:55:00.796')", n=["", "not"]),
    rule("({timestamp}::time, {timestamp}::time) overlaps (time '08:00', interval '5 hours')"),
]
Grammar.timestamp = [
    rule("({timestamp} {op} interval {i})", op=["+", "-"], i=[quoted(i) for i in INTERVALS]),
    rule("({timestamp})::timestamptz({n})", n=["0", "1", "3", "6"]), rule("({timestamp} + {timestamp}::time)"),
    rule("date_trunc({u}, {timestamp})", u=[quoted(u) for u in UNITS]),
    rule("date_trunc({u}, {timestamp}, {z})", u=[quoted(u) for u in UNITS], z=[quoted(z) for z in ZONES]),
    rule("({timestamp} at time zone {z} at time zone {y})", z=[quoted(z) for z in ZONES], y=[quoted(z) for z in ZONES]),
    rule("date_bin('15 minutes', {timestamp}, timestamptz '2001-02-03')"), rule("({c})::timestamptz", c=["s", "t", "w"]),
    rule("to_timestamp(extract(epoch from {timestamp})::double precision)"),
]
Grammar.json = [
    rule("({json} -> {k})", k=["'a'", "'k'", "''", "0", "1", "-1", "9"]), rule("({json} #> {k})", k=["'{a,b,1}'", "'{1,0}'", "'{k}'"]),
    rule("to_json({text})"), rule("to_json({bigint})"), rule("to_json({boolean})"), rule("to_json({text[]})"),
    rule("to_json({bigint[]})"), rule("({text})::json"),
]
Grammar.text_list = [
    rule("string_to_array({text}, {s})", s=["','", "' '", "''", "'a'", "null"]), rule("array[{text}, {text?}]"),
    rule("regexp_split_to_array({text}, {.pattern})"), rule("regexp_match({text}, {.pattern})"), rule("({bigint[]})::text[]"),
    rule("string_to_array({text}, ',', {text?})"), rule("array_append({text[]}, {text?})"), rule("({text[]} || {text[]})"),
    rule("array_remove({text[]}, {text?})"), rule("array_replace({text[]}, {text}, {text?})"), rule("({text[]})[{n}:{m}]", n=["", "0", "2"], m=["", "1", "3"]),
]
Grammar.bigint_list = [rule("array[{bigint}, {bigint?}]"), rule("array[{bigint}]"), rule("({bigint[]} || {bigint[]})"), rule("array_prepend({bigint?}, {bigint[]})"),
                       rule("array_remove({bigint[]}, {bigint?})"), rule("({bigint[]})[2:]"), rule("({l})::bigint[]", l=["l", "string_to_array(s, ',')", "regexp_match(t, '\\d+')"])]
