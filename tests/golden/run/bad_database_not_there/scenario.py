"""A database file whose folder is missing is said so without hanging; nothing is lost"""
from golden.millrace import numbers, same


def run(place):
    a = place.attempt("folder")
    (a.root / "input.jsonl").write_text(numbers(50))
    (a.out / "deep").write_text("a file, not a folder")
    a.run(exit=1, says=["deep"])
    (a.out / "deep").unlink()
    (a.out / "deep").mkdir()
    a.run()
    same(a.lines("out.jsonl"), numbers(50).splitlines())
    same(a.table("rows", "deep/out.sqlite"), [[("i", i)] for i in range(50)])
