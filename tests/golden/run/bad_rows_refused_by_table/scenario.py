"""Rows that the table refuses are dead letters of the sink, the others are committed; also over kills"""
from golden.millrace import check_ledger, numbers, same


def run(place):
    for way in ("straight", "killed"):
        a = place.attempt(way)
        (a.root / "input.jsonl").write_text(numbers(300))
        a.execute("create table rows (i integer check (i % 10 <> 3))")
        if way == "killed":
            a.run_killed(["--set", "stages.lines.rate=200/s"])
        else:
            a.run()
        same(a.table("rows"), [[("i", i)] for i in range(300) if i % 10 != 3])
        same(a.lines("out.jsonl"), numbers(300).splitlines())
        same(a.table("millrace_rejected"), [])  # a row leaves it once it is in the dead letters
        letters = a.dead_letters()
        same(sorted(d["record"] for d in letters), sorted('{"i":%d}' % i for i in range(3, 300, 10)))
        same({d["stage"] for d in letters}, {"table"})
        same(len({d["id"] for d in letters}), 30)
        if way == "killed" and not a.report_file.exists():  # killed between the end and the report
            continue
        report = a.report()
        check_ledger(way, report)
        same(report["stages"]["table"], {"in": 300, "out": 270, "filtered": 0, "late": 0, "dead_letters": 30})
