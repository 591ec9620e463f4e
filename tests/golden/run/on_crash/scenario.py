"""A record that ends the process is given up after three times alone, exactly once, whatever is read at once; with on_crash "retry" it
is tried again by each process, and is a row like others once it does no harm"""
from golden.millrace import check_ledger, same
from harmful_record import ENDS_BY, POISON, Harm

COUNT, HARMFUL = 5000, (1234, 4000)


def record(i):
    return '{"i":%d,"k":"%s"}' % (i, POISON if i in HARMFUL else f"name{i}")


def begin(place, name):
    a = place.attempt(name)
    (a.root / "input.jsonl").write_text("".join(record(i) + "\n" for i in range(COUNT)))
    return a, Harm(a.root)


def ends(a, harm, args):
    process = a.start(args, env=harm.environment)
    status = process.wait()
    if status not in (0, ENDS_BY):
        a.end(process)
        raise AssertionError(f"it has ended with {status}")
    return status


def run(place):
    for args in ([], ["--set", "stages.lines.rate=100000/s"]):
        a, harm = begin(place, f"gives_up{len(args)}")
        deaths = 0
        while ends(a, harm, args) != 0:
            deaths += 1
            same(deaths <= 6 * len(HARMFUL), True)  # each is looked for in a thousandth of what was at hand
        same(deaths >= 3 * len(HARMFUL), True)
        same(a.lines("out.jsonl"), [record(i) for i in range(COUNT) if i not in HARMFUL])
        same([d["record"] for d in a.dead_letters()], [record(i) for i in HARMFUL])
        for d in a.dead_letters():
            same("has ended its process 3 times and was given up: SIGABRT" in d["error"], True)
        check_ledger(a.name, a.report())

    a, harm = begin(place, "tries_again")
    args = ["--set", "stages.parsed.on_crash=retry"]
    for _ in range(6):
        same(ends(a, harm, args), ENDS_BY)
    harm.ends()
    same(ends(a, harm, args), 0)
    same(a.lines("out.jsonl"), [record(i) for i in range(COUNT)])
    same(a.dead_letters(), [])
    check_ledger(a.name, a.report())
