"""Dead letters and late records are told at once, with reason, position and where they lie, and summed up at the end; --fail-on"""
import json
import re

from golden.millrace import Wrong, same

RECORDS = 9_000


def says_once(ended, text):
    if ended.stderr.count(text) != 1:
        raise Wrong(f"{text!r} is said {ended.stderr.count(text)} times:\n{ended.stderr[-3000:]}")


def says_not(ended, text):
    if text in ended.stderr:
        raise Wrong(f"{text!r} is said:\n{ended.stderr[-3000:]}")


def wrong_delimiter(a):
    (a.root / "input.csv").write_text("".join(f"u{i % 5};2021-04-24 19:00:{i % 60:02}\n" for i in range(RECORDS)))


def nothing_is_a_row(place):
    a = place.attempt("wrong_delimiter")
    wrong_delimiter(a)
    letters = f"{a.state}/dead_letters.jsonl"
    ended = a.run()
    says_once(ended, "dead letters, the first at partition 0, position 0: ")
    says_once(ended, f"dead letters lie in {letters}")
    says_once(ended, f"'lost_is_said' has ended: 9,000 records read, no rows out, none late, 9,000 dead letters in {letters}")
    if re.search(r"\dE[+-]?\d", a.report_file.read_text()):
        raise Wrong(f"a number of the report is in no usual form:\n{a.report_file.read_text()}")
    # The result holds for the same command later, too.
    fails = f"9,000 dead letters of 9,000 records fail the run by --fail-on dead_letters; all is committed, and they lie in {letters}"
    same(a.run(["--fail-on", "dead_letters"], exit=1, says="nothing is left to do").stderr.splitlines()[-1], f"millrace: 'lost_is_said': {fails}")
    a.run(["--fail-on", "dead_letters=100%"])
    a.run(["--fail-on", "late"])
    a.run(["--fail-on", "deadletters"], exit=2, says="expected empty, or dead_letters or late")


def fails_when_all_is_committed(place):
    a = place.attempt("fails")
    wrong_delimiter(a)
    ended = a.run(["--fail-on", "late=5%,dead_letters=1%"], exit=1)
    same(len(a.dead_letters()), RECORDS)
    if "by --fail-on dead_letters=1%" not in ended.stderr.splitlines()[-1]:
        raise Wrong(f"the last line does not say why:\n{ended.stderr[-1500:]}")
    same((a.report()["ended"], a.report()["stages"]["parsed"]["dead_letters"]), (True, RECORDS))


def a_killed_job_is_one_job(place):
    a = place.attempt("killed")
    wrong_delimiter(a)
    letters = a.state / "dead_letters.jsonl"
    a.run_until(lambda: letters.exists() and letters.stat().st_size > 0, ["--set", "stages.lines.rate=3000/s"])
    ended = a.run(["--fail-on", "dead_letters=99%"], exit=1)
    says_once(ended, "9,000 records read, no rows out, none late, 9,000 dead letters")


def late_records(place):
    a = place.attempt("late")
    lines = ["a,2021-04-24 19:00:10", "a,2021-04-24 19:05:00", *["a,2021-04-24 19:00:50"] * 30, "a,2021-04-24 19:05:10"]
    (a.root / "input.csv").write_text("\n".join(lines) + "\n")
    objects = [json.loads(line) for line in a.run(["--log-format", "json", "--fail-on", "late=90%"], exit=1).stderr.splitlines()]
    [warning] = [o for o in objects if o["level"] == "warning"]
    same((warning["stage"], warning["late"], warning["partition"], warning["position"]), ("counts", 30, "0", len(lines[0]) + len(lines[1]) + 2))
    for text in ("30 late records, the first at", "2021-04-24T19:00:50Z", "the watermark was at 2021-04-24T19:05:00Z", '"from": "counts.late"'):
        if text not in warning["message"]:
            raise Wrong(f"{text!r} is not in {warning['message']!r}")
    [end] = [o for o in objects if "has ended" in o["message"]]
    same([end[name] for name in ("read", "rows_out", "late", "dead_letters")], [33, 2, 30, 0])

    # They are not lost if a stage reads them: no warning, and counted all the same.
    b = place.attempt("late_but_read")
    (b.root / "input.csv").write_text("\n".join(lines) + "\n")
    more = b.root / "more.json"
    more.write_text(json.dumps({"stages": {"late": {"sink": "file", "from": "counts.late", "path": "${OUT}/late.jsonl"}}}))
    ended = b.run(["--with", more])
    same(len(b.lines("late.jsonl")), 30)
    says_once(ended, 'they go to the stages that read "counts.late"')
    says_once(ended, "33 records read, 32 rows out, 30 late, no dead letters")
    says_not(ended, "warning")


def run(place):
    nothing_is_a_row(place)
    fails_when_all_is_committed(place)
    a_killed_job_is_one_job(place)
    late_records(place)
