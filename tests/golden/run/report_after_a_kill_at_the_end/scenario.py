"""Killed when the sinks had everything and the newest snapshots were older: the shards reach the end before the run ends, and the report counts all"""
import shutil

from golden.millrace import same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("end")
    (a.root / "input.jsonl").write_text(records(900))
    a.run_until(lambda: a.lines_so_far("out.jsonl") >= 3, ["--set", "snapshot_every=50 ms", "--set", "stages.lines.rate=900/s"])
    # Makes what a kill between the last commit and the note that the run is finished leaves: sinks at the end, dead letters
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
