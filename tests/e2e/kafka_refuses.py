#!/usr/bin/env -S python3 -B
"""A Kafka that listens plainly, by SASL and by TLS, and clients with the wrong settings for it: source, sink, `millrace load` and a node whose store
is there say once which setting to correct; what waiting cannot mend ends them at once, and the right settings work. Starts a broker of its own.

    kafka_refuses.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import pathlib
import subprocess
import time

from cluster_under_test import Cluster
from real_systems import PATIENCE, Kafka, OwnFolder, Run, captured, check, free_port, main, run_cases, topology_file, unique
from servers_away import own_servers

SASL = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "millrace", "sasl.password": "sesame"}


class Case(OwnFolder):
    def __init__(self, options, folder, name, servers):
        super().__init__(options, folder, name)
        self.plain, self.sasl, self.tls = (servers[f"KAFKA_{kind}BROKERS"] for kind in ("", "SASL_", "TLS_"))
        self.authority = pathlib.Path(servers["KAFKA_TLS_CA"])
        self.kafka, self.topic = Kafka(self.plain), unique("rows")

    def run(self, brokers, properties, *options, reads=True):
        """A topology from Kafka into a file, or from a file into Kafka."""
        at = {"brokers": brokers, "topic": self.topic, "properties": properties}
        (self.folder / "in.jsonl").write_text('{"n":1}\n')
        here = {"path": str(self.folder / "in.jsonl")} if not reads else {"path": str(self.folder / "out.jsonl")}
        path = topology_file(self.folder / "topology.json", f"{self.name}_{time.monotonic_ns()}", {
            "rows": {"source": "kafka", **at} if reads else {"source": "file", **here},
            "parsed": {"parser": "json", "from": "rows", "schema": {"n": "bigint"}},
            "out": {"sink": "file", "from": "parsed", **here} if reads else {"sink": "kafka", "from": "parsed", **at}})
        return Run(self.options.millrace, path, self.folder / f"state-{reads}-{time.monotonic_ns()}", *options)

    def refused(self, brokers, properties, *texts, waits):
        """Refused by the source, the sink and `load`; `waits`: for --start-timeout, else they end at once."""
        for reads in (True, False):
            # One that ends at once ends long before its time.
            said = self.run(brokers, properties, "--start-timeout", f"{(2 if waits else 300) * PATIENCE:.0f} s", reads=reads).expect(
                1, brokers, *texts, seconds=50)
            self.told_once(said, texts[0], waits)
        command = [self.options.millrace, "load", "--kind", "clicks", "--count", "1", "--kafka", brokers, "--topic", self.topic,
                   "--start-timeout", f"{(1 if waits else 300) * PATIENCE:.0f} s"]
        for name, value in properties.items():
            command += ["--property", f"{name}={value}"]
        done = captured(*command, timeout=50 * PATIENCE)
        check(done.returncode == 1, f"load: {done.returncode}: {done.stderr}")
        texts = [text.replace("`properties`", "--property").replace("`brokers`", "--kafka") for text in texts]
        for text in (brokers, *texts):
            check(text in done.stderr, f"load: expected {text!r} in {done.stderr}")
        self.told_once(done.stderr, texts[0], waits)

    @staticmethod
    def told_once(said, text, waits):
        told = [line for line in said.splitlines() if text in line]
        check(1 <= len(told) <= (2 if waits else 1), f"told in {len(told)} lines, expected one while it waits and one at the end: {said}")
        check("hunter2" not in said and "sesame" not in said, f"a password is shown: {said}")


def plain_client_of_tls(c):
    """A TLS listener closes the connection of a client that speaks without."""
    c.refused(c.tls, {}, "set security.protocol to SSL", "`properties`", waits=True)


def plain_client_of_sasl(c):
    """A SASL listener closes the connection of a client that does not say who it is."""
    c.refused(c.sasl, {}, "set security.protocol to SASL_PLAINTEXT", "sasl.password", waits=True)


def tls_client_of_plain(c):
    """A listener without TLS breaks off the handshake."""
    c.refused(c.plain, {"security.protocol": "SSL"}, "take security.protocol out of `properties`", waits=True)


def unknown_certificate(c):
    """Nobody here knows who has signed the broker's certificate."""
    c.refused(c.tls, {"security.protocol": "SSL"}, "ssl.ca.pem in `properties`", waits=False)


def wrong_password(c):
    """The password is wrong, and not shown."""
    c.refused(c.sasl, {**SASL, "sasl.password": "hunter2"}, "correct sasl.username and sasl.password in `properties`", waits=False)


def wrong_mechanism(c):
    """The brokers have no such mechanism, and say which they have."""
    c.refused(c.sasl, {**SASL, "sasl.mechanism": "SCRAM-SHA-256"}, "set sasl.mechanism in `properties`", "supported mechanisms: PLAIN",
              waits=False)


def no_sasl_there(c):
    """A plain listener takes no SASL."""
    c.refused(c.plain, SASL, "take SASL out of security.protocol in `properties`", waits=False)


def nobody_there(c):
    """Nobody listens: one warning a stage, with the remedy."""
    c.refused(f"127.0.0.1:{free_port()}", {}, "correct `brokers`", "Connection refused", waits=True)


def missing_topic(c):
    """`load` says the option that makes the topic, with its value, and makes it."""
    command = [c.options.millrace, "load", "--kind", "clicks", "--count", "3", "--kafka", c.plain, "--topic", c.topic]
    done = captured(*command, timeout=50 * PATIENCE)
    check(done.returncode == 1 and "add --create 1" in done.stderr and c.plain in done.stderr, f"load: {done.returncode}: {done.stderr}")
    check(sum("--create" in line for line in done.stderr.splitlines()) == 1, f"not told once: {done.stderr}")
    subprocess.run([*command, "--create", "1"], check=True, capture_output=True, timeout=50 * PATIENCE)
    check(len(c.kafka.read(c.topic)) == 3, "the records are not there")


def right_settings(c):
    """Rows come and go by SASL and by TLS; the first start of a transactional sink on a fresh Kafka warns of nothing. The authority's certificate
    is a text in the topology, or a file where the command line allows that."""
    c.kafka.create(c.topic)
    by_text = {"security.protocol": "SSL", "ssl.ca.pem": c.authority.read_text()}
    by_path = {"security.protocol": "SSL", "ssl.ca.location": str(c.authority)}
    for brokers, properties, *options in ((c.sasl, SASL), (c.tls, by_text), (c.tls, by_path, "--allow-kafka-property", "ssl.ca.location")):
        said = c.run(brokers, properties, *options, reads=False).expect(0)
        check("warning" not in said.lower(), f"a warning at the first start: {said}")
    check(len(c.kafka.read(c.topic)) == 3, "the rows are not there")


def node(c, store, text, *options, mode=0o600):
    """A cluster of one node whose store is there, and the file with these properties."""
    path = c.folder / "store.properties"
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    cluster = Cluster(c.options.millrace, c.folder, store, leading=("a",), following=())
    cluster.more_options = ("--store-properties", str(path), *options)
    return cluster, path


def store_of_nodes(c):
    """A cluster keeps its state in a topic that it reaches by SASL, and by TLS."""
    pem = "ssl.ca.pem=" + c.authority.read_text().replace("\n", "\\n")
    for brokers, text, *options in (
            (c.sasl, "# ours\n" + "\n".join(f"{n} = {v}" for n, v in SASL.items())),
            (c.tls, f"security.protocol=ssl\n{pem}\n"),
            (c.tls, f"security.protocol=ssl\nssl.ca.location={c.authority}\n", "--allow-kafka-property", "ssl.ca.location")):
        topic = unique("chains")
        for _ in range(2):  # the second one finds what the first has left
            cluster, _ = node(c, f"kafka:{brokers}/{topic}", text, *options)
            cluster.start()
            cluster.nodes["a"].kill()
        said = cluster.nodes["a"].errors()
        check("sesame" not in said and "open to others" not in said, f"a password, or a warning: {said[-1500:]}")
        check(c.kafka.read(topic), "the topic is empty")


def store_refused(c):
    """A file that others may read, a property that is not harmless, a wrong password and none at all."""
    right = "\n".join(f"{n}={v}" for n, v in SASL.items())
    for status, seconds, text, says, *how in (
            (2, 300, right, "chmod 600", 0o640), (2, 300, right + "\nplugin.library.paths=/x.so", ":5:1: plugin.library.paths loads code"),
            (1, 300, right.replace("sesame", "hunter2"), "correct sasl.username and sasl.password in --store-properties"),
            # It waits all this time, since librdkafka says only after its own patience what it takes a silent listener for.
            (1, 10, "# none", "set security.protocol to SASL_PLAINTEXT")):
        cluster, path = node(c, f"kafka:{c.sasl}/{unique('chains')}", text, mode=how[0] if how else 0o600)
        done = subprocess.run([c.options.millrace, "node", "--name", "a", "--store", cluster.store, "--listen", f"127.0.0.1:{free_port()}",
                               "--coordinator", "--state", c.folder / "refused", "--store-properties", path, "--start-timeout",
                               f"{seconds * PATIENCE:.0f} s"], capture_output=True, text=True, timeout=120 * PATIENCE)
        check(done.returncode == status and says in done.stderr, f"{done.returncode}, expected {status} and {says!r}: {done.stderr[-1500:]}")
        check("hunter2" not in done.stderr and "sesame" not in done.stderr, f"a password is shown: {done.stderr}")


CASES = [right_settings, store_of_nodes, store_refused, plain_client_of_tls, plain_client_of_sasl, tls_client_of_plain, unknown_certificate,
         wrong_password, wrong_mechanism, no_sasl_there, nobody_there, missing_topic]


def test(options, folder):
    with own_servers(folder, "kafka", "--secured") as (_, exported):
        run_cases(CASES, lambda o, f, name: Case(o, f, name, exported), options, folder)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES)
