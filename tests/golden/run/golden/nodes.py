"""Two nodes of one cluster for many cases, and an attempt at a case on them: a topology of a name of its own. A scenario that ends
a process finds that it has ended the topology, or killed the node that it was applied at.
"""
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "e2e"))
from cluster_under_test import Cluster, says_that_nobody_leads  # noqa: E402
from real_systems import wait_until  # noqa: E402

from golden.millrace import TIMEOUT, Attempt, Ended, Workplace, Wrong  # noqa: E402

# Messages of `run`, and those that `apply` and `wait` may give in their place.
WORDS = {"has ended": (" ended",), "this one reads what is new": (" ended",), "nothing new in": (" ended",),
         "--fresh": ("give this one another name", "millrace apply FILE --fresh"), "--state": ("apply the old topology",),
         "begin anew with --fresh": ("begin anew with `millrace apply FILE --fresh`",)}


class Pair:
    """The nodes a and b. Topologies are applied at the one or the other, where their files lie then."""

    def __init__(self, binary, folder, seed):
        folder.mkdir()
        self.folder = folder
        self.cluster = Cluster(str(binary), folder, f"dir:{folder}/store", ("a", "b"), (), {"TZ": "America/New_York"})
        self.random = random.Random(seed)
        self.screen = threading.Lock()  # held by a case that reads what nodes print
        self.cluster.start()

    def blow(self, node):
        """Kills the node, and starts it again."""
        node.kill()
        node.start()
        node.wait_ready()
        wait_until("a node leads", self.cluster.leader)


class PlaceOnNodes(Workplace):
    is_on_nodes = True

    def __init__(self, pair, binary, folder, seed):
        base = pair.folder / "cases" / folder.name
        base.mkdir(parents=True)
        super().__init__(binary, folder, base, seed, kills=2)
        self.pair = pair
        self.nodes = list(pair.cluster.nodes.values())
        self.random.shuffle(self.nodes)

    def attempt(self, name):
        return AttemptOnNodes(self, name)


class Applied:
    """A topology on the nodes, in the place of a process."""

    def __init__(self, attempt, said, life, printed):
        """`said`: how `apply` went."""
        self.attempt, self.said, self.life, self.printed = attempt, said, life, printed

    @property
    def returncode(self):
        return self.poll()

    def poll(self):
        """None while it runs, otherwise the exit status."""
        if self.said.returncode != 0:
            return self.said.returncode
        return {"ended": 0, "stopped": 0, "failed": 1}.get(self.attempt.cluster.state_of(self.attempt.topology)[0])


class AttemptOnNodes(Attempt):
    def __init__(self, place, name):
        super().__init__(place, name)
        self.cluster, self.topology = place.pair.cluster, f"{place.folder.name}_{name}"
        self.home = place.nodes[0]
        self.state = self.home.state / "topologies" / self.topology

    def start(self, args=(), topology=None, env=None):
        self.lives += 1
        self.report_file.unlink(missing_ok=True)
        printed = self.home.out.stat().st_size
        args = list(args)
        if "--threads" in args:  # a node has its own
            del args[args.index("--threads"):args.index("--threads") + 2]
        file = topology or self.place.folder / "topology.json"

        def applied():
            said = self.cluster.ask_once("apply", file, "--set", f"topology={self.topology}", *args, by=self.home,
                                         environment=self.environment(env))
            return None if says_that_nobody_leads(said.stderr) else said
        return Applied(self, wait_until("the topology is applied, or refused", applied), self.lives, printed)

    def end(self, process, timeout=TIMEOUT):
        if process.said.returncode != 0:
            return Ended(process.said.returncode, "", process.said.stderr)
        wait_until(f"{self.topology} is over", lambda: process.poll() is not None, timeout)
        done = self.cluster.answer("wait", self.topology, "--report", self.report_file, by=self.home)
        with open(self.home.out, encoding="utf-8") as out:
            out.seek(process.printed)
            return Ended(done.returncode, out.read(), process.said.stderr + done.stderr + done.stdout)

    def ended(self, process):
        return Ended(process.returncode, "", process.said.stderr or str(self.cluster.state_of(self.topology)))

    def run(self, args=(), topology=None, exit=0, says=(), env=None):
        process = self.start(args, topology, env)
        # A refusal of a node is 1, a finding of `apply` itself 2; `run` cannot tell them apart.
        refused = exit == 2 and process.said.returncode == 1
        ended = self.checked(self.end(process), 1 if refused else exit, ())
        logged = "\n".join(line for node in self.cluster.nodes.values() for line in node.errors().splitlines() if self.topology in line)
        for text in [says] if isinstance(says, str) else says:
            if not any(t in ended.stderr + logged for t in (text, *WORDS.get(text, ()))):
                raise Wrong(f"{self.name}: neither {text!r} nor what stands for it is said\n{ended.stderr[-1500:]}")
        return ended

    def run_killed(self, args=(), exit=0, look=None):
        """Kills the other node and the topology's own one, each once, and starts them again: a third death would end it."""
        process = self.start(args)
        for node in reversed(self.place.nodes):
            time.sleep(self.place.random.uniform(0.1, 1))
            self.place.pair.blow(node)
            if look:
                look()
        return self.checked(self.end(process), exit, ())

    def kill(self, process):
        self.place.pair.blow(self.home)

    def stop(self, process):
        self.cluster.ask("stop", self.topology, by=self.home)
        ended = self.end(process)
        if ended.status != 0:
            raise Wrong(f"{self.name}: status {ended.status} after it was stopped\n{ended.stderr[-1500:]}")

    def dead_letters(self, file=None):
        if file:
            return super().dead_letters(file)
        return [json.loads(line) for line in self.cluster.ask("letters", self.topology, by=self.home).splitlines()]

    def wait_for_start(self, process):
        """`stop` waits for that by itself."""
