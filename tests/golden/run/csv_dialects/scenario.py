"""Files of any delimiter and quote, with lines in front of the header and the header once more wherever files were joined, over kills; Python's csv
module is the oracle"""
import csv
import io
import json
import random

from golden.millrace import same

PIECES = ["", "a", "b c", '"', "'", ",", ";", "\t", "|", "ä", "0", "''", '""']
PREAMBLE = ['made by "somebody', "", "2026-01-01;'"]


def rows_of(rng, count, breaks):
    pieces = [*PIECES, "\n"] if breaks else PIECES
    return [[str(i), *("x" + "".join(rng.choice(pieces) for _ in range(rng.randrange(5))) for _ in range(2))] for i in range(count)]


def written(rows, delimiter, quote):
    """A file of two that were joined: each begins with the header."""
    out = io.StringIO()
    how = {"quoting": csv.QUOTE_NONE, "quotechar": None} if quote == "none" else {"quoting": csv.QUOTE_MINIMAL, "quotechar": quote}
    for part in (rows[:len(rows) // 2], rows[len(rows) // 2:]):
        csv.writer(out, delimiter=delimiter, lineterminator="\n", **how).writerows([["n", "a", "b"], *part])
    return out.getvalue()


def run(place):
    rng = random.Random(place.random.random())
    for number, (delimiter, quote) in enumerate(((",", '"'), (";", "'"), ("\t", "|"), ("|", "none"), ("\t", "none"))):
        a = place.attempt(f"dialect_{number}")
        rows = rows_of(rng, 2000, quote != "none")
        if quote == "none":
            rows = [[field.replace(delimiter, "") for field in row] for row in rows]
        (a.root / "input.csv").write_text("\n".join([*PREAMBLE, written(rows, delimiter, quote)]), newline="")
        options = [f"delimiter={delimiter}", f"quote={quote}", f"skip={len(PREAMBLE)}"]
        a.run_killed(["--set", "stages.lines.rate=4000/s", *(x for o in options for x in ("--set", f"stages.parsed.{o}"))])
        same([list(map(str, json.loads(line).values())) for line in a.lines("out.jsonl")], rows)
        same(a.dead_letters(), [])
