"""A last line without its end that goes on while the file is read is no record of this run, and a whole one of the next"""
from golden.millrace import check_ledger, same

LINES = list(range(1000, 1030))
WIDE = "x" * 700_000  # the end of the file is not read before the first rows are out


def rows(numbers):
    return ['{"i":%d}' % i for i in numbers]


def run(place):
    a = place.attempt("grown")
    with open(a.root / "input.csv", "w") as f:
        f.write("".join(f"{i},{WIDE}\n" for i in LINES) + "12")
    p = a.start()
    a.wait(lambda: a.lines_so_far("out.jsonl") > 0, p)  # the list of files is durable, and their end is yet to be read
    with open(a.root / "input.csv", "a") as f:
        f.write("34,\n56,")
    a.checked(a.end(p), 0, says=[] if place.is_on_nodes else ["goes on now; the next run takes it"])
    same(a.lines("out.jsonl"), rows(LINES))
    a.run()
    same(a.lines("out.jsonl"), rows([*LINES, 1234, 56]))
    same(a.dead_letters(), [])
    check_ledger(a.name, a.report())
    a.run()
    same(a.lines("out.jsonl"), rows([*LINES, 1234, 56]))
