#!/usr/bin/env -S python3 -B
"""Orders to a cluster that do not fit are refused with the reason, a drain says what stays and is taken back, nodes that leave in order are `left`, none
that lives is forgotten, and all nodes stop at once, whoever leads first, without waiting for each other. Rows and ledger are exact at the end.

    orders_on_nodes.py --millrace build/release/millrace [--store dir|kafka|postgresql] [--stops 3]

POSTGRES_URL and KAFKA_BROKERS name the servers of these stores.
"""
import json
import re
import signal
import time
import urllib.error
import urllib.request

from cluster_under_test import Cluster
from counted_on_nodes import HOME, NAME, CountedOnNodes
from patience import LEAST
from real_systems import PATIENCE, STORES, Run, check, http_status, main, told_address, topology_file, wait_until

TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"
SECONDS, RATE = 30 * PATIENCE / LEAST, 300  # it runs until the last node has been stopped
# A stop takes some 0.1 s, and 1 s where nobody else may lead; nodes waited 10 s for each other.
STOPS_WITHIN = 1.5


def post(node, path, name):
    """The status and the error's text."""
    asked = urllib.request.Request(f"http://{told_address(node.state)}/api/v1/{path}", json.dumps({"confirm": name}).encode(), {
        "Authorization": f"Bearer {(node.state / 'token').read_text().strip()}", "Content-Type": "application/json", "X-Millrace-Action": "yes"})
    try:
        with urllib.request.urlopen(asked, timeout=60 * PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())["error"]["message"]


class Ordered(CountedOnNodes):
    def node(self, name):
        """The state that `nodes` shows."""
        return next((n for n in json.loads(self.cluster.ask("nodes", "--json")) if n["name"] == name), None)


def names(j):
    """A name that is not there is answered with the names that are."""
    j.refused(f"the cluster has no topology counte; it has {NAME}; did you mean \"{NAME}\"", "stop", "counte")
    j.refused("the cluster has no node x; it has a, b, c", "drain", "x")
    j.refused(f"topology {NAME} has no actor {NAME}, and no parser, window or sink of that name; it has count_rows, counts, dead_letters, parsed0, parsed1, "
              "parsed2, sum_rows, sums", "console", "-e", f"restart {NAME}")
    j.refused('has no actor count_row, .*did you mean "count_rows"', "console", "-e", "restart count_row")


def drains(j):
    """The node with the files says what stays, and gets work again once the drain is taken back. A leader that drains gives the lead away."""
    said = j.cluster.ask("drain", HOME)
    first, *stays, release = said.splitlines()
    check(f"millrace undrain {HOME} undoes the drain" in first, said)
    check(sorted(line.split(":")[0].strip() for line in stays) == sorted(
        f"{NAME}/{a}" for a in ("count_rows", "sum_rows", "parsed0/lane0", "parsed1/lane0", "parsed2/lane0")), said)
    check(all(f"it is on the disk of {HOME}" in line for line in stays) and f"`millrace stop {NAME}` ends it" in release and f"millrace forget {HOME}" in release,
          said)
    wait_until("it has what stays alone", lambda: j.node(HOME)["state"] == "draining" and len(j.node(HOME)["actors"]) == len(stays))
    check("gets work again" in j.cluster.ask("undrain", HOME), "undrain")
    wait_until("it gets work again", lambda: j.node(HOME)["state"] == "up")
    leader = j.leader()
    j.cluster.ask("drain", leader)
    wait_until("another node leads", lambda: j.leader() != leader)
    wait_until("it is drained", lambda: j.node(leader)["state"] == "drained")
    j.cluster.ask("undrain", leader)
    wait_until("it is up", lambda: j.node(leader)["state"] == "up")


def leaves(j):
    """One that was stopped is left, in the list and in metrics, and is there again when it is started."""
    leader = j.leader()
    other = next(n for n in ("a", "b") if n != leader)
    j.cluster.nodes[other].tell(signal.SIGTERM)
    check(j.cluster.nodes[other].process.wait(60 * PATIENCE) == 0, "a node that was stopped has failed")
    check(j.node(other)["state"] == "left", f"it is {j.node(other)}")
    shown = http_status(told_address(j.cluster.nodes[leader].state), "/metrics")[1]
    check(f'millrace_node_state{{node="{other}",state="left"}} 1' in shown and f'millrace_node_state{{node="{other}",state="silent"}} 0' in shown, shown)
    j.refused(f"the node {other} has left: it runs nothing", "drain", other)
    j.all_live()
    check(j.node(other)["state"] == "up", f"it is {j.node(other)}")


def is_over(j):
    """A topology that does not run is not stopped, paused, resumed or restarted."""
    said = f"the topology {NAME} has ended at {TIME}; it does not run"
    j.refused(said, "stop", NAME)
    for what in ("pause", "resume", "restart counts"):
        j.refused(said, "console", "-e", what)
    for node in j.cluster.nodes.values():
        for path in ("stop", "pause", "resume", "stages/counts/restart"):
            status, text = post(node, f"topologies/{NAME}/{path}", path.split("/")[1] if "/" in path else NAME)
            check(status == 409 and re.search(said, text), f"{path} by {node.name}: {status}: {text}")


def of_a_run(options, folder):
    """The same orders to `millrace run`, of which one topology has ended while another one goes on."""
    folder.mkdir()
    (folder / "in.jsonl").write_text('{"n": 1}\n')
    for name, more in (("short", {}), ("long", {"follow": True})):
        topology_file(folder / f"{name}.json", name, {
            "lines": {"source": "file", "path": str(folder / "in.jsonl"), **more},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint"}},
            "rows": {"sink": "file", "from": "parsed", "path": str(folder / f"{name}-rows.jsonl"), "columns": {"n": "n"}}})
    run = Run(options.millrace, folder / "short.json", folder / "state", "--http", "127.0.0.1:0", str(folder / "long.json"))

    def states():
        done = run.ask_once("list", "--json")
        check(done.returncode == 0, done.stderr)
        return {t["topology"]: t["state"] for t in json.loads(done.stdout)}

    wait_until("one has ended", lambda: states() == {"short": "ended", "long": "running"})
    said = f"the topology short has ended at {TIME}; it does not run"
    for command in (["stop", "short"], ["console", "--topology", "short", "-e", "pause"], ["console", "--topology", "short", "-e", "resume"],
                    ["console", "--topology", "short", "-e", "restart parsed"]):
        done = run.ask_once(*command)
        check(done.returncode == 1 and re.search(said, done.stderr), f"{command} ends with {done.returncode}: {done.stderr}")
    done = run.ask_once("stop", "shor")
    check(done.returncode == 1 and 'no topology shor runs here; short, long do; did you mean "short"' in done.stderr, f"{done.returncode}: {done.stderr}")
    check(run.ask_once("stop", "long").stdout == "long stopped\n", "stop of what runs")
    run.expect(0)


def stop_at_once(j):
    """The leader is told first. Gives the seconds until all have ended."""
    leader = j.leader()
    nodes = [j.cluster.nodes[n] for n in (leader, *(n for n in j.cluster.nodes if n != leader))]
    began = time.monotonic()
    for node in nodes:
        node.tell(signal.SIGTERM)
    for node in nodes:
        status = node.process.wait(60 * PATIENCE)
        check(status == 0, lambda n=node, s=status: f"{n.name} has ended with {s}: {n.errors()[-1000:]}")
    return time.monotonic() - began


def stops(j, often):
    took = []
    for _ in range(often):
        took.append(stop_at_once(j))
        check(took[-1] < STOPS_WITHIN * PATIENCE, f"the nodes stop in {took[-1]:.1f} s")
        j.all_live()
    return took


def is_not_forgotten(options, folder):
    """A node that lives is not forgotten by a leader that is new, and has not heard it yet."""
    cluster = Cluster(options.millrace, folder)
    cluster.silence = ("--detach-after", f"{PATIENCE:.0f} s", "--away-after", f"{6 * PATIENCE:.0f} s")
    cluster.start()
    leader = wait_until("a node leads", cluster.leader)
    asked = cluster.nodes[next(n for n in ("a", "b") if n != leader)]
    cluster.nodes["c"].tell(signal.SIGSTOP)
    cluster.nodes[leader].kill()

    def refused():
        status, text = post(asked, "nodes/c/forget", "c")
        check(status != 200, f"a node that was not heard yet is forgotten: {text}")
        return text if "node c" in text else None

    text = wait_until("another node leads", refused)
    check("the node c may be there: the lead has changed" in text, text)
    cluster.nodes["c"].tell(signal.SIGCONT)
    wait_until("the node is heard", lambda: "the node c is there; end its process first" in refused())
    cluster.stop()


def test(options, folder):
    with Ordered(options, folder, seconds=SECONDS, rate=RATE) as j:
        waiting = j.apply()
        names(j)
        drains(j)
        leaves(j)
        took = stops(j, options.stops)
        j.cluster.ask("wait", NAME, "--report", waiting.report_file)
        j.counts.compare()
        waiting.compare_ledger()
        is_over(j)
    is_not_forgotten(options, folder / "forget")
    of_a_run(options, folder / "run")
    print(f"orders on {options.store}: all nodes have stopped within {', '.join(f'{t:.2f}' for t in took)} s")


if __name__ == "__main__":
    main(test, __doc__, store=STORES, stops=3)
