"""With on_error fail the first record that is no row ends the run, with its place; nothing before it is lost or doubled"""
from golden.millrace import Wrong, check_ledger, same

def numbers(*range_):
    return "".join('{"i":%d}\n' % i for i in range(*range_))


def check(a, n):
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(a.table("rows"), [[("i", i)] for i in range(n)])
    check_ledger(a.name, a.report())



def run(place):
    a = place.attempt("fail")
    text = numbers(20) + 'broken\n' + '{"i":20}\n'
    (a.root / "input.jsonl").write_text(text)
    for _ in range(2):
        a.run(exit=1, says=["parsed", str(len(numbers(20)))])
        before = a.lines("out.jsonl")
        same(before, numbers(20).splitlines()[:len(before)])
    a.run(["--set", "stages.parsed.on_error=dead_letter"])
    check(a, 21)
    same([d["record"] for d in a.dead_letters()], ["broken"])
