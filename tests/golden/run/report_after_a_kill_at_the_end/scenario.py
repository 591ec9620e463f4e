"""Killed when the sinks had everything and the newest snapshots were older: the shards reach the end before the run ends, and the report counts all"""
from golden.millrace import Wrong, check_ledger, same

def records(n):
    return "".join('{"u":"u%d","t":"2021-04-24T10:%02d:%02dZ"}\n' % (i % 3, i // 60, i % 60) for i in range(n))


def expected(n):
    rows = []
    for w in range((n + 299) // 300):
        for u in range(3):
            count = sum(i % 3 == u for i in range(w * 300, min(n, w * 300 + 300)))
            rows.append('{"u":"u%d","n":%d,"window_start":"2021-04-24T10:%02d:00Z","window_end":"2021-04-24T10:%02d:00Z"}' % (u, count, w * 5, w * 5 + 5))
    return rows



import shutil


def run(place):
    a = place.attempt("end")
    (a.root / "input.jsonl").write_text(records(900))
    a.run_until(lambda: a.lines_so_far("out.jsonl") >= 3, ["--set", "snapshot_every=50 ms", "--set", "stages.lines.rate=900/s"])
    # What a kill between the last commit and the note that the run is finished leaves: sinks at the end, dead letters
    # (whose sink lies in the state folder) too, snapshots of before.
    before = a.root / "before"
    shutil.copytree(a.state, before)
    a.run()
    wanted = a.report()
    for name in ("dead_letters.jsonl", ".millrace-dead_letters.jsonl"):
        shutil.copy(a.state / name, before / name)
    shutil.rmtree(a.state)
    before.rename(a.state)
    if a.end(a.start()).status == 1:  # the numbers of lives went back with the copy; the next start has higher ones
        a.run()
    same(a.report()["stages"], wanted["stages"])
    same(a.report()["watermarks"], wanted["watermarks"])
    same(a.lines("out.jsonl"), expected(900))
