"""The report counts on over the runs of a state: each record of each run in one bucket, late ones as late_at_shard"""
from golden.millrace import check_ledger, same

import json
import time


def text(numbers, minute):
    return "".join(json.dumps({"i": i, "u": f"u{i % 3}", "t": f"2021-04-24T10:{minute:02}:{i % 60:02}Z"}) + "\n" for i in numbers)


def run(place):
    a = place.attempt("ledger")
    (a.root / "in").mkdir()
    (a.root / "in" / "1.jsonl").write_text(text(range(100), 1) + "no record\n")
    a.run()
    check_ledger(a.name, a.report())
    for number, minute in ((2, 2), (3, 30)):  # late for all windows but the later sliding one; and late for none
        (a.root / "in" / f"{number}.jsonl").write_text(text(range(number * 100, number * 100 + 50), minute) + "nor this\n")
        for _ in range(place.kills):  # the rate is so slow that none of them comes to the end
            process = a.start(["--set", "stages.lines.rate=5/s"])
            time.sleep(place.random.uniform(0.02, 1.2))
            a.kill(process)
        a.run()
    report = a.report()
    check_ledger(a.name, report)
    stages = report["stages"]
    same((stages["lines"]["in"], stages["parsed"]["dead_letters"], stages["counts"]["in"]), (203, 3, 200))
    same((stages["counts"]["late_at_shard"], stages["sliding"]["late_at_shard"]), (50, 50))
    same(stages["counts"]["rows"], 6)
    same((stages["rows"]["out"], stages["out"]["out"], stages["tens_out"]["out"]), (200, 6, 6))
    letters = a.dead_letters()
    same([letter["record"] for letter in letters], ["no record", "nor this", "nor this"])
    same([letter["partition"].rsplit("/", 1)[-1] for letter in letters], ["1.jsonl", "2.jsonl", "3.jsonl"])
