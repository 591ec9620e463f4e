#!/usr/bin/env -S python3 -B
"""The commands that ask a node's API, and clients that keep to no rules, against a server over a cluster in memory: by HTTP, and by TLS
with certificates of `millrace tls`."""
import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from patience import PATIENCE

WRONG = []
TOPOLOGY = {"millrace": 1, "topology": "clicks", "stages": {
    "in": {"source": "generator", "kind": "clicks", "count": 1}, "parsed": {"parser": "text", "from": "in"},
    "out": {"sink": "console", "from": "parsed"}}}


def check(good, text):
    if not good:
        WRONG.append(str(text))


class Cluster:
    """A server of the API, and the commands that ask it."""

    def __init__(self, programs, folder, tls=None):
        self.millrace, self.folder = programs.millrace, folder
        self.token = folder / "token"
        self.log = tempfile.TemporaryFile("w+", dir=folder)
        self.server = subprocess.Popen([programs.program, str(self.token), *([str(tls)] if tls else [])],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = self.server.stdout.readline().strip()
        self.more = ["--tls", str(tls)] if tls else []
        host, port = re.fullmatch(r"https?://(.*):(\d+)", self.url).groups()
        self.address = (host, int(port))

    def tell(self, line):
        self.server.stdin.write(line + "\n")
        self.server.stdin.flush()
        check(self.server.stdout.readline() == "ok\n", f"{line}: no answer")

    def command(self, *arguments, token=True, url=None, more=None):
        """url="" leaves --connect out."""
        url = self.url if url is None else url
        return [self.millrace, *arguments, *(["--connect", url] if url else []), *(self.more if more is None else more),
                *(["--token", str(self.token)] if token else [])]

    def environment(self, **more):
        own = {k: v for k, v in os.environ.items() if k != "MILLRACE_TOKEN"}
        return {**own, "XDG_STATE_HOME": str(self.folder / "state"), **more}

    def run(self, *arguments, token=True, url=None, more=None, **environment):
        return subprocess.run(self.command(*arguments, token=token, url=url, more=more), capture_output=True, text=True, timeout=150 * PATIENCE,
                              cwd=self.folder, env=self.environment(**environment))

    def does(self, *arguments, **more):
        done = self.run(*arguments, **more)
        check(done.returncode == 0 and not done.stderr, f"{arguments}: {done.returncode}: {done.stderr}")
        return done.stdout

    def refuses(self, status, expected, *arguments, **more):
        done = self.run(*arguments, **more)
        check(done.returncode == status and done.stderr.count("\n") == 1 and re.search(expected, done.stderr),
              f"{arguments}: status {done.returncode}, expected {status} and one line with {expected!r}: {done.stderr!r}")

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        self.server.stdin.close()
        check(self.server.wait(timeout=150 * PATIENCE) == 0, f"the server has ended with {self.server.returncode}: {self.logged()[-2000:]}")


@contextlib.contextmanager
def cluster(*arguments):
    c = Cluster(*arguments)
    try:
        yield c
    except (OSError, subprocess.SubprocessError):
        print(f"the server has said: {c.logged()[-2000:]}", flush=True)
        raise
    finally:
        if c.server.poll() is None:
            c.end()


def commands(c):
    check(c.does("list") == "no topologies\n", "an empty cluster has topologies")
    check("clicks is applied; its plan is number 1" in c.does("apply", "clicks.json"), "apply")
    check(json.loads(c.does("list", "--json")) == [{"topology": "clicks", "title": "", "state": "running", "reason": "", "troubles": [], "ended_at": None}], "list --json")
    check(re.search(r"^TOPOLOGY +STATE +SINCE +REASON\nclicks +running\n$", c.does("list")), "list as a table")
    nodes = json.loads(c.does("nodes", "--json"))
    check([n["name"] for n in nodes] == ["a", "b"] and nodes[0]["coordinator"] and sum(len(n["actors"]) for n in nodes) == 2, nodes)
    check(all(set(n) == {"name", "session", "coordinator", "state", "actors"} for n in nodes), nodes)
    check(re.search(r"^NODE +STATE +ROLE.*\na +up +coordinator", c.does("nodes")), "nodes as a table")
    check("plan is number 2" in c.does("apply", "clicks.json", "--set", "stages.in.count=2"), "apply again")
    plan = c.does("apply", "clicks.json", "--plan", url="http://127.0.0.1:1", more=[])
    check("parsed" in plan and "out" in plan, f"apply --plan: {plan}")
    c.refuses(1, r'has no topology click; .*did you mean "clicks"\?', "stop", "click")
    c.refuses(1, r'has no topology clikcs; .*did you mean "clicks"\?', "wait", "clikcs")
    c.refuses(1, r"has no node x", "drain", "x")
    c.refuses(1, r"the node b is there; end its process first", "forget", "b")
    check(c.does("stop", "clicks", token=False, MILLRACE_TOKEN=c.token.read_text().strip()) == "clicks stopped\n", "stop by MILLRACE_TOKEN")
    c.refuses(1, r"the topology clicks was stopped at \d{4}-[-\d]+T[\d:]+Z; it does not run", "stop", "clicks")
    check(c.does("wait", "clicks") == "clicks stopped\n", "wait for one that was stopped")
    c.does("apply", "clicks.json")
    c.tell("finish clicks")
    check(c.does("wait", "clicks", "--report", "report.json") == "clicks ended\n", "wait for one that has ended")
    check(json.loads((c.folder / "report.json").read_text())["topology"] == "clicks", "wait --report")
    c.does("apply", "clicks.json")
    c.tell("fail clicks")
    why = "in/0: its snapshots cannot be read"
    c.refuses(1, f"clicks has failed: {why}", "wait", "clicks")
    # A client's certificate says as much as the token.
    c.refuses(1, f"clicks has failed: {why if c.more else 'requests with the token see why, and the log says it'}", "wait", "clicks", token=False)
    c.does("drain", "b")
    check(json.loads(c.does("nodes", "--json"))[1]["state"] == "drained", "drain")
    c.does("undrain", "b")
    check(json.loads(c.does("nodes", "--json"))[1]["state"] == "up", "undrain")
    c.tell("silence b")
    check("b is forgotten" in c.does("forget", "b"), "forget")


def waiting(c, url=None):
    """One that has not ended after a while, in which it has asked several times."""
    process = subprocess.Popen(c.command("wait", "clicks", token=False, url=url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=c.environment())
    try:
        process.wait(timeout=3)
        check(False, f"wait has not waited: {process.communicate()}")
    except subprocess.TimeoutExpired:
        pass
    return process


def waits_long(c):
    c.does("apply", "clicks.json")
    process = waiting(c)
    c.tell("finish clicks")
    check(process.communicate(timeout=150 * PATIENCE) == ("clicks ended\n", "") and process.returncode == 0, "a long wait")


def on_this_machine(c, programs):
    """A node leaves its address and its token in its state folder."""
    node = c.folder / "state" / "millrace" / "node"
    node.mkdir(parents=True)
    c.refuses(2, rf"--connect URL is missing, and no node runs here with its state in {node}; give", "list", url="", token=False)
    (node / "http").write_text(c.url + "\n")
    check("clicks" in c.does("list", url="", token=False), "list without --connect")
    c.refuses(2, rf"{node}/token: No such file or directory; give the node's token by --token FILE", "apply", "clicks.json", url="", token=False)
    (node / "token").write_text("another\n")
    c.refuses(2, rf"{node}/token: it can be read by others than its owner; chmod 600", "apply", "clicks.json", url="", token=False)
    (node / "token").chmod(0o600)
    c.refuses(1, r"the token is missing or is not this node's; give it in MILLRACE_TOKEN or by --token", "apply", "clicks.json", url="", token=False)
    (node / "token").write_text(c.token.read_text())
    c.does("apply", "clicks.json", url="", token=False)
    process = waiting(c, url="")
    with cluster(programs, c.folder) as other:
        other.does("apply", "clicks.json")
        c.end()
        (node / "http").write_text(other.url + "\n")
        other.tell("finish clicks")
        check(process.communicate(timeout=150 * PATIENCE) == ("clicks ended\n", ""), "a wait over a node's end")
    (node / "http").write_text("http://127.0.0.1:1\n")
    c.refuses(1, rf"nobody listens there: .*; the address stands in {node}/http", "list", url="", token=False)


class Answering:
    """A server of something else."""

    def __init__(self, answer):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, args=(answer,))
        self.thread.start()

    def serve(self, answer):
        with self.listening, self.listening.accept()[0] as s:
            s.recv(65536)
            s.sendall(answer)

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.thread.join()


def wrong_use(c):
    c.refuses(2, r"is not an address of a node's API; expected http://HOST:PORT", "list", url="localhost")
    c.refuses(2, r"is not on this machine", "list", url="http://192.0.2.1:1")
    c.refuses(2, r"--token .*nowhere: No such file", "list", "--token", "nowhere", token=False)
    c.refuses(2, r"whose token is therefore not sent there; give the node's token by --token FILE", "stop", "clicks", token=False)
    c.refuses(2, r"--report .*nowhere/report.json: No such file or directory", "wait", "clicks", "--report", "nowhere/report.json")
    c.refuses(2, r'stages.in.kind: .*did you mean "clicks"', "apply", "clicks.json", "--set", "stages.in.kind=click")
    (c.folder / "wrong").write_text("wrong\n")
    (c.folder / "wrong").chmod(0o600)
    c.refuses(1, r"the token is missing or is not this node's", "stop", "clicks", "--token", str(c.folder / "wrong"), token=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for command in (["list"], ["wait", "clicks"], ["stop", "clicks"], ["apply", "clicks.json"]):
        c.refuses(1, r"nobody listens there: Connection refused; give the address of a node", *command, url=f"http://127.0.0.1:{port}", more=[])
    page = b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
    for answer in (page, page.replace(b"404 Not Found", b"200 OK"), b"SSH-2.0-OpenSSH_9.2p1\r\n", b""):
        with Answering(answer) as url:
            c.refuses(1, r"(give|expected) the address of a node|the node has ended, or it speaks TLS", "list", url=url, more=[])


def exchange(c, data, context=None):
    """Returns what comes back, until the connection is closed."""
    out = b""
    try:
        with socket.create_connection(c.address, timeout=30 * PATIENCE) as s:
            with context.wrap_socket(s, server_hostname="localhost") if context else s as s:
                s.sendall(data)
                if not context:
                    s.shutdown(socket.SHUT_WR)  # the test waits for no more
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    out += piece
    except OSError:
        pass
    return out


def memory_of(process):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1])


def hostile(c, context):
    """Refused, bounded, and logged once a kind."""
    ask = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    before = memory_of(c.server)
    draw = random.Random(7)
    for _ in range(50):
        exchange(c, draw.randbytes(draw.randrange(1, 3000)))
    check(exchange(c, b"PUT /api/v1/topologies/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999999\r\n\r\n", context).startswith(b"HTTP/1.1 413 "),
          "a huge length is not refused")
    plain = exchange(c, ask)
    check(plain.startswith(b"HTTP/1.1 400 " if context else b"HTTP/1.1 200 ") and (not context or b"speaks TLS" in plain), f"plain text: {plain}")
    held = [socket.create_connection(c.address, timeout=30 * PATIENCE) for _ in range(1000)]
    check(exchange(c, ask, context).startswith(b"HTTP/1.1 200 "), "a thousand connections leave no room")
    for s in held:
        s.close()
    half = socket.create_connection(c.address, timeout=30 * PATIENCE)
    half.sendall(b"GET")
    begin = time.monotonic()
    try:
        while half.recv(65536):
            pass
    except OSError:
        pass
    check(time.monotonic() - begin < 15 * PATIENCE, "a half-open connection stays")
    check(exchange(c, ask, context).startswith(b"HTTP/1.1 200 "), "the server is gone")
    grown = memory_of(c.server) - before
    check(grown < 64 << 10, f"memory has grown by {grown} kB")
    lines = c.logged().splitlines()
    check(2 <= len(lines) < 40, f"{len(lines)} lines of log: {lines[:5]}")
    check(not re.search(r"[\x00-\x09\x0b-\x1f]", "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", l) for l in lines)), "bytes of a client are in the log")


def refused_by_tls(c, folder):
    other = folder / "other"
    subprocess.run([c.millrace, "tls", "init", other], check=True, capture_output=True)
    subprocess.run([c.millrace, "tls", "client", "eve", "--dir", other], check=True, capture_output=True)
    c.refuses(1, r"is not signed by this cluster's authority, but by \"millrace authority", "list", more=["--tls", str(other)])
    c.refuses(2, r"speaks TLS: give the folder with this client's certificate by --tls DIR", "list", more=[])
    c.refuses(1, r"this address speaks TLS; ask it by https://", "list", url=c.url.replace("https", "http"), more=[])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    arguments.add_argument("--program", required=True)
    a = arguments.parse_args()
    a.millrace, a.program = (str(pathlib.Path(p).resolve()) for p in (a.millrace, a.program))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="millrace-api-") as name:
        folder = pathlib.Path(name)
        (folder / "clicks.json").write_text(json.dumps(TOPOLOGY))
        (folder / "token").write_text("0123456789abcdef\n")
        (folder / "token").chmod(0o600)
        tls = folder / "tls"
        for arguments in (["init", tls], ["node", "a", "--dir", tls], ["client", "alice", "--dir", tls]):
            subprocess.run([a.millrace, "tls", *arguments], check=True, capture_output=True)
        context = ssl.create_default_context(cafile=tls / "authority.crt")
        context.load_cert_chain(tls / "client-alice.crt", tls / "client-alice.key")
        with cluster(a, folder) as c:
            wrong_use(c)
            commands(c)
            waits_long(c)
            hostile(c, None)
            on_this_machine(c, a)
        with cluster(a, folder, tls) as c:
            commands(c)
            refused_by_tls(c, folder)
            hostile(c, context)
    for line in WRONG:
        print(f"FAILED: {line}")
    if not WRONG:
        print("ok      commands, TLS, hostile clients")
    return 1 if WRONG else 0


if __name__ == "__main__":
    sys.exit(main())
