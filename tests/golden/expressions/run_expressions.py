#!/usr/bin/env python3
"""Every expression of tests/e2e/expressions/cases.txt gives what it gave when PostgreSQL last agreed: for where no server is.

    run_expressions.py EXPRESSION_CASES            compares with expected.txt: a checksum of the values a line, and the expression
    run_expressions.py EXPRESSION_CASES --update   writes it anew; tests/e2e/expressions/against_postgres.py must pass beside it
"""
import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = HERE.parent.parent / "e2e/expressions/cases.txt"


def expressions():
    for line in CASES.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith(("-- ", "column ", "row ")):
            yield line.split(" ||| ")[0]


def main():
    program = sys.argv[1]
    lines = subprocess.run([program, str(CASES)], capture_output=True, check=True).stdout.decode("utf-8").split("\n")[:-1]
    texts = list(expressions())
    if len(lines) != len(texts):
        sys.exit(f"{len(lines)} results for {len(texts)} expressions of {CASES}")
    # The number of a case is no part of its result.
    results = [line.split(", ", 1)[1] for line in lines]
    now = [f"{hashlib.sha256(r.encode()).hexdigest()[:16]} {t}" for r, t in zip(results, texts)]
    if "--update" in sys.argv[2:]:
        (HERE / "expected.txt").write_text("\n".join(now) + "\n", encoding="utf-8")
        return
    expected = (HERE / "expected.txt").read_text(encoding="utf-8").split("\n")[:-1]
    known = set(expected)
    wrong = [(n, r) for n, r in zip(now, results) if n not in known]
    for n, r in wrong:
        print(f"another result than expected.txt has: {n.split(' ', 1)[1]}\n  now {r[:1000]}")
    if len(now) != len(expected) and not wrong:
        print(f"{len(now)} expressions, {len(expected)} in expected.txt")
    if now != expected:
        sys.exit("remedy: mend it, or compare with PostgreSQL (tests/e2e/expressions/against_postgres.py) and use --update")
    print(f"{len(now)} expressions as expected")


if __name__ == "__main__":
    main()
