#!/usr/bin/env -S python3 -B
"""pipelines/game/compose.yaml without docker: the commands of its services, with their environment, as processes on a real Kafka. Names of
containers and folders of the image stand for what is here; what docker itself does is not tried.

    compose.py --millrace BINARY
"""
import http.client
import pathlib
import re
import shlex
import urllib.request

from parquet_tables import visible_files, without_parquet
from real_systems import PATIENCE, ROOT, Run, Wrong, check, free_port, main, needed, wait_until
import subprocess
import os

FILE = ROOT / "pipelines" / "game" / "compose.yaml"
IMAGE_DOCS = "/usr/share/doc/millrace"


def read(path):
    """The file's maps, lists and scalars: block style only, which is all that it uses. Anything else is an error."""
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            rows.append((len(line) - len(line.lstrip()), text, number))

    def scalar(text):
        return text[1:-1] if text[:1] == text[-1:] == '"' and len(text) > 1 else text

    def block(at, indent):
        if rows[at][1].startswith("- "):
            items = []
            while at < len(rows) and rows[at][0] == indent:
                items.append(scalar(rows[at][1][2:]))
                at += 1
            return items, at
        found = {}
        while at < len(rows) and rows[at][0] == indent:
            _, text, number = rows[at]
            match = re.fullmatch(r"([\w.-]+):(?: (.+))?", text)
            check(match, f"{path.name}:{number}: not read here: {text}")
            at += 1
            if match[2]:
                found[match[1]] = scalar(match[2])
            elif at < len(rows) and rows[at][0] > indent:
                found[match[1]], at = block(at, rows[at][0])
            else:
                found[match[1]] = None
        return found, at

    found, end = block(0, 0)
    check(end == len(rows), f"{path.name}: not read to its end")
    return found


class Container:
    """One service's command as a process; its volumes are folders."""

    def __init__(self, options, folder, name, service, brokers, ports):
        where = {}
        for volume in service.get("volumes", []):
            source, target = volume.split(":")
            where[target] = folder / source
            where[target].mkdir(exist_ok=True)

        def here(text):
            text = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{ports.setdefault(m[1], free_port())}", text)
            text = text.replace("kafka:29092", brokers).replace(IMAGE_DOCS, str(ROOT))
            return str(where.get(text, text))
        environment = {k: here(v) for k, v in service["environment"].items()}
        for inside in (p.split(":")[1] for p in service.get("ports", [])):
            environment = {k: str(ports.setdefault(inside, free_port())) if v == inside else v for k, v in environment.items()}
        # The state of the run before this one went with its folder; its topic may still be on the broker.
        command = [options.millrace, *map(here, shlex.split(service["command"])), "--fresh"]
        self.out = folder / f"{name}.out"
        with open(self.out, "wb") as out, open(folder / f"{name}.err", "wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                                            env={**os.environ, **environment, "XDG_STATE_HOME": str(where["/var/lib/millrace"])})
        Run.started.append(self.process)
        self.name, self.errors = name, lambda: (folder / f"{name}.err").read_text(errors="replace")

    def has_ended(self):
        check(self.process.poll() is not None, lambda: f"it says {self.errors()[-800:]}")
        return True

    def stop(self):
        check(self.process.poll() is None, lambda: f"{self.name} has ended with {self.process.returncode}: {self.errors()[-800:]}")
        self.process.terminate()
        wait_until(f"SIGTERM ends {self.name}", self.has_ended)
        check(self.process.returncode == 0, lambda: f"SIGTERM ends {self.name} with {self.process.returncode}: {self.errors()[-800:]}")


def test(options, folder):
    compose = read(FILE)
    services = {name: s for name, s in compose["services"].items() if s["image"] == "millrace:latest"}
    check(set(services) == {"api", "job", "consumer"} and set(compose["services"]) - set(services) == {"kafka"}, f"services: {list(compose['services'])}")
    named = {v.split(":")[0] for s in compose["services"].values() for v in s.get("volumes", [])}
    check(named == set(compose["volumes"]), f"volumes: {named ^ set(compose['volumes'])}")
    for s in services.values():
        topology = pathlib.Path(str(ROOT) + re.search(rf"{IMAGE_DOCS}(\S+)", s["command"])[1])
        check(topology.exists(), f"{topology} is not there")
    if why := without_parquet(options):
        print(f"SKIPPED: compose.py: {why}", flush=True)
        return
    brokers, = needed("KAFKA_BROKERS")
    ports = {}
    running = {name: Container(options, folder, name, s, brokers, ports) for name, s in services.items()}

    def get(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ports['5000']}{path}", timeout=5 * PATIENCE) as answer:
                return answer.read().decode()
        except (OSError, http.client.HTTPException) as e:
            raise Wrong(f"{path} is not answered: {e!r}; the API says {running['api'].errors()[-800:]}") from None
    wait_until("the API answers", lambda: get("/") == "This is the default response!\n")
    for _ in range(20):
        check(get("/purchase_a_sword") == "You Purchased a Sword!\n", "the answer to a purchase")
        check(get("/join_the_guild") == "You Joined the Guild!\n", "the answer to a guild")
    for table in ("sword_purchases", "join_guilds"):
        wait_until(f"{table} has a file", lambda: visible_files(folder / "tables" / table))
    wait_until("the consumer shows the events", lambda: running["consumer"].out.read_text().count("purchase_sword") >= 20)
    for container in running.values():
        container.stop()
    print(f"the services {', '.join(services)} of {FILE.relative_to(ROOT)}: 41 requests, two tables")


if __name__ == "__main__":
    main(test, __doc__)
