#!/usr/bin/env -S python3 -B
"""A signal ends millrace, always: at any moment of its start, with named pipes where files belong, without threads, with nobody who
reads what it says, twice. Closed standard descriptors, SIGHUP under nohup and alone, a reader that goes away.

    signals.py --millrace BINARY [--only NAME] [--starts 300]      each case is a function below; what it shows is its docstring
"""
import fcntl
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import time

from real_systems import PATIENCE, OwnFolder, Run, Wrong, check, difference, free_port, main_of_cases, topology_file, wait_until

RECORDS = 2_000
# docs/operations.md names 45 and 20: of a run, of a load. A run that ends at once ends long before.
RUN_ENDS, LOAD_ENDS, AT_ONCE = 50, 25, 4
CONSOLE = {"sink": "console", "style": "json"}
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Case(OwnFolder):
    """A folder, and topologies over a file of numbered records."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.input = self.folder / "in.jsonl"
        self.input.write_text("".join(f'{{"n":{i},"at":{i}}}\n' for i in range(RECORDS)))

    def topology(self, name="signals", source=None, sink=None):
        return topology_file(self.folder / f"{name}.json", "signals", {
            "in": {"source": "file", "path": str(self.input), **(source or {})},
            "parsed": {"parser": "json", "from": "in", "event_time": "at",
                       "schema": {"n": "bigint", "at": {"type": "timestamp", "format": "epoch_s"}}},
            "out": {**(sink or {"sink": "file", "format": "json", "path": str(self.folder / "out.jsonl")}),
                    "from": "parsed", "columns": {"n": "n"}}})

    def endless(self, name="endless", sink=None):
        return self.topology(name, {"follow": True}, sink)

    def start(self, *command, **how):
        """Any command of millrace; what it says comes by `said`."""
        said = self.folder / "said"
        with open(said, "wb") as out:
            process = subprocess.Popen([self.options.millrace, *map(str, command)],
                                       **{"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, **how})
        Run.started.append(process)
        process.said = lambda: said.read_text(errors="replace")
        return process

    def ends(self, process, seconds, *statuses):
        try:
            status = process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{process.args[1:]} did not end within {seconds * PATIENCE:.0f} s; it said: {process.said()[-1500:]}") from None
        check(status in statuses, lambda: f"{process.args[1:]} ended with {status}, expected one of {statuses}; "
                                          f"it said: {process.said()[-1500:]}")
        return process.said()

    def rows(self):
        out = self.folder / "out.jsonl"
        return sorted(json.loads(line)["n"] for line in out.read_text().splitlines()) if out.exists() else []

    def runs(self, process, state="state"):
        """It has its signals in hand and its state open."""
        wait_until("an open state folder", lambda: process.poll() is not None or (self.folder / state / "control").exists())
        check(process.poll() is None, lambda: f"it ended: {process.said()[-1500:]}")


def at_any_moment_of_the_start(c):
    """SIGTERM, SIGINT and SIGHUP at random moments of a start end it in order (0), or as nobody took them where nothing has begun
    yet; the state stays whole: the last start finds every row to write once."""
    bounded, chance = c.topology(), random.Random(12)
    away = topology_file(c.folder / "away.json", "signals_away", {
        "in": {"source": "kafka", "brokers": f"127.0.0.1:{free_port()}", "topic": "nothing"},
        "parsed": {"parser": "text", "from": "in"}, "out": {"sink": "console", "from": "parsed"}})
    endings, slowest = {}, 0
    for i in range(c.options.starts):
        topology, state = ((bounded, "state"), (away, "away"))[i % 4 == 3]
        process = c.start("run", topology, "--state", c.folder / state)
        time.sleep(chance.random() * 0.5)
        number, sent = chance.choice(ENDINGS), time.monotonic()
        process.send_signal(number)
        lock = c.folder / state / "lock"
        begun = lock.exists() and f"process {process.pid} " in lock.read_text()
        c.ends(process, RUN_ENDS, *((0,) if begun else (0, -number)))
        slowest = max(slowest, time.monotonic() - sent)
        endings[process.returncode] = endings.get(process.returncode, 0) + 1
    print(f"        {c.options.starts} starts, ended with {endings}, the slowest after {slowest:.1f} s", flush=True)
    c.ends(c.start("run", bounded, "--state", c.folder / "state"), 60, 0)
    check(c.rows() == list(range(RECORDS)), lambda: f"{len(c.rows())} rows, expected {RECORDS}, each once")


def a_pipe_as_a_source(c):
    """A named pipe as a file source, followed or not, is refused with the reason, at once."""
    c.input.unlink()
    os.mkfifo(c.input)
    for topology in (c.topology(), c.endless()):
        said = c.ends(c.start("run", topology, "--state", c.folder / topology.stem), 10, 1, 2)
        check("in.jsonl is not a regular file" in said, f"the reason is missing: {said}")


def pipes_in_the_state_folder(c):
    """Each file of a state folder, replaced by a named pipe: the start says so, or goes on, and a signal ends it."""
    first = c.start("run", c.endless(), "--state", c.folder / "state")
    wait_until("all rows", lambda: len(c.rows()) == RECORDS)
    first.send_signal(signal.SIGTERM)
    c.ends(first, RUN_ENDS, 0)
    state = c.folder / "state"
    files = sorted(p for p in state.rglob("*") if p.is_file())
    check(len(files) >= 5, f"a state folder of {files}")
    for file in files:
        copy = c.folder / "copy"
        shutil.copytree(state, copy)
        damaged = copy / file.relative_to(state)
        damaged.unlink()
        os.mkfifo(damaged)
        process = c.start("run", c.endless(), "--state", copy)
        until = time.monotonic() + 2
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        c.ends(process, RUN_ENDS, 0, 1, 2, -signal.SIGTERM)
        shutil.rmtree(copy)


def full_pipe():
    """One that takes nothing more, and whose reader does not read."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b"x" * 65536)
    except BlockingIOError:
        pass
    fcntl.fcntl(writer, fcntl.F_SETFL, 0)
    return reader, writer


def end_by_another(process):
    """Signals until it has ended. Two within half a second are one wish, and two that come before it has looked are one signal."""
    def has_ended():
        time.sleep(0.7)
        process.send_signal(signal.SIGTERM)
        return process.poll() is not None
    wait_until("it ends at the second signal", has_ended, AT_ONCE)


def nobody_reads_standard_error(c):
    """Standard error is a pipe that is full: the run hangs in its own log line, and is ended by force; a second signal ends it at
    once."""
    for again, status, limit in ((False, 1, RUN_ENDS), (True, 128 + signal.SIGTERM, AT_ONCE)):
        reader, writer = full_pipe()
        state = f"state{status}"
        process = c.start("run", c.endless(sink=CONSOLE), "--state", c.folder / state, stderr=writer)
        os.close(writer)
        c.runs(process, state)
        process.send_signal(signal.SIGTERM)
        if again:
            end_by_another(process)
        c.ends(process, limit, status)
        os.close(reader)


def a_load_that_waits_for_a_pipe(c):
    """A load whose --file is a named pipe without a writer is ended by force, with a line; a second signal ends it at once."""
    pipe = c.folder / "pipe"
    os.mkfifo(pipe)
    command = ("load", "--file", pipe, "--out", c.folder / "copy")
    # Signals are in its hands when it opens the pipe: a line of the kernel says where it waits.
    for number in (1, 2):
        process = c.start(*command)
        wait_until("it waits for the pipe", lambda: "openat" in syscall_of(process) or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        if number == 2:
            end_by_another(process)
        said = c.ends(process, LOAD_ENDS if number == 1 else AT_ONCE, 1 if number == 1 else 128 + signal.SIGTERM)
        expected = "ends now, by force" if number == 1 else "a second signal"
        check(said.count("\n") == 1 and expected in said, f"expected one line with {expected!r}: {said!r}")


def syscall_of(process):
    """`openat` while the main thread is within that call (number 257 on x86-64, 56 on arm64)."""
    try:
        number = pathlib.Path(f"/proc/{process.pid}/syscall").read_text().split()[0]
    except (OSError, IndexError):
        return ""
    return "openat" if number in ("257", "56") else number


def commands_that_wait_for_a_pipe(c):
    """check, test, table, sql, replay and run, with a topology that nobody writes into the pipe: a signal ends them at once."""
    pipe = c.folder / "pipe"
    os.mkfifo(pipe)
    for command in (("check", pipe), ("test", pipe), ("table", pipe, "out", "--ddl", "mysql"), ("run", pipe),
                    ("sql", "select 1", "--topology", pipe), ("replay", c.input, "--into", "in", "--topology", pipe)):
        for number in ENDINGS:
            process = c.start(*command)
            wait_until("it waits for the pipe", lambda: "openat" in syscall_of(process) or process.poll() is not None)
            process.send_signal(number)
            c.ends(process, AT_ONCE, -number)


def each_signal_ends_in_order(c):
    """SIGTERM, SIGINT and SIGHUP commit what was taken and end the run with 0."""
    for number in ENDINGS:
        process = c.start("run", c.endless(sink=CONSOLE), "--state", c.folder / f"state{number}")
        c.runs(process, f"state{number}")
        process.send_signal(number)
        said = c.ends(process, RUN_ENDS, 0)
        check("has stopped; the same command goes on" in said or "stopped before" in said, f"it said {said}")


def signals_that_come_twice(c):
    """`timeout` sends a signal to the process and to its group, a closing terminal several SIGHUP: that is one wish."""
    process = c.start("run", c.endless(), "--state", c.folder / "state")
    c.runs(process)
    process.send_signal(signal.SIGSTOP)  # all are there then when it looks, however slow this test is
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGCONT)
    c.ends(process, RUN_ENDS, 0)


def storms(c):
    """Each signal that a stranger's terminal, timer or script may send, many of them at random moments of a run from a file through windows to a
    file: only those that end a run end it, in order; the windows are the oracle's in the end, each once."""
    keys, count = 7, 60_000
    c.input.write_text("".join(f'{{"n":{i % keys},"at":{i // 20}}}\n' for i in range(count)))
    topology = topology_file(c.folder / "storm.json", "storm", {
        "in": {"source": "file", "path": str(c.input), "rate": "6000/s"},
        "parsed": {"parser": "json", "from": "in", "event_time": "at",
                   "schema": {"n": "bigint", "at": {"type": "timestamp", "format": "epoch_s"}}},
        "counts": {"window": "tumbling", "size": "100 seconds", "from": "parsed", "key": ["n"], "aggregates": {"rows": "count(*)"}, "shards": 3},
        "out": {"sink": "file", "path": str(c.folder / "out.jsonl"), "from": "counts",
                "columns": {"n": "n", "start": "extract(epoch from window_start)::bigint", "rows": "rows"}}})
    harmless = (signal.SIGUSR1, signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG, signal.SIGCONT)
    chance, sent, lives = random.Random(5), 0, 0
    until, lock = time.monotonic() + 60, c.folder / "state" / "lock"
    while True:
        lives += 1
        process = c.start("run", topology, "--state", c.folder / "state", "--report", c.folder / "report.json")
        wait_until("its own state", lambda: process.poll() is not None or lock.exists() and f"process {process.pid} " in lock.read_text())
        for _ in range(chance.randrange(20, 80)):
            if process.poll() is not None:
                break
            process.send_signal(chance.choice(harmless))
            sent += 1
            time.sleep(chance.random() * 0.03)
        check(process.poll() in (None, 0), lambda: f"a harmless signal ended it with {process.returncode}: {process.said()[-1500:]}")
        if process.poll() is None and time.monotonic() < until:
            for _ in range(chance.randrange(1, 4)):  # a second one ends it at once
                process.send_signal(chance.choice((*harmless, *ENDINGS)))
                sent += 1
            process.send_signal(chance.choice(ENDINGS))
            # The last one may come so late, if this test is slow, that it is a second wish.
            said = c.ends(process, RUN_ENDS, 0, 1, *(-number for number in ENDINGS), *(128 + number for number in ENDINGS))
            check("crash" not in said.lower(), f"it said: {said[-1500:]}")
            continue
        c.ends(process, 120, 0)
        break
    expected = sorted((key, start * 100, len(range((key - start * 2_000) % keys, 2_000, keys))) for start in range(count // 2_000) for key in range(keys))
    found = sorted((row["n"], row["start"], row["rows"]) for row in map(json.loads, (c.folder / "out.jsonl").read_text().splitlines()))
    check(found == expected, lambda: f"{len(found)} windows, expected {len(expected)}: {difference(expected, found)}")
    print(f"        {sent} signals over {lives} lives, {len(found)} windows", flush=True)


def hang_up(c):
    """A terminal that closes ends a run in order; under nohup it goes on."""
    process = c.start("run", c.endless(), "--state", c.folder / "state",
                      preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    c.runs(process)
    process.send_signal(signal.SIGHUP)
    wait_until("all rows, in spite of SIGHUP", lambda: len(c.rows()) == RECORDS)
    check(process.poll() is None, "SIGHUP ended it under nohup")
    process.send_signal(signal.SIGTERM)
    c.ends(process, RUN_ENDS, 0)


def a_reader_that_goes_away(c):
    """`run | head -1`: the run says that nobody reads its rows any more, and ends with 1."""
    topology = c.topology("console", {"rate": "20/s"}, CONSOLE)  # most rows are still to come when the reader goes
    process = c.start("run", topology, "--state", c.folder / "state", stdout=subprocess.PIPE, bufsize=0)
    process.stdout.readline()
    process.stdout.close()
    said = c.ends(process, RUN_ENDS, 1)
    check("nobody reads standard output any more" in said, f"the reason is missing: {said}")


def closed_descriptors(c):
    """Standard input, output and error closed, each and all: rows and logs go nowhere, and least of all into the state's files."""
    topology = c.topology("console", None, CONSOLE)
    for closed in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)):
        state = c.folder / ("state" + "".join(map(str, closed)))
        process = subprocess.Popen([c.options.millrace, "run", str(topology), "--state", str(state)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: [os.close(fd) for fd in closed])
        Run.started.append(process)
        process.said = lambda: "nothing that can be read"
        c.ends(process, 60, 0)
        lock = (state / "lock").read_text()
        check(lock.startswith("process ") and lock.count("\n") == 1, f"with {closed} closed the lock holds {lock[:300]!r}")
        for file in state.rglob("*"):
            check(file.is_dir() or not re.search(rb'{"n":\d', file.read_bytes()), f"with {closed} closed {file} holds rows")


def threads_that_cannot_start(c):
    """A run with less and less address space does its work, or ends with 1 and one line that says what is missing: never by a
    signal of its own."""
    topology, said = c.topology(sink=CONSOLE), {}
    needs = None
    # A thread's stack takes 8 MB: steps of one show each place where the last stack leaves little room beside it.
    for mb in (4000, 2000, 1500, 1200, 1000, 800, 700, 600, 500, 450, *range(400, 180, -1), 150, 120, 100, 80):
        def bounded(mb=mb):
            resource.setrlimit(resource.RLIMIT_AS, (mb << 20, mb << 20))
        # Where libraries have no room, the loader ends any command with 127; a sanitizer has none in any of these.
        bare = subprocess.run([c.options.millrace, "--version"], preexec_fn=bounded, capture_output=True, check=False).returncode
        check(bare >= 0, lambda mb=mb, bare=bare: f"with {mb} MB --version was ended by signal {-bare}")
        if bare != 0:
            said[mb] = f"--version: {bare}"
            continue
        # 2: an expression's parser wants a thread, too.
        process = c.start("run", topology, "--state", c.folder / f"state{mb}", "--threads", "4", preexec_fn=bounded)
        text = c.ends(process, 60, 0, 1, 2)
        said[mb] = process.returncode
        if process.returncode in (1, 2):
            needs = needs or mb
            check("thread" in text or "memory" in text, f"with {mb} MB it said: {text}")
    changes = [f"{said[mb]} from {mb} MB on" for more, mb in zip([None, *said], said) if said[mb] != said.get(more)]
    print(f"        exit status with less and less address space: {', '.join(changes)}", flush=True)
    check(said[4000] == 0 and needs, f"nothing was ever missing: {said}")
    process = c.start("run", topology, "--state", c.folder / "many", "--threads", "1000",
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3000 << 20, 3000 << 20)))
    text = c.ends(process, 60, 1)
    check("threads can be started" in text and text.count("\n") == 1, f"expected one line: {text!r}")
    text = c.ends(c.start("run", topology, "--threads", "100000"), 10, 2)
    check("--threads: 100000" in text, f"it said {text!r}")


CASES = [at_any_moment_of_the_start, a_pipe_as_a_source, pipes_in_the_state_folder, nobody_reads_standard_error,
         a_load_that_waits_for_a_pipe, commands_that_wait_for_a_pipe, each_signal_ends_in_order, signals_that_come_twice, storms, hang_up, a_reader_that_goes_away,
         closed_descriptors, threads_that_cannot_start]

if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGHUP):  # a shell in the background, or nohup, has them ignored, by children, too
        signal.signal(number, signal.default_int_handler)
    main_of_cases(CASES, Case, __doc__, starts=dict(type=int, default=60, help="how often a start is interrupted"))
