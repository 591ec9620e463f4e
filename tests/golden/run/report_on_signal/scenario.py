"""SIGUSR1 writes the report of now: it adds up with what is in flight, and only grows"""
import signal

from golden.millrace import Wrong, check_ledger, same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("signal")
    (a.root / "input.jsonl").write_text(records(900))
    p = a.start(["--set", "stages.lines.rate=450/s"])
    before = 0
    for lines in (3, 6):
        a.wait(lambda: a.lines_so_far("out.jsonl") >= lines, p)
        a.report_file.unlink(missing_ok=True)
        p.send_signal(signal.SIGUSR1)
        a.wait(lambda: a.report_file.exists(), p)
        report = a.report()
        check_ledger(a.name, report, ended=False)
        now = report["stages"]["counts"]["in"]
        if not (now > before and now >= lines * 100 - 100):
            raise Wrong(f"{now} records after {before}, {lines} rows are written")
        before = now
    same(a.end(p).status, 0)
    check_ledger(a.name, a.report())
    same(a.report()["stages"]["counts"], {"in": 900, "out": 900, "filtered": 0, "late": 0, "dead_letters": 0, "rows": 9, "rows_dead_letters": 0, "late_at_shard": 0})
    same(a.lines("out.jsonl"), expected(900))
