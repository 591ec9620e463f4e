"""Line breaks within quotes are part of their field, over kills and wherever chunks end; Python's csv module is the oracle. A quote that
nobody closes costs its own line"""
import csv
import io
import json
import random

from golden.millrace import check_ledger, same

PIECES = ["", "a", "b c", '"', '""', ",", "\n", "\n\n", "\r\n", ";", "ä", "x\ny", '"\n"', "0"]


def text(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.choice([0, 1, 2, 3, 8])))


def rows_of(rng, count):
    return [[str(i), text(rng), text(rng)] for i in range(count)]


def written(rows, line_end):
    out = io.StringIO()
    csv.writer(out, lineterminator=line_end, quoting=csv.QUOTE_NOTNULL if hasattr(csv, "QUOTE_NOTNULL") else csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


def run(place):
    rng = random.Random(place.random.random())
    for line_end in ("\n", "\r\n"):
        name = "lf" if line_end == "\n" else "crlf"
        for way in ("killed", "followed"):
            a = place.attempt(f"{name}_{way}")
            rows = rows_of(rng, 3000)
            content = written(rows, line_end)
            same([r for r in csv.reader(io.StringIO(content, newline=""))], rows)
            (a.root / "input.csv").write_text(content, newline="")
            if way == "killed":
                a.run_killed(["--set", "stages.lines.rate=5000/s"])
            else:
                args = ["--set", "stages.lines.follow=true"]
                a.run_until(lambda a=a: a.lines_so_far("out.jsonl") >= 100, args)
                a.run_until(lambda a=a: a.lines_so_far("out.jsonl") == 3000, args)
            same([list(map(str, json.loads(line).values())) for line in a.lines("out.jsonl")], rows)
            same(a.dead_letters(), [])

    a = place.attempt("never_closed")
    lines = ['1,"a', 'b",c', '2,"open,d', "3,e,f", '4,"g""', 'h","i"', '5,j,k"', "6,l,m"]
    (a.root / "input.csv").write_text("\n".join(lines) + "\n")
    a.run()
    same([list(json.loads(line).values()) for line in a.lines("out.jsonl")],
         [[1, "a\nb", "c"], [3, "e", "f"], [4, 'g"\nh', "i"], [5, "j", 'k"'], [6, "l", "m"]])
    same([d["record"] for d in a.dead_letters()], ['2,"open,d'])
    same("is not closed" in a.dead_letters()[0]["error"], True)
    check_ledger(a.name, a.report())
