"""A missing table without create is said so; made by hand, the same command loses nothing"""
from golden.millrace import Wrong, check_ledger, same

def numbers(*range_):
    return "".join('{"i":%d}\n' % i for i in range(*range_))


def check(a, n):
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(a.table("rows"), [[("i", i)] for i in range(n)])
    check_ledger(a.name, a.report())



def run(place):
    a = place.attempt("missing")
    (a.root / "input.jsonl").write_text(numbers(50))
    a.execute("create table unrelated (x integer)")
    a.run(exit=1, says=["table", "rows", "create"])
    a.execute("create table rows (i integer)")
    a.run()
    check(a, 50)
