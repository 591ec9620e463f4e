"""A finished topology says so; --fresh replaces files, and says that tables keep their rows"""
from golden.millrace import Wrong, check_ledger, same

def records(n):
    return "".join('{"u":"u%d","t":"2021-04-24T10:%02d:%02dZ"}\n' % (i % 3, i // 60, i % 60) for i in range(n))


def expected(n):
    rows = []
    for w in range((n + 299) // 300):
        for u in range(3):
            count = sum(i % 3 == u for i in range(w * 300, min(n, w * 300 + 300)))
            rows.append('{"u":"u%d","n":%d,"window_start":"2021-04-24T10:%02d:00Z","window_end":"2021-04-24T10:%02d:00Z"}' % (u, count, w * 5, w * 5 + 5))
    return rows



def run(place):
    a = place.attempt("fresh")
    (a.root / "input.jsonl").write_text(records(600))
    a.run()
    a.run(says="has come to its end")
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 6)
    a.run(["--fresh"], says=["--fresh", "stand there twice"])
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 12)
    a.run(says="has come to its end")
    # --fresh in the middle of a run, then killed and resumed without it
    a.run_for(0.5, ["--fresh", "--set", "stages.lines.rate=400/s"])
    a.run()
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 18)
    check_ledger(a.name, a.report())
