"""A cluster of node processes for tests that disturb it: nodes that are started, killed, stopped and continued, and the
commands that ask any of them. `ClusterRun` is a topology on it, with the interface of a run of one process.
"""
import contextlib
import json
import os
import pathlib
import signal
import subprocess

from real_systems import PATIENCE, ROOT, STORES, PostgreSQL, Run, Wrong, check, free_port, http_status, needed, told_address, unique, wait_until


def place_of_chains(store, folder, name="chains"):
    """Returns where a cluster keeps its chains, in a store of this kind; and the database that was made for it, to be dropped, or None."""
    if store == "kafka":
        return f"kafka:{needed('KAFKA_BROKERS')[0]}/{unique('chains')}", None
    if store == "postgresql":
        database = PostgreSQL(needed("POSTGRES_URL")[0], unique(name))
        database.create()
        return database.url, database
    return f"dir:{folder}/store", None


def says_that_nobody_leads(text):
    return "ask again" in text or "does not lead the cluster" in text


class Node:
    """One name, and its processes one after the other."""

    def __init__(self, cluster, name, leads):
        self.cluster, self.name, self.leads, self.port = cluster, name, leads, free_port()
        self.state = cluster.folder / name
        self.out, self.err = cluster.folder / f"{name}.out", cluster.folder / f"{name}.err"
        self.process, self.seen = None, 0

    def start(self):
        others = [n.address() for n in self.cluster.nodes.values() if n is not self]
        command = [*self.cluster.on(self.name), self.cluster.millrace, "node", "--name", self.name, "--store", self.cluster.store,
                   "--listen", self.address(), "--state", str(self.state), *(["--coordinator"] if self.leads else []),
                   *(["--join", ",".join(others)] if self.cluster.is_founded else []), "--start-timeout", f"{self.cluster.start_timeout * PATIENCE:.0f} s",
                   "--log-level", "debug", *self.cluster.silence, *self.cluster.more_options]
        self.seen = self.out.stat().st_size if self.out.exists() else 0
        with open(self.out, "ab") as o, open(self.err, "ab") as e:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=o, stderr=e, cwd=ROOT,
                                            env={**os.environ, **self.cluster.environment})
        Run.started.append(self.process)
        Run.lives.append(self)

    def serves(self, address):
        return told_address(self.state) == address

    def address(self):
        return f"{self.cluster.host(self.name)}:{self.port}"

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def check_alive(self):
        check(self.alive(), lambda: f"node {self.name} has ended by itself with {self.process.returncode}: {self.errors()[-1500:]}")

    def wait_ready(self):
        def ready():
            self.check_alive()
            return b"ready: node" in self.out.read_bytes()[self.seen:]
        wait_until(f"node {self.name} is ready", ready)

    def begin(self):
        """A process that is ready."""
        self.start()
        self.wait_ready()

    def check_probes(self):
        if "--tls" in self.cluster.more_options:
            return  # clients need a certificate
        # One that is ready loses the lead, and with it its readiness, where it stands still for too long.
        for page in ("/livez", "/readyz", "/healthz"):
            def is_well():
                found = http_status(told_address(self.state), page)
                check(found == (200, "ok\n"), f"it is {found}")
                return True
            wait_until(f"{page} of node {self.name} is ok", is_well)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tell(self, number):  # a signal
        self.process.send_signal(number)

    def errors(self):
        return self.err.read_text(errors="replace")


class Cluster:
    """`store`: the place of one, or a kind of STORES, of which the cluster makes one of its own. `patient`: no node counts as silent because the machine
    stands still; for tests that have no failure for their subject."""

    def __init__(self, millrace, folder, store="dir", leading=("a", "b"), following=("c",), environment=None, patient=False):
        self.millrace, self.folder = millrace, pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.store, self.database = place_of_chains(store, folder) if store in STORES else (store, None)
        self.environment, self.is_founded = environment or {}, False
        self.more_options, self.more_arguments = (), ()  # options of each node, of each command
        self.silence = ("--detach-after", "10 s", "--away-after", "20 s") if patient else ()
        self.start_timeout = 30  # seconds
        self.moves = False  # a node that is started again listens at another port
        self.nodes = {}
        for name in (*leading, *following):
            self.nodes[name] = Node(self, name, name in leading)

    def host(self, name):
        """The address of the node's machine."""
        return "127.0.0.1"

    def on(self, name):
        """The beginning of a command that is to be carried out on the node's machine."""
        return []

    def start(self):
        next(iter(self.nodes.values())).begin()
        self.is_founded = True
        for node in self.nodes.values():
            if not node.alive():
                node.start()
        for node in self.nodes.values():
            node.wait_ready()
            node.check_probes()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start_missing(self):
        """All live again, and are ready."""
        missing = [n for n in self.nodes.values() if not n.alive()]
        for node in missing:
            if self.moves:
                node.port = free_port()
            node.start()
        for node in missing:
            node.wait_ready()

    def ask_once(self, *arguments, by=None, seconds=600, environment=None):
        """A command as it ends, by a node that lives."""
        node = by or next((n for n in self.nodes.values() if n.alive() and (n.state / "http").exists()), None)
        check(node, lambda: "no node lives: " + "; ".join(f"{n.name} said {n.errors()[-500:]}" for n in self.nodes.values()))
        return subprocess.run(self.command(node, *arguments), capture_output=True, text=True, timeout=seconds * PATIENCE, cwd=ROOT,
                              env={**os.environ, **self.environment, **(environment or {})})

    def answer(self, *arguments, by=None):
        """A command as it ends while somebody leads: for what is to be refused."""
        def asked():
            done = self.ask_once(*arguments, by=by)
            return None if says_that_nobody_leads(done.stderr) else done
        return wait_until("somebody leads the cluster", asked)

    def command(self, node, *arguments):
        """The command line that asks this node."""
        return [*self.on(node.name), self.millrace, *map(str, arguments), "--connect", (node.state / "http").read_text().strip(),
                "--token", str(node.state / "token"), *self.more_arguments]

    def ask(self, *arguments, by=None, status=0, seconds=600, environment=None):
        """A command, by a node that lives. Nobody may lead for some seconds: it is asked again until then."""
        def asked():
            done = self.ask_once(*arguments, by=by, seconds=seconds, environment=environment)
            # A topology may end by itself before it is stopped, or be stopped already if the answer was lost with the lead.
            is_over = arguments[0] == "stop" and ("has ended at" in done.stderr or "was stopped at" in done.stderr)
            if done.returncode != status and not is_over:
                raise Wrong(f"millrace {' '.join(map(str, arguments))}: status {done.returncode}: {done.stderr[-1000:]}")
            return done
        done = []
        wait_until("the command is carried out", lambda: done.append(asked()) or True)
        return done[0].stdout

    def state_of(self, topology):
        """Its state and the reason of that."""
        for t in json.loads(self.ask("list", "--json")):
            if t["topology"] == topology:
                return t["state"], t["reason"]
        raise Wrong(f"the cluster has no topology {topology}")

    def places(self):
        """Returns the node of each actor."""
        return {actor: n["name"] for n in json.loads(self.ask("nodes", "--json")) for actor in n["actors"]}

    def is_up(self, name):
        return any(n["name"] == name and n["state"] in ("up", "flapping") for n in json.loads(self.ask("nodes", "--json")))

    def leader(self):
        return next((n["name"] for n in json.loads(self.ask("nodes", "--json")) if n["coordinator"]), None)

    def check_alive(self):
        for n in self.nodes.values():
            n.check_alive()

    def stop(self):
        for node in self.nodes.values():
            if node.alive():
                node.tell(signal.SIGTERM)
        for node in self.nodes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                if node.process:
                    node.process.wait(60 * PATIENCE)

    def close(self):
        """Its store goes, too, if it is its own."""
        self.stop()
        if self.database:
            self.database.drop()


def make_certificates(millrace, folder, *names):
    """An authority, and what it makes for each of the names: ("node", "a") or ("client", "operator")."""
    for command in (["init", folder], *([*name, "--dir", folder] for name in names)):
        subprocess.run([millrace, "tls", *map(str, command)], check=True, capture_output=True, timeout=60 * PATIENCE)


class ClusterRun:
    """A topology on the cluster, with the interface of a Run. Stages on a disk are on the node `home`."""

    def __init__(self, cluster, name, home):
        self.cluster, self.name, self.home = cluster, name, cluster.nodes[home]
        self.state, self.out = self.home.state / "topologies" / name, self.home.out
        self.report_file = cluster.folder / f"{name}.report.json"

    def stop(self, seconds=600):
        self.cluster.ask("stop", self.name)
        self.wait(seconds)

    def wait(self, seconds=600):
        self.cluster.ask("wait", self.name, "--report", self.report_file, seconds=seconds)

    def expect(self, status, *texts, seconds=60):
        """The topology ends by itself, 0, or fails, 1, for a reason that has all of these."""
        wanted = "failed" if status else "ended"
        state, reason = wait_until(f"it has {wanted}", lambda: (found := self.cluster.state_of(self.name))[0] == wanted and found, seconds)
        for text in texts:
            check(text in reason, f"expected {text!r} in the reason for which it has {state}: {reason}")
        if status == 0:
            self.wait(seconds)

    def alive(self):
        return all(node.alive() for node in self.cluster.nodes.values())

    def check_alive(self):
        self.cluster.check_alive()

    def errors(self):
        return "\n".join(node.errors() for node in self.cluster.nodes.values())

    ledger = Run.ledger

    def dead_letters(self):
        return [json.loads(line) for line in self.cluster.ask("letters", self.name).splitlines()]
