"""A mended parser fits the state: what was parsed stays, what comes is parsed anew, replayed records too; replay and check say so before"""
from golden.millrace import Wrong, check_ledger, same

import json
import sqlite3
import subprocess

COUNT = 400
MENDED = ["--set", "stages.parsed.schema.amount=double", "--set", "stages.parsed.schema.more=text"]
NOTE = 'column "amount" was bigint and is double, column "more" is new'


def amount(i):
    return i + 0.5 if i % 4 == 0 else i


TEXT = "".join(json.dumps({"i": i, "amount": amount(i)}) + "\n" for i in range(COUNT))


def tell(a, command, args, exit, *says):
    words = a.command(args, command=command) if command == "check" else [str(a.place.binary), command, *map(str, args)]
    done = subprocess.run(words, capture_output=True, text=True, env=a.environment())
    for text in says:
        if done.returncode != exit or text not in done.stdout + done.stderr:
            raise Wrong(f"{command}: {done.returncode}, expected {exit} and {text!r}: {done.stdout[-500:]} {done.stderr}")


def numbers(a):
    return sorted(json.loads(line)["i"] for line in a.lines("out.jsonl"))


def run_killed(a, args):
    """The report of the run that came to the end: one that was to be killed may have, too."""
    reports = []
    a.run_killed(args, look=lambda: a.report_file.exists() and reports.append(a.report()))
    return a.report() if a.report_file.exists() else reports[-1]


def check(a, lost, report):
    same(numbers(a), [i for i in range(COUNT) if i not in lost])
    same([dict(row)["i"] for row in a.table("rows")], [json.loads(line)["i"] for line in a.lines("out.jsonl")])
    check_ledger(a.name, report)


def dead(a):
    return {json.loads(letter["record"])["i"] for letter in a.dead_letters()}


def killed_between_commits(place):
    """One sink has taken more than the other: a record between them must not be parsed in two ways, so the former topology runs once more."""
    a = place.attempt("killed")
    (a.root / "input.jsonl").write_text(TEXT)
    slowly = ["--set", "stages.lines.rate=50/s"]
    p = a.start(slowly)
    a.wait(lambda: a.table("rows") and a.lines_so_far("out.jsonl") > 10, p)
    lock = sqlite3.connect(a.out / "out.sqlite", timeout=20, isolation_level=None)
    lock.execute("begin immediate")
    before = a.lines_so_far("out.jsonl")
    a.wait(lambda: a.lines_so_far("out.jsonl") > before + 20, p)
    a.kill(p)
    lock.execute("rollback")
    lock.close()
    a.run(MENDED, exit=1, says=["parsed: ", "have taken more", "Run the topology as it was once more"])
    p = a.start(slowly)
    a.wait(lambda: len(a.table("rows")) > before + 30, p)
    a.stop(p)
    a.run(MENDED, says=NOTE)
    lost = dead(a)
    if not lost or len(lost) >= COUNT // 4:
        raise Wrong(f"{len(lost)} of {COUNT // 4} records were parsed before the parser was mended")
    check(a, lost, a.report())


def run(place):
    killed_between_commits(place)
    for name in ("ended", "stopped"):
        a = place.attempt(name)
        (a.root / "input.jsonl").write_text(TEXT)
        if name == "ended":
            a.run()
            same(numbers(a), [i for i in range(COUNT) if i % 4])
        else:
            p = a.start(["--set", "stages.lines.rate=50/s"])
            a.wait(lambda: a.lines_so_far("out.jsonl") > 20, p)
            a.stop(p)
        tell(a, "check", ["--state", a.state], 0, "fits\n")
        tell(a, "check", [*MENDED, "--state", a.state], 0, "fits; the topology has changed", NOTE)
        if name == "ended":
            letters = ["--into", "parsed", "--topology", place.folder / "topology.json", "--state", a.state]
            tell(a, "replay", [a.state / "dead_letters.jsonl", *letters, *MENDED], 0, f"{COUNT // 4} go into", NOTE)
        report = run_killed(a, [*MENDED, "--set", "stages.lines.rate=300/s"])
        lost = set() if name == "ended" else dead(a)
        if name != "ended" and (not lost or len(lost) >= COUNT // 4):
            raise Wrong(f"{len(lost)} of {COUNT // 4} records were parsed before the parser was mended")
        check(a, lost, report)
        a.run(MENDED, says="has ended")
