"""The systems of the end-to-end tests: a Kafka, databases, millrace's process. Standard library, kcat, mariadb and psql only.

Every run takes topic, database and topology names of its own, so that runs on one server do not meet. A server that is
not there ends the test with ctest's SKIP_RETURN_CODE and a line that says SKIPPED.
"""
import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

from patience import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "pipelines" / "active_users"
SKIPPED = 77

sys.path.insert(0, str(ROOT / "tools" / "services.d"))
import kafka_topics
from server import free_port  # noqa: F401 (tests take it from here)

Message = collections.namedtuple("Message", "partition offset key value timestamp")


class Wrong(Exception):
    """Something is not as documented."""


def check(condition, message):
    if not condition:
        raise Wrong(message() if callable(message) else message)


def needed(*names):
    for name in names:
        if not os.environ.get(name):
            print(f"SKIPPED: {pathlib.Path(sys.argv[0]).name} needs {name}; "
                  f'remedy: eval "$(tools/services start kafka mariadb postgres)"', flush=True)
            sys.exit(SKIPPED)
    return [os.environ[name] for name in names]


def unique(name):
    return f"{name}_{secrets.token_hex(4)}"


def wait_until(what, ready, seconds=60):
    """Polls `ready`; its last exception, or `what`, is the failure. `seconds`: on a quiet machine."""
    seconds *= PATIENCE
    until = time.monotonic() + seconds
    while True:
        why = ""
        try:
            value = ready()
            if value:
                return value
        except (Wrong, OSError, http.client.HTTPException, subprocess.CalledProcessError) as e:
            why = f": {e}"
        if time.monotonic() > until:
            raise Wrong(f"after {seconds:.0f} s still not so: {what}{why}")
        time.sleep(0.1)


def captured(*command, **how):
    """A command as it ends, with what it says as text."""
    return subprocess.run([*map(str, command)], **{"capture_output": True, "text": True, "timeout": 60 * PATIENCE, **how})


def topology_file(path, name, stages, **more):
    """Writes a topology, and returns its file."""
    path.write_text(json.dumps({"millrace": 1, "topology": name, **more, "stages": stages}))
    return path


def whole_rows(file):
    """The rows of a file of JSON lines, but for a last line that is under way; none of a file that is not there."""
    text = file.read_bytes() if file.exists() else b""
    return [json.loads(line) for line in text[:text.rfind(b"\n") + 1].splitlines() if line]


def difference(expected, found, limit=5):
    """Two multisets, in words; empty when they are equal."""
    lost, more = collections.Counter(expected), collections.Counter(found)
    lost, more = lost - more, more - lost
    if not lost and not more:
        return ""
    return (f"{sum(lost.values())} rows missing, such as {list(lost)[:limit]}; "
            f"{sum(more.values())} too many, such as {list(more)[:limit]}")


def crc32c(data):
    """Castagnoli's, as Kafka's record batches have it."""
    out = 0xFFFFFFFF
    for byte in data:
        out ^= byte
        for _ in range(8):
            out = out >> 1 ^ (0x82F63B78 if out & 1 else 0)
    return out ^ 0xFFFFFFFF


# kcat ends at the first broker that it takes for dead: one that has no processor for a while is not.
KCAT = ["kcat", "-m", str(15 * PATIENCE),
        *(f"-X{name}={15_000 * PATIENCE}" for name in ("socket.timeout.ms", "socket.connection.setup.timeout.ms"))]


class Kafka:
    def __init__(self, brokers):
        self.brokers = brokers
        self.port = int(brokers.split(",")[0].rpartition(":")[2])

    def create(self, topic, partitions=1, replication=1, **settings):
        kafka_topics.create(self.port, [(topic, partitions, replication)], **settings)

    def produce(self, topic, lines, *options):
        data = b"".join(line + b"\n" for line in lines)
        subprocess.run([*KCAT, "-b", self.brokers, "-t", topic, "-P", *options], input=data, check=True, stderr=subprocess.DEVNULL)

    def configure(self, topic, name, value):
        r = self._ask((44, 0), struct.pack(">ib", 1, 2) + kafka_topics._text(topic) + struct.pack(">i", 1)
                      + kafka_topics._text(name) + b"\0" + kafka_topics._text(value) + b"\0")
        r.take("i")
        failed = [code for code, _, _, _ in r.list(lambda: (r.take("h"), r.text(), r.take("b"), r.text())) if code]
        check(not failed, f"altering {topic}: Kafka's errors {failed}")

    def produce_records(self, topic, records, partition=0):
        """(milliseconds, key, value), as bytes or None, and (name, value) of each header: any time, and any bytes, which kcat cannot send."""
        def varint(number):
            bits, out = (number << 1) ^ (number >> 63), b""
            while bits > 127:
                bits, out = bits >> 7, out + bytes([bits & 127 | 128])
            return out + bytes([bits])

        def sized(data):
            return varint(-1) if data is None else varint(len(data)) + data

        self.configure(topic, "message.timestamp.after.max.ms", str(2**63 - 1))  # a topic takes no record of tomorrow by itself
        first, packed = records[0][0], b""
        for i, (at, key, value, *headers) in enumerate(records):
            record = b"\0" + varint(at - first) + varint(i) + sized(key) + sized(value) + varint(len(headers))
            record += b"".join(sized(part) for header in headers for part in header)
            packed += varint(len(record)) + record
        body = struct.pack(">hiqqqhii", 0, len(records) - 1, first, max(record[0] for record in records), -1, -1, -1, len(records)) + packed
        batch = struct.pack(">ibI", -1, 2, crc32c(body)) + body
        batch = struct.pack(">qi", 0, len(batch)) + batch
        r = self._ask((0, 3), struct.pack(">hhii", -1, -1, 20000, 1) + kafka_topics._text(topic)
                      + struct.pack(">iii", 1, partition, len(batch)) + batch)
        failed = [code for _, codes in r.list(lambda: (r.text(), r.list(lambda: r.take("ihqq")[1]))) for code in codes if code]
        check(not failed, f"producing to {topic}: Kafka's errors {failed}")

    def _ask(self, api, body):
        return kafka_topics._ask(self.port, api, body)

    def delete_records(self, topic, before, partition=0):
        """Does what retention does: records below `before` are gone."""
        r = self._ask((21, 0), struct.pack(">i", 1) + kafka_topics._text(topic)
                      + struct.pack(">iiqi", 1, partition, before, 20000))
        r.take("i")
        failed = [code for _, codes in r.list(lambda: (r.text(), r.list(lambda: r.take("iqh")[2]))) for code in codes
                  if code]
        check(not failed, f"deleting records of {topic}: Kafka's errors {failed}")

    def partitions(self, topic):
        return kafka_topics._partitions(self.port, [topic]).get(topic)

    def add_partitions(self, topic, count):
        """Does what `kafka-topics --alter --partitions` does."""
        r = self._ask((37, 0), struct.pack(">i", 1) + kafka_topics._text(topic)
                      + struct.pack(">ii", count, -1) + struct.pack(">ib", 20000, 0))
        r.take("i")
        failed = [code for _, code, _ in r.list(lambda: (r.text(), r.take("h"), r.text())) if code]
        check(not failed, f"adding partitions to {topic}: Kafka's errors {failed}")
        wait_until(f"{topic} has {count} partitions", lambda: self.partitions(topic) == count)

    def bytes_of(self, topic):
        """The size of the topic's segments at this broker."""
        r = self._ask((35, 1), struct.pack(">i", 1) + kafka_topics._text(topic) + struct.pack(">i", partitions := self.partitions(topic))
                      + struct.pack(f">{partitions}i", *range(partitions)))
        r.take("i")
        folders = r.list(lambda: (r.take("h"), r.text(), r.list(lambda: (r.text(), r.list(lambda: r.take("iqqb")[1])))))
        failed = [code for code, _, _ in folders if code]
        check(not failed, f"asking for the size of {topic}: Kafka's errors {failed}")
        return sum(size for _, _, topics in folders for _, sizes in topics for size in sizes)

    def delete_topic(self, topic):
        r = self._ask((20, 1), struct.pack(">i", 1) + kafka_topics._text(topic) + struct.pack(">i", 20000))
        r.take("i")
        failed = [code for _, code in r.list(lambda: (r.text(), r.take("h"))) if code]
        check(not failed, f"deleting {topic}: Kafka's errors {failed}")

    def read(self, topic, committed=True):
        """All messages, in order within each partition; none of a topic that is not there yet."""
        done = subprocess.run(
            [*KCAT, "-b", self.brokers, "-t", topic, "-C", "-e", "-q", "-o", "beginning", "-f", "%p %o %T %K %S\n%k%s",
             # The end shows by an empty answer, which must not wait for what is written next.
             "-X", "fetch.wait.max.ms=5",
             "-X", f"isolation.level={'read_committed' if committed else 'read_uncommitted'}"],
            capture_output=True, timeout=60 * PATIENCE)
        if b"Unknown topic" in done.stderr:
            return []
        check(done.returncode == 0, f"kcat cannot read {topic}: {done.stderr.decode()[-300:]}")
        raw, at, messages = done.stdout, 0, []
        while at < len(raw):
            line = raw.index(b"\n", at)
            partition, offset, stamp, key, value = map(int, raw[at:line].split())
            at = line + 1
            parts = []
            for size in (key, value):
                parts.append(None if size < 0 else raw[at:at + size])
                at += max(size, 0)
            messages.append(Message(partition, offset, *parts, stamp))
        return sorted(messages, key=lambda m: (m.partition, m.offset))


class MariaDB:
    def __init__(self, url, database):
        self.parts = urllib.parse.urlsplit(url)
        self.database = database
        self.url = self.parts._replace(path="/" + database).geturl()

    def ask(self, statement, database=None):
        p = self.parts
        command = ["mariadb", "--no-defaults", f"-h{p.hostname}", f"-P{p.port or 3306}", f"-u{p.username or 'root'}",
                   "-N", "-B", "--raw", "-D", self.database if database is None else database, "-e", statement]
        done = subprocess.run([c for c in command if c != ""] if database != "" else
                              [c for c in command if c not in ("-D", "")], capture_output=True, text=True,
                              env={**os.environ, "MYSQL_PWD": p.password or ""})
        check(done.returncode == 0, f"mariadb: {done.stderr.strip()}")
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def has(self, table):
        return self.ask(f"select 1 from information_schema.tables where table_schema = '{self.database}' and table_name = '{table}'", "information_schema")

    def drop(self):
        with contextlib.suppress(Wrong):
            self.ask(f"drop database if exists `{self.database}`", "")


class Coming(threading.Thread):
    """Calls `step` four times a second until end(). A failure is kept: a thread must not fail in silence."""

    def __init__(self, what, step):
        super().__init__(daemon=True)
        self.what, self.step, self.ending, self.failure = what, step, threading.Event(), None

    def run(self):
        try:
            while not self.ending.is_set():
                began = time.monotonic()
                self.step()
                self.ending.wait(max(0.0, 0.25 - (time.monotonic() - began)))
        except Exception as e:  # shown by check() and end()
            self.failure = e

    def check(self):
        """A job whose input has ended reads nothing, and is not at fault."""
        check(not self.failure, lambda: f"no {self.what} come any more: {self.failure}")

    def end(self):
        self.ending.set()
        if self.ident:
            self.join()
        self.check()


class PostgreSQL:
    """A database of its own on the server that `url` names."""

    def __init__(self, url, database):
        self.database = database
        self.server = url
        self.url = urllib.parse.urlsplit(url)._replace(path="/" + database).geturl()

    def do(self, statement, server=False):
        """Its output as text; `server`: in the server's own database."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-",
                               "-d", self.server if server else self.url], input=statement, capture_output=True, text=True,
                              env={**os.environ, "PGCLIENTENCODING": "UTF8"})
        check(done.returncode == 0, f"psql: {done.stderr.strip()}")
        return done.stdout

    @contextlib.contextmanager
    def session(self):
        """Gives a function that has one session execute statements, and does not wait for them; its end ends the session."""
        psql = subprocess.Popen(["psql", "-X", "-q", "-d", self.url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)

        def execute(statement):
            psql.stdin.write(statement + "\n")
            psql.stdin.flush()
        try:
            yield execute
        finally:
            psql.stdin.close()
            psql.wait()

    def ask(self, query):
        """Rows as maps, in which a null is None."""
        return [json.loads(line) for line in self.do(f"select row_to_json(q) from ({query}) q").split("\n") if line]

    def has(self, table):
        return self.ask(f"select to_regclass('{table}') is not null as there")[0]["there"]

    def create(self):
        self.do(f'create database "{self.database}"', server=True)

    def drop(self):
        with contextlib.suppress(Wrong):
            self.do(f'drop database if exists "{self.database}" with (force)', server=True)


class OwnFolder:
    """What a case has for its own: a folder, and what is closed after it."""

    def __init__(self, options, folder, name):
        self.options, self.binary, self.folder, self.name = options, options.millrace, folder / name, name
        self.folder.mkdir(parents=True)
        self.at_the_end = contextlib.ExitStack()

    def own_postgres(self):
        """A database on the server that is shared."""
        database = PostgreSQL(*needed("POSTGRES_URL"), unique(self.name))
        database.create()
        self.at_the_end.callback(database.drop)
        return database

    def close(self):
        self.at_the_end.close()


class OnServers(OwnFolder):
    """A case on Kafka, PostgreSQL and MariaDB: a topic and a database on each, of its own."""

    def __init__(self, options, folder, name, partitions=1):
        super().__init__(options, folder, name)
        kafka, mariadb = needed("KAFKA_BROKERS", "MARIADB_URL")
        self.postgres = self.own_postgres()
        self.name = self.postgres.database
        self.kafka, self.mariadb = Kafka(kafka), MariaDB(mariadb, self.name)
        self.mariadb.ask(f"create database `{self.name}`", "")
        self.at_the_end.callback(self.mariadb.drop)
        self.kafka.create(self.name, partitions, retention_ms="-1")  # records of 2021 are too old for a broker that looks


def kill_lives(start, kills, rng, pauses, coming):
    """Lives of about so many seconds, each ended by kill -9 while records come; `start` gives one or several at once."""
    for _ in range(kills):
        lives = start()
        time.sleep(rng.choice(pauses) * rng.uniform(0.5, 1.5))
        coming.check()
        for life in lives:
            life.check_alive()
            life.kill()


class Run:
    """One life of `millrace run`. Standard output is appended to OUT, so that lives of one state share it."""

    def __init__(self, binary, topology, state, *options, out=None, env=None):
        self.state, self.port = pathlib.Path(state), None
        self.report_file = self.state.with_name(self.state.name + ".report.json")
        self.out = pathlib.Path(out or str(self.state) + ".out")
        self.err = pathlib.Path(str(self.state) + ".err")
        self.command = [binary, "run", str(topology), "--state", str(self.state), "--report", str(self.report_file), *options]
        self._seen = self.err.stat().st_size if self.err.exists() else 0
        with open(self.out, "ab") as o, open(self.err, "ab") as e:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=o, stderr=e, cwd=ROOT,
                                            env={**os.environ, **(env or {})})
        Run.started.append(self.process)
        Run.lives.append(self)

    started = []  # every process of this test
    lives = []  # processes that serve HTTP: a Run, or a node of a cluster

    @staticmethod
    def end_all():
        """No process outlives its test, whatever has failed."""
        for process in Run.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        Run.started.clear()
        Run.lives.clear()

    def errors(self):
        return self.err.read_bytes()[self._seen:].decode(errors="replace")

    def serves(self, address):
        return address in self.command or told_address(self.state) == address

    def alive(self):
        return self.process.poll() is None

    def check_alive(self):
        check(self.alive(), lambda: f"ended by itself with {self.process.returncode}: {self.errors()[-1500:]}")

    def wait_until(self, what, ready, seconds=60):
        """Waits for what this life brings about; an end by itself is told at once."""
        value = wait_until(what, lambda: not self.alive() or ready(), seconds)
        self.check_alive()
        return value

    def ask_once(self, *words):
        """A command as it ends, which asks this process by its API. A run of several topologies has a folder for each."""
        home = self.wait_until("it serves", lambda: next(self.state.rglob("http"), None)).parent
        return captured(self.command[0], *words, "--connect", f"http://{told_address(home)}", "--token", home / "token")

    def has_begun(self):
        """It has its signals in hand and has locked its state: before, a signal ends it as it ends any process."""
        return has_open(self.process.pid, self.state / "lock")

    def wait_for_its_beginning(self):
        self.wait_until("it has locked its state", self.has_begun)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self, seconds=60):
        seconds *= PATIENCE
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Wrong(f"did not end within {seconds:.0f} s; it said: {self.errors()[-1500:]}") from None

    def memory_mb(self):
        """Wrong where it has ended."""
        with contextlib.suppress(OSError):
            if found := re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()):
                return int(found[1]) / 1024
        raise Wrong(f"it has ended; it said: {self.errors()[-1500:]}")

    def stop(self, seconds=60):
        self.wait_for_its_beginning()
        self.process.send_signal(signal.SIGTERM)
        status = self.wait(seconds)
        check(status == 0, lambda: f"SIGTERM ended it with {status}: {self.errors()[-1500:]}")

    def expect(self, status, *texts, seconds=60):
        """The run ends by itself, with this status, and says all of these."""
        found = self.wait(seconds)
        said = self.errors()
        check(found == status, f"exit status {found}, expected {status}; it said: {said[-1500:]}")
        for text in texts:
            check(text.lower() in said.lower(), f"expected {text!r} in what it says: {said[-1500:]}")
        return said

    def ledger(self):
        """The report, after a look whether it adds up."""
        report = json.loads(self.report_file.read_text())
        for name, s in report["stages"].items():
            parts = sum(s.get(k, 0) for k in ("out", "filtered", "late", "dead_letters", "in_flight"))
            check(s["in"] == parts, f"the ledger of {name} does not add up: {s}")
        return report["stages"]

    def dead_letters(self):
        return dead_letters(self.state)

    def ask_ledger(self):
        """Asks a run that goes on for its report, by SIGUSR1. Before its stages have begun it has nothing to report."""
        self.wait_for_its_beginning()
        before = self.report_file.stat().st_mtime_ns if self.report_file.exists() else 0

        def has_reported():
            self.process.send_signal(signal.SIGUSR1)
            return self.report_file.exists() and self.report_file.stat().st_mtime_ns > before

        wait_until("a report after SIGUSR1", has_reported, 20)
        return wait_until("a whole report", lambda: self._try_ledger(), 5)

    def _try_ledger(self):
        with contextlib.suppress(json.JSONDecodeError):
            return self.ledger()
        return None


def has_open(pid, file):
    """Returns whether the process has this file open."""
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):  # none of a process that has ended
        for handle in os.listdir(folder):
            with contextlib.suppress(OSError):  # it was closed meanwhile
                if os.path.samefile(f"{folder}/{handle}", file):
                    return True
    return False


def told_address(state):
    """Returns where the process with this state serves HTTP, as it has written it there; None before."""
    with contextlib.suppress(OSError):
        return (pathlib.Path(state) / "http").read_text().strip().removeprefix("http://")
    return None


def said_at(address):
    """Says why a process that should serve this address may not: whether it lives, and the end of its log."""
    for life in reversed(Run.lives):
        if life.serves(address):
            return f"its process {'lives' if life.alive() else f'has ended with {life.process.returncode}'}; it said: {life.errors()[-1500:]}"
    return "no process of this test serves it"


def http_status(address, path):
    """The status and the text. Wrong where nobody answers: within wait_until it is asked again."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5 * PATIENCE) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()
    except (OSError, http.client.HTTPException) as e:
        raise Wrong(f"http://{address}{path} is not answered: {e}; {said_at(address)}") from None


def dead_letters(state):
    return whole_rows(pathlib.Path(state) / "dead_letters.jsonl")


def metric(address, name, label=""):
    """The sum of a metric over all its labels that hold `label`."""
    status, text = http_status(address, "/metrics")
    check(status == 200, f"/metrics answers {status}")
    return sum(float(value) for labels, value in re.findall(rf"^{name}(?:\{{([^}}]*)\}})? (\S+)$", text, re.M) if label in labels)


STORES = ("dir", "postgresql", "kafka")  # where the chains of a cluster can be


# The errors of a test that does not find what it looks for. Other errors are its own fault.
FINDINGS = (Wrong, OSError, http.client.HTTPException, subprocess.SubprocessError, kafka_topics.Failure)


def told(finding):
    """A finding in words; one that is no Wrong with the lines of the test that led to it."""
    if isinstance(finding, Wrong):
        return str(finding)
    lines = [f"{pathlib.Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(finding.__traceback__) if f.filename.startswith(str(ROOT))]
    said = getattr(finding, "stderr", None) or b""
    said = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{type(finding).__name__}: {finding}{said and f'; it said: {said[-1500:]}'} (at {', '.join(lines)})"


def case(name, scenario, *more, doc=None):
    """A case of this name, which plays a scenario with these arguments."""
    def play(c):
        return scenario(c, *more)
    play.__name__, play.__doc__ = name, doc or scenario.__doc__
    return play


def run_cases(cases, make, options, folder):
    """Each case is a function over what make(options, folder, name) gives, which is closed after it; its docstring says what it shows. All are run,
    those that fail are named. A case that says SKIPPED ends them, and a failure before it is still one."""
    failed = []
    for case in cases:
        if options.only and case.__name__ != options.only:
            continue
        c, began = None, time.monotonic()
        try:
            c = make(options, folder, case.__name__)
            case(c)
            print(f"ok      {case.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except FINDINGS as e:
            failed.append(case.__name__)
            print(f"FAILED  {case.__name__}: {case.__doc__}\n        {told(e)}", flush=True)
            describe_the_living(folder)
        except SystemExit as e:  # it says SKIPPED
            if not failed or e.code != SKIPPED:
                raise
            break
        finally:
            Run.end_all()
            if c:
                c.close()
    check(not failed, f"{len(failed)} cases: {', '.join(failed)}")


ROOM = 4 << 30  # more than any test writes


def describe_the_living(folder):
    """Tells what each living process of this test has said last and does now: a test that waits in vain ends it, and nobody
    could look any more. Where gdb is there, the stacks of all threads go to a file in `folder`."""
    for process in Run.started:
        if process.poll() is not None:
            continue
        life = next((life for life in Run.lives if life.process is process), None)
        print(f"process {process.pid} lives: {' '.join(map(str, process.args))[:300]}", flush=True)
        if life:
            print(f"  it said: {life.errors()[-1500:]}", flush=True)
        if address := life and told_address(life.state):
            with contextlib.suppress(Wrong, ValueError, KeyError):
                for topology in json.loads(http_status(address, "/api/v1/topologies")[1]):
                    print(f"  {topology}\n  {http_status(address, '/api/v1/topologies/' + topology['topology'] + '/graph')[1][:6000]}", flush=True)
        if shutil.which("gdb"):
            stacks = folder / f"stacks.{process.pid}"
            with open(stacks, "wb") as out, contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all bt 30"], stdin=subprocess.DEVNULL,
                               stdout=out, stderr=subprocess.DEVNULL, timeout=60 * PATIENCE, check=False)
            print(f"  its stacks: {stacks}", flush=True)


def place_of_folders(on_disk):
    """Memory where there is room, since a disk that others use makes a test slow; None: where TMPDIR says."""
    memory = pathlib.Path("/dev/shm")
    if on_disk or "TMPDIR" in os.environ or not os.path.ismount(memory) or not os.access(memory, os.W_OK):
        return None
    if os.statvfs(memory).f_flag & os.ST_NOEXEC:  # some tests write programs
        return None
    available = int(re.search(r"MemAvailable:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) * 1024
    return memory if min(available, shutil.disk_usage(memory).free) >= ROOM else None


def add_option(parser, name, default):
    """An option of a test by its default: a number or text, False for a flag, the choices of which the first is the default, or what add_argument()
    takes."""
    if isinstance(default, dict):
        how = default
    elif default is False:
        how = {"action": "store_true"}
    elif isinstance(default, tuple):
        how = {"choices": default, "default": default[0]}
    else:
        how = {"type": type(default), "default": default}
    parser.add_argument("--" + name.replace("_", "-"), **how)


def main(test, doc, cases=(), on_disk=False, **more):
    """Runs `test(options, folder)` and ends this process; a failure keeps the folder and names it. `cases`: functions of which --only names one;
    `on_disk`: the folder is not in memory; `more`: options of this test and their defaults."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", required=True, help="the binary")
    parser.add_argument("--keep", action="store_true", help="keep the folder with states, output and logs")
    if cases:
        parser.add_argument("--only", metavar="NAME", choices=[case.__name__ for case in cases])
    for name, default in more.items():
        add_option(parser, name, default)
    options = parser.parse_args()
    options.millrace = str(pathlib.Path(options.millrace).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-e2e-", dir=place_of_folders(on_disk or options.keep)))
    is_kept = True
    try:
        test(options, folder)
        is_kept = options.keep
    except FINDINGS as e:
        print(f"FAILED: {told(e)}", flush=True)
        describe_the_living(folder)
        sys.exit(1)
    except SystemExit as e:  # it says SKIPPED
        is_kept = options.keep or e.code != SKIPPED
        raise
    finally:
        Run.end_all()
        if is_kept:
            print(f"its files: {folder}", flush=True)
        else:
            subprocess.run(["rm", "-rf", str(folder)], check=False)


def main_of_cases(cases, make, doc, **more):
    """A whole test: run_cases() with the command line of main()."""
    main(lambda options, folder: run_cases(cases, make, options, folder), doc, cases, **more)


def main_of_parts(parts, doc, **more):
    """A whole test of functions that take the options and a folder of their own."""
    main_of_cases([case(part.__name__, lambda c, part=part: part(c.options, c.folder), doc=part.__doc__) for part in parts], OwnFolder, doc, **more)
