"""A finished topology says so, also of a sink that is new; --fresh replaces files, and says that tables keep their rows"""
import json
import subprocess

from golden.millrace import check_ledger, same
from golden.numbered import expected, records


def too_late(a):
    """A sink that comes after the end gets nothing of what was read: run and check both say so."""
    more = a.root / "more.json"
    more.write_text(json.dumps({"stages": {"more": {"sink": "file", "from": "parsed", "path": str(a.root / "more.jsonl")}}}))
    told = "sink 'more' is new and gets no rows of what was read before, because the topology has ended"
    a.run(["--with", more], says=[told, "nothing is left to do"])
    same((a.root / "more.jsonl").exists(), False)
    def checked(*args):
        return subprocess.run(a.command([*args, "--state", a.state], command="check"), env=a.environment(), capture_output=True, text=True,
                              timeout=60, check=True).stdout.splitlines()[-1]
    same(checked("--with", more), f"state: the state in {a.state} fits; {told} (--fresh reads everything again)")
    same(checked(), f"state: the state in {a.state} fits")


def run(place):
    a = place.attempt("fresh")
    (a.root / "input.jsonl").write_text(records(600))
    a.run()
    a.run(says="has ended")
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 6)
    too_late(a)
    a.run(["--fresh"], says=["--fresh begins a new state; table: rows that are there stay, and rows that are computed again stand there twice; "
                           "out: the file is emptied"])
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 12)
    a.run(says="has ended")
    # --fresh, killed in the middle of the run (its file has begun anew), and resumed without it
    a.run_until(lambda: a.lines_so_far("out.jsonl") < 6, ["--fresh", "--set", "stages.lines.rate=400/s"])
    a.run()
    same(a.lines("out.jsonl"), expected(600))
    same(len(a.table("counts")), 18)
    check_ledger(a.name, a.report())
