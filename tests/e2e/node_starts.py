#!/usr/bin/env -S python3 -B
"""Starts, waits and ends of a node: what it may not share, addresses that are taken, a store and coordinators that come later, and the
reason of its end, which is its last line. Exit status 1 is what a supervisor starts again, 2 what it does not.

    node_starts.py --millrace BINARY [--only NAME]      each case is a function below
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess

from cluster_under_test import make_certificates
from disk_full import own_mounts
from real_systems import PATIENCE, ROOT, OwnFolder, Run, check, free_port, http_status, main_of_cases, needed, told_address, unique, wait_until
from relay import Relay


class Started:
    """A process of `millrace node`."""

    def __init__(self, c, name, *options, store=None, state=None, listen=None, http=None, timeout=60):
        self.state = c.folder / (state or name)
        self.http = http or f"127.0.0.1:{free_port()}"
        self.listen = listen or f"127.0.0.1:{free_port()}"
        self.err = c.folder / f"{len(Run.started)}.err"
        command = [c.binary, "node", "--name", name, "--store", store or c.store, "--listen", self.listen, "--http", self.http, "--state",
                   str(self.state), "--start-timeout", f"{timeout * PATIENCE:.0f} s", *options]
        with open(self.err, "wb") as e:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=e, cwd=ROOT)
        Run.started.append(self.process)

    def says(self):
        return self.err.read_text()

    def wait_ready(self):
        line = self.process.stdout.readline()
        check(line.startswith(b"ready: node"), lambda: f"it is not ready: {line} {self.says()[-1500:]}")
        return self

    def waits_to_say(self, text):
        wait_until(f"it says {text!r}", lambda: text in self.says() or (check(self.process.poll() is None, self.says()) and False))

    def ends(self, status, *says):
        """Ends with this status, and all of that in its last line."""
        found = self.process.wait(120 * PATIENCE)
        check(found == status, lambda: f"status {found}, expected {status}: {self.says()[-1500:]}")
        last = self.says().splitlines()[-1]
        for one in says:
            check(one in last, lambda: f"{one!r} is not in the last line: {self.says()[-1500:]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(60 * PATIENCE) == 0, self.says()[-1500:])


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.store = f"dir:{self.folder}/store"

    def untouched(self):
        check(not (self.folder / "store").exists(), "the store was made")

    def node(self, name, *options, **how):
        return Started(self, name, *options, **how)


def shared_state_folder(c):
    """The second of two nodes on one state folder is refused with folder, process and remedy, and leaves the first one's files alone."""
    a = c.node("a", "--coordinator").wait_ready()
    before = (a.state / "http").read_text()
    c.node("b", "--join", a.listen, state="a").ends(2, f"the state folder {a.state} is in use by process {a.process.pid} on ", "--state DIR")
    check((a.state / "http").read_text() == before, "the second one has written its address there")
    check(http_status(told_address(a.state), "/readyz") == (200, "ok\n"), "the first one is disturbed")
    refused = subprocess.run([c.binary, "run", ROOT / "pipelines/active_users/topology.json", "--state", a.state], capture_output=True, text=True)
    check(refused.returncode == 2, f"a run has taken a node's folder: {refused}")
    a.stop()
    c.node("a", "--coordinator").wait_ready().stop()


def taken_addresses(c):
    """An address that cannot be listened at ends the node before it has touched the store: address, cause and remedy."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        words = f"cannot listen on {taken}: Address already in use; another process has it", "end that one, or choose another address by "
        c.node("a", "--coordinator", listen=taken).ends(1, *words, "--listen")
        c.node("a", "--coordinator", http=taken).ends(1, *words, "--http")
    certificates = c.folder / "tls"
    make_certificates(c.binary, certificates, ("node", "a"))
    for which in ({"listen": "192.0.2.1:7100"}, {"http": "192.0.2.1:7100"}):
        c.node("a", "--coordinator", "--tls", str(certificates), **which).ends(
            1, "cannot listen on 192.0.2.1:7100: Cannot assign requested address", "ip address", f"--{next(iter(which))}")
    c.node("a", "--coordinator", "--tls", str(certificates), listen="no.such.host.invalid:7100").ends(
        1, "cannot listen on no.such.host.invalid:7100", "--listen")
    c.untouched()


def wrong_arguments(c):
    """A fault that no other start mends is 2."""
    c.node("a").ends(2, "--join", "--coordinator")
    c.node("a", "--coordinator", listen="0.0.0.0:7100").ends(2, "--listen 0.0.0.0:7100")
    c.untouched()


def store_that_comes_later(c):
    """A store that is away is said at once, told by the probes, and waited for; where it dies later, /readyz says so, and that it is back."""
    server = c.own_postgres()
    port = free_port()
    place = server.url.rpartition("@")[2].partition("/")
    url = f"postgresql://test@127.0.0.1:{port}/{place[2]}"
    a = c.node("a", "--coordinator", store=url)
    a.waits_to_say("the store does not answer; waiting for it up to ")
    check(http_status(a.http, "/livez") == (200, "ok\n"), "/livez")
    for probe in ("/readyz", "/healthz"):
        found = http_status(a.http, probe)
        check(found == (503, f"this node starts, and waits for the store {url}\n"), f"{probe}: {found}")
    with relay_at(port, place[0]) as relay:
        a.wait_ready()
        check(f"the store answers: {url}" in a.says(), a.says())
        wait_until("it is ready", lambda: http_status(a.http, "/readyz") == (200, "ok\n"))
        relay.hang()
        for probe in ("/readyz", "/healthz"):
            wait_until(f"{probe} says that the store has died",
                       lambda probe=probe: "the store of the cluster does not answer" in http_status(a.http, probe)[1])
        check(http_status(a.http, "/livez") == (200, "ok\n"), "/livez")
        relay.go_on()
        wait_until("it is ready again", lambda: http_status(a.http, "/readyz") == (200, "ok\n"))
        a.stop()


@contextlib.contextmanager
def relay_at(port, target):
    relay = Relay(target, port=int(port))
    try:
        yield relay
    finally:
        relay.close()


def store_that_stays_away(c):
    """The reason is the last line after --start-timeout, and a supervisor tries again: PostgreSQL that refuses, Kafka that is silent."""
    url = f"postgresql://test@127.0.0.1:{free_port()}/clusters"
    a = c.node("a", "--coordinator", store=url, timeout=2)
    a.ends(1, "the store has not answered within ", "--start-timeout", url)
    check(1 <= a.says().count("the store does not answer; waiting for it up to ") <= 1 + 2 * PATIENCE / 10, a.says())
    c.node("a", "--coordinator", store=f"kafka:127.0.0.1:{free_port()}", timeout=2).ends(1, "the store has not answered within ", "topic ")
    stopped = c.node("a", "--coordinator", store=url)
    stopped.waits_to_say("the store does not answer")
    stopped.stop()


def store_that_refuses(c):
    """A refusal of the server is told at once; it was contacted, so the status is 1."""
    url = needed("POSTGRES_URL")[0].rpartition("/")[0] + "/" + unique("none")
    c.node("a", "--coordinator", store=url).ends(1, "does not exist", "create the database")


def coordinators_that_come_later(c):
    """A node without a coordinator ends with 1 after a power cut, so that it is started again; its reason is the last line."""
    nobody = f"127.0.0.1:{free_port()}"
    b = c.node("b", "--join", nobody, timeout=2)
    b.ends(1, f"no node of the cluster answers at {nobody} (Connection refused)", "start one with --coordinator there first")
    check("it was asked to end" not in b.says(), b.says())
    a = c.node("a", "--coordinator").wait_ready()
    b = c.node("b", "--join", a.listen).wait_ready()
    b.stop()
    a.stop()
    b = c.node("b", "--join", a.listen, timeout=2)
    b.ends(1, "no coordinator is reachable", f"node a at {a.listen}: Connection refused")
    again, a = c.node("b", "--join", a.listen), c.node("a", "--coordinator", listen=a.listen)
    a.wait_ready()
    again.wait_ready()


def name_that_is_taken(c):
    """A second process of a name, while the first one answers."""
    a = c.node("a", "--coordinator").wait_ready()
    c.node("b", "--join", a.listen).wait_ready()
    c.node("b", "--join", a.listen, state="other").ends(1, "another process is node b", "give each node a name of its own")


def copied_store(c):
    """A node whose store is a copy is declined by the coordinator: that is its last line, not that it has not joined in time."""
    a = c.node("a", "--coordinator").wait_ready()
    b = c.node("b", "--join", a.listen).wait_ready()
    b.stop()
    shutil.copytree(c.folder / "store", c.folder / "copy")
    copy = f"dir:{c.folder}/copy"
    c.node("b", "--join", a.listen, store=copy, listen=b.listen).ends(
        1, "the store is not shared", f"does not find that in {copy}", "give all nodes the same store")
    # Nobody knows this one.
    c.node("c", "--join", a.listen, store=copy, timeout=1).ends(
        1, "no coordinator is reachable", f"node a at {a.listen}: it answers; if it leads, it has another store than {copy}")


def other_store(c):
    """A node that joins another cluster's node."""
    a = c.node("a", "--coordinator").wait_ready()
    c.node("b", "--join", a.listen, store=f"dir:{c.folder}/other").ends(1, "the store is not shared", "give all nodes the same --store")


def resolver_that_hangs(c):
    """A name that is not resolved holds nobody up: with TLS and without the node ends in its time, with the name in its last line."""
    certificates = c.folder / "tls"
    make_certificates(c.binary, certificates, ("node", "b"))
    (c.folder / "resolv.conf").write_text("nameserver 127.0.0.99\noptions timeout:30 attempts:5\n")
    subprocess.run(["mount", "--bind", str(c.folder / "resolv.conf"), os.path.realpath("/etc/resolv.conf")], check=True)
    c.at_the_end.callback(subprocess.run, ["umount", os.path.realpath("/etc/resolv.conf")], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.99", 53))
        for options in ((), ("--tls", str(certificates))):
            b = c.node("b", "--join", "node-a.example:7100", *options, timeout=1)
            b.process.wait(60)  # the resolver takes 150 s
            b.ends(1, "node-a.example: its name is not resolved in time; look after /etc/resolv.conf")


CASES = (shared_state_folder, taken_addresses, wrong_arguments, store_that_comes_later, store_that_stays_away, store_that_refuses,
         coordinators_that_come_later, name_that_is_taken, copied_store, other_store, resolver_that_hangs)


if __name__ == "__main__":
    own_mounts()
    main_of_cases(CASES, Case, __doc__)
