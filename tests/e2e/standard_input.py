#!/usr/bin/env -S python3 -B
"""`cat clicks.jsonl | millrace run topology.json`: the end of the pipe is the end of the log; killed at any moment and given the same input again it
counts each record once; another input is added; a CSV header; SIGTERM while the pipe is open. No server.
"""
import contextlib
import json
import pathlib
import random
import signal
import subprocess
import threading
import time

from real_systems import PATIENCE, Run, Wrong, check, dead_letters, difference, main, topology_file, wait_until, whole_rows


class Piped:
    """Lives of one topology that reads standard input."""

    def __init__(self, options, folder, name, parser=None, **stages):
        self.binary, self.folder = options.millrace, folder / name
        self.folder.mkdir()
        self.out, self.state, self.err = self.folder / "out.jsonl", self.folder / "state", self.folder / "err"
        self.topology = topology_file(self.folder / "topology.json", name, {
            "in": {"source": "file", "path": "-"},
            "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint", "at": "timestamp"}, "event_time": "at",
                       "watermark_delay": "1 s", **(parser or {})},
            "counts": {"window": "tumbling", "size": "10 s", "from": "parsed", "aggregates": {"n": "count(*)", "total": "sum(n)"}},
            "rows": {"sink": "file", "from": "parsed", "path": str(self.out), "columns": {"n": "n"}},
            "sums": {"sink": "file", "from": "counts", "path": str(self.folder / "sums.jsonl")}, **stages})

    def start(self):
        process = subprocess.Popen([self.binary, "run", str(self.topology), "--state", str(self.state), "--start-timeout", f"{PATIENCE:.0f} s"],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.err.open("ab"))
        Run.started.append(process)
        return process

    def whole(self, text, status=0):
        process = self.start()
        try:
            process.communicate(text.encode(), timeout=60 * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Wrong(f"it does not end with its input: {self.said()}") from None
        check(process.returncode == status, f"exit status {process.returncode}, expected {status}: {self.said()}")

    def said(self):
        return self.err.read_text()[-1500:]

    def numbers(self):
        return [row["n"] for row in whole_rows(self.out)]

    def sums(self):
        return whole_rows(self.folder / "sums.jsonl")


def lines(begin, end):
    return "".join(json.dumps({"n": n, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1619294100 + n // 50))}) + "\n"
                   for n in range(begin, end))


def quoted(begin, end):
    """A record is three lines, one of them blank."""
    return "at,note,n\n" + "".join(f'{json.loads(line)["at"]},"a, ""{n}""\n\n0,b",{n}\n' for n, line in enumerate(lines(begin, end).splitlines(), begin))


def check_once(job, numbers):
    apart = difference(numbers, job.numbers())
    check(not apart, f"rows: {apart}; it said {job.said()}")
    check(sum(s["total"] for s in job.sums()) == sum(numbers) and sum(s["n"] for s in job.sums()) == len(numbers),
          f"windows: {job.sums()[:5]}")


def just_works(options, folder):
    job = Piped(options, folder, "plain")
    job.whole(lines(0, 20_000).rstrip("\n"))
    check_once(job, list(range(20_000)))
    csv = Piped(options, folder, "csv", {"parser": "csv", "header": True})
    csv.whole("at,n\r\n2021-04-24T19:55:00Z,1\r\n2021-04-24T19:55:01Z,2\r\n")
    check_once(csv, [1, 2])
    empty = Piped(options, folder, "empty")
    empty.whole("")
    check(empty.numbers() == [], "an empty input gives rows")
    print("a pipe, a CSV with its header, an empty input: each ends with its writer")


def write_some(pipe, text):
    """Writes until the reader is gone. The pipe stays open."""
    with contextlib.suppress(OSError):
        pipe.write(text)


def killed(options, folder, name, lives, make, **stages):
    """Kills at random moments, the same input each time; the writer is slow enough for many of them."""
    job, rng, count = Piped(options, folder, name, **stages), random.Random(options.seed), 200_000
    text, kills = make(0, count).encode(), 0
    for _ in range(lives):
        process = job.start()
        until = time.monotonic() + rng.uniform(0.05, 1.5)
        at = 0
        try:
            while time.monotonic() < until and at < len(text):
                at += process.stdin.write(text[at:at + rng.randrange(1, 300_000)])
                process.stdin.flush()
                time.sleep(rng.uniform(0, 0.03))
        except BrokenPipeError:
            raise Wrong(f"it does not read its input: {job.said()}") from None
        check(process.poll() is None, lambda: f"it has ended: {job.said()}")
        process.kill()
        process.wait()
        process.stdin = None
        kills += 1
    # Once more when it has surely taken some, which the last life passes over.
    process = job.start()
    writer = threading.Thread(target=write_some, args=(process.stdin, text[:len(text) // 2]), daemon=True)
    writer.start()
    wait_until("rows are out", lambda: job.numbers() or process.poll() is not None)
    check(process.poll() is None, lambda: f"it has ended: {job.said()}")
    process.kill()
    process.wait()
    writer.join()
    job.whole(text.decode())
    check_once(job, list(range(count)))
    check(not dead_letters(job.state), "there are dead letters")
    check("the one before once more" in job.said(), f"not a word of what was passed over: {job.said()}")
    print(f"{name} {kills + 1} times: each of {count} records once")


def another_input(options, folder):
    """Another input after a kill is added to what was taken; then the end."""
    job = Piped(options, folder, "another")
    process = job.start()
    process.stdin.write(lines(0, 500).encode())
    process.stdin.flush()
    wait_until("the first records are out", lambda: len(job.numbers()) == 500)
    process.send_signal(signal.SIGTERM)
    check(process.wait(60 * PATIENCE) == 0, f"SIGTERM ended it with {process.returncode}: {job.said()}")
    job.whole(lines(500, 1000))
    check_once(job, list(range(1000)))
    print("SIGTERM while the pipe is open, then another input: one log")


def taken_before_a_server_was_there(options, folder):
    """Records that came through the pipe are in the state although the start failed: no other topology begins anew over it."""
    job = Piped(options, folder, "away")
    as_it_is = json.loads(job.topology.read_text())

    def change(**stages):
        job.topology.write_text(json.dumps({**as_it_is, "stages": {**as_it_is["stages"], **stages}}))

    change(table={"sink": "sql", "from": "parsed", "connection": "postgresql://nobody:wrong@127.0.0.1:1/none", "table": "t"})
    job.whole(lines(0, 200), status=1)
    change(counts={**as_it_is["stages"]["counts"], "size": "20 s"})
    job.whole("", status=2)
    check("'counts'" in job.said(), job.said())
    change()
    job.whole("")
    check_once(job, list(range(200)))
    print("a server that was away: what had come through the pipe is kept, and another topology is refused")


def refused(options, folder):
    two = Piped(options, folder, "two", more={"source": "file", "path": "-"},
                parsed_too={"parser": "text", "from": "more"}, out={"sink": "file", "from": "parsed_too", "path": str(folder / "x")})
    two.whole("", status=2)
    check("reads standard input already" in two.said(), two.said())
    packed = Piped(options, folder, "packed")
    process = packed.start()
    process.communicate(b"\x1f\x8b\x08\x00rest", timeout=60 * PATIENCE)
    check(process.returncode == 1 and "zcat" in packed.said(), f"{process.returncode}: {packed.said()}")
    print("two stages of one standard input, and gzip: refused with the remedy")


def test(options, folder):
    folder = pathlib.Path(folder)
    just_works(options, folder)
    another_input(options, folder)
    taken_before_a_server_was_there(options, folder)
    refused(options, folder)
    killed(options, folder, "killed", options.kills, lines)
    killed(options, folder, "killed_in_quotes", options.kills // 3, quoted, parser={
        "parser": "csv", "header": True, "schema": {"n": "bigint", "at": "timestamp", "note": "text"}})


if __name__ == "__main__":
    main(test, __doc__, kills=15, seed=1)
