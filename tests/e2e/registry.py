#!/usr/bin/env -S python3 -B
"""Records of Avro in a Kafka topic whose schemas are in a real schema registry: read by their own ids; while the registry is away they wait; what the
state has of it is enough for a later life; an id that it does not know is a dead letter, whose record goes in once it has a schema.

    registry.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring

KAFKA_BROKERS names a server; the registry is the test's own, by tools/services.
"""
import json
import time
import urllib.request

from real_systems import Kafka, OwnFolder, Run, captured, check, dead_letters, main_of_cases, needed, topology_file, unique, whole_rows
from relay import Relay
from servers_away import own_servers

MOMENT = 1_620_000_000_000
FIRST = {"type": "record", "name": "R", "fields": [{"name": "n", "type": "long"}]}
SECOND = {"type": "record", "name": "R", "fields": [{"name": "m", "type": "long", "default": 7}, {"name": "n", "type": "long"}]}


def varint(number):
    bits, out = number << 1, b""
    while bits > 127:
        bits, out = bits >> 7, out + bytes([bits & 127 | 128])
    return out + bytes([bits])


class Case(OwnFolder):
    """A topic of two partitions, a registry behind a relay, and a file of rows."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.name = unique(name)
        self.kafka, self.topic = Kafka(*needed("KAFKA_BROKERS")), unique(f"registry_{name}")
        self.kafka.create(self.topic, 2)
        self.servers, exported = self.at_the_end.enter_context(own_servers(self.folder, "registry"))
        self.url = exported["REGISTRY_URL"]
        server, _, self.path_of_api = self.url.removeprefix("http://").partition("/")
        self.server, self.relay = server, Relay(server)
        self.at_the_end.callback(lambda: self.relay.close())
        self.out, self.state, self.path = self.folder / "out.jsonl", self.folder / "state", self.folder / "topology.json"
        self.write()

    def write(self, **more):
        topology_file(self.path, self.name, {
            "rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.topic},
            "parsed": {"parser": "avro", "from": "rows", "registry": f"http://{self.relay.address}/{self.path_of_api}",
                       "schema": {"n": "bigint"}, **more},
            "out": {"sink": "file", "from": "parsed", "path": str(self.out)}}, commit_every="50 ms")

    def register(self, schema, subject="r-value"):
        body = json.dumps({"schema": json.dumps(schema)}).encode()
        request = urllib.request.Request(f"{self.url}/subjects/{subject}/versions", body, {"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["id"]

    def produce(self, id_of_schema, *numbers, partition=0):
        head = b"\0" + id_of_schema.to_bytes(4, "big")
        self.kafka.produce_records(self.topic, [(MOMENT, None, head + b"".join(map(varint, n if isinstance(n, tuple) else (n,)))) for n in numbers],
                                   partition)

    def rows(self):
        return [row["n"] for row in whole_rows(self.out)]

    def run(self, *options):
        return Run(self.options.millrace, self.path, self.state, *options)

    def read(self, expected):
        """A life that reads until these are the rows, and ends."""
        run = self.run()
        run.wait_until(f"{len(expected)} rows are there", lambda: len(self.rows()) >= len(expected))
        run.stop()
        check(sorted(self.rows()) == sorted(expected), f"other rows than expected: {self.rows()}")
        return run.errors()

    def registry_away(self):
        self.relay.close()

    def registry_back(self):
        self.relay = Relay(self.server, port=int(self.relay.address.rpartition(":")[2]))


def each_by_its_own(c):
    """Two schemas in one topic: each record is read by the one that it names."""
    first, second = c.register(FIRST), c.register(SECOND)
    check(first != second, "the registry gave one id to two schemas")
    c.produce(first, 1, 2)
    c.produce(second, (9, 3), (9, 4))
    c.produce(first, 5, partition=1)
    c.read([1, 2, 3, 4, 5])


def away_and_back(c):
    """A schema that nobody knows yet comes while the registry is away: the records wait in their order, which is said once, and none is lost."""
    first, second = c.register(FIRST), c.register(SECOND)
    c.produce(first, 1)
    run = c.run()
    run.wait_until("the first row is there", lambda: c.rows() == [1])
    c.registry_away()
    c.produce(second, (9, 2), (9, 3))
    c.produce(first, 4)
    run.wait_until("it is said", lambda: f"for schema {second}" in run.errors())
    time.sleep(2)
    check(c.rows() == [1], f"rows came without a schema: {c.rows()}")
    c.registry_back()
    run.wait_until("all rows are there", lambda: len(c.rows()) == 4)
    run.stop()
    check(c.rows() == [1, 2, 3, 4], f"other rows than expected, or in another order: {c.rows()}")
    check(run.errors().count(f"for schema {second}") == 1, f"it was said again and again: {run.errors()[-1500:]}")
    check(not dead_letters(c.state), "records became dead letters")


def state_is_enough(c):
    """A later life reads schemas that the state has, also after a kill and without the registry."""
    first = c.register(FIRST)
    c.produce(first, 1, 2)
    run = c.run()
    run.wait_until("the rows are there", lambda: len(c.rows()) == 2)
    run.kill()
    c.registry_away()
    c.produce(first, 3)
    c.read([1, 2, 3])


def unknown_id(c):
    """One dead letter a record, with the id and the reason; its record goes in by replay once the id has a schema. What was there goes on."""
    first = c.register(FIRST)
    c.produce(first, 1)
    c.produce(first + 1, (9, 2))
    c.produce(first, 3)
    c.read([1, 3])
    letters = dead_letters(c.state)
    check(len(letters) == 1 and str(first + 1) in json.dumps(letters[0]), f"dead letters: {letters}")
    check(c.register(SECOND) == first + 1, "the registry gave another id")
    done = captured(c.options.millrace, "replay", str(c.state / "dead_letters.jsonl"), "--into", "parsed", "--topology", str(c.path),
                    "--state", str(c.state))
    check(done.returncode == 0, f"replay: {done.returncode}: {done.stdout}{done.stderr}")
    c.produce(first + 1, (9, 4))
    c.read([1, 3, 2, 4])


def no_registry_there(c):
    """Something else at that address: it is said with the option to check, and no record becomes a dead letter."""
    first = c.register(FIRST)
    c.produce(first, 1)
    c.write(registry=f"http://{c.relay.address}")
    run = c.run()
    run.wait_until("it is said", lambda: "check `registry`" in run.errors())
    run.stop()
    check(not c.rows() and not dead_letters(c.state), "the record was taken for read")
    c.write()
    c.read([1])


CASES = [each_by_its_own, away_and_back, state_is_enough, unknown_id, no_registry_there]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
