#!/usr/bin/env python3
"""Every expression of tests/e2e/expressions/cases.txt gives what it gave when PostgreSQL last agreed: for where no server is.

    run_expressions.py EXPRESSION_CASES            compares with expected.txt: a checksum of the values a line, and the expression
    run_expressions.py EXPRESSION_CASES --update   writes it anew; tests/e2e/expressions/against_postgres.py must pass beside it

Likewise a thousand calls of functions, operators and casts with arguments from the edges of their types: drawn.txt, of which
tests/e2e/expressions/catalogue.py --write-golden writes what agrees with PostgreSQL.
"""
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = HERE.parent.parent / "e2e/expressions/cases.txt"


DRAWN = HERE / "drawn.txt"


def results(program, path):
    return subprocess.run([program, str(path)], capture_output=True, check=True).stdout.decode("utf-8").split("\n")[:-1]


def drawn_answer(result):
    """The type and the value; of a call that fails the word."""
    if "problem" in result or isinstance(result["values"][0], dict):
        return "fails"
    return f"{result['type']} {json.dumps(result['values'][0], ensure_ascii=False)}"


def compare_drawn(program):
    drawn = [line.split("\t", 1) for line in DRAWN.read_text(encoding="utf-8").split("\n")[:-1]]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("column a boolean\nrow t\n" + "".join(f"{expression}\n" for _, expression in drawn))
        file.flush()
        now = [drawn_answer(json.loads(line)) for line in results(program, file.name)]
    wrong = [f"{expression}\n  {answer}, expected {expected}" for (expected, expression), answer in zip(drawn, now, strict=True)
             if answer != expected]
    if wrong:
        print("\n".join(wrong))
        sys.exit("remedy: mend it, or compare with PostgreSQL (tests/e2e/expressions/catalogue.py) and use its --write-golden")
    print(f"{len(drawn)} drawn calls as PostgreSQL has them")


def expressions():
    for line in CASES.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith(("-- ", "column ", "row ")):
            yield line.split(" ||| ")[0]


def main():
    program = sys.argv[1]
    lines = results(program, CASES)
    texts = list(expressions())
    if len(lines) != len(texts):
        sys.exit(f"{len(lines)} results for {len(texts)} expressions of {CASES}")
    # The number of a case is no part of its result.
    values = [line.split(", ", 1)[1] for line in lines]
    now = [f"{hashlib.sha256(r.encode()).hexdigest()[:16]} {t}" for r, t in zip(values, texts)]
    if "--update" in sys.argv[2:]:
        (HERE / "expected.txt").write_text("\n".join(now) + "\n", encoding="utf-8")
        return
    expected = (HERE / "expected.txt").read_text(encoding="utf-8").split("\n")[:-1]
    known = set(expected)
    wrong = [(n, r) for n, r in zip(now, values) if n not in known]
    for n, r in wrong:
        print(f"another result than expected.txt has: {n.split(' ', 1)[1]}\n  now {r[:1000]}")
    if len(now) != len(expected) and not wrong:
        print(f"{len(now)} expressions, {len(expected)} in expected.txt")
    if now != expected:
        sys.exit("remedy: mend it, or compare with PostgreSQL (tests/e2e/expressions/against_postgres.py) and use --update")
    print(f"{len(now)} expressions as expected")
    compare_drawn(program)


if __name__ == "__main__":
    main()
