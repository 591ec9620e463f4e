"""A bounded file that has changed under a state is refused; put back, it goes on"""
from golden.millrace import Wrong, check_numbers, numbers, same


def run(place):
    for name, change in [("shorter", lambda t: t[:-10]), ("longer", lambda t: t + '{"i":7}\n'), ("other", lambda t: t.replace('{"i":0}', '{"i":9}', 1))]:
        a = place.attempt(name)
        file = a.root / "input.jsonl"
        file.write_text(numbers(400))
        a.run_until(lambda: a.lines_so_far("out.jsonl"), ["--set", "stages.lines.rate=200/s"])
        before = a.lines("out.jsonl")
        if not 0 < len(before) < 400:
            raise Wrong(f"{len(before)} rows were written before the change")
        file.write_text(change(numbers(400)))
        a.run(exit=2, says=["input.jsonl", "--fresh"])
        same(a.lines("out.jsonl"), before)
        file.write_text(numbers(400))
        a.run()
        check_numbers(a, 400)
