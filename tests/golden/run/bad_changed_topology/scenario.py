"""A state of other keys, window sizes or shards is refused with the first difference; the old topology goes on"""
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
    a = place.attempt("changed")
    (a.root / "input.jsonl").write_text(records(900))
    a.run_for(0.8, ["--set", "stages.lines.rate=450/s"])
    for change, says in [("stages.counts.size=10 minutes", "counts"), ("stages.counts.shards=3", "counts"), ('stages.counts.key=["t"]', "counts")]:
        if change.startswith("stages.counts.key"):
            a.run(["--set", change, "--set", "stages.out.order_by=t"], exit=2, says=[says, "--fresh", "--state"])
        else:
            a.run(["--set", change], exit=2, says=[says, "--fresh", "--state"])
    a.run()
    same(a.lines("out.jsonl"), expected(900))
