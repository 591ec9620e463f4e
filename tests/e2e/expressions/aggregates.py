"""Aggregates over the rows of catalogue.py's tables, with and without distinct, an order and a filter."""
import collections
import json
import re
import subprocess

from edge_values import OF_KIND

# Aggregates of y and x, whose values are pairs.
PAIRS = re.compile(r"corr$|covar_|regr_")
Written = collections.namedtuple("Written", "signature kinds values ours theirs")
Named = collections.namedtuple("Named", "name kinds gives")
KINDS = ["boolean", "bigint", "numeric", "double", "text", "timestamp", "json", "list"]
WITHOUT_DISTINCT = ("first", "last", "percentile_cont", "percentile_disc")
WITH_ORDER = ("string_agg", "array_agg")


def read_aggregates(program):
    done = subprocess.run([program, "--signatures"], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    entries = [json.loads(line) for line in done.stdout.split("\n") if line]
    names = [e["aggregate"] for e in entries if "aggregate" in e]
    pairs = [*([kind, "double"] for kind in KINDS), *(["double", kind] for kind in KINDS if kind != "double")]
    return [Named(name, kinds, "") for name in names for kinds in (pairs if PAIRS.match(name) else ([k] for k in KINDS))]


def draw_aggregate(source, table, signature):
    name, kind = signature.name, signature.kinds[0]
    column = table.column(source.choice(OF_KIND[kind]), 0)
    condition = table.column("boolean", source.randrange(3))
    x = table.as_column(column)
    distinct = "distinct " if name not in WITHOUT_DISTINCT and not PAIRS.match(name) and source.random() < 0.3 else ""
    order = source.choice(["", f" order by {x}", f" order by {x} desc", f" order by {x} nulls first"]) if name in WITH_ORDER else ""
    where, chosen = source.choice([("", (None, "t", "f")), (f" filter (where {condition})", ("t",)), (f" filter (where not {condition})", ("f",))])
    values = [v for v, c in zip(table.columns[column][1], table.columns[condition][1]) if c in chosen]
    if PAIRS.match(name):
        beside = table.column(source.choice(OF_KIND[signature.kinds[1]]), 1)
        values = [(y, x) for y, x, c in zip(table.columns[column][1], table.columns[beside][1], table.columns[condition][1]) if c in chosen]
        text = f"{name}({x}, {table.as_column(beside)}){where}"
        return Written(signature, signature.kinds, values, text, text)
    if name in ("first", "last"):  # PostgreSQL has none
        met = {"": "true"}.get(where, where.removeprefix(" filter (where ").removesuffix(")"))
        direction = "" if name == "first" else " desc"
        return Written(signature, [kind], values, f"{name}({x}){where}",
                       f"(array_agg({x} order by row_number{direction}) filter (where {x} is not null and {met}))[1]")
    if name.startswith("percentile"):
        text = f"{name}({source.choice(['0', '0.1', '0.25', '0.5', '0.9', '1'])}) within group (order by {x})"
    elif name == "string_agg":
        text = f"{name}({distinct}{x}, {source.choice([repr(','), repr('')])}{order})"
    elif name == "count" and not distinct and source.random() < 0.2:
        text = "count(*)"
    else:
        text = f"{name}({distinct}{x}{order})"
    return Written(signature, [kind], values, text + where, text + where)


def their_script(n, written, kind):
    """Returns the value's query if the type is given, else the type's."""
    if kind is None:
        return [f"\\echo @{n}", f"select to_json(pg_typeof({written.theirs})::text)::text from t;"]
    shown = f"shown({written.theirs})" if kind.endswith("[]") else f"({written.theirs})::text"
    return [f"\\echo @{n}", f"select coalesce(to_json({shown})::text, 'null') from t;"]
