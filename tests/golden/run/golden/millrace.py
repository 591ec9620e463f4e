"""Starts, kills and resumes millrace for a case, and reads what it wrote. Knows nothing of what is expected."""
import glob
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "e2e"))
from patience import PATIENCE  # noqa: E402

TIMEOUT = 30  # seconds on a quiet machine, where a run takes about two


class Wrong(Exception):
    """The product did something else than the case says."""


class Ended:
    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


class Workplace:
    """One case's folder, binary and scratch folder; hands out attempts, each with a state and outputs of its own."""
    is_on_nodes = False

    def __init__(self, binary, folder, base, seed, kills):
        self.binary, self.folder, self.base, self.kills = binary, folder, base, kills
        self.random = random.Random(f"{seed}/{folder.name}")
        self.inputs = base / "in"
        self.inputs.mkdir()
        self.parquet_dump = binary.parent / "tests" / "parquet_dump"  # there if the build has Arrow

    def attempt(self, name):
        return Attempt(self, name)


class Attempt:
    """A state folder and an output folder. ${CASE} is the case's folder, ${IN} what it generated, ${OUT} the outputs."""

    def __init__(self, place, name):
        self.place, self.name = place, name
        self.root = place.base / name
        self.out = self.root / "out"
        self.state = self.root / "state"
        self.report_file = self.root / "report.json"
        self.out.mkdir(parents=True)
        self.lives = 0
        self.user = None
        self.start_timeout = f"{3 * PATIENCE:.0f} s"

    def command(self, args=(), topology=None, command="run"):
        words = [str(self.place.binary), command, str(topology or self.place.folder / "topology.json")]
        if command == "run":
            words += ["--state", str(self.state), "--report", str(self.report_file), "--start-timeout",
                      self.start_timeout]
        return words + [str(a) for a in args]

    def start(self, args=(), topology=None, env=None):
        self.lives += 1
        self.report_file.unlink(missing_ok=True)
        out = open(self.root / f"stdout.{self.lives}", "wb")
        err = open(self.root / f"stderr.{self.lives}", "wb")
        process = subprocess.Popen(self.command(args, topology), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env=self.environment(env), user=self.user)
        out.close()
        err.close()
        process.life = self.lives
        return process

    def environment(self, more=None):
        return {**os.environ, "CASE": str(self.place.folder), "IN": str(self.place.inputs), "OUT": str(self.out),
                "TZ": "America/New_York", **(more or {})}

    def end(self, process, timeout=TIMEOUT):
        timeout *= PATIENCE
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            ended = self.ended(process)
            raise Wrong(f"{self.name}: no end after {timeout:.0f} s\n{ended.stderr[-1500:]}") from None
        ended = self.ended(process)
        if status < 0 and status not in (-signal.SIGKILL, -signal.SIGTERM):
            raise Wrong(f"{self.name}: ended by signal {-status}\n{ended.stderr[-1500:]}")
        return ended

    def ended(self, process):
        read = lambda what: (self.root / f"{what}.{process.life}").read_bytes().decode("utf-8", "replace")
        return Ended(process.returncode, read("stdout"), read("stderr"))

    def run(self, args=(), topology=None, exit=0, says=(), env=None):
        """Runs to the end; the exit status and each text of `says` on stderr are asked for."""
        return self.checked(self.end(self.start(args, topology, env)), exit, says)

    def checked(self, ended, exit, says):
        if ended.status != exit:
            raise Wrong(f"{self.name}: exit status {ended.status}, expected {exit}\n{ended.stderr[-1500:]}")
        for text in [says] if isinstance(says, str) else says:
            if text not in ended.stderr:
                raise Wrong(f"{self.name}: stderr does not say {text!r}\n{ended.stderr[-1500:]}")
        return ended

    def run_killed(self, args=(), exit=0, look=None):
        """Kills the run at random moments (now and then politely, with other numbers of threads), then lets it end."""
        rng = self.place.random
        for _ in range(self.place.kills):
            process = self.start([*args, "--threads", rng.choice([1, 2, 4])])
            time.sleep(rng.choice([rng.uniform(0.02, 0.3), rng.uniform(0.2, 1.2)]))
            politely = rng.random() < 0.2
            process.send_signal(signal.SIGTERM if politely else signal.SIGKILL)
            ended = self.end(process)
            if politely and ended.status not in (0, exit, -signal.SIGTERM):
                raise Wrong(f"{self.name}: exit status {ended.status} after SIGTERM\n{ended.stderr[-1500:]}")
            if look:
                look()
        return self.run(args, exit=exit)

    # Calls of scenarios

    def run_until(self, reached, args=()):
        """Runs until this is true, is killed."""
        process = self.start(args)
        self.wait(reached, process)
        self.kill(process)

    def lines_so_far(self, name):
        """Counts the lines of a file that is being written to."""
        path = self.out / name
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def kill(self, process):
        process.kill()
        process.wait()

    def stop(self, process):
        """SIGTERM: commits and ends with 0. Not looked at before the process has opened its state: it may not listen yet."""
        self.wait(lambda: self.holds_state(process), process)
        process.terminate()
        ended = self.end(process)
        if ended.status != 0:
            raise Wrong(f"{self.name}: exit status {ended.status} after SIGTERM\n{ended.stderr[-1500:]}")

    def wait_for_start(self, process):
        """A process that is stopped before its stages have begun has nothing to report."""
        self.wait(lambda: self.holds_state(process), process)

        def has_reported():
            process.send_signal(signal.SIGUSR1)
            return self.report_file.exists()

        self.wait(has_reported, process)

    def holds_state(self, process):
        return f"/{self.state.name}/lock" in self.open_files(process)

    def open_files(self, process):
        try:
            return "\n".join(os.readlink(f) for f in glob.glob(f"/proc/{process.pid}/fd/*"))
        except OSError:  # one was closed meanwhile
            return ""

    def wait(self, until, process, timeout=TIMEOUT):
        timeout *= PATIENCE
        deadline = time.monotonic() + timeout
        while not until():
            if process.poll() is not None:
                raise Wrong(f"{self.name}: ended early, status {process.returncode}\n{self.ended(process).stderr[-1500:]}")
            if time.monotonic() > deadline:
                self.kill(process)
                raise Wrong(f"{self.name}: what is waited for did not come in {timeout:.0f} s\n"
                            f"{self.ended(process).stderr[-1500:]}")
            time.sleep(0.05)

    def execute(self, statement, database="out.sqlite"):
        connection = sqlite3.connect(self.out / database, timeout=20 * PATIENCE)
        connection.execute(statement)
        connection.commit()
        connection.close()

    def give_to(self, user):
        """Runs millrace as this user from here on, who owns the attempt's files."""
        self.user = user
        self.place.base.chmod(0o711)
        for path in [self.root, *self.root.rglob("*")]:
            os.chown(path, user, -1)

    def report(self):
        try:
            return json.loads(self.report_file.read_text())
        except FileNotFoundError:
            raise Wrong(f"{self.name}: no report was written") from None

    def lines(self, name):
        """The whole lines of a file of the output folder."""
        path = self.out / name
        if not path.exists():
            return []
        text = path.read_bytes().decode("utf-8")
        if text and not text.endswith("\n"):
            raise Wrong(f"{self.name}: {name} ends within a line: {text[-80:]!r}")
        return text.split("\n")[:-1]

    def table(self, name, database="out.sqlite"):
        """Rows of a SQLite table as lists of (column, value), in the order of insertion."""
        path = self.out / database
        if not path.exists():
            return []
        connection = sqlite3.connect(path, timeout=20 * PATIENCE)  # half-done work of a kill is rolled back
        try:
            if not connection.execute("select 1 from sqlite_master where name = ?", [name]).fetchone():
                return []
            cursor = connection.execute('select * from "' + name.replace('"', '""') + '" order by rowid')
            columns = [d[0] for d in cursor.description]
            return [list(zip(columns, row)) for row in cursor]
        finally:
            connection.close()

    def parquet_rows(self, folder):
        """The rows that a reader of this table of the output folder sees, as JSON lines, in the order of file names."""
        done = subprocess.run([str(self.place.parquet_dump), str(self.out / folder)], capture_output=True)
        if done.returncode != 0:
            raise Wrong(f"{self.name}: {folder}: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout.decode("utf-8").split("\n")[:-1]

    def parquet_files(self, folder):
        """The files of a table that are not hidden, relative to it."""
        below = self.out / folder
        return sorted(str(f.relative_to(below)) for f in below.rglob("*") if f.is_file() and not f.name.startswith("."))

    def dead_letters(self, file=None):
        path = file or self.state / "dead_letters.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_bytes().decode("utf-8").split("\n") if line]


def same(have, want):
    if have != want:
        at = ""
        if isinstance(have, list) and isinstance(want, list):
            first = next((i for i, (h, w) in enumerate(zip(have, want)) if h != w), min(len(have), len(want)))
            at = f" ({len(have)} against {len(want)}; first difference at {first})"
            have, want = have[first:first + 3], want[first:first + 3]
        raise Wrong(f"have {have!r}, want {want!r}{at}")


def check_ledger(name, report, ended=True):
    """Every record of every stage ends in exactly one bucket."""
    if report["ended"] != ended:
        raise Wrong(f"{name}: the report says \"ended\": {report['ended']}")
    for stage, c in report["stages"].items():
        if c["in"] != c["out"] + c["filtered"] + c["late"] + c["dead_letters"] + c.get("in_flight", 0):
            raise Wrong(f"{name}: the ledger of '{stage}' does not add up: {c}")


def numbers(*range_):
    """A file of these numbers, a JSON object a line."""
    return "".join('{"i":%d}\n' % i for i in range(*range_))


def check_numbers(a, n):
    """The first n numbers have gone through to a file and to a table."""
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(a.table("rows"), [[("i", i)] for i in range(n)])
    check_ledger(a.name, a.report())
