"""A sample whose output no `retain_memory` holds: `check --sample` and `test` have the rows of `run`, of each kind of stage that keeps output"""
import datetime
import json
import re
import subprocess

from golden.millrace import Wrong, same

SALES = 3000  # one a second
KEPT = ["tumbling", "sliding", "session", "global", "dedup", "pairs", "interval", "as_of"]


def at(second):
    return (datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=second)).isoformat() + "Z"


def run(place):
    sales = [{"k": "abcdefg"[i % 7], "n": i, "pad": "x" * 200, "at": at(i)} for i in range(SALES)]
    rates = [{"k": "abcde"[i % 5], "v": i, "at": at(10 * i)} for i in range(SALES // 10)]
    for name, rows in (("sales", sales), ("rates", rates)):
        (place.inputs / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    a = place.attempt("run")
    a.run([w for s in [*KEPT, "ticks"] for w in ("--set", f"stages.{s}.retain_memory=128 MB")])  # a run spills slowly, and loses nothing
    rows = {s: (a.out / f"{s}.jsonl").read_text().splitlines() for s in [*KEPT, *(f"of_{s}" for s in KEPT if s != "global")]}
    for stage in ("session", "global", "dedup", "as_of"):  # one row of each sale
        same(len(rows[stage]), SALES)

    def millrace(words):
        done = subprocess.run([str(place.binary), *map(str, words)], env=a.environment(), capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Wrong(f"exit status {done.returncode}\n{done.stdout[-3000:]}{done.stderr}")
        return done.stdout

    samples = [w for s, f in (("sale_file", "sales"), ("rate_file", "rates")) for w in ("--sample", f"{s}={place.inputs}/{f}.jsonl")]
    said = millrace(["check", place.folder / "topology.json", *samples])
    found = {stage: int(n) for stage, n in re.findall(r"^(\w+): (\d+) rows?$", said, re.M)}
    same({s: found.get(s, 0) for s in rows}, {s: len(r) for s, r in rows.items()})
    same(found.get("ticks"), SALES)

    expect = {s: {"rows": [json.loads(r) for r in have]} if s.startswith("of_") else {"count": len(have)} for s, have in rows.items()}
    file = place.base / "large.test.json"
    file.write_text(json.dumps({"millrace": 1, "topology": str(place.folder / "topology.json"), "cases": [
        {"name": "as run", "input": {"sale_file": [{"file": f"{place.inputs}/sales.jsonl"}], "rate_file": [{"file": f"{place.inputs}/rates.jsonl"}]},
         "expect": expect}]}))
    millrace(["test", file])
