"""A lost state folder: sinks refuse another state's progress; with --adopt they go on from it and double nothing"""
import shutil

from golden.millrace import Wrong, same
from golden.numbered import expected, records


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
    same(a.lines("out.jsonl"), expected(900))
    same(len(a.lines("raw.jsonl")), 900)
    same(sorted(row[0][1] for row in a.table("counts")), [100] * 9)
    a.run(["--adopt"], says="has ended")
    same(a.lines("out.jsonl"), expected(900))
