#!/usr/bin/env -S python3 -B
"""Topologies that mean harm: what they name is neither loaded nor run nor opened, by `check`, by a run, and by a node that is given one or finds
one in its store. KAFKA_BROKERS and MARIADB_URL name the servers.

    hostile_topology.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import contextlib
import os
import subprocess
import urllib.parse

from cluster_under_test import Cluster
from hostile_servers import START, Listener, exactly
from real_systems import Kafka, OwnFolder, captured, check, main_of_cases, needed, topology_file, unique, wait_until
from relay import certificate

# Tells by whom it was loaded.
LIBRARY = """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void tell(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d", getenv("TOLD"), (int)getpid());
  FILE* f = fopen(path, "w");
  if (f) fclose(f);
}
int conf_init(void* conf, void** opaque, char* text, size_t size) { return 0; }
"""
PLUGIN, ALLOWED = "plugin.library.paths", ("--allow-kafka-property", "plugin.library.paths")


def accepts_tls(_, connection):
    """Speaks as much of PostgreSQL as it takes for libpq to read its key."""
    exactly(connection, 8)
    connection.sendall(b"S")
    connection.recv(64)


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.told, self.library = self.folder / "told", self.folder / "evil.so"
        self.told.mkdir()
        (self.folder / "evil.c").write_text(LIBRARY)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, self.folder / "evil.c"], check=True)
        (self.folder / "in.jsonl").write_text('{"n":1}\n')
        self.environment = {"TOLD": str(self.told)}

    def topology(self, name, source=None, sink=None):
        return topology_file(self.folder / f"{name}.json", name, {
            "in": source or {"source": "file", "path": str(self.folder / "in.jsonl")},
            "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint"}},
            "out": {**(sink or {"sink": "file", "path": str(self.folder / f"{name}.out")}), "from": "parsed"}})

    def command(self, *words):
        return captured(self.binary, *words, timeout=120, env={**os.environ, **self.environment})

    def refused(self, name, says, source=None, sink=None):
        """Refused by `check` and by a run, before any part of it is looked at."""
        path = self.topology(name, source, sink)
        for words in (("check", path), ("run", path, "--state", self.folder / f"{name}.state", "--start-timeout", START)):
            done = self.command(*words)
            check(done.returncode == 2 and says in done.stderr, f"{words[0]} {name}: {done.returncode}: {done.stderr[-1500:]}")
        self.nothing_ran(name)

    def nothing_ran(self, name):
        check(not list(self.told.iterdir()), f"{name}: code of the topology ran in {[p.name for p in self.told.iterdir()]}")


def kafka_properties(c):
    """Libraries, commands, and values that a shell reads between the words of kinit."""
    touch = f"touch {c.told}/x"
    cases = {
        "plugin": ({PLUGIN: str(c.library)}, "loads code"),
        "engine": ({"security.protocol": "ssl", "ssl.engine.location": str(c.library)}, "loads code"),
        "provider": ({"security.protocol": "ssl", "ssl.providers": str(c.library)}, "loads code"),
        "kinit": ({"security.protocol": "sasl_plaintext", "sasl.kerberos.kinit.cmd": touch}, "a shell runs"),
        "keytab": ({"security.protocol": "sasl_plaintext", "sasl.kerberos.keytab": f"$({touch})"}, "a shell runs"),
        "principal": ({"security.protocol": "sasl_plaintext", "sasl.mechanism": "GSSAPI", "sasl.kerberos.principal": f"x; {touch}"}, "a shell runs"),
        "kerberos": ({"security.protocol": "SASL_PLAINTEXT"}, "sasl.mechanism is missing"),
        "authority": ({"security.protocol": "ssl", "ssl.ca.location": "/etc/shadow"}, "ssl.ca.pem"),
    }
    at = {"brokers": "127.0.0.1:1", "topic": "t"}
    for name, (properties, says) in cases.items():
        c.refused(f"{name}_read", says, source={"source": "kafka", **at, "properties": properties})
        c.refused(f"{name}_written", says, sink={"sink": "kafka", **at, "properties": properties})


def postgresql_connections(c):
    """An engine of OpenSSL in the place of a key, and files of libpq's own that hold others' passwords."""
    _, own, _ = certificate(c.folder)
    server = c.at_the_end.enter_context(contextlib.closing(Listener(accepts_tls)))
    port = server.port
    for name, parameters, says in (
            ("engine", f"sslmode=require&sslcert={own}&sslkey={c.library}:key", "is code"),
            ("service", "service=other", "PGSERVICE"), ("passfile", "passfile=/home/me/.pgpass", "PGPASSFILE")):
        c.refused(name, says, sink={"sink": "sql", "connection": f"postgresql://u@127.0.0.1:{port}/d?{parameters}", "table": "t"})


def mariadb_connections(c):
    """Options of the client library after the host's name: plug-ins, statements, files."""
    at = urllib.parse.urlsplit(needed("MARIADB_URL")[0])
    (c.folder / "evil_auth.so").write_bytes(c.library.read_bytes())
    for name, host in (
            ("plugin", f"host={at.hostname};port={at.port};user={at.username};plugin-dir={c.folder};default-auth=evil_auth"),
            ("statement", f"host={at.hostname};port={at.port};user={at.username};init-command=create database {unique('hostile')}"),
            ("handler", f"evil_auth://{at.hostname}")):
        c.refused(name, "options and plug-ins of its own",
                  sink={"sink": "sql", "connection": f"mysql://host='{host}' port='{at.port}' user='{at.username}' dbname='test'", "table": "t"})
    c.refused("infile", "unknown parameter local_infile", sink={"sink": "sql", "connection": "mysql://u@127.0.0.1/d?local_infile=1", "table": "t"})


def given_to_a_node(c):
    """The command that applies a topology may allow what it likes in its own process; the node goes by its own command line."""
    brokers, = needed("KAFKA_BROKERS")
    cluster = Cluster(c.binary, c.folder, leading=("a",), following=(), environment=c.environment)
    cluster.start()
    path = c.topology("given", sink={"sink": "kafka", "brokers": brokers, "topic": unique("t"), "properties": {PLUGIN: str(c.library)}})
    done = cluster.answer("apply", path, *ALLOWED)
    check(done.returncode != 0 and f"stages.out.properties.{PLUGIN}" in done.stderr, f"{done.returncode}: {done.stderr}")
    c.nothing_ran("apply")
    cluster.nodes["a"].kill()


def found_in_the_store(c):
    """A plan that a node with the switch has put into the store is refused by one without, and goes on with one that has it."""
    brokers, = needed("KAFKA_BROKERS")
    kafka, topic, name = Kafka(brokers), unique("t"), "kept"
    kafka.create(topic)
    kafka.produce(topic, [b'{"n":1}'])
    cluster = Cluster(c.binary, c.folder, leading=("a",), following=(), environment=c.environment)
    cluster.more_options = ALLOWED
    cluster.start()
    out = c.folder / "kept.out"
    path = c.topology(name, source={"source": "kafka", "brokers": brokers, "topic": topic, "properties": {PLUGIN: str(c.library)}})
    cluster.ask("apply", path, *ALLOWED)
    wait_until("the first row", lambda: out.exists() and out.read_text().count("\n") == 1)
    check([p.name for p in c.told.iterdir()] == [str(cluster.nodes["a"].process.pid)], "the library tells nothing where it may be loaded")
    cluster.nodes["a"].kill()
    for p in c.told.iterdir():
        p.unlink()

    cluster.more_options, cluster.is_founded = (), False  # there is nobody to join
    cluster.nodes["a"].begin()
    state, reason = wait_until("it is refused", lambda: (found := cluster.state_of(name))[0] == "failed" and found)
    check(f"--allow-kafka-property {PLUGIN}" in reason, f"{state}: {reason}")
    c.nothing_ran("the store's plan")
    cluster.nodes["a"].kill()

    cluster.more_options = ALLOWED
    cluster.nodes["a"].begin()
    cluster.ask("start", name)
    kafka.produce(topic, [b'{"n":2}'])
    wait_until("the second row", lambda: out.read_text() == '{"n":1}\n{"n":2}\n')
    cluster.nodes["a"].kill()


def follower_without_the_switch(c):
    """The node that leads may have the switch: one that is given a part of the topology and has none runs nothing of it, and says why."""
    brokers, = needed("KAFKA_BROKERS")
    kafka, topic, name = Kafka(brokers), unique("t"), "spread"
    kafka.create(topic, 2)
    cluster = Cluster(c.binary, c.folder, leading=("a",), following=("b",), environment=c.environment)
    leading, following = cluster.nodes.values()
    cluster.more_options = ALLOWED
    leading.begin()
    cluster.more_options, cluster.is_founded = (), True
    following.begin()
    path = c.topology(name, source={"source": "kafka", "brokers": brokers, "topic": topic, "properties": {PLUGIN: str(c.library)}},
                      sink={"sink": "kafka", "brokers": brokers, "topic": unique("out"), "create": {}})
    cluster.ask("apply", path, *ALLOWED)
    state, reason = wait_until("it is refused", lambda: (found := cluster.state_of(name))[0] == "failed" and found)
    check(f"--allow-kafka-property {PLUGIN}" in reason, f"{state}: {reason}")
    loaded = {p.name for p in c.told.iterdir()}
    check(str(following.process.pid) not in loaded, "the node without the switch loaded the library")
    for node in (leading, following):
        node.kill()


CASES = (kafka_properties, postgresql_connections, mariadb_connections, given_to_a_node, found_in_the_store, follower_without_the_switch)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
