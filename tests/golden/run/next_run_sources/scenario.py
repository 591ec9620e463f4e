"""One of several sources has something new: the others stay ended, with their files gone; replayed letters; a table that was put back"""
from golden.millrace import check_ledger, same

import json
import shutil
import subprocess


def line(i, minute):
    return '{"i":%d,"t":"2021-04-24T10:%02d:00Z"}\n' % (i, minute)


def run(place):
    at = place.attempt("sources")
    a, b = at.root / "a", at.root / "b"
    a.mkdir()
    b.mkdir()
    expected = []

    def look(rows, counts, sessions):
        expected.extend(rows)
        same(sorted(json.loads(r)["i"] for r in at.lines("rows.jsonl")), sorted(expected))
        same(sorted(dict(r)["n"] for r in at.table("counts")), counts)
        same(sorted(json.loads(r)["n"] for r in at.lines("sessions.jsonl")), sessions)

    (a / "1").write_text(line(1, 0) + line(2, 0))
    (b / "1").write_text(line(3, 0) + '{"i":"none"}\n')
    at.run()
    look([1, 2, 3], [3], [1])

    # There is no new record in `a`, whose files are gone; they are not asked for while the run is under way either.
    shutil.rmtree(a)
    (b / "2").write_text(line(4, 5) + line(5, 5))
    at.run_killed(["--set", "stages.b.rate=20/s"])
    look([4, 5], [2, 3], [1, 2])
    at.run(says="nothing new in")

    # Now of `a` alone; `b` has lost a file, and gets it back in the next run.
    a.mkdir()
    (a / "2").write_text(line(6, 10))
    kept = (b / "1").read_text()
    (b / "1").unlink()
    at.run_killed()
    look([6], [1, 2, 3], [1, 2])
    (b / "1").write_text(kept)
    at.run(says="nothing new in")
    before = at.root / "before.sqlite"
    shutil.copy(at.out / "out.sqlite", before)
    (b / "1").write_text(kept + line(7, 20))
    at.run()
    look([7], [1, 1, 2, 3], [1, 1, 2])
    check_ledger(at.name, at.report())
    same(at.report()["stages"]["b"]["in"], 5)

    if not place.is_on_nodes:
        replay_beside(place, at, a, look)

    # The table as it was two runs ago: what is missing in it would not come again.
    shutil.copy(before, at.out / "out.sqlite")
    (a / "4").write_text(line(10, 50))
    at.run(exit=1, says=["sink 'table' stands before what the topology's last run gave it", "--fresh"])


def replay_beside(place, at, a, look):
    """A letter of the first run goes in beside what is new. It is mended in a file, which a state folder takes."""
    mended = at.root / "mended.jsonl"
    mended.write_text((at.state / "dead_letters.jsonl").read_text().replace('\\"none\\"', '8,\\"t\\":\\"2021-04-24T10:30:00Z\\"'))
    topology = place.folder / "topology.json"
    done = subprocess.run([place.binary, "replay", mended, "--into", "from_b", "--topology", topology, "--state", at.state],
                          capture_output=True, text=True, env=at.environment())
    same((done.returncode, "windows have fired for good" in done.stderr), (0, False))
    (a / "3").write_text(line(9, 25))
    at.run(says="this one reads what is new")
    look([8, 9], [1, 1, 1, 1, 2, 3], [1, 1, 1, 2])
    check_ledger(at.name, at.report())
