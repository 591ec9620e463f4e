"""A missing table without create is said so; made by hand, the same command loses nothing"""
from golden.millrace import check_numbers, numbers, same


def run(place):
    a = place.attempt("missing")
    (a.root / "input.jsonl").write_text(numbers(50))
    a.execute("create table unrelated (x integer)")
    a.run(exit=1, says=["table", "rows", "create"])
    a.execute("create table rows (i integer)")
    a.run()
    check_numbers(a, 50)
