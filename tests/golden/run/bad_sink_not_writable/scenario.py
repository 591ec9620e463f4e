"""A sink file that cannot be written: one message with the path; the other sink's rows are not doubled afterwards"""
from golden.millrace import Wrong, check_ledger, same

def numbers(*range_):
    return "".join('{"i":%d}\n' % i for i in range(*range_))


def check(a, n):
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(a.table("rows"), [[("i", i)] for i in range(n)])
    check_ledger(a.name, a.report())



def run(place):
    a = place.attempt("folder")
    (a.root / "input.jsonl").write_text(numbers(50))
    (a.out / "out.jsonl").mkdir()
    a.run(exit=1, says=["out", "out.jsonl"])
    (a.out / "out.jsonl").rmdir()
    a.run()
    check(a, 50)
