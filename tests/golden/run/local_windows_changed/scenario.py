"""The plan names the zone and the version of tzdata; a state of another zone or offset is refused, and the old topology goes on"""
import json
import pathlib
import subprocess

from golden.local_clock import DAY, HOUR
from golden.millrace import Wrong, same
from golden.oracle import iso, lines, micros


def run(place):
    a = place.attempt("changed")
    first, step = micros("2021-04-24T00:00:00Z"), HOUR
    rows = [{"i": i, "t": iso(first + i * step)} for i in range(900)]
    (a.root / "input.jsonl").write_text(lines(rows))

    done = subprocess.run(a.command(command="check"), capture_output=True, text=True, timeout=60, env=a.environment())
    rules = pathlib.Path("/usr/share/zoneinfo/tzdata.zi")
    version = rules.open().readline().split()[2] if rules.exists() else "unknown"
    plan = f"windows of 1 day, by the clocks of Asia/Ho_Chi_Minh (tzdata {version}), offset 4 hours\n"
    if plan not in done.stdout:
        raise Wrong(f"{plan!r} is not in\n{done.stdout}\n{done.stderr}")

    a.run_until(lambda: a.lines_so_far("out.jsonl") > 0, ["--set", "stages.lines.rate=450/s"])
    for change, says in [("zone=Asia/Bangkok", "zone was Asia/Ho_Chi_Minh and is Asia/Bangkok"),
                         ("offset=5 hours", "offset was 4 hours and is 5 hours"), ("offset=0 s", "offset was 4 hours and is none")]:
        a.run(["--set", "stages.days." + change], exit=2, says=["days", says, "--fresh", "--state"])
    without = json.loads((place.folder / "topology.json").read_text())
    del without["stages"]["days"]["zone"]
    (a.root / "without.json").write_text(json.dumps(without))
    a.run(topology=a.root / "without.json", exit=2, says=["days", "zone was Asia/Ho_Chi_Minh and is none"])
    a.run()
    days = {}
    for i in range(900):  # 4 o'clock there is 21:00 UTC
        start = (first + i * step - 21 * HOUR) // DAY * DAY + 21 * HOUR
        days.setdefault(start, []).append(i)
    same([json.loads(line) for line in a.lines("out.jsonl")],
         [{"n": len(of), "s": sum(of), "window_start": iso(start), "window_end": iso(start + DAY)} for start, of in days.items()])
