"""Standard output that takes nothing: said once, tried again, and in the end exit status 1; the same command prints what is missing"""
import subprocess

from golden.millrace import Wrong, same

ROWS = [f'{{"i":{i}}}' for i in range(2_000)]


def run(place):
    a = place.attempt("full")
    a.start_timeout = "2 s"
    (a.root / "input.jsonl").write_text("\n".join(ROWS) + "\n")
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(a.command(), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=a.environment(), timeout=120)
    said = ended.stderr.decode()
    if ended.returncode != 1:
        raise Wrong(f"exit status {ended.returncode}:\n{said}")
    *before, last = said.splitlines()
    if "cannot write to standard output: No space left on device" not in last:
        raise Wrong(f"the last line does not say why:\n{said}")
    same(sum("cannot write to standard output" in line for line in before), 1)
    if "answers again" in said:
        raise Wrong(f"no row has come out, and yet it says:\n{said}")
    same(a.lines("out.jsonl"), ROWS)  # the other sink went on
    same(a.run().stdout.splitlines(), ROWS)
    same(a.lines("out.jsonl"), ROWS)
