#!/usr/bin/env -S python3 -B
"""Compares every function, operator and cast that the binder's tables have, and the forms of the language, with a real PostgreSQL 15.

expression_cases lists the tables, so that a new function is compared without a change here. Its arguments are drawn from the edges of
their types (edge_values.py), once as constants and once as columns, and each answer is compared with PostgreSQL's: equal, or both fail, or
known_differences.py has it. Prints what differs, by function, then counts; exit status 1 where something differs, 77 without PostgreSQL.

    tests/e2e/expressions/catalogue.py --cases-program build/release/tests/e2e/expressions/expression_cases --count 100000
    ... --only to_char --examples 20       one function or operator, more of what differs
    ... --write-golden                     writes tests/golden/expressions/drawn.txt anew, of what agrees with PostgreSQL
"""
import collections
import itertools
import json
import pathlib
import random
import re
import sys
import tempfile

from against_postgres import COUNTED, SHOW_LIST, Postgres, differences, is_value, options_of, our_results, places
from aggregates import draw_aggregate, read_aggregates, their_script
from edge_values import OF_KIND, POOLS
from known_differences import NOT_THERE, known, missing_rows
from signatures import read_signatures

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "golden/expressions"))
from run_expressions import DRAWN, drawn_answer

ROWS = 6
COLUMN_TYPES = {"double": "double precision", "timestamp": "timestamptz", "double[]": "double precision[]", "timestamp[]": "timestamptz[]"}


def sql_type(name):
    return COLUMN_TYPES.get(name, name)


def literal(value, kind):
    if value is None:
        return f"null::{kind}"
    if "\\" in value or "\n" in value:
        return "E'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + f"'::{kind}"
    return "'" + value.replace("'", "''") + f"'::{kind}"


def bare(value, kind):
    """Writes a constant as users do, without a type: a number, or a text that takes the type of its surroundings."""
    if value is None:
        return "null"
    is_number = kind in ("bigint", "numeric", "double") and re.fullmatch(r"-?[\d.]+(e-?\d+)?", value)
    if is_number and (float(value) == 0 or 1e-100 < abs(float(value)) < 1e100):  # a numeric beyond these is another number
        return f"({value})" if value.startswith("-") else value
    return literal(value, "").removesuffix("::")


def copied(value):
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


class Table:
    """Columns of each pool, as many as one call takes of it, and rows of drawn values."""

    def __init__(self, source):
        self.source = source
        self.columns = {}

    def column(self, pool, nth):
        name = f"{pool.replace(' ', '_')}_{nth}"
        if name not in self.columns:
            values = POOLS[pool].values
            self.columns[name] = (pool, [None if self.source.random() < 0.06 else self.source.choice(values) for _ in range(ROWS)])
        return name

    def of_ours(self):
        return [f"column {name} {POOLS[pool].column}" for name, (pool, _) in self.columns.items()]

    def rows(self):
        return ["\t".join(copied(values[r]) for _, values in self.columns.values()) for r in range(ROWS)]

    def as_column(self, name):
        cast = POOLS[self.columns[name][0]].cast
        return f"({name})::{cast}" if cast else name

    def as_constant(self, name, row):
        pool, values = self.columns[name]
        return literal(values[row], POOLS[pool].cast or sql_type(POOLS[pool].column))

    def as_literal(self, name, row, kind):
        return bare(self.columns[name][1][row], kind)


class Case:
    """A call: as columns, and for each row as constants with types and without. `their_casts` make what PostgreSQL's function takes of ours."""

    def __init__(self, signature, template, kinds, names, their_casts, table):
        def filled(arguments, casts=None):
            shown = [f"({a})::{c}" if c else a for a, c in zip(arguments, casts or [""] * len(arguments))]
            text = template.format(*shown)
            return f"({text})::text" if signature.gives in ("interval", "time") else text
        columns = [table.as_column(n) for n in names]
        constants = [[table.as_constant(n, r) for n in names] for r in range(ROWS)]
        self.signature = signature
        self.kinds = kinds
        self.ours = filled(columns)
        self.constants = [filled(c) for c in constants]
        self.literals = [filled([table.as_literal(n, r, k) for n, k in zip(names, kinds)]) for r in range(ROWS)]
        self.theirs = filled(columns, their_casts)
        self.arguments = [[table.columns[n][1][r] for n in names] for r in range(ROWS)]


def draw_case(source, table, signature):
    kinds, template = signature.drawn(source)
    names, casts, used = [], [], collections.Counter()
    for i, kind in enumerate(kinds):
        wanted = signature.their_casts[i] if i < len(signature.their_casts) else ""
        pool = "integer" if wanted == "integer" else source.choice(OF_KIND[kind])
        hint = signature.hint(i, kinds)
        if hint and source.random() < 0.8:
            pool = hint
        names.append(table.column(pool, used[pool]))
        used[pool] += 1
        casts.append(wanted)
    return Case(signature, template, kinds, names, casts, table)


def resolve(server, signatures):
    """Finds which casts of bigint to integer and of json to jsonb make each call one that PostgreSQL has; returns the others."""
    source = random.Random(0)
    of_type = {kind: sql_type(POOLS[pools[0]].cast or POOLS[pools[0]].column) for kind, pools in OF_KIND.items()}
    named = {kind: f"c{n}" for n, kind in enumerate(of_type)}
    tries, script = {}, [f"create table typed ({', '.join(f'{named[k]} {of_type[k]}' for k in of_type)});"]
    for s, signature in enumerate(signatures):
        kinds, template = signature.drawn(source)
        options = [{"bigint": ["", "integer"], "json": ["", "jsonb"]}.get(k, [""]) for k in kinds]
        tries[s] = sorted(itertools.product(*options), key=lambda casts: sum(c != "" for c in casts))
        for t, casts in enumerate(tries[s]):
            call = template.format(*(f"({named[k]})::{c or of_type[k]}" for k, c in zip(kinds, casts)))
            script += [f"\\echo @{s} {t}", f"select to_json(pg_typeof((select {call} from typed)))::text;"]
    found = places(server.psql("\n".join(script)))
    unknown = []
    for s, signature in enumerate(signatures):
        fits = [casts for t, casts in enumerate(tries[s]) if is_value(found.get((s, t), ""))]
        if fits:
            signature.their_casts = fits[0] if signature.kinds is not None else ()
        else:
            unknown.append((signature, found.get((s, 0))))
    return unknown


def their_results(server, table, asked):
    """Returns for each (expression, rows) its type and, for each of the rows, ("value", text or None) or ("error", message)."""
    columns = ", ".join(["row_number int", *(f"{n} {sql_type(POOLS[p].column)}" for n, (p, _) in table.columns.items())])
    script = ["set client_min_messages = error; drop table if exists t; drop function if exists shown(anyarray);", SHOW_LIST,
              "set statement_timeout = '60s';", f"create table t ({columns});", "copy t from stdin;"]
    script += [f"{r}\t{row}" if table.columns else str(r) for r, row in enumerate(table.rows())] + ["\\.", ""]
    for n, (expression, _) in enumerate(asked):
        script += [f"\\echo @{n}", f"select to_json(pg_typeof((select {expression} from t where false))::text);"]
    types = {n: json.loads(line) for (n,), line in places(server.psql("\n".join(script))).items() if is_value(line)}
    script = []
    for n, (expression, rows) in enumerate(asked):
        text = f"shown({expression})" if types.get(n, "").endswith("[]") else f"({expression})::text"
        for r in rows:
            script += [f"\\echo @{n} {r}", f"select coalesce(to_json({text})::text, 'null') from t where row_number = {r};"]
    found = places(server.psql("\n".join(script)))
    return [(types.get(n), [("value", json.loads(found[n, r])) if is_value(found[n, r]) else ("error", found[n, r]) for r in rows])
            for n, (_, rows) in enumerate(asked)]


def evaluated(program, lines):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        return our_results(program, file.name)


Result = collections.namedtuple("Result", "case form expression arguments ours theirs text")


def one_answer(ours, row):
    """Returns the answer that `differences` takes: the answer for one row alone."""
    return ours if "problem" in ours else {"type": ours["type"], "values": [ours["values"][row]]}


def result_of(case, form, expression, row, ours, kind, theirs):
    """Its text is empty where the answers are alike."""
    texts = differences(case, ours, kind, [theirs])
    return Result(case, form, expression, case.arguments[row], ours, theirs, "; ".join(t.removeprefix("row 0: ") for t in texts))


def run_batch(server, program, seed, signatures):
    source = random.Random(seed)
    table = Table(source)
    cases = [draw_case(source, table, s) for s in signatures]
    by_columns = evaluated(program, [*table.of_ours(), *(f"row {r}" for r in table.rows()), *(c.ours for c in cases)])
    alone = ["column a boolean", "row t"]
    constants = evaluated(program, [*alone, *(text for c in cases for text in c.constants)])
    literals = evaluated(program, [*alone, *(text for c in cases for text in c.literals)])
    asked = [(c.theirs, range(ROWS)) for c in cases] + [(text, [0]) for c in cases for text in c.literals]
    theirs = their_results(server, table, asked)
    for c, case in enumerate(cases):
        kind, values = theirs[c]
        for r in range(ROWS):
            n = c * ROWS + r
            yield result_of(case, "columns", case.ours, r, one_answer(by_columns[c], r), kind, values[r])
            yield result_of(case, "constants", case.constants[r], r, constants[n], kind, values[r])
            literal_kind, literal_values = theirs[len(cases) + n]
            yield result_of(case, "literals", case.literals[r], r, literals[n], literal_kind, literal_values[0])


def run_aggregates(server, program, seed, signatures):
    """Asks over one table; PostgreSQL has it as t."""
    source = random.Random(seed)
    table = Table(source)
    cases = [draw_aggregate(source, table, s) for s in signatures]
    ours = evaluated(program, [*table.of_ours(), *(f"row {r}" for r in table.rows()), *(c.ours for c in cases)])
    their_results(server, table, [])
    types = places(server.psql("\n".join(line for n, c in enumerate(cases) for line in their_script(n, c, None))))
    types = {n: json.loads(line) for (n,), line in types.items() if is_value(line)}
    values = places(server.psql("\n".join(line for n, c in enumerate(cases) for line in their_script(n, c, types.get(n, "")))))
    for n, case in enumerate(cases):
        theirs = ("value", json.loads(values[n,])) if is_value(values[n,]) else ("error", values[n,])
        texts = differences(case, ours[n], types.get(n), [theirs])
        yield Result(case, "aggregate", case.ours, case.values, ours[n], theirs, "; ".join(texts))


def title(signature):
    return f"{signature.name}({', '.join(signature.kinds or ['...'])})"


def report(different, examples):
    for name, found in sorted(different.items()):
        print(f"DIFFERENT {name}: {len(found)}")
        for seed, result in found[:examples]:
            print(f"    {result.expression}" + (f" of {result.arguments}" if result.form in ("columns", "aggregate") else "") + f" (seed {seed})")
            print(f"        {result.text}")


def write_golden(agreed, seed):
    """A thousand lines: what came out, a tab, and the expression."""
    chosen = random.Random(seed).sample(sorted(agreed), 1000)
    DRAWN.write_text("".join(f"{agreed[e]}\t{e}\n" for e in sorted(chosen)), encoding="utf-8")


def main():
    options = options_of(__doc__, **COUNTED, write_golden={"action": "store_true"},
                         only={"help": "a regular expression: these functions and operators alone"},
                         examples={"type": int, "default": 3, "help": "how many differences of a function are printed"})
    if missing := missing_rows():
        sys.exit(f"docs/functions.md has no such difference from PostgreSQL: {', '.join(missing)}")
    signatures = [s for s in read_signatures(options.cases_program) if not options.only or re.search(options.only, s.name)]
    aggregates = [a for a in read_aggregates(options.cases_program) if not options.only or re.search(options.only, a.name)]
    different, listed, count, failed, agreed = collections.defaultdict(list), collections.Counter(), 0, 0, {}
    with Postgres() as server:
        for signature, message in resolve(server, signatures):
            if title(signature) in NOT_THERE:
                listed[NOT_THERE[title(signature)]] += 1
                continue
            different[signature.name].append((0, Result(None, "", title(signature), [], None, None, f"PostgreSQL has none: {message}")))
        signatures = [s for s in signatures if s.their_casts is not None]
        seed = options.seed
        while count < options.count:
            for result in itertools.chain(run_batch(server, options.cases_program, seed, signatures),
                                          run_aggregates(server, options.cases_program, seed, aggregates)):
                count += 1
                failed += result.theirs[0] == "error"
                reason = known(result) if result.text else ""
                if reason:
                    listed[reason] += 1
                elif result.text:
                    different[title(result.case.signature)].append((seed, result))
                elif result.form in ("constants", "literals") and len(result.expression) < 200:
                    agreed[result.expression] = drawn_answer(result.ours)
            seed += 1
    report(different, options.examples)
    for reason, n in sorted(listed.items()):
        print(f"known: {reason}: {n}")
    wrong = sum(map(len, different.values()))
    alike = count - wrong - sum(listed.values())
    print(f"{count} comparisons of {len(signatures) + len(aggregates)} signatures: {alike} alike, {sum(listed.values())} known, {wrong} different; "
          f"PostgreSQL fails in {failed}")
    if options.write_golden:
        write_golden(agreed, options.seed)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
