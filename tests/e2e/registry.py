#!/usr/bin/env -S python3 -B
"""Records of Avro in a Kafka topic whose schemas are in a real schema registry: read by their own ids; while the registry is away they wait; what the
state has of it is enough for a later life; an id that it does not know is a dead letter, whose record goes in once it has a schema.

    registry.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring

KAFKA_BROKERS names a server; the registry is the test's own, by tools/services.
"""
import json
import re
import signal
import time
import urllib.request

from real_systems import Kafka, OwnFolder, Run, captured, check, dead_letters, main_of_cases, needed, topology_file, unique, whole_rows
from registry_front import Front
from relay import Relay, certificate
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

        self.fronts = []

    def front(self, scheme="http", **how):
        """The URL of one more way to the registry, which misbehaves as told; it is the last of `fronts`."""
        self.fronts.append(Front(self.server, **how))
        self.at_the_end.callback(self.fronts[-1].close)
        return f"{scheme}://{self.fronts[-1].address}/{self.path_of_api}"

    def columns_of(self, subject, **more):
        self.write(schema=None, subject=subject, **more)

    def write(self, **more):
        parsed = {"parser": "avro", "from": "rows", "registry": f"http://{self.relay.address}/{self.path_of_api}", "schema": {"n": "bigint"},
                  **more}
        topology_file(self.path, self.name, {
            "rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.topic},
            "parsed": {k: v for k, v in parsed.items() if v is not None},
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


def stops_at_once(run):
    """A signal ends it while it waits."""
    began = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    run.wait()
    check(time.monotonic() - began < 5, f"it ended {time.monotonic() - began:.0f} s after Ctrl-C")


def start_waits_for_columns(c):
    """`run` with a `subject` waits for its registry, says so with the reason, and ends at once when it is told to; `check` does not wait."""
    first = c.register(FIRST)
    c.produce(first, 1)
    c.columns_of("r-value")
    c.registry_away()
    checked = captured(c.options.millrace, "check", str(c.path))
    check(checked.returncode == 2 and c.relay.address in checked.stderr and "waiting" not in checked.stderr, f"check: {checked.stderr}")
    run = c.run()
    run.wait_until("it is said", lambda: "waiting for it, for " in run.errors() and c.relay.address in run.errors())
    stops_at_once(run)
    run = c.run()
    run.wait_until("it is said again", lambda: run.errors().count("waiting for it, for ") == 2)
    check("connect to server" in run.errors(), f"no reason: {run.errors()}")
    c.registry_back()
    run.wait_until("the row is there", lambda: c.rows() == [1])
    check(" answers" in run.errors(), f"it does not say that it goes on: {run.errors()}")
    run.stop()
    c.registry_away()
    run = c.run("--start-timeout", "2 s")
    check(run.wait() == 2 and "(--start-timeout)" in run.errors(), f"it ended with {run.process.returncode}: {run.errors()}")
    c.registry_back()


def start_is_refused_at_once(c):
    """A subject that is not there and credentials that are not taken are no reason to wait."""
    c.register(FIRST)
    c.columns_of("nobody-value")
    run = c.run()
    check(run.wait() == 2 and "nobody-value" in run.errors() and "waiting" not in run.errors(), f"no subject: {run.errors()}")
    front = c.front(user="u:p")
    c.columns_of("r-value", registry=front)
    run = c.run()
    check(run.wait() == 2 and "401" in run.errors() and "waiting" not in run.errors(), f"no credentials: {run.errors()}")


def start_tells_of_silence(c):
    """A registry that takes the question and says nothing is told of within seconds."""
    c.produce(c.register(FIRST), 1)
    url = c.front()
    c.columns_of("r-value", registry=url)
    c.fronts[-1].hang()
    run = c.run()
    run.wait_until("it is said", lambda: "no answer has come for 3 s" in run.errors(), 10)
    stops_at_once(run)
    run = c.run()
    run.wait_until("it is said", lambda: "no answer has come for 3 s" in run.errors(), 10)
    c.fronts[-1].go_on()
    run.wait_until("the row is there", lambda: c.rows() == [1])
    run.stop()


def front_of_tls(c):
    """TLS: with the authority in `ca_file` it reads; without it, it says that the certificate is not trusted, with the remedy."""
    c.produce(c.register(FIRST), 1)
    ca, own, key = certificate(c.folder)
    url = c.front("https", tls=(own, key))
    c.write(registry=url)
    run = c.run()
    run.wait_until("it is said", lambda: "name the authority that signed its certificate in `ca_file`" in run.errors())
    run.stop()
    check(not c.rows() and not dead_letters(c.state), f"the record was taken for read: {c.rows()}")
    c.columns_of("r-value", registry=url)
    run = c.run()
    check(run.wait() == 2 and "`ca_file`" in run.errors() and "waiting" not in run.errors(), f"columns: {run.errors()}")
    c.write(registry=url, ca_file=str(ca))
    c.read([1])
    c.columns_of("r-value", registry=url, ca_file=str(ca))
    c.produce(c.register(FIRST), 2)
    c.read([1, 2])


def user_and_password(c):
    """Basic authentication: a password that is refused is said with the options, the records wait; the right one reads them. The password is not logged."""
    c.produce(c.register(FIRST), 1)
    url = c.front(user="ann:s3cr3t:word")
    secrets = c.folder / "secrets"
    secrets.mkdir(mode=0o700)
    def password(text):
        (secrets / "P").write_text(text)
        (secrets / "P").chmod(0o600)
    c.write(registry=url, registry_user="ann", registry_password="${secret:P}")
    password("another")
    run = c.run("--secrets", str(secrets))
    run.wait_until("it is said", lambda: "status 401" in run.errors() and "`registry_user`" in run.errors())
    run.stop()
    check("another" not in run.errors(), f"the password is logged: {run.errors()}")
    password("s3cr3t:word")
    run = c.run("--secrets", str(secrets))
    run.wait_until("the row is there", lambda: c.rows() == [1])
    run.stop()
    check(not dead_letters(c.state), "there are dead letters")
    c.write(registry=url, registry_user="ann", registry_password="p", registry_headers={"authorization": "Bearer x"})
    checked = captured(c.options.millrace, "check", str(c.path))
    check(checked.returncode == 2 and 'beside the header "authorization"' in checked.stderr, f"check: {checked.stderr}")
    c.write(registry=url, registry_user="ann")
    checked = captured(c.options.millrace, "check", str(c.path))
    check(checked.returncode == 2 and 'expected "registry_password" beside it' in checked.stderr, f"check: {checked.stderr}")


def answers_that_are_none(c):
    """Busy (429, 503), garbage, a page of a proxy, a redirect elsewhere: each is told, nothing is lost, and the row comes once the registry answers."""
    first = c.register(FIRST)
    c.produce(first, 1)
    c.write(registry=c.front())
    front = c.fronts[-1]
    elsewhere = f"http://localhost:{c.relay.address.rpartition(':')[2]}/elsewhere"
    run = c.run()
    for answer, said in [((429, {"Retry-After": "1"}, b"slow down"), "status 429"), ((503, {}, b""), "status 503"),
                         ((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), "which is not an answer of a schema registry"),
                         ((200, {}, b"\x00\xff{"), "which is not an answer of a schema registry"),
                         ((302, {"Location": elsewhere}, b""), "it sends requests on to")]:
        seen = len(run.errors())
        number = c.register({**FIRST, "doc": repr(answer)})
        front.always = answer
        c.produce(number, 2)
        run.wait_until(f"{said} is said", lambda: said in run.errors()[seen:])
        front.always = None
        count = len(c.rows())
        run.wait_until("the row is there", lambda: len(c.rows()) > count)
    # A redirect within the address is followed.
    number = c.register({**FIRST, "doc": "moved"})
    front.next = [(307, {"Location": f"/{c.path_of_api}/schemas/ids/{number}"}, b"")]
    c.produce(number, 3)
    run.wait_until("the row behind the redirect is there", lambda: 3 in c.rows())
    run.stop()
    check(not dead_letters(c.state), f"there are dead letters: {dead_letters(c.state)}")


def silence_is_told(c):
    """A registry that takes the question for a schema and says nothing is told of within seconds, in the log, by `list` and by `explain`, with its address."""
    c.produce(c.register(FIRST), 1)
    c.write(registry=c.front())
    front = c.fronts[-1]
    front.hang()
    run = c.run("--http", "127.0.0.1:0")
    run.wait_until("it is said", lambda: "no answer has come for 3 s; records wait for it" in run.errors(), 15)
    told = f"waiting for the registry http://{front.address}/{c.path_of_api}"
    run.wait_until("list says it", lambda: told in run.ask_once("list").stdout, 15)
    explained = run.ask_once("console", "-e", "explain rows").stdout
    check(f"wait for the registry http://{front.address}" in explained and "no answer has come" in explained, f"explain: {explained}")
    front.go_on()
    run.wait_until("the row is there", lambda: c.rows() == [1])
    run.wait_until("list says no more", lambda: told not in run.ask_once("list").stdout, 15)
    front.close()
    c.produce(c.register(SECOND), (9, 2))
    run.wait_until("list says why", lambda: re.search(re.escape(told) + r", since \S+: .*connect", run.ask_once("list").stdout), 30)
    run.stop()


def many_unknown_ids(c):
    """A topic of another registry: the log says at once that ids are unknown, and later how many, not a line for each."""
    c.register(FIRST)
    for number in range(500, 520):
        c.produce(number, 1)
    run = c.run()
    run.wait_until("it is said", lambda: "1 schema so far that the registry does not have, such as schema 500" in run.errors())
    run.wait_until("all are dead letters", lambda: len(dead_letters(c.state)) == 20)
    run.stop()
    check(run.errors().count("so far that the registry does not have") == 1, f"it was said again and again: {run.errors()[-1500:]}")


def older_version(c):
    """`subject_version` gives the columns of that version, whatever the newest has; without it a newest one that does not fit the state is said with the ways out."""
    first = c.register(FIRST)
    c.produce(first, 1, 2)
    stages = {"counts": {"window": "tumbling", "from": "parsed", "size": "1 hour", "key": "n", "aggregates": {"count": "count(*)"}}}
    def write(**more):
        c.columns_of("r-value", **more)
        text = json.loads(c.path.read_text())
        text["stages"]["parsed"]["event_time"] = "_timestamp"
        out = text["stages"].pop("out")
        text["stages"].update(stages, out={**out, "from": "counts"})
        c.path.write_text(json.dumps(text))
    write()
    run = c.run()
    run.wait_for_its_beginning()
    time.sleep(5)  # nothing shows that a window has taken its records
    run.stop()
    changed = {**FIRST, "fields": [{"name": "n", "type": "string"}]}
    request = urllib.request.Request(f"{c.url}/config/r-value", json.dumps({"compatibility": "NONE"}).encode(),
                                     {"Content-Type": "application/vnd.schemaregistry.v1+json"}, method="PUT")
    urllib.request.urlopen(request, timeout=30).close()
    c.register(changed)
    run = c.run()
    check(run.wait() != 0 and 'the newest schema of the subject "r-value" gives parser' in run.errors() and "subject_version" in run.errors()
          and "column" in run.errors(), f"it says: {run.errors()}")
    write(subject_version=1)
    run = c.run()
    run.wait_for_its_beginning()
    time.sleep(1)
    run.check_alive()
    run.stop()
    write(subject_version=9)
    run = c.run()
    check(run.wait() == 2 and 'version 9 of the subject "r-value"' in run.errors(), f"it says: {run.errors()}")


def keys_wait_and_are_kept(c):
    """A key's schema that nobody knows yet holds its partition while the registry is away, tombstones too; what was learned of keys is enough for later
    lives without the registry, after a kill and where records are read again."""
    value, key = c.register(FIRST), c.register({"type": "record", "name": "K", "fields": [{"name": "id", "type": "long"}]}, "r-key")
    newer = c.register({"type": "record", "name": "K", "fields": [{"name": "id", "type": "long"}, {"name": "at", "type": "string", "default": ""}]}, "r-key")

    def produce(schema_of_key, *numbers, tombstone=False):
        tail = b"\4ab" if schema_of_key == newer else b""
        c.kafka.produce_records(c.topic, [(MOMENT, b"\0" + schema_of_key.to_bytes(4, "big") + varint(n) + tail,
                                           None if tombstone else b"\0" + value.to_bytes(4, "big") + varint(0)) for n in numbers])

    c.write(key_format="avro", on_null="row")
    topology = json.loads(c.path.read_text())
    topology["stages"]["keyed"] = {"transform": "select", "from": "parsed", "columns": {"n": "(_key->>'id')::bigint"}}
    topology["stages"]["out"]["from"] = "keyed"
    c.path.write_text(json.dumps(topology))
    produce(key, 1, 2)
    run = c.run()
    run.wait_until("the first rows are there", lambda: c.rows() == [1, 2])
    c.registry_away()
    produce(newer, 3, tombstone=True)
    produce(key, 4)
    run.wait_until("it is said", lambda: f"for schema {newer}" in run.errors())
    time.sleep(1)
    check(c.rows() == [1, 2], f"rows came without a schema: {c.rows()}")
    c.registry_back()
    run.wait_until("all rows are there", lambda: c.rows() == [1, 2, 3, 4])
    run.kill()
    c.registry_away()
    produce(newer, 5)
    produce(key, 6, tombstone=True)
    run = c.run()
    run.wait_until("later rows are there", lambda: len(c.rows()) >= 6)
    run.stop()
    check(c.rows() == [1, 2, 3, 4, 5, 6], f"other rows than expected: {c.rows()}")
    check(not dead_letters(c.state), "records became dead letters")


CASES = [start_waits_for_columns, start_is_refused_at_once, start_tells_of_silence, front_of_tls, user_and_password, answers_that_are_none, silence_is_told, many_unknown_ids,
         older_version, each_by_its_own, away_and_back, state_is_enough, unknown_id, no_registry_there, keys_wait_and_are_kept]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
