"""A file with at_start empty is emptied when a state begins, and never by a restart, however it was killed"""
import shutil

from golden.millrace import same


def rows(first, last):
    return ['{"i":%d}' % i for i in range(first, last)]


def run(place):
    a = place.attempt("empty")
    a.out.joinpath("out.jsonl").write_text("from long ago\n")
    a.out.joinpath("kept.jsonl").write_text("from long ago\n")
    (a.root / "input.jsonl").write_text("\n".join(rows(0, 600)) + "\n")
    a.run_killed(["--set", "stages.lines.rate=599/s"])
    same(a.lines("out.jsonl"), rows(0, 600))
    same(a.lines("kept.jsonl"), ["from long ago", *rows(0, 600)])
    a.run(says="has ended")
    same(a.lines("out.jsonl"), rows(0, 600))
    shutil.rmtree(a.state)
    (a.root / "input.jsonl").write_text("\n".join(rows(600, 900)) + "\n")
    a.run(["--set", "stages.kept.path=${OUT}/more.jsonl"])
    same(a.lines("out.jsonl"), rows(600, 900))
    same(a.lines("more.jsonl"), rows(600, 900))
    whole = sorted(p.name for p in a.out.glob("whole-*.jsonl"))
    same([line for name in whole for line in a.lines(name)], rows(600, 900))
