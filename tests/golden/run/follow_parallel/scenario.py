"""Followed logs as partitions: each has its own order in event time, goes on through its rotation, and over a restart; one that comes later is read, too"""
from golden.millrace import same


def record(log, minute):
    return f'{{"at":"2026-01-01T{minute // 60:02}:{minute % 60:02}:00Z","log":"{log}"}}'


def run(place):
    a = place.attempt("followed")
    logs = a.root / "logs"
    logs.mkdir()
    written = []

    def write(file, log, *minutes):
        new = [record(log, m) for m in minutes]
        with (logs / file).open("a") as f:
            f.write("".join(line + "\n" for line in new))
        written.extend(new)

    def come(process):
        a.wait(lambda: a.lines_so_far("all.jsonl") >= len(written), process)
        same(sorted(a.lines("all.jsonl")), sorted(written))

    def hours_come(process, *wanted):
        rows = sorted(f'{{"at":"2026-01-01T{hour:02}:00:00Z","log":"{log}","n":{n}}}' for log, hour, n in wanted)
        a.wait(lambda: a.lines_so_far("hours.jsonl") >= len(rows), process)
        same(sorted(a.lines("hours.jsonl")), rows)

    # As one log, that of b would come behind the whole of a: late by two hours.
    write("a.log", "a", 0, 1, 60, 120)
    write("b.log", "b", 0, 60, 61, 120)
    (logs / "b.log.1").write_text(record("old", 0) + "\n")  # rotated before the first start
    process = a.start()
    come(process)
    first = [("a", 0, 2), ("a", 1, 1), ("b", 0, 1), ("b", 1, 2)]
    hours_come(process, *first)
    (logs / "a.log").rename(logs / "a.log.1")
    write("a.log.1", "a", 121)
    write("a.log", "a", 122)
    write("c.log", "c", 130)
    come(process)
    a.wait_for_start(process)
    a.stop(process)

    write("a.log", "a", 123)
    (logs / "a.log").rename(logs / "a.log.2")
    for log in "abc":
        write(f"{log}.log", log, 180)
    process = a.start()
    come(process)
    hours_come(process, *first, ("a", 2, 4), ("b", 2, 1), ("c", 2, 1))
    a.wait_for_start(process)
    a.stop(process)
