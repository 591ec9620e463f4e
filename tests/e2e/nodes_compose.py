#!/usr/bin/env -S python3 -B
"""pipelines/active_users/compose.yaml without docker: its certificates, its feed and its three nodes as processes on a real Kafka, and the
commands that its head shows. Names of containers and folders of the image stand for what is here; what docker itself does is not tried.

    nodes_compose.py --millrace BINARY
"""
import json
import os
import re
import shlex
import subprocess

from compose import IMAGE_DOCS, read
from real_systems import PATIENCE, ROOT, Kafka, Run, captured, check, free_port, main, needed, unique, wait_until

FILE = ROOT / "pipelines" / "active_users" / "compose.yaml"
NODES = ("a", "b", "c")
IN_CONTAINER = "exec a millrace "


class Containers:
    def __init__(self, options, folder, brokers):
        self.options, self.folder = options, folder
        self.topics = {"active": unique("active"), "active2": unique("active2")}
        self.places = {f"{name}:7100": f"127.0.0.1:{free_port()}" for name in NODES}
        self.places |= {"kafka:kafka:29092": f"kafka:{brokers}/{unique('cluster')}", "kafka:29092": brokers, IMAGE_DOCS: str(ROOT),
                        "/certificates": str(folder / "certificates")}
        (folder / "certificates").mkdir(mode=0o700)
        self.processes = {}

    def here(self, text):
        return re.sub("|".join(map(re.escape, self.places)), lambda m: self.places[m[0]], text)

    def state(self, name):
        return self.folder / f"{name}-state"

    def environment(self, name, service):
        return {**os.environ, **{k: self.here(v) for k, v in (service.get("environment") or {}).items()}, "XDG_STATE_HOME": str(self.state(name)),
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}

    def arguments(self, text):
        """A command line; its topics are this test's own."""
        found = shlex.split(self.here(text))
        sets = {"feed.json": {"active.topic": "active"}, "topology.json": {"clicks.topic": "active", "topic.topic": "active2"}}
        for file, topics in sets.items():
            if any(a.endswith("/" + file) for a in found):
                found += [x for stage, topic in topics.items() for x in ("--set", f"stages.{stage}={self.topics[topic]}")]
        return found

    def start(self, name, service):
        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.err", "wb") as err:
            process = subprocess.Popen([self.options.millrace, *self.arguments(service["command"])], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=err, cwd=self.folder, env=self.environment(name, service))
        Run.started.append(process)
        self.processes[name] = process

    def errors(self, name):
        return (self.folder / f"{name}.err").read_text(errors="replace")

    def has_ended(self, name):
        check(self.processes[name].poll() is not None, lambda: f"it says {self.errors(name)[-800:]}")
        return True

    def wait_ready(self, name):
        def ready():
            code = self.processes[name].poll()
            check(code is None, lambda: f"{name} has ended with {code}: {self.errors(name)[-1000:]}")
            return "ready: node" in (self.folder / f"{name}.out").read_text()
        wait_until(f"node {name} is ready", ready)

    def execute(self, name, service, command):
        done = captured(self.options.millrace, *self.arguments(command), timeout=300 * PATIENCE, env=self.environment(name, service))
        check(done.returncode == 0, lambda: f"millrace {command}: {done.returncode}: {done.stderr[-1000:]}")
        return done.stdout


def test(options, folder):
    compose = read(FILE)
    services = compose["services"]
    check(set(services) == {"kafka", "certificates", "feed", *NODES}, f"services: {list(services)}")
    named = {v.split(":")[0] for s in services.values() for v in s.get("volumes", [])}
    check(named == set(compose["volumes"]), f"volumes: {named ^ set(compose['volumes'])}")
    check(all(services[n]["depends_on"] == {"certificates": {"condition": "service_completed_successfully"}} for n in NODES),
          "a node begins before its certificate is made")
    shown = [line.partition(IN_CONTAINER)[2] for line in FILE.read_text().splitlines() if line.startswith("#") and IN_CONTAINER in line]
    check(len(shown) == 2, f"commands in the head of {FILE.name}: {shown}")
    brokers, = needed("KAFKA_BROKERS")
    containers = Containers(options, folder, brokers)
    (folder / "bin").mkdir()
    (folder / "bin" / "millrace").symlink_to(options.millrace)
    making = [services["certificates"]["entrypoint"], *map(containers.here, services["certificates"]["command"])]
    for _ in range(2):  # the second time there is nothing to do
        made = captured(*making, env=containers.environment("certificates", {}), timeout=120 * PATIENCE)
        check(made.returncode == 0, f"the certificates: {made.returncode}: {made.stderr}")
    containers.start("feed", services["feed"])
    for name in NODES:
        containers.start(name, services[name])
    for name in NODES:
        containers.wait_ready(name)
    kafka = Kafka(brokers)
    wait_until("the feed has made its topic", lambda: kafka.read(containers.topics["active"]))
    for command in shown:
        said = containers.execute("a", services["a"], command)
    check(all(re.search(rf"^{name} +up", said, re.MULTILINE) for name in NODES), f"nodes: {said}")

    def places():
        found = json.loads(containers.execute("a", services["a"], f"{shown[1]} --json"))
        return {n["name"]: n["actors"] for n in found if n["actors"]}
    wait_until("each node has a part of the job", lambda: set(places()) == set(NODES))
    killed = containers.processes["b"]
    killed.kill()
    killed.wait()
    wait_until("the others have what b ran", lambda: set(places()) == {"a", "c"})
    containers.start("b", services["b"])
    containers.wait_ready("b")
    containers.execute("a", services["a"], "stop active_users --tls /certificates/tls")
    for name in ("feed", *NODES):
        containers.processes[name].terminate()
    for name in ("feed", *NODES):
        wait_until(f"SIGTERM ends {name}", lambda name=name: containers.has_ended(name))
        status = containers.processes[name].returncode
        check(status == 0, lambda name=name, status=status: f"SIGTERM ends {name} with {status}: {containers.errors(name)[-800:]}")
    print(f"the services of {FILE.relative_to(ROOT)}: three nodes by TLS, one of them killed and back")


if __name__ == "__main__":
    main(test, __doc__)
