#!/usr/bin/env -S python3 -B
"""Draws expressions and rows from a seed (grammar.py) and compares millrace with a real PostgreSQL 15, row by row:
results, types, and whether a row fails. Each difference is printed with its seed, the expression, the row and both
results; the last line counts. Exit status 1 where something differs, 77 where there is no PostgreSQL.

    tests/e2e/expressions/generated.py --cases-program build/release/tests/e2e/expressions/expression_cases \\
        --count 100000
"""

import sys
import tempfile

from against_postgres import COLUMN_TYPES, COUNTED, Case, Postgres, differences, options_of, our_results, postgres_results
from grammar import COLUMNS, Grammar

ROWS = 8
BATCH = 1000  # expressions over one table
NOT_OFFERED = "a comparison of rows by in (...) or < cannot stand within a row"  # docs/functions.md; the grammar nests them at times


def sql_type(kind):
    return COLUMN_TYPES.get(kind, kind)


def run_batch(server, program, seed, count):
    grammar = Grammar(seed)
    rows = grammar.rows(ROWS)
    cases = [Case(grammar.expression()) for _ in range(count)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(f"column {name} {kind}\n" for name, kind in COLUMNS))
        file.write("".join(f"row {row}\n" for row in rows))
        file.write("".join(f"{case.ours}\n" for case in cases))
        file.flush()
        ours = our_results(program, file.name)
    types, values = postgres_results(server, [(n, sql_type(k)) for n, k in COLUMNS], rows, cases)
    different = 0
    for c, case in enumerate(cases):
        if ours[c].get("problem", "").startswith(NOT_OFFERED):
            continue
        found = differences(case, ours[c], types.get(c), [values[c, r] for r in range(ROWS)])
        if c not in types:
            found = [f"PostgreSQL refuses it: {values[c, 0][1]}"]
        if found:
            different += 1
            print(f"DIFFERENT seed {seed}: {case.ours}")
            for line in found[:3]:
                print(f"    {line}")
                if line.startswith("row "):
                    print(f"        in {rows[int(line.split(':')[0][4:])]!r}")
    return different


def main():
    options = options_of(__doc__, **COUNTED)
    different = 0
    with Postgres() as server:
        for batch in range((options.count + BATCH - 1) // BATCH):
            count = min(BATCH, options.count - batch * BATCH)
            different += run_batch(server, options.cases_program, options.seed + batch, count)
    print(f"{options.count - different} alike, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
