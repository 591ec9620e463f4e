#!/usr/bin/env -S python3 -B
"""Secrets of a topology on a PostgreSQL and a Kafka that ask for passwords: rows arrive by a run and by nodes, a changed password counts at the next
start, who lacks one says so, and no value stands anywhere. Starts servers of its own.

    topology_secrets.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from cluster_under_test import Cluster
from real_systems import (PATIENCE, Kafka, OwnFolder, PostgreSQL, Run, captured, check, free_port, http_status, main, run_cases, told_address,
                          topology_file, unique, wait_until)
from servers_away import own_servers

KAFKA_PASSWORD = "sesame"  # the password of tools/services


class Case(OwnFolder):
    """A database, a role with a password that PostgreSQL asks for, a topic, and a folder of secrets."""

    def __init__(self, options, folder, name, servers):
        super().__init__(options, folder, name)
        self.postgres = PostgreSQL(servers["POSTGRES_URL"], unique(name))
        self.role, self.passwords = unique("app"), []
        self.postgres.create()
        self.postgres.do(f'create role "{self.role}" login')
        self.rotate("Hunter/1 '\\ @x")
        self.postgres.do(f'create table answers (n bigint); grant all on answers to "{self.role}"; grant all on schema public to "{self.role}"')
        rules = pathlib.Path(self.postgres.do("show hba_file").strip())
        rules.write_text(f"host all {self.role} 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        self.postgres.do("select pg_reload_conf()")
        self.plain, self.sasl, self.topic = Kafka(servers["KAFKA_BROKERS"]), servers["KAFKA_SASL_BROKERS"], unique("rows")
        self.plain.create(self.topic, 2)
        self.secrets = self.folder / "secrets"
        self.secrets.mkdir(mode=0o700)
        self.put("kafka", KAFKA_PASSWORD)
        self.put("db", self.passwords[-1])
        self.produced = 0

    def close(self):
        self.postgres.drop()
        self.postgres.do(f'drop role if exists "{self.role}"', server=True)

    def rotate(self, password):
        self.passwords.append(password)
        self.postgres.do(f"""set standard_conforming_strings = on; alter role "{self.role}" password '{password.replace("'", "''")}'""")

    def put(self, name, value):
        path = self.secrets / name
        path.write_text(value + "\n")
        path.chmod(0o600)

    def topology(self, name):
        server = self.postgres.url.partition("@")[2]
        return topology_file(self.folder / f"{name}.json", name, {
            "in": {"source": "kafka", "brokers": self.sasl, "topic": self.topic, "properties": {
                "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "millrace", "sasl.password": "${secret:kafka}",
                "debug": "security"}},
            "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint"}},
            "out": {"sink": "sql", "from": "parsed", "connection": f"postgresql://{self.role}:${{secret:db}}@{server}", "table": "answers"}})

    def rows_arrive(self):
        for _ in range(3):
            self.produced += 1
            self.plain.produce(self.topic, [json.dumps({"n": self.produced}).encode()])
        wait_until(f"{self.produced} rows are there",
                   lambda: sorted(r["n"] for r in self.postgres.ask("select n from answers")) == list(range(1, self.produced + 1)))

    def nothing_shows(self, texts):
        """The secret is neither in the texts nor in any file of the case but the secrets themselves: as it is, percent-encoded, in JSON or escaped
        by SQL."""
        values = [KAFKA_PASSWORD, *self.passwords]
        forms = {f.encode() for v in values for f in (v, urllib.parse.quote(v, safe=""), json.dumps(v)[1:-1], v.replace("'", "\\'"))}
        found = [(text[:60], f) for text in texts for f in forms if f in text.encode()]
        for path, _, files in os.walk(self.folder):
            if pathlib.Path(path) != self.secrets:
                found += [(f"{path}/{file}", f) for file in files for f in forms if f in pathlib.Path(path, file).read_bytes()]
        check(not found, f"secrets stand in {found}")


def answers_of(address, name):
    """All that a process tells those who ask."""
    pages = ["/metrics", "/healthz", "/readyz", "/api/v1/topologies", *(f"/api/v1/topologies/{name}/{what}" for what in (
        "graph", "report", "ledger", "figures", "figures/here", "stages/in", "stages/out", "stages/in/explain", "stages/out/explain"))]
    return [http_status(address, page)[1] for page in pages]


def by_a_run(c):
    """Rows arrive; a password that has changed is used by the next start of the same state; a wrong one is told without it."""
    path, address = c.topology("by_run"), f"127.0.0.1:{free_port()}"
    options = ("--secrets", str(c.secrets), "--log-level", "debug", "--http", address)
    run = Run(c.binary, path, c.folder / "state", *options)
    c.rows_arrive()
    c.nothing_shows(answers_of(address, "by_run"))
    run.stop()
    c.rotate("hunter-rotated")
    run = Run(c.binary, path, c.folder / "state", *options, "--start-timeout", "2 s")
    check(run.wait() != 0 and "password authentication failed" in run.errors(), run.errors()[-1500:])
    c.put("db", c.passwords[-1])
    run = Run(c.binary, path, c.folder / "state", *options)
    c.rows_arrive()
    run.stop()
    checked = subprocess.run([c.binary, "check", str(path)], capture_output=True, text=True, timeout=60 * PATIENCE, check=True).stdout
    check("${secret:kafka}" in checked and "${secret:db}" in checked, checked)
    asked = captured(c.binary, "sql", "select count(*) from answers", "--topology", str(path), "--secrets", str(c.secrets))
    check(asked.returncode == 0 and str(c.produced) in asked.stdout or "duckdb" in asked.stderr.lower(), asked.stderr)
    c.nothing_shows([checked, asked.stdout, asked.stderr])


def on_nodes(c, store, written):
    """The command that applies has no secrets: nodes resolve them. `written` gives all that the store has."""
    cluster = Cluster(c.binary, c.folder / "cluster", store, leading=("a", "b"), following=(), patient=True)
    cluster.more_options = ("--secrets", str(c.secrets))
    cluster.start()
    cluster.ask("apply", c.topology("on_nodes"))
    c.rows_arrive()
    c.nothing_shows([cluster.ask("list", "--json"), *(text for node in cluster.nodes.values() for text in answers_of(told_address(node.state), "on_nodes"))])
    for node in cluster.nodes.values():
        node.kill()
    c.rotate("hunter-rotated")
    c.put("db", c.passwords[-1])
    cluster.is_founded = False
    for node in cluster.nodes.values():
        node.begin()
        cluster.is_founded = True
    c.rows_arrive()
    stored = written()
    check("${secret:db}" in stored, "the store has no plan that refers to the secret")
    c.nothing_shows([stored])
    cluster.stop()


def on_nodes_in_a_folder(c):
    """Rows arrive, also after a password has changed and the nodes start again; the folder has references."""
    store = c.folder / "store"
    on_nodes(c, f"dir:{store}", lambda: "".join(p.read_text(errors="replace") for p in store.rglob("*") if p.is_file()))


def on_nodes_in_kafka(c):
    """The same, with the cluster's state in a topic."""
    topic = unique("chains")
    on_nodes(c, f"kafka:{c.plain.brokers}/{topic}",
             lambda: "".join((m.value or b"").decode(errors="replace") for m in c.plain.read(topic, committed=False)))


def on_nodes_in_postgresql(c):
    """The same, with the cluster's state in a schema."""
    def written():
        tables = c.postgres.do("select quote_ident(schemaname) || '.' || tablename from pg_tables where tablename in ('records', 'segments')").split()
        return "".join(c.postgres.do(f"select encode(payload, 'escape') from {table}") for table in tables)
    on_nodes(c, c.postgres.url, written)


def node_without(c):
    """A node that leads and lacks a secret takes no plan that needs it; one that follows runs no part of it, and the topology says why. It goes on
    with `start` once the secret is there. A node fills in no variable, and shows none."""
    cluster = Cluster(c.binary, c.folder / "cluster", leading=("a",), following=("b",), patient=True,
                      environment={"MILLRACE_E2E_PLAIN": "hunter-environment"})
    leading, following = cluster.nodes.values()
    few = c.folder / "secrets_of_b"
    few.mkdir(mode=0o700)
    path = c.topology("lacking")

    def refused(says):
        done = cluster.answer("apply", path)
        check(done.returncode != 0 and says in done.stderr, f"{done.returncode}: {done.stderr}")
        c.nothing_shows([done.stderr])

    leading.begin()
    refused("stages.in.properties.sasl.password: ${secret:kafka}: this process has no folder of secrets; start it with --secrets DIR")
    leading.kill()
    (c.secrets / "db").rename(c.secrets / "away")
    cluster.more_options = ("--secrets", str(c.secrets))
    leading.begin()
    refused(f"stages.out.connection: ${{secret:db}}: {c.secrets}/db: there is no such file")
    (c.secrets / "away").rename(c.secrets / "db")

    cluster.is_founded, cluster.more_options = True, ("--secrets", str(few))
    following.begin()
    cluster.ask("apply", path)
    state, reason = wait_until("it is refused", lambda: (found := cluster.state_of("lacking"))[0] == "failed" and found)
    check("node b lacks a secret: " in reason and "${secret:" in reason and str(few) in reason, f"{state}: {reason}")
    for name in ("kafka", "db"):
        os.link(c.secrets / name, few / name)
    cluster.ask("start", "lacking")
    c.rows_arrive()
    for name in ("kafka", "db"):  # they are secrets of the case, in another folder
        (few / name).unlink()

    text = path.read_text().replace('"answers"', '"${MILLRACE_E2E_PLAIN}"').replace("lacking", "plain")
    address = told_address(leading.state)
    request = urllib.request.Request(f"http://{address}/api/v1/topologies/plain", data=text.encode(), method="PUT", headers={
        "Authorization": f"Bearer {(leading.state / 'token').read_text().strip()}", "Content-Type": "application/json", "X-Millrace-Action": "yes"})
    try:
        urllib.request.urlopen(request, timeout=60 * PATIENCE)
        said = "it is taken"
    except urllib.error.HTTPError as e:
        said = e.read().decode()
    check("nodes fill in no variables" in said and "plain:1:" in said and "hunter-environment" not in said, said)
    c.nothing_shows([reason, said])
    cluster.stop()


CASES = [by_a_run, on_nodes_in_a_folder, on_nodes_in_kafka, on_nodes_in_postgresql, node_without]


def test(options, folder):
    with own_servers(folder, "postgres", "kafka", "--secured") as (_, exported):
        run_cases(CASES, lambda o, f, name: Case(o, f, name, exported), options, folder)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES)
