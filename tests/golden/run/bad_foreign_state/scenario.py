"""A state folder of another topology is refused, and stays whole"""
from golden.millrace import check_numbers, numbers, same


def run(place):
    a = place.attempt("first")
    (a.root / "input.jsonl").write_text(numbers(400))
    a.run_until(lambda: a.lines_so_far("out.jsonl") > 0, ["--set", "stages.lines.rate=200/s"])
    before = a.lines("out.jsonl")
    other = a.root / "other.json"
    other.write_text((place.folder / "topology.json").read_text().replace('"bad_foreign_state"', '"another"'))
    a.run(topology=other, exit=2, says=["bad_foreign_state", "another", "--state"])
    same(a.lines("out.jsonl"), before)
    a.run()
    check_numbers(a, 400)
    (a.root / "odd").mkdir()
    (a.root / "odd" / "letter.txt").write_text("mine")
    a.state = a.root / "input.jsonl"
    a.run(exit=2, says="input.jsonl")
