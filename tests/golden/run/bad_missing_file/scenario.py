"""A missing file is found before anything begins; once it is there the same command runs"""
from golden.millrace import check_numbers, numbers, same


def run(place):
    a = place.attempt("missing")
    ended = a.run(exit=2, says=["lines", "input.jsonl"])
    said = [line for line in ended.stderr.strip().splitlines() if " info " not in line]  # one says what starts
    same(len(said), 1)
    (a.root / "input.jsonl").write_text(numbers(5))
    a.run()
    check_numbers(a, 5)
    a = place.attempt("folder")
    (a.root / "input.jsonl").mkdir()
    a.run(exit=2, says="input.jsonl")
    a = place.attempt("glob")
    a.run(["--set", "stages.lines.path=" + str(a.root) + "/no-*.jsonl"], exit=2, says="no-*.jsonl")
