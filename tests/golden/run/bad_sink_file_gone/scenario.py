"""A sink's file that was removed, cut short or belongs to another state is refused with the remedy; what lay in it before the first start stays"""
from golden.millrace import check_numbers, numbers, same


def run(place):
    for name, harm in [("removed", lambda f: f.unlink()), ("shortened", lambda f: f.write_bytes(f.read_bytes()[:5]))]:
        a = place.attempt(name)
        (a.root / "input.jsonl").write_text(numbers(400))
        a.run_until(lambda: a.lines_so_far("out.jsonl") >= 100, ["--set", "stages.lines.rate=200/s"])  # some commits
        file = a.out / "out.jsonl"
        whole = file.read_bytes()
        harm(file)
        a.run(exit=1, says=["out.jsonl", "--fresh"])
        file.write_bytes(whole)
        a.run()
        check_numbers(a, 400)
    a.state = a.root / "another"
    database = a.out / "out.sqlite"
    rows = database.read_bytes()
    database.unlink()  # or the table is the first to refuse another state, now and then
    a.run(exit=1, says=["out.jsonl", "--fresh"])
    database.write_bytes(rows)
    check_rows(a, 400)

    a = place.attempt("before")
    (a.root / "input.jsonl").write_text(numbers(3))
    (a.out / "out.jsonl").write_text('{"i":"mine"}\n{"i":"unterminated"}')
    a.run()
    same(a.lines("out.jsonl"), ['{"i":"mine"}', '{"i":"unterminated"}'] + numbers(3).splitlines())


def check_rows(a, n):
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(len(a.table("rows")), n)
