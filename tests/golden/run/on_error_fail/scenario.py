"""The first record that is no row ends the run under on_error fail, with its place, when all before it are committed: as many for any size of
reads"""
import os

from golden.millrace import check_ledger, numbers, same


def check(a, n):
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(a.table("rows"), [[("i", i)] for i in range(n)])


def run(place):
    # The record is in the first chunk, after the first, at the very beginning; read as it comes and in small parts.
    for good in (20, 150_000, 0):
        for args in ([], ["--set", "stages.lines.rate=1000000/s"]):
            a = place.attempt(f"fail{good}_{len(args)}")
            (a.root / "input.jsonl").write_text(numbers(good) + 'broken\n' + '{"i":%d}\n' % good)
            at = f'file "{os.path.join(a.out, "..", "input.jsonl")}", byte {len(numbers(good))}: '
            for _ in range(2):
                a.run(args, exit=1, says=["parsed", at, 'on_error is "fail"', "to mend the file itself", "begin anew with --fresh"])
                check(a, good)
            a.run(["--set", "stages.parsed.on_error=dead_letter"])
            check(a, good + 1)
            check_ledger(a.name, a.report())
            same([d["record"] for d in a.dead_letters()], ["broken"])
