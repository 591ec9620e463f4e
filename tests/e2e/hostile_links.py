#!/usr/bin/env -S python3 -B
"""Strangers at the port where a node listens for others: what is no TLS, certificates of nobody's, of another authority and of a client, lengths
that nobody can mean, connections that say nothing, and a thousand at once; once at a node without TLS, three times over at one with it, while two
nodes run a topology. Without TLS also BASP, the hello of a peer, an answer of another store's and one that was recorded. Each stranger is refused, each
reason is in the log once, memory, its peak and handles stay bounded, and every record is in the rows.

    hostile_links.py --millrace BINARY [--connections 1000]
"""
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import random
import re
import shutil
import socket
import ssl
import subprocess

from cluster_under_test import Cluster, ClusterRun, make_certificates
from real_systems import PATIENCE, Wrong, check, main, topology_file, wait_until

MOST_MEMORY_MB = 16  # more than before, whatever strangers do at first: the allocator keeps what many connections took at once
MOST_MORE_MB = 4     # reached by the third time
MOST_PEAK_MB = 32    # more than the node had, at any moment: 64 messages of the longest length would take 128
GREETING = 22        # bytes that a node without TLS says to whoever connects
RATE, SECONDS = 500, 15


class Trusted(Cluster):
    """Nodes with certificates, which speak TLS with each other."""

    def __init__(self, millrace, folder):
        super().__init__(millrace, folder / "cluster", leading=("a",), following=("b",))
        self.certificates = folder / "tls"
        make_certificates(millrace, self.certificates, ["node", "a"], ["node", "b"], ["node", "x"], ["client", "operator"])
        self.more_options = ("--tls", str(self.certificates))
        self.more_arguments = ("--tls", str(self.certificates), "--tls-client", "operator")


def tls_context(certificates=None, name=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificates:
        context.load_cert_chain(certificates / f"{name}.crt", certificates / f"{name}.key")
    return context


class Insider:
    """A process that reads the store of nodes without TLS, and so can prove itself to one of them."""

    def __init__(self, store):
        files = [f for f in (store / "addresses").iterdir() if f.is_file()]
        check(not any(f.stat().st_mode & 0o077 for f in files), "what has the secret of links is for its owner alone")
        found = {m for f in files for m in re.findall(rb"\x02 ([0-9a-f]{32})", f.read_bytes())}
        check(len(found) == 1, f"the addresses have one secret of links, not {len(found)}")
        self.secret = found.pop()

    def answer(self, challenge, port, me, secret=None):
        """The words of node `me` to node a, and the answer."""
        mine, theirs = os.urandom(16), challenge[6:]

        def proof(role):
            parts = (role, me, b"a", f"127.0.0.1 {port}".encode(), mine, theirs)
            return hmac.new(secret or self.secret, b"".join(bytes([len(p)]) + p for p in parts), hashlib.sha256).digest()
        return b"mrla" + mine + proof(b"connects") + bytes([len(me)]) + me, proof(b"accepts")


def text(said):
    return bytes([len(said)]) + said


def hello(node):
    """The first words of a node on a link."""
    return (b"\0mrlh\1\0" + text(b"cluster#0123456789abcdef") + text(node) + b"\x09\x01\0" + b"\x02\x02" + bytes(8) + text(b"0123#4711") + b"\0")


class Strangers:
    """They speak as nodes without TLS do if there are no certificates."""

    def __init__(self, cluster, options, folder, certificates=None, store=None):
        self.node, self.options, self.store = cluster.nodes["a"], options, store
        self.own, self.foreign = certificates, folder / "foreign"
        if certificates:
            make_certificates(options.millrace, self.foreign, ["node", "b"])
        self.random = random.Random(7)

    def as_node(self):
        return tls_context(self.own, "node-x") if self.own else None

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.node.port), timeout=10 * PATIENCE)

    def wait_until_taken(self):
        """The node has taken every connection out of the kernel's queue, to keep it or to hang up."""
        def is_empty():
            command = ["ss", "-Hltn", "sport", "=", f":{self.node.port}"]
            listening = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            check(listening, lambda: f"node {self.node.name} does not listen: {self.node.errors()[-1500:]}")
            return listening[1] == "0"  # Recv-Q
        wait_until("the node has taken all connections", is_empty, 30)

    def say(self, *texts, context=None):
        """Says it, and gives what comes back until the node hangs up."""
        with contextlib.suppress(OSError), self.connect() as plain:
            with (context.wrap_socket(plain) if context else plain) as s:
                for text in texts:
                    s.sendall(text)
                found = b""
                while more := s.recv(65536):
                    found += more
                return found
        return b""

    # Each returns words of which one has to be in the log, once; none: nothing has to be said.
    def plain_text(self):
        for _ in range(20):
            self.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return ["is refused"]

    def random_bytes(self):
        for _ in range(20):
            self.say(self.random.randbytes(65536))
        return []

    def no_certificate(self):
        for _ in range(20):
            self.say(b"hello", context=tls_context())
        return ["certificate"]

    def foreign_authority(self):
        for _ in range(20):
            self.say(b"hello", context=tls_context(self.foreign, "node-b"))
        return ["authority"]

    def a_client(self):
        for _ in range(20):
            self.say(b"hello", context=tls_context(self.own, "client-operator"))
        return ["client"]

    def lengths_that_nobody_means(self):
        """Connects as a node of the cluster's authority."""
        for length in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f"):
            for _ in range(5):
                self.say(length, self.random.randbytes(4096), context=self.as_node())
        return []

    def garbage_of_a_node(self):
        for _ in range(20):
            said = self.random.randbytes(200)
            self.say(len(said).to_bytes(4, "little") + said, len(said).to_bytes(4, "big") + said, context=self.as_node())
        return []

    def basp(self):
        """The header of CAF's own protocol: a hello, and a message with a payload of 4 GiB."""
        for operation in (0, 1, 2):
            head = bytes([0, 0, 0, operation]) + b"\xff\xff\xff\xff" + bytes(8) + bytes(16) + bytes(8)
            for _ in range(5):
                self.say(head[:40], self.random.randbytes(4096))
        return []

    def announced_lengths(self):
        """Messages of the longest length, of which nobody says more than the beginning."""
        all_of_them = []
        with contextlib.ExitStack() as open_ones:
            for _ in range(64):
                s = open_ones.enter_context(self.connect())
                all_of_them.append(s)
                with contextlib.suppress(OSError):
                    s.sendall((2 * 1024 * 1024).to_bytes(4, "little") + b"x")
            self.wait_until_taken()
            for s in all_of_them:
                with contextlib.suppress(OSError):
                    while s.recv(65536):
                        pass  # lasts until it is hung up on
        return []

    def hello_of_a_peer(self):
        for node in (b"b", b"a", b"c"):
            said = hello(node)
            heard = self.say(len(said).to_bytes(4, "little") + said)
            check(len(heard) <= GREETING, lambda: f"node a says {len(heard)} bytes to whoever calls itself {node}: {heard[:300]}")
        return ["is refused"]

    def answers_that_prove_nothing(self):
        """One that is right is taken, once: recorded, of another store or for another node it proves nothing."""
        insider = Insider(self.store)
        with self.connect() as s:
            challenge = s.recv(GREETING, socket.MSG_WAITALL)
            right, expected = insider.answer(challenge, self.node.port, b"x")
            s.sendall(right)
            check(s.recv(32, socket.MSG_WAITALL) == expected, "whoever reads the store proves itself, and the node does, too")
        with self.connect() as s:
            challenge = s.recv(GREETING, socket.MSG_WAITALL)
            other, _ = insider.answer(challenge, self.node.port, b"b", secret=b"0" * 32)
        for said in (right, other):
            heard = self.say(said, (1).to_bytes(4, "little") + b"x")
            check(len(heard) <= GREETING, lambda: f"node a answers {heard[GREETING:]}")
        return ["it has another store"]

    def half_open(self):
        with contextlib.ExitStack() as open_ones:
            try:
                for _ in range(200):
                    open_ones.enter_context(self.connect())
            except OSError as e:
                raise Wrong(f"the node does not take a connection: {e}: {self.node.errors()[-1500:]}") from None
            self.wait_until_taken()
        return []

    def many_at_once(self):
        with contextlib.ExitStack() as open_ones:
            for _ in range(self.options.connections):
                with contextlib.suppress(OSError):
                    s = open_ones.enter_context(self.connect())
                    s.sendall(b"\x16")
            self.wait_until_taken()
        return []

    ALL = (plain_text, random_bytes, no_certificate, foreign_authority, a_client, lengths_that_nobody_means, garbage_of_a_node, half_open,
           many_at_once)
    WITHOUT_TLS = (plain_text, random_bytes, basp, lengths_that_nobody_means, announced_lengths, garbage_of_a_node, hello_of_a_peer,
                   answers_that_prove_nothing, half_open, many_at_once)


def handles(node):
    node.check_alive()
    return len(list(pathlib.Path(f"/proc/{node.process.pid}/fd").iterdir()))


def memory_mb(node, which="VmRSS"):
    node.check_alive()
    status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
    return int(status.partition(f"{which}:")[2].split()[0]) / 1024


def forget_peak(node):
    pathlib.Path(f"/proc/{node.process.pid}/clear_refs").write_text("5")


def more_memory(what, node, before, most):
    """Returns the MB that the node has more than before, once that is little."""
    wait_until(f"{what}: the node has less than {most} MB more than before",
               lambda: memory_mb(node) - before < most or check(False, f"{memory_mb(node) - before:.0f} MB"), 30)
    return memory_mb(node) - before


def states(cluster):
    return {n["name"]: n["state"] for n in json.loads(cluster.ask("nodes", "--json"))}


def withstood(attack, strangers, node, usual):
    """Returns the lines that the attack has cost; the node lives, and its handles are as usual."""
    before = len(node.errors())
    expected = attack(strangers)
    node.check_alive()
    wait_until(f"after {attack.__name__} the node has no more handles than before", lambda: handles(node) <= usual + 4, 30)
    wait_until(f"after {attack.__name__} the log says one of {expected}", lambda: not expected or any(e in node.errors() for e in expected), 30)
    said = [line.partition(" warning ")[2] for line in node.errors()[before:].splitlines() if " warning " in line]
    lines = [line for line in said if "a connection from" in line]  # words of the nodes about each other depend on the machine
    check(len(lines) == len(set(lines)) and len(lines) < 20, f"{attack.__name__}: {len(lines)} lines in the log: {lines[:5]}")
    return len(lines)


def clicks(folder):
    """A topology that counts records; where it is, where its rows are."""
    rows, count = folder / "rows.jsonl", RATE * SECONDS
    topology = topology_file(folder / "topology.json", "clicks", {
        "in": {"source": "generator", "kind": "clicks", "rate": f"{RATE}/s", "count": count},
        "parsed": {"parser": "json", "from": "in", "schema": {"userid": "text"}, "event_time": "_timestamp"},
        "counts": {"window": "tumbling", "size": "1 s", "from": "parsed", "key": ["userid"], "aggregates": {"n": "count(*)"}, "shards": 4},
        "rows": {"sink": "file", "from": "counts", "path": str(rows), "columns": {"n": "n"}}})
    return topology, rows


def counted(rows):
    found = sum(json.loads(line)["n"] for line in rows.read_text().splitlines())
    check(found == RATE * SECONDS, f"{RATE * SECONDS} records went in, the rows count {found}")


def without_tls(options, folder):
    """The port of a node without TLS, while records flow; then once more, when memory has been taken."""
    folder.mkdir()
    topology, rows = clicks(folder)
    cluster = Cluster(options.millrace, folder / "cluster", leading=("a",), following=("b",))
    cluster.start()
    node = cluster.nodes["a"]
    strangers = Strangers(cluster, options, folder, store=cluster.folder / "store")
    cluster.ask("apply", topology)
    running = ClusterRun(cluster, "clicks", "a")
    wait_until("rows flow", lambda: rows.exists() and rows.stat().st_size > 0)
    usual, memory, lines = handles(node), memory_mb(node), 0
    for attack in Strangers.WITHOUT_TLS:
        forget_peak(node)
        before = memory_mb(node)
        lines += withstood(attack, strangers, node, usual)
        peak = memory_mb(node, "VmHWM") - before
        check(peak < MOST_PEAK_MB, f"{attack.__name__}: the node took {peak:.0f} MB more for a moment")
        print(f"ok      {attack.__name__} without TLS: {peak:+.1f} MB at most", flush=True)
    more = more_memory("without TLS", node, memory, MOST_MEMORY_MB)
    running.wait()
    counted(rows)
    running.ledger()
    wait_until("both nodes are up", lambda: states(cluster) == {"a": "up", "b": "up"})
    cluster.stop()
    print(f"ok      {len(Strangers.WITHOUT_TLS)} kinds at a node without TLS, while records flow: {lines} lines, {more:+.1f} MB", flush=True)


def expired(certificates, folder):
    """A folder with the certificate of node b of the same authority, whose time is over."""
    folder.mkdir()

    def openssl(*arguments):
        subprocess.run(["openssl", "x509", *map(str, arguments), "-copy_extensions", "copyall"], check=True, capture_output=True)
    openssl("-x509toreq", "-in", certificates / "node-b.crt", "-signkey", certificates / "node-b.key", "-out", folder / "request")
    openssl("-req", "-in", folder / "request", "-CA", certificates / "authority.crt", "-CAkey", certificates / "authority.key", "-days", 0,
            "-out", folder / "node-b.crt")
    shutil.copy(certificates / "node-b.key", folder)
    return folder


def impostors(cluster, foreign, folder):
    """Node b is gone, and somebody listens where it did: with a certificate of another authority, one that has expired, one of another name, a client's,
    and with the right one, who speaks TLS and then garbage. Node a tells each in one line, is told nothing, and meets the true node b again."""
    a, b, own = cluster.nodes["a"], cluster.nodes["b"], cluster.certificates
    b.kill()
    kinds = (("is not signed by this cluster's authority", foreign, "node-b", b""), ("has expired", expired(own, folder / "expired"), "node-b", b""),
             ("was shown by a node that calls itself", own, "node-x", b""), ("is a client's", own, "client-operator", b""),
             ("it speaks TLS and is not a node", own, "node-b", os.urandom(60000)), (None, own, "node-b", b"\xff\xff\xff\x7f" + os.urandom(60000)))
    for reason, certificates, name, garbage in kinds:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{name}.crt", certificates / f"{name}.key")
        before, met = len(a.errors()), 0
        with socket.create_server(("127.0.0.1", b.port)) as listening:
            listening.settimeout(30 * PATIENCE)
            while met < 3:
                plain, _ = listening.accept()
                met += 1
                with contextlib.suppress(OSError), contextlib.closing(plain):
                    plain.settimeout(5 * PATIENCE)
                    with context.wrap_socket(plain, server_side=True) as s:
                        s.sendall(garbage)
                        heard = s.recv(65536)
                        check(garbage or not heard, f"{name}: node a said {heard[:200]}")
        said = a.errors()[before:]
        lines = [line for line in said.splitlines() if reason and reason in line]
        check(a.alive() and (not reason or len(lines) == 1), lambda said=said: f"{reason}: {said[-1500:]}")
    b.begin()
    wait_until("both nodes are up", lambda: states(cluster) == {"a": "up", "b": "up"})
    print(f"ok      {len(kinds)} impostors where node b was", flush=True)


def test(options, folder):
    without_tls(options, folder / "without_tls")
    topology, rows = clicks(folder)
    cluster = Trusted(options.millrace, folder)
    cluster.start()
    node = cluster.nodes["a"]
    strangers = Strangers(cluster, options, folder, cluster.certificates)
    usual, memory = handles(node), memory_mb(node)
    for attack in Strangers.ALL:
        lines = withstood(attack, strangers, node, usual)
        more = more_memory(attack.__name__, node, memory, MOST_MEMORY_MB)
        print(f"ok      {attack.__name__}: {lines} lines, {more:+.1f} MB", flush=True)
    cluster.ask("apply", topology)
    running = ClusterRun(cluster, "clicks", "a")
    wait_until("rows flow", lambda: rows.exists() and rows.stat().st_size > 0)
    usual = handles(node)
    lines = sum(withstood(attack, strangers, node, usual) for attack in Strangers.ALL)
    print(f"ok      all of it once more, while records flow: {lines} lines", flush=True)
    running.wait()
    counted(rows)
    running.ledger()
    memory = memory_mb(node)
    for attack in Strangers.ALL:
        withstood(attack, strangers, node, usual)
    more = more_memory("the third time", node, memory, MOST_MORE_MB)
    wait_until("both nodes are up", lambda: states(cluster) == {"a": "up", "b": "up"})
    impostors(cluster, strangers.foreign, folder)
    cluster.stop()
    print(f"strangers of {len(Strangers.ALL)} kinds, three times; {RATE * SECONDS} records, each in the rows; {more:+.1f} MB by the third time")


if __name__ == "__main__":
    main(test, __doc__, connections=1000)
