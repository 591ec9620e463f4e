"""A console whose reader has gone fails the run with the sink's name; the other sink goes on with the next start"""
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



import os
import subprocess


def run(place):
    a = place.attempt("pipe")
    (a.root / "input.jsonl").write_text(records(600))
    reads, writes = os.pipe()
    os.close(reads)
    ended = subprocess.run(a.command(), stdout=writes, stderr=subprocess.PIPE, env=a.environment(), timeout=60, text=True)
    os.close(writes)
    same(ended.returncode, 1)
    if "screen" not in ended.stderr:
        raise Wrong(ended.stderr)
    a.run()
    same(a.lines("out.jsonl"), expected(600))
