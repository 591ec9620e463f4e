"""A lost state folder: sinks refuse another state's progress; with --adopt they go on from it and double nothing"""
import shutil

from golden.millrace import Wrong, same


def records(n):
    return "".join('{"u":"u%d","t":"2021-04-24T10:%02d:%02dZ"}\n' % (i % 3, i // 60, i % 60) for i in range(n))


def counts(n):
    return [
        '{"u":"u%d","n":%d,"window_start":"2021-04-24T10:%02d:00Z","window_end":"2021-04-24T10:%02d:00Z"}'
        % (u, sum(i % 3 == u for i in range(w * 300, min(n, w * 300 + 300))), w * 5, w * 5 + 5)
        for w in range((n + 299) // 300)
        for u in range(3)
    ]


def run(place):
    a = place.attempt("adopt")
    (a.root / "input.jsonl").write_text(records(900))
    a.run_until(lambda: a.lines_so_far("out.jsonl") >= 3, ["--set", "stages.lines.rate=450/s"])
    before = a.lines("out.jsonl")
    if not 3 <= len(before) < 9:
        raise Wrong(f"the case needs a run that was ended in the middle, {len(before)} rows are there")
    shutil.rmtree(a.state)
    a.run(exit=1, says=["another state", "--adopt"])
    shutil.rmtree(a.state)
    a.run(["--adopt"])
    same(a.lines("out.jsonl"), counts(900))
    same(len(a.lines("raw.jsonl")), 900)
    same(sorted(row[0][1] for row in a.table("counts")), [100] * 9)
    a.run(["--adopt"], says="has come to its end")
    same(a.lines("out.jsonl"), counts(900))
