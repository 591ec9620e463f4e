"""Files of any delimiter, quote, encoding and line end, plain and gzip, with lines in front of the records, with a header line (once more where files
were joined) and without, over kills; iconv and Python's csv module are the oracle. Some ways stand here, as many more as kills are drawn"""
import collections
import csv
import gzip
import io
import json
import random
import subprocess

from golden.millrace import same

Dialect = collections.namedtuple("Dialect", "delimiter quote encoding line_end header skip packed")
WAYS = [
    Dialect(",", '"', "windows-1252", "\r\n", True, 3, False),
    Dialect(";", "'", "utf-16le", "\n", True, 3, True),
    Dialect("\t", "|", "utf-8", "\n", False, 0, False),
    Dialect("|", "none", "utf-16be", "\r\n", False, 3, False),
    Dialect("\t", "none", "windows-1252", "\n", True, 0, True),
    Dialect("a", "b", "utf-8-sig", "\r\n", True, 0, False),
]
PIECES = ["", "a", "b c", '"', "'", ",", ";", "\t", "|", "ä", "0", "''", '""', "\n", "\r\n", "\n\n", "€", "“ž”", "\xa0ÿ"]
OF_UNICODE = ["😀", "漢", "\u2028", "ǅ\u0301", "x\ufeff"]
PREAMBLE = ['made by "somebödy', "", "2026-01-01;'"]
HEADER = ["n", "t", "u"]


def drawn(rng):
    delimiter, quote = rng.sample([",", ";", "\t", "|", ":", "a", '"', "'", "x"], 2)
    return Dialect(delimiter if delimiter != '"' else "^", rng.choice([quote, quote, '"', "none"]),
                   rng.choice(["utf-8", "utf-8-sig", "windows-1252", "utf-16le", "utf-16be"]), rng.choice(["\n", "\r\n"]), rng.random() < 0.5,
                   rng.choice([0, len(PREAMBLE)]), rng.random() < 0.3)


def rows_of(rng, count, how):
    pieces = PIECES if how.encoding == "windows-1252" else PIECES + OF_UNICODE
    taken = {how.delimiter, "\n", "\r"} if how.quote == "none" else set()
    texts = ("z" + "".join(c for _ in range(rng.randrange(5)) for c in rng.choice(pieces) if c not in taken) for _ in range(2 * count))
    return [[str(i), next(texts), next(texts)] for i in range(count)]


def written(rng, rows, how):
    """The bytes of a file; one with a header was joined of two, each with its own."""
    out = io.StringIO()
    quoted = {"quoting": csv.QUOTE_NONE, "quotechar": None} if how.quote == "none" else {"quoting": csv.QUOTE_ALL, "quotechar": how.quote}
    at = rng.randrange(1, len(rows)) if how.header else len(rows)
    for part in (rows[:at], rows[at:]):
        csv.writer(out, delimiter=how.delimiter, lineterminator=how.line_end, **quoted).writerows([HEADER] * how.header + part)
    text = "".join(line + how.line_end for line in PREAMBLE[:how.skip]) + out.getvalue()
    return ("\ufeff" * how.encoding.startswith("utf-16") + text).encode(how.encoding)


def understood(content, how):
    """The rows as iconv and Python's csv module read them."""
    of_file = "utf-16" if how.encoding.startswith("utf-16") else "utf-8" if how.encoding.startswith("utf-8") else how.encoding
    text = subprocess.run(["iconv", "-f", of_file, "-t", "utf-8"], input=content, capture_output=True, check=True).stdout.decode("utf-8-sig")
    lines = io.StringIO(text, newline="")
    for _ in range(how.skip):
        lines.readline()
    quoted = {"quoting": csv.QUOTE_NONE} if how.quote == "none" else {"quotechar": how.quote}
    rows = list(csv.reader(lines, delimiter=how.delimiter, **quoted))
    return of_file, [row for row in rows if not (how.header and row == HEADER)]


def run(place):
    rng = random.Random(place.random.random())
    for number, how in enumerate([*WAYS, *(drawn(rng) for _ in range(place.kills))]):
        a = place.attempt(f"dialect_{number}")
        rows = rows_of(rng, 2000, how)
        content = written(rng, rows, how)
        encoding, read = understood(content, how)
        same(read, rows)
        (a.root / "input.csv").write_bytes(gzip.compress(content) if how.packed else content)
        options = [f"delimiter={how.delimiter}", f"quote={how.quote}", f"skip={how.skip}", f"header={str(how.header).lower()}", f"encoding={encoding}"]
        try:
            a.run_killed(["--set", f"stages.lines.rate={12000 // place.kills}/s", *(x for o in options for x in ("--set", f"stages.parsed.{o}"))])
            same([list(map(str, json.loads(line).values())) for line in a.lines("out.jsonl")], rows)
            same(a.dead_letters(), [])
        except Exception:
            print(how)
            raise
