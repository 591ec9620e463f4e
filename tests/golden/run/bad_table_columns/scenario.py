"""A table with other columns or types is refused by name; mended, the same command loses nothing"""
from golden.millrace import check_ledger, numbers, same


def run(place):
    a = place.attempt("other")
    (a.root / "input.jsonl").write_text(numbers(50))
    a.execute("create table rows (j integer)")
    a.run(exit=1, says=["rows", "i"])
    a.execute("drop table rows")
    a.execute("create table rows (i real)")
    a.run(exit=1, says=["rows", '"i"', "REAL", "bigint"])
    a.execute("drop table rows")
    a.execute("create table rows (i integer, more text)")
    a.run()
    same(a.table("rows"), [[("i", i), ("more", None)] for i in range(50)])
    same(a.lines("out.jsonl"), numbers(50).splitlines())
    check_ledger(a.name, a.report())
