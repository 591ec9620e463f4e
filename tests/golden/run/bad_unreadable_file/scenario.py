"""A file that this user may not read is said so, with the remedy; nothing has begun"""
import os

from golden.millrace import check_numbers, numbers


def run(place):
    a = place.attempt("unreadable")
    (a.root / "input.jsonl").write_text(numbers(5))
    (a.root / "input.jsonl").chmod(0)
    if os.geteuid() == 0:  # root reads everything: one who is not root is needed
        a.give_to(65534)
    a.run(exit=2, says=["input.jsonl", "Permission denied", "right to read"])
    (a.root / "input.jsonl").chmod(0o644)
    a.run()
    check_numbers(a, 5)
