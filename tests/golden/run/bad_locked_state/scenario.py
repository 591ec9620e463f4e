"""A second process on a state folder is refused; the first one does not notice"""
from golden.millrace import same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("locked")
    (a.root / "input.jsonl").write_text(records(1800))
    first = a.start(["--set", "stages.lines.rate=450/s"])
    a.wait(lambda: a.holds_state(first), first)
    a.run(exit=2, says=[str(a.state)])
    a.run(["--fresh"], exit=2, says=[str(a.state)])
    same(a.end(first).status, 0)
    same(a.lines("out.jsonl"), expected(1800))
