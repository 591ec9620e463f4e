"""A state of other keys, window sizes or shards is refused with the first difference; the old topology goes on"""
from golden.millrace import same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("changed")
    (a.root / "input.jsonl").write_text(records(900))
    a.run_until(lambda: a.lines_so_far("out.jsonl") > 0, ["--set", "stages.lines.rate=450/s"])
    for change, says in [("stages.counts.size=10 minutes", "counts"), ("stages.counts.shards=3", "counts"), ('stages.counts.key=["t"]', "counts")]:
        if change.startswith("stages.counts.key"):
            a.run(["--set", change, "--set", "stages.out.order_by=t"], exit=2, says=[says, "--fresh", "--state"])
        else:
            a.run(["--set", change], exit=2, says=[says, "--fresh", "--state"])
    a.run()
    same(a.lines("out.jsonl"), expected(900))
