"""A second process on a state folder is refused; the first one does not notice"""
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



import time


def run(place):
    a = place.attempt("locked")
    (a.root / "input.jsonl").write_text(records(900))
    first = a.start(["--set", "stages.lines.rate=450/s"])
    time.sleep(0.8)
    a.run(exit=2, says=[str(a.state)])
    a.run(["--fresh"], exit=2, says=[str(a.state)])
    same(a.end(first).status, 0)
    same(a.lines("out.jsonl"), expected(900))
