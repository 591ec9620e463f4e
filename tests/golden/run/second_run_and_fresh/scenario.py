"""A finished topology says so; --fresh replaces files, and says that tables keep their rows"""
from golden.millrace import check_ledger, same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("fresh")
    (a.root / "input.jsonl").write_text(records(600))
    a.run()
    a.run(says="has come to its end")
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 6)
    a.run(["--fresh"], says=["--fresh begins a new state; table: rows that are there stay, and rows that are computed again stand there twice; "
                           "out: the file is emptied"])
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 12)
    a.run(says="has come to its end")
    # --fresh, killed in the middle of the run (its file has begun anew), and resumed without it
    a.run_until(lambda: a.lines_so_far("out.jsonl") < 6, ["--fresh", "--set", "stages.lines.rate=400/s"])
    a.run()
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 18)
    check_ledger(a.name, a.report())
