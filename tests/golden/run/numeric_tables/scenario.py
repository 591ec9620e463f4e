"""Numerics in tables of SQLite: texts with every digit, one key at any scale, whole numbers where they are whole"""
from golden.millrace import check_ledger, same

TINY = "0." + "0" * 37 + "1"
LARGE = "9" * 38
NUMBERS = [("1.50", "12345678901234567890123456789.123456789"), ("1.5", "-0.000000001"), (TINY, "0.000000000"), (LARGE, None),
           (None, "1.500000000"), ("1.500", "9007199254740993.000000001"), (None, None), ("12.00", "-" + "9" * 29 + "." + "9" * 9)]


def run(place):
    a = place.attempt("straight")
    text = lambda digits: "null" if digits is None else digits
    (a.root / "input.jsonl").write_text("".join(f'{{"id": {i}, "n": {text(n)}, "m": {text(m)}}}\n' for i, (n, m) in enumerate(NUMBERS)))
    a.execute("create table whole (n integer, id integer)")
    a.run()
    same(a.table("rows"), [[("id", i), ("n", n), ("m", m)] for i, (n, m) in enumerate(NUMBERS)])
    # 1.50, 1.5 and 1.500 are one key, and so are nulls.
    same(sorted(a.table("newest"), key=repr), sorted(([("n", n), ("id", i)] for n, i in (("1.5", 5), (TINY, 2), (LARGE, 3), (None, 6), ("12", 7))), key=repr))
    same(sorted(a.table("whole"), key=repr), sorted(([("n", n), ("id", i)] for n, i in ((None, 4), (None, 6), (12, 7))), key=repr))
    changes = lambda n: f'column n: its type INTEGER would change "{n}"; expected a whole number'
    same(sorted((d["record"], d["error"]) for d in a.dead_letters()),
         sorted([(f'{{"n":{n},"id":{i}}}', changes(n)) for n, i in (("1.50", 0), ("1.5", 1), (TINY, 2), ("1.500", 5))] +
                [(f'{{"n":{LARGE},"id":3}}', f"column n: {LARGE} is beyond the whole numbers of SQLite, which have 64 bits")]))
    check_ledger(a.name, a.report())
    same(a.report()["stages"]["whole"], {"in": 8, "out": 3, "filtered": 0, "late": 0, "dead_letters": 5})
    # Only an exact column takes them.
    b = place.attempt("double")
    (b.root / "input.jsonl").write_text('{"id": 1, "n": 1.5, "m": 1}\n')
    b.execute("create table whole (n real, id integer)")
    b.run(exit=1, says=["whole", '"n" is REAL, which does not hold every numeric unchanged (needs text)'])
