#!/usr/bin/env -S python3 -B
"""Texts of strangers on a terminal, in metrics and in answers: names of columns, files and stages, values, error texts and arguments with escape
sequences, C1 controls, marks of direction, characters without a shape and bytes that are not UTF-8. A terminal (a pty here) is obeyed by none of them;
what is piped stays as it is; /metrics is what promtool takes; the API's answers are JSON. No server.

    hostile_texts.py --millrace BINARY [--only NAME]      each case is a function below
"""
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import threading
import time
import tty
import urllib.error
import urllib.request

from cluster_under_test import Cluster
from real_systems import PATIENCE, OwnFolder, Run, Wrong, check, http_status, main_of_cases, told_address, topology_file, wait_until

EVIL = "e\x1b[2J\x1b]0;x\x07\x7f\u009b31m\u202e\u2066\u200b\u061c\ufeff\U000e0041l"
SHOWN = r"e\u001b[2J\u001b]0;x\u0007\u007f\u009b31m\u202e\u2066\u200b\u061c\ufeff\udb40\udc41l"
EVIL_FILE = b"in-\xff\xfe\x1b[2J\t\"\\-1.jsonl"  # a NUL and a slash are all that a file's name cannot have
# The program's own: colours of log levels, the line at the foot that is rewritten, and the whole screen of curses.
OWN = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K")
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
                    "\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f]")


def harmless(raw, what):
    """The text of a terminal's bytes, after a look at what it would obey."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as e:
        raise Wrong(f"{what} prints no UTF-8: {e}: {raw[max(0, e.start - 80):e.end + 80]!r}") from None
    rest = OWN.sub("", text).replace("\r\n", "\n")
    found = OBEYED.search(rest)
    check(found is None, lambda: f"{what} lets {found[0]!r} through: {rest[max(0, found.start() - 80):found.end() + 80]!r}")
    return rest


class OnTerminal:
    """A process with a pty for its three descriptors, which changes nothing of what it is given."""

    def __init__(self, command, folder, env=None):
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 300, 0, 0))
        self.command, self.said = command, b""
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
                                        env={**os.environ, "TERM": "xterm-256color", **(env or {})}, start_new_session=True)
        os.close(theirs)
        Run.started.append(self.process)

    def read(self, until, seconds=60):
        end = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < end:
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    part = os.read(self.ours, 65536)
                except OSError:  # nobody has the other end
                    part = b""
                self.said += part
                if not part:
                    return self.said
            if until(self.said):
                return self.said
        raise Wrong(f"{self.command} has not come so far; it said: {self.said[-1500:]!r}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        status = self.process.wait()
        os.close(self.ours)
        return status


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.state = self.folder / "state"
        (self.folder / "in.jsonl").write_text(json.dumps({EVIL: EVIL, "n": 1}) + "\n")

    def topology(self, sink=None, **more):
        file = topology_file(self.folder / "topology.json", "hostile", {
            "in": {"source": "file", "path": str(self.folder / "in.jsonl")},
            "parsed": {"parser": "json", "from": "in", "schema": {EVIL: "text", "n": "bigint"}, **more},
            "out": {**(sink or {"sink": "console"}), "from": "parsed"}}, title=EVIL)
        return str(file)

    def on_terminal(self, *arguments, status=0, says=()):
        """Returns what the command prints on a terminal; each of `says` is in it."""
        t = OnTerminal([self.binary, *arguments], self.folder)
        raw = t.read(lambda _: False)
        t.process.wait(60 * PATIENCE)
        found = t.close()
        text = harmless(raw, f"millrace {arguments[0]}")
        check(found == status, f"{arguments}: exit status {found}, expected {status}: {text[-1500:]}")
        for one in says:
            check(one in text, f"{arguments}: {one!r} is not in {text[-1500:]!r}")
        return text

    def piped(self, *arguments, status=0):
        done = subprocess.run([self.binary, *arguments], capture_output=True, stdin=subprocess.DEVNULL, cwd=self.folder, timeout=60 * PATIENCE,
                              check=False)
        check(done.returncode == status, f"{arguments}: exit status {done.returncode}: {done.stderr[-1500:]!r}")
        return done.stdout


def usage(c):
    """An argument comes back in an error as what can be seen."""
    c.on_terminal(EVIL, status=2, says=[SHOWN])
    c.on_terminal("run", c.topology(), f"--{EVIL}", status=2, says=[SHOWN])
    c.on_terminal("check", EVIL, status=2, says=[SHOWN])
    c.on_terminal(b"check", b"\xff\x9b.json", status=2, says=[r"\xff\x9b.json"])
    for command in (["load", "--kind", "clicks", "--out", EVIL + "/none"], ["table", EVIL, "s", "--ddl", "trino"], ["test", EVIL],
                    ["replay", EVIL, "--into", "x"], ["sql", f"select {EVIL}"], ["list", "--connect", EVIL], ["tls", "node", EVIL, "--dir", EVIL],
                    ["man", EVIL],
                    ["node", "--name", EVIL, "--store", EVIL, "--listen", EVIL, "--coordinator"], ["console", "--connect", EVIL, "-e", EVIL],
                    ["model", "show", EVIL]):
        t = OnTerminal([c.binary, *command], c.folder)
        raw = t.read(lambda _: False)
        t.close()
        check(raw, f"{command} says nothing")
        harmless(raw, f"millrace {command[0]}")


def plans_and_findings(c):
    """check, apply --plan, table and test print names that cannot drive the terminal; piped plans stay as they are."""
    topology = c.topology()
    c.on_terminal("check", topology, says=[SHOWN])
    check(EVIL.encode() in c.piped("check", topology), "the piped plan has another name")
    c.on_terminal("check", topology, "--sample", str(c.folder / "in.jsonl"), says=[SHOWN])
    c.on_terminal("apply", topology, "--plan", says=[SHOWN])
    c.on_terminal("table", topology, "out", "--ddl", "duckdb")
    c.on_terminal("check", c.topology(event_time=EVIL), status=2, says=[SHOWN])
    c.on_terminal("check", c.topology(sink={"sink": "console", EVIL: 1}), status=2, says=[SHOWN])
    (c.folder / "t.test.json").write_text(json.dumps({"millrace": 1, "topology": c.topology(), "cases": [
        {"name": EVIL, "input": {"in": [{EVIL: EVIL}]}, "expect": {"out": [{EVIL: "other"}]}}]}))
    c.on_terminal("test", str(c.folder / "t.test.json"), status=1, says=[f"failed {c.folder}/t.test.json: {SHOWN}"])


def rows(c):
    """The console sink's styles: none drives the terminal, and rows of text and JSON that are piped are as they were."""
    for style, says in (("table", SHOWN), ("show", r"e\u001b"), ("json", SHOWN), ("text", SHOWN)):
        template = {"template": "{" + EVIL + "} and the rest"} if style == "text" else {}
        topology = c.topology(sink={"sink": "console", "style": style, **template})
        c.on_terminal("run", topology, "--state", f"{c.state}-{style}", says=[says])
        out = c.piped("run", topology, "--state", f"{c.state}-{style}-piped").decode()
        if style == "text":
            check(out == f"{EVIL} and the rest\n", f"the piped row is {out!r}")
        if style == "json":
            check(json.loads(out) == {EVIL: EVIL, "n": 1}, f"the piped row is {out!r}")


def bad_topology_error(c):
    """A record's error and a file's name in the log of a run on a terminal."""
    os.rename(c.folder / "in.jsonl", os.fsencode(c.folder) + b"/" + EVIL_FILE)
    with open(os.fsencode(c.folder) + b"/" + EVIL_FILE, "ab") as f:
        f.write(b'{"n": "' + EVIL.encode() + b'"}\n\xff\xfe\n')
    topology = json.loads(pathlib.Path(c.topology()).read_text())
    topology["stages"]["in"]["path"] = str(c.folder / "*.jsonl")
    (c.folder / "topology.json").write_text(json.dumps(topology))
    c.on_terminal("run", str(c.folder / "topology.json"), "--state", str(c.state), "--log-level", "debug", says=[r"\xff\xfe\u001b[2J"])
    letters = [json.loads(line) for line in (c.state / "dead_letters.jsonl").read_text().splitlines()]
    check(len(letters) == 2, f"dead letters: {letters}")
    c.on_terminal("replay", str(c.state / "dead_letters.jsonl"), "--into", "in", "--topology", str(c.folder / "topology.json"), "--dry-run")


def looked_into(c):
    """A run with HTTP that reads a file with a name of bytes: metrics that promtool takes, answers that are JSON, console and screen."""
    file = pathlib.Path(c.topology(sink={"sink": "file", "path": str(c.folder / "out.jsonl")}))
    topology = json.loads(file.read_text())
    topology["stages"]["in"].update(path=str(c.folder / "in-*.jsonl"), rate="5/s", parallel=True)  # it goes on for minutes
    topology["stages"]["parsed"]["event_time"] = "at"
    topology["stages"]["parsed"]["schema"]["at"] = "timestamp"
    file.write_text(json.dumps(topology))
    with open(os.fsencode(c.folder) + b"/" + EVIL_FILE, "wb") as f:
        f.write(b'{"n": "' + EVIL.encode() + b'"}\n')
        f.write((json.dumps({EVIL: EVIL, "n": 1, "at": "2026-01-01 00:00:00"}).encode() + b"\n") * 10_000)
    run = Run(c.binary, file, c.state, "--http", "127.0.0.1:0")
    address = wait_until("it serves HTTP", lambda: told_address(c.state))

    def has_read():
        status, text = http_status(address, "/metrics")
        return text if status == 200 and re.search(r"^millrace_dead_letters_total\{.*\} 1$", text, re.M) and "in-" in text else None

    text = wait_until("it has read the file's first records", has_read)
    check(r'/in-\\xff\\xfe\\u001b[2J\\t\"\\-1.jsonl"}' in text, lambda: f"labels: {re.findall('partition=.*', text)}")
    strict_exposition(text)
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
        check(b"error while linting" not in done.stderr and done.returncode != 1, f"promtool: {done.stderr[-1500:]!r}")
    for path in ("", "/hostile/graph", "/hostile/figures", "/hostile/ledger", "/hostile/stages/parsed", "/hostile/stages/parsed/explain"):
        status, body = http_status(address, f"/api/v1/topologies{path}")
        check(status == 200, f"{path} is answered with {status}: {body[:500]}")
        json.loads(body)
    connect = ["--connect", f"http://{address}"]
    token = ["--token", str(c.state / "token")]
    c.on_terminal("console", *connect, *token, "-e", "dead-letters", says=[r"\u202e"])
    c.on_terminal("console", *connect, *token, "-e", "tap parsed->out --sample 2", says=[r"\u202e"])
    for line in ("topologies", "stages", "lanes", "sinks", "ledger", "stage parsed", "explain parsed", f"explain {EVIL}", EVIL, "help"):
        for json_too in ([], ["--json"]):
            t = OnTerminal([c.binary, "console", *connect, "-e", line, *json_too], c.folder)
            raw = t.read(lambda _: False)
            t.close()
            said = harmless(raw, f"console -e {line}")
            check("none of millrace's" not in said, f"console -e {line}: {said}")
    screen = OnTerminal([c.binary, "console", *connect], c.folder)
    with contextlib.closing(screen):
        screen.read(lambda said: b"hostile" in said)
        os.write(screen.ours, b"4")
        screen.read(lambda said: rb"\u001b[2J\t" in said)  # after what JSON has of its two bytes
        screen.said.decode()
        check(b"\x1b]0;" not in screen.said, f"the screen: {screen.said[-500:]!r}")
        os.write(screen.ours, b"q")
    run.stop()


def strict_exposition(text):
    """Each line is one of the exposition format, and no series comes twice."""
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
    series = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{{{label}(?:,{label})*\}})?) (?:[-+]?[0-9.]+(?:e[-+]?[0-9]+)?|[-+]?Inf|NaN)")
    seen = set()
    for line in text.split("\n"):
        if not line or re.fullmatch(r"# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .*", line):
            continue
        found = series.fullmatch(line)
        check(found, f"no line of the exposition format: {line!r}")
        check(not OBEYED.search(line), f"a terminal would obey {line!r}")
        check(found[1] not in seen, f"it comes twice: {line!r}")
        seen.add(found[1])
    check(seen, "there is no metric")


def on_a_node(c):
    """list, nodes, wait and letters of a cluster whose topology has such names."""
    cluster = Cluster(c.binary, c.folder, leading=("a",), following=())
    cluster.start()
    cluster.nodes["a"].wait_ready()
    (c.folder / "in.jsonl").write_bytes(b'{"n": "' + EVIL.encode() + b'"}\n')
    topology = c.topology(sink={"sink": "file", "path": str(c.folder / "out.jsonl")})
    connect = ["--connect", f"http://{told_address(cluster.nodes['a'].state)}"]
    token = ["--token", str(cluster.nodes["a"].state / "token")]
    c.on_terminal("apply", topology, *connect, *token)
    c.on_terminal("wait", "hostile", *connect)
    for command in (["list"], ["list", "--json"], ["nodes"]):
        c.on_terminal(*command, *connect)
    c.on_terminal("letters", "hostile", *connect, *token, says=[r"\u001b[2J"])
    c.on_terminal("stop", EVIL, *connect, *token, status=1)
    c.on_terminal("stop", EVIL[:9] + "\u202e", *connect, *token, status=1)


def costly_trace(c):
    """A record whose trace takes minutes: a run and a node answer their probes meanwhile, and refuse a second one."""
    topology = c.folder / "costly.json"
    (c.folder / "in.jsonl").write_text('{"n":"b"}\n' * 10_000)
    topology_file(topology, "hostile", {
        "in": {"source": "file", "path": str(c.folder / "in.jsonl"), "rate": "5/s"},
        "parsed": {"parser": "json", "from": "in", "schema": {"n": "text"}},
        "costly": {"transform": "select", "from": "parsed", "columns": {"m": "length(regexp_replace(n, '(a)(.*END)?', 'x', 'g'))"}},
        "out": {"sink": "file", "from": "costly", "path": str(c.folder / "out.jsonl")}})
    run = Run(c.binary, topology, c.state, "--http", "127.0.0.1:0")
    costly_trace_at(wait_until("it serves HTTP", lambda: told_address(c.state)), c.state)
    run.process.kill()
    run.process.wait()
    cluster = Cluster(c.binary, c.folder, leading=("a",), following=())
    cluster.start()
    cluster.ask("apply", topology, "--set", f"stages.out.path={c.folder}/other.jsonl")
    node = cluster.nodes["a"]
    costly_trace_at(told_address(node.state), node.state)
    node.kill()


def costly_trace_at(address, state):
    token = (state / "token").read_text().strip()

    def traced(text, seconds):
        asked = urllib.request.Request(f"http://{address}/api/v1/topologies/hostile/stages/in/trace", json.dumps({"record": {"n": text}}).encode(), {
            "Authorization": f"Bearer {token}", "Content-Type": "application/json", "X-Millrace-Action": "yes"})
        try:
            with urllib.request.urlopen(asked, timeout=seconds * PATIENCE) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except (OSError, http.client.HTTPException) as e:  # its end has come first
            return 0, str(e)

    wait_until("a small record is traced", lambda: traced("aa", 20)[0] == 200)
    costly = threading.Thread(target=lambda: traced("a" * 900_000, 300), daemon=True)
    costly.start()
    wait_until("the second is refused", lambda: "another record is traced" in traced("aa", 20)[1])
    for path in ("/livez", "/readyz", "/api/v1/topologies") * 3:
        status, said = http_status(address, path)
        check(status == 200, f"{path}: {status} {said}")
    check("another record is traced" in traced("aa", 20)[1], "the trace was over too soon to show anything")


CASES = (usage, plans_and_findings, rows, bad_topology_error, looked_into, on_a_node, costly_trace)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
