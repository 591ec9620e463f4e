"""A sink file that cannot be written: one message with the path; the other sink's rows are not doubled afterwards"""
from golden.millrace import check_numbers, numbers


def run(place):
    a = place.attempt("folder")
    (a.root / "input.jsonl").write_text(numbers(50))
    (a.out / "out.jsonl").mkdir()
    a.run(exit=1, says=["out", "out.jsonl"])
    (a.out / "out.jsonl").rmdir()
    a.run()
    check_numbers(a, 50)
