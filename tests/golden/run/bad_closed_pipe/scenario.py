"""A console whose reader has gone fails the run with the sink's name; the other sink goes on with the next start"""
import os
import subprocess

from golden.millrace import Wrong, same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("pipe")
    (a.root / "input.jsonl").write_text(records(600))
    reads, writes = os.pipe()
    os.close(reads)
    ended = subprocess.run(a.command(), stdout=writes, stderr=subprocess.PIPE, env=a.environment(), timeout=60, text=True)
    os.close(writes)
    same(ended.returncode, 1)
    if "screen" not in ended.stderr:
        raise Wrong(ended.stderr)
    a.run()
    same(a.lines("out.jsonl"), expected(600))
