"""JSON values with any white space and line breaks between and within them are a record each, over kills, wherever chunks end, plain, gzip
and followed; Python's raw_decode is the oracle. A text that is not a value costs itself alone"""
import gzip
import json
import random

from golden.millrace import check_ledger, same

BLANKS = ["", " ", "\n", "\r\n", "\t", "\n\n  "]
TEXTS = ["", "a", "{", "}", "]", "[", '"', "\\", "\\\"", "\n{", ",", "ä", "\t"]


def blank(rng):
    return "".join(rng.choice(BLANKS) for _ in range(rng.choice([0, 0, 1, 3])))


def inner(rng, depth):
    kind = rng.randrange(4 if depth > 0 else 2)
    if kind == 0:
        return rng.choice([None, True, False, 0, -7, 12])
    if kind == 1:
        return "".join(rng.choice(TEXTS) for _ in range(rng.randrange(5)))
    if kind == 2:
        return [inner(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {f"k{i}": inner(rng, depth - 1) for i in range(rng.randrange(4))}


def written(rng, value):
    """The value with white space wherever JSON takes it."""
    def spaced(token):
        return blank(rng) + token + blank(rng)
    if isinstance(value, dict):
        members = ",".join(spaced(json.dumps(k)) + ":" + spaced(written(rng, v)) for k, v in value.items())
        return "{" + (members or blank(rng)) + "}"
    if isinstance(value, list):
        return "[" + (",".join(spaced(written(rng, v)) for v in value) or blank(rng)) + "]"
    return json.dumps(value, ensure_ascii=rng.random() < 0.5)


def decoded(text):
    out = []
    at = 0
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))
        if at == len(text):
            return out
        value, at = json.JSONDecoder().raw_decode(text, at)
        out.append(value)


def run(place):
    rng = random.Random(place.random.random())
    for way in ("killed", "gzip", "followed"):
        a = place.attempt(way)
        rows = [{"n": i, "a": "x" + str(inner(rng, 0)), "b": {"v": inner(rng, 3)}} for i in range(2000)]
        content = "".join(blank(rng) + written(rng, row) for row in rows) + rng.choice(["", "\n"])
        same(decoded(content), rows)
        pack = gzip.compress if way == "gzip" else bytes
        (a.root / "input.json").write_bytes(pack(content.encode()))
        if way == "followed":
            args = ["--set", "stages.values.follow=true"]
            a.run_until(lambda a=a: a.lines_so_far("out.jsonl") >= 100, args)
            a.run_until(lambda a=a: a.lines_so_far("out.jsonl") == 2000, args)
        else:
            a.run_killed(["--set", "stages.values.rate=4000/s"])
        same([json.loads(line) for line in a.lines("out.jsonl")], rows)
        same(a.dead_letters(), [])

    a = place.attempt("no_values")
    bad = ['{"n": tru}', '{"n" 3}', '{"n": [4}\n  {"n": 99}', '{"n": 5', '{"n": "6}', "nonsense {\"n\": 99}", "[\n{\"n\": 99}\n]", "8"]
    good = [{"n": 100 + i, "a": None, "b": None} for i in range(len(bad))]
    (a.root / "input.json").write_text("".join(f"{b}\n{json.dumps(g)}\n" for b, g in zip(bad, good)))
    a.run()
    same([json.loads(line) for line in a.lines("out.jsonl")], good)
    same([d["record"] for d in a.dead_letters()], bad)
    check_ledger(a.name, a.report())

    a = place.attempt("too_long")
    value = json.dumps({"n": 1, "a": "x" * (1 << 20)})
    (a.root / "input.json").write_text(f'{{"n": 0}}\n{value}\n{{"n": 2}}{{"n": 3}}')
    a.run()
    same([json.loads(line)["n"] for line in a.lines("out.jsonl")], [0, 2, 3])
    same(["too long" in d["error"] or "longer" in d["error"] for d in a.dead_letters()], [True])
