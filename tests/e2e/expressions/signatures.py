"""The calls of catalogue.py: the binder's tables as expression_cases lists them, and the forms of the language that are no table's entry."""
import json
import re
import subprocess

from edge_values import OF_KIND, POOLS

# Forms of calls of a table's entries that are neither name(...) nor an operator.
WRITTEN = {"position": "position({1} in {0})", "[:]": "({0})[{1}:{2}]", "overlaps": "({0}, {1}) overlaps ({2}, {3})"}
# Entries that the binder alone uses, and what covers them here.
INTERNAL = {"output": "concat", "json_as_text": "to_json of an object"}
# A type of which no value can be written.
UNWRITTEN = {"object"}
SQL_CASTS = {"bigint": "bigint", "numeric": "numeric", "double": "double precision", "list": "text[]", "timestamp": "timestamptz",
             "timestamp without time zone": "timestamp", "date": "date"}
ANYTHING = ["boolean", "bigint", "numeric", "double", "text", "timestamp", "timestamp without time zone", "date", "interval", "time", "json", "jsonb", "list"]

# Pools of arguments that mean something to a function: its name, then the place and the pool of each.
HINTS = {words[0]: {int(i): pool.replace("_", " ") for i, pool in zip(words[1::2], words[2::2])} for words in map(str.split, """
    date_trunc 0 unit 2 zone
    date_part 0 field
    timezone 0 zone
    in_zone 1 zone
    ~ 1 pattern
    !~ 1 pattern
    ~* 1 pattern
    !~* 1 pattern
    substring_from_pattern 1 pattern
    regexp_replace 1 pattern 3 flags 4 small 5 flags
    regexp_match 1 pattern 2 flags
    regexp_like 1 pattern 2 flags
    regexp_count 1 pattern 2 small 3 flags
    regexp_instr 1 pattern 2 small 3 small 4 small 5 flags
    regexp_substr 1 pattern 2 small 3 small 4 flags
    regexp_split_to_array 1 pattern 2 flags
    ~~ 1 like
    !~~ 1 like
    ~~* 1 like
    !~~* 1 like
    like 1 like 2 escape
    like_escape 0 like 1 escape
    similar_to 1 similar
    similar_to_escape 0 similar 1 escape
    to_timestamp 0 time_text 1 time_template
    to_date 0 time_text 1 time_template
    make_date 0 small 1 small 2 small
    make_timestamp 0 small 1 small 2 small 3 small 4 small
    make_timestamptz 0 small 1 small 2 small 3 small 4 small 6 zone
    make_time 0 small 1 small
    make_interval 0 small 1 small 2 small 3 small 4 small 5 small
    -> 1 key
    ->> 1 key
    #> 1 path
    #>> 1 path
    ? 1 key
    ?| 1 path
    ?& 1 path
    - 1 key
    #- 1 path
    jsonb_set 1 path
    jsonb_insert 1 path
    json_extract_path 1 key 2 key 3 key
    json_extract_path_text 1 key 2 key 3 key
    jsonb_extract_path 1 key 2 key 3 key
    jsonb_extract_path_text 1 key 2 key 3 key
    element 1 small
    array_length 1 small
    array_upper 1 small
    array_lower 1 small
    [:] 1 small 2 small
    array_append 1 small
    array_position 1 small 2 small
    array_positions 1 small
    array_remove 1 small
    array_replace 1 small 2 small
    string_to_array 1 delimiter
    split_part 1 delimiter 2 small
    format 0 template
    left 1 small
    right 1 small
    lpad 1 small
    rpad 1 small
    repeat 1 small
    substr 1 small 2 small
    substring 1 small 2 small
    overlay 2 small 3 small
    factorial 0 small
    to_number 0 formatted 1 number_template
    quote_ident 0 identifier
    round 1 small
    trunc 1 small
    << 1 small
    >> 1 small
    """.strip().split("\n"))}
CAST_HINTS = {"boolean": "boolean text", "bigint": "number text", "numeric": "number text", "double": "number text", "timestamp": "time text",
              "timestamp without time zone": "time text", "date": "time text", "interval": "interval text", "time": "clock text", "json": "json text", "jsonb": "json text",
              "list": "list text"}

EACH = ["boolean", "bigint", "numeric", "double", "text", "timestamp", "timestamp without time zone", "date", "interval", "time"]
# The language's forms: name, what is written, the types that it takes, the type that it gives; T is each type of EACH.
FORMS = """
    coalesce | coalesce({0}, {1}) | T, T | T
    nullif | nullif({0}, {1}) | T, T | T
    greatest | greatest({0}, {1}, {2}) | T, T, T | T
    least | least({0}, {1}, {2}) | T, T, T | T
    case | case when {0} then {1} else {2} end | boolean, T, T | T
    case_of | case {0} when {1} then 'one' when {2} then 'two' end | T, T, T | text
    in | {0} in ({1}, {2}) | T, T, T | boolean
    not_in | {0} not in ({1}, {2}) | T, T, T | boolean
    between | {0} between {1} and {2} | T, T, T | boolean
    between_symmetric | {0} not between symmetric {1} and {2} | T, T, T | boolean
    distinct | {0} is distinct from {1} | T, T | boolean
    not_distinct | {0} is not distinct from {1} | T, T | boolean
    is_null | {0} is null | T | boolean
    is_null | {0} is null | json | boolean
    is_not_null | {0} is not null | list | boolean
    jsonb in | {0} in ({1}, {2}) | jsonb, jsonb, jsonb | boolean
    jsonb nullif | nullif({0}, {1}) | jsonb, jsonb | jsonb
    jsonb greatest | greatest({0}, {1}, {2}) | jsonb, jsonb, jsonb | jsonb
    jsonb between | {0} between {1} and {2} | jsonb, jsonb, jsonb | boolean
    jsonb distinct | {0} is distinct from {1} | jsonb, jsonb | boolean
    jsonb case_of | case {0} when {1} then 'one' when {2} then 'two' end | jsonb, jsonb, jsonb | text
    jsonb part | {0} @> ({0} -> {1}) | jsonb, text | boolean
    jsonb whole | ({0} || {1}) @> {1} | jsonb, jsonb | boolean
    jsonb cast | ({0})::text::jsonb | json | jsonb
    is_true | {0} is true | boolean | boolean
    is_not_true | {0} is not true | boolean | boolean
    is_false | {0} is false | boolean | boolean
    is_not_false | {0} is not false | boolean | boolean
    is_unknown | {0} is unknown | boolean | boolean
    is_not_unknown | {0} is not unknown | boolean | boolean
    and | {0} and {1} | boolean, boolean | boolean
    or | {0} or {1} | boolean, boolean | boolean
    not | not {0} | boolean | boolean
    like | {0} like {1} escape {2} | text, text, text | boolean
    similar_to | {0} similar to {1} | text, text | boolean
    substring_from_pattern | substring({0} from {1}) | text, text | text
    trim | trim(both {1} from {0}) | text, text | text
    in_zone | {0} at time zone {1} | timestamp, text | timestamp
    in_zone | {0} at time zone {1} | timestamp without time zone, text | timestamp
    element | ({0})[{1}] | list, bigint | text
    beside_text | {0} || {1} | text, bigint | text
    beside_text | {0} || {1} | double, text | text
    beside_text | {0} || {1} | text, boolean | text
    beside_text | {0} || {1} | text, timestamp | text
    beside_text | {0} || {1} | text, interval | text
    beside_text | {0} || {1} | text, date | text
    beside_text | {0} || {1} | time, text | text
    named arguments | make_interval(days => {0}, mins => {1}) | bigint, bigint | interval
    any | {0} = any({1}) | text, texts | boolean
    any | {0} <> any({1}) | bigint, bigints | boolean
    any | {0} >= any({1}) | double, doubles | boolean
    any | {0} < any({1}) | text, texts | boolean
    all | {0} = all({1}) | bigint, bigints | boolean
    all | {0} <> all({1}) | text, texts | boolean
    all | {0} >= all({1}) | bigint, bigints | boolean
    all | {0} < all({1}) | double, doubles | boolean
    lists = | {0} = {1} | bigints, bigints | boolean
    lists <> | {0} <> {1} | numerics, numerics | boolean
    lists @> | {0} @> {1} | doubles, doubles | boolean
    lists <@ | {0} <@ {1} | booleans, booleans | boolean
    lists && | {0} && {1} | texts, texts | boolean
    lists && | {0} && {1} | times, times | boolean
    lists @> | {0} @> {1} | days, days | boolean
    lists || | {0} || {1} | bigints, doubles | list
    lists || | {0} || {1} | bigints, numeric | list
    lists in | {0} in ({1}, {2}) | bigints, bigints, bigints | boolean
    lists nullif | nullif({0}, {1}) | texts, texts | list
    lists distinct | {0} is distinct from {1} | doubles, doubles | boolean
    rows = | ({0}, {1}) = ({2}, {3}) | T, bigint, T, bigint | boolean
    rows <> | ({0}, {1}) <> ({2}, {3}) | bigint, T, bigint, T | boolean
    rows < | ({0}, {1}) < ({2}, {3}) | T, bigint, T, bigint | boolean
    rows >= | ({0}, {1}) >= ({2}, {3}) | boolean, T, boolean, T | boolean
    rows in | ({0}, {1}) in (({2}, {3}), ({4}, {5})) | boolean, T, boolean, T, boolean, T | boolean
    rows not in | ({0}, {1}) not in (({2}, {3}), ({4}, {5})) | boolean, T, boolean, T, boolean, T | boolean
    rows distinct | ({0}, {1}) is distinct from ({2}, {3}) | boolean, T, boolean, T | boolean
    quote_literal | quote_literal({0}) | T | text
    quote_literal | quote_literal({0}) | json | text
    quote_nullable | quote_nullable({0}) | T | text
    quote_nullable | quote_nullable({0}) | list | text
    array | array[{0}, {1}] | boolean, boolean | list
    array | array[{0}, {1}] | bigint, bigint | list
    array | array[{0}, {1}] | double, double | list
    array | array[{0}, {1}] | text, text | list
    array | array[{0}, {1}] | timestamp, timestamp | list
    array | array[{0}, {1}] | timestamp without time zone, timestamp without time zone | list
    array | array[{0}, {1}] | date, date | list
    mixed + | {0} + {1} | bigint, double | double
    mixed < | {0} < {1} | date, timestamp | boolean
    mixed >= | {0} >= {1} | timestamp without time zone, date | boolean
    mixed - | {0} - {1} | date, timestamp | interval
    mixed * | {0} * {1} | numeric, bigint | numeric
    mixed / | {0} / {1} | numeric, double | double
    mixed / | {0} / {1} | bigint, numeric | numeric
    mixed = | {0} = {1} | bigint, double | boolean
    mixed = | {0} = {1} | numeric, double | boolean
    mixed < | {0} < {1} | bigint, numeric | boolean
    """
TEXTS, BIGINTS, DOUBLES = "texts", "bigints", "doubles"  # lists of them
LISTS_OF = {"boolean": "booleans", "bigint": BIGINTS, "numeric": "numerics", "double": DOUBLES, "text": TEXTS, "timestamp": "times", "date": "days"}
# Words of a call that are drawn: the fields of extract and of intervals, the sizes of types.
EXTRACTED = ["epoch", "year", "month", "day", "hour", "minute", "second", "dow", "isodow", "doy", "week", "quarter", "isoyear", "century",
             "decade", "millennium", "milliseconds", "microseconds", "julian", "timezone"]
WORDS = {
    "{field}": EXTRACTED, "{size}": ["1", "2", "3", "7", "300"], "{precision}": list("0123456"), "{digits}": ["5,2", "38,10", "3", "10,0"],
    "{fields}": ["year", "month", "day", "hour", "minute", "second", "year to month", "day to hour", "day to minute", "day to second",
                 "hour to minute", "hour to second", "minute to second", "second(2)", "day to second(0)"],
}
# Casts to types with a size or fields: how they are written.
SIZED = {"scale": "({0})::numeric({digits})", "varchar": "({0})::varchar({size})", "precision": "({0})::%s({precision})",
         "fields": "({0})::interval {fields}"}
# Functions of a list and of elements beside it, which are of its elements' type.
OF_ELEMENTS = re.compile(r"array_(append|prepend|positions?|remove|replace)|\|\|")


def forms():
    for line in filter(None, map(str.strip, FORMS.split("\n"))):
        name, written, kinds, gives = line.split(" | ")
        for kind in EACH if "T" in kinds.split(", ") else [""]:
            yield name, written, [kind if k == "T" else k for k in kinds.split(", ")], kind if gives == "T" else gives


class Signature:
    def __init__(self, name, template, kinds, gives, hints):
        self.name, self.template, self.kinds, self.gives, self.hints = name, template, kinds, gives, hints
        self.their_casts = None

    def drawn(self, source):
        """The types of a call's arguments and how it is written; of a function of anything a few of them."""
        if self.kinds is not None:
            template = self.template
            for word in filter(template.__contains__, WORDS):
                template = template.replace(word, source.choice(WORDS[word]))
            return self.kinds, template
        if "_extract_path" in self.name:
            kinds = [self.name.split("_")[0], *["text"] * source.randint(1, 3)]
        elif self.name.endswith("build_object"):
            kinds = [k for _ in range(source.randint(1, 2)) for k in (source.choice(["text", "bigint"]), source.choice(ANYTHING))]
        else:
            first = ["text"] if self.name in ("concat_ws", "format") else []
            kinds = first + [source.choice(ANYTHING) for _ in range(source.randint(1, 3))]
        return kinds, f"{self.name}({', '.join('{%d}' % i for i in range(len(kinds)))})"

    def hint(self, i, kinds):
        pool = self.hints.get(i)
        if self.name == "to_char" and i == 1:
            pool = ("number template" if kinds[0] in ("bigint", "numeric", "double") else
                    "interval template" if kinds[0] == "interval" else "time template")
        return pool if pool and accepts(kinds[i], pool) else None


def accepts(kind, pool):
    column = POOLS[pool].column
    return column == kind or (kind == "list" and column.endswith("[]"))


def template_of(name, arity):
    if name == "extract":
        return "extract({field} from {0})"
    if name in WRITTEN:
        return WRITTEN[name]
    if re.match(r"\w", name):
        return f"{name}({', '.join('{%d}' % i for i in range(arity))})"
    return f"{name} {{0}}" if arity == 1 else f"{{0}} {name} {{1}}"


def of_entry(entry):
    """None where it cannot be called (UNWRITTEN and INTERNAL say why), and of an aggregate."""
    if "aggregate" in entry:
        return None
    name, kinds, gives = entry["name"], entry["takes"], entry["gives"]
    if OF_ELEMENTS.fullmatch(name) and "list" in kinds and kinds != ["list", "list"]:
        element = kinds[1] if kinds[0] == "list" else kinds[0]
        kinds = [LISTS_OF[element] if k == "list" else k for k in kinds]
    if name in INTERNAL or UNWRITTEN.intersection(kinds):
        return None
    if entry["any_types"]:
        return Signature(name, None, None, gives, HINTS.get(name, {}))
    if not entry["cast"]:
        if name == "extract":  # its field is a word
            kinds = kinds[1:]
        return Signature(name, template_of(name, len(kinds)), kinds, gives, HINTS.get(name, {}))
    if name in SIZED:
        template = SIZED[name].replace("%s", SQL_CASTS.get(gives, gives))
        return Signature(f"cast with {name} of {gives}", template, kinds[:1], gives, {0: "interval text"} if kinds[0] == "text" and name == "fields" else {})
    to = {"int4": "integer", "int2": "smallint"}.get(name, SQL_CASTS.get(gives, gives))
    hints = {0: CAST_HINTS[gives]} if kinds == ["text"] and gives in CAST_HINTS else {}
    return Signature(f"cast to {to}", "({0})::" + to, kinds, gives, hints)


def read_signatures(program):
    done = subprocess.run([program, "--signatures"], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    entries = [json.loads(line) for line in done.stdout.split("\n") if line]
    out = [s for s in map(of_entry, entries) if s]
    out += [Signature(name, text, kinds, gives, HINTS.get(name, {})) for name, text, kinds, gives in forms()]
    return out


OF_KIND.update({TEXTS: ["list"], **{name: [name] for name in LISTS_OF.values() if name != TEXTS}})
