#!/usr/bin/env -S python3 -B
"""Apache Avro for Java as a peer: its containers and its records behind a registry's prefix are the rows that it says, also by its own rules of schema
resolution; and it reads what the sink writes. The peer is tests/e2e/AvroPeer.java, which tools/avro_java runs, else SKIPPED.

    avro_java.py --millrace BINARY [--only NAME] [--count 2000] [--kills 3]      each case is a function below; what it shows is its docstring

KAFKA_BROKERS names a server; the registry is the test's own, by tools/services.
"""
import base64
import decimal
import json
import struct
import subprocess
import sys
import urllib.request

from real_systems import (Kafka, OwnFolder, ROOT, Run, SKIPPED, captured, case, check, dead_letters, difference, main_of_cases, needed, topology_file, unique,
                          whole_rows)
from schemas import COLUMNS, iso, sent_rows
from servers_away import own_servers


def of(kind, logical, **more):
    return {"type": kind, "logicalType": logical, **more}


class Field(dict):
    """What a field has beside its name."""


def record(name, /, **fields):
    """By each field's name its type, or a Field."""
    return {"type": "record", "name": name, "fields": [{"name": n, **(t if isinstance(t, Field) else {"type": t})} for n, t in fields.items()]}


def enum(name, *symbols, **more):
    return {"type": "enum", "name": name, "symbols": symbols, **more}


def fixed(name, size, **more):
    return {"type": "fixed", "name": name, "size": size, **more}


# Columns whose names begin with dec are decimals. Those that begin with float are whole numbers that a reader takes as floats: in Java with the
# digits that a float has, here with all of them.
EVERY_TYPE = {**record(
    "Every", id="long", flag="boolean", small="int", share="float", ratio="double", name="string", raw="bytes", hash=fixed("Hash", 5),
    kind=enum("Kind", "VIEW", "BUY", "LEAVE"), dec=of("bytes", "decimal", precision=30, scale=6), dec_fixed=fixed("Price", 9, logicalType="decimal", precision=20, scale=2),
    dec_none=["null", of("bytes", "decimal", precision=12, scale=3)], day=of("int", "date"), at_ms=of("long", "timestamp-millis"), at=of("long", "timestamp-micros"),
    local=of("long", "local-timestamp-micros"), local_ms=of("long", "local-timestamp-millis"), time=of("int", "time-millis"), time_us=of("long", "time-micros"),
    uuid=of("string", "uuid"), uuid_fixed=fixed("Id", 16, logicalType="uuid"), lasts=fixed("Lasts", 12, logicalType="duration"), page=["null", "string"], last=["long", "null"],
    any=["null", "long", "string", "boolean", {"type": "array", "items": "int"}], tags={"type": "array", "items": "string"},
    marks={"type": "array", "items": ["null", "double"]}, counts={"type": "map", "values": "long"}, deep={"type": "map", "values": {"type": "array", "items": "bytes"}},
    place=record("Place", lat="double", city=["null", "string"], inner=record("Inner", kind="Kind", n={"type": "array", "items": "int"})),
    places={"type": "array", "items": "Place"}, tree=["null", record("Node", value="int", left=["null", "Node"], right=["null", "Node"])]), "namespace": "com.example"}


def with_default(type_, default, **more):
    return Field(type=type_, default=default, **more)


# A writer's schema and a reader's. Rows are compared where Java reads the record; where it refuses, it must be a dead letter. Items of arrays and maps are not
# promoted to longer ones: before it reads them, Java 1.12 takes their bytes for those of the reader's type, and refuses good records.
RESOLVED = {
    "promoted": (record("R", a="int", float_b="int", c="int", float_d="long", e="long", f="float", g="string", h={"type": "bytes", "text": True}, i={"type": "array", "items": "int"}, j={"type": "map", "values": "int"}),
                 record("R", a="long", float_b="float", c="double", float_d="float", e="double", f="double", g="bytes", h="string", i={"type": "array", "items": "long"},
                        j={"type": "map", "values": "long"})),
    "named": (record("Old", first="long", second="string", third=enum("E", "A", "B"), fourth=fixed("F", 3)),
              {**record("New", two=with_default("string", "", aliases=["second"]), one=with_default("long", 0, aliases=["x", "first"]),
                        three=with_default({**enum("Other", "B", "A"), "aliases": ["E"]}, "A", aliases=["third"]),
                        four=with_default({**fixed("G", 3), "aliases": ["F"]}, "abc", aliases=["fourth"])), "aliases": ["Old"]}),
    "defaults": (record("R", id="long"), record(
        "R", a=with_default("boolean", True), b=with_default("int", -3), c=with_default("long", 2**40), d=with_default("float", 0.5), e=with_default("double", -1.25),
        f=with_default("string", "Huế"), g=with_default("bytes", "\u0000ÿa"), h=with_default(fixed("F", 2), "\u0001\u0002"), i=with_default(enum("E", "A", "B"), "B"),
        j=with_default({"type": "array", "items": "long"}, [1, 2]), k=with_default({"type": "map", "values": "string"}, {"x": "y"}),
        l=with_default(["null", "string"], None), m=with_default(["string", "null"], "s"), n=with_default(record("N", x="long", y=with_default("string", "z")), {"x": 5}),
        id="long", o=with_default(of("int", "date"), 18000), dec=with_default(of("bytes", "decimal", precision=6, scale=2), "\u0001\u0000"))),
    "symbols": (record("R", id="long", a=enum("E", "A", "B", "C", "D"), b={"type": "array", "items": "E"}),
                record("R", id="long", a=enum("E", "C", "A", "UNKNOWN", default="UNKNOWN"), b={"type": "array", "items": "E"})),
    "symbols_without_default": (record("R", id="long", a=enum("E", "A", "B", "C")), record("R", id="long", a=enum("E", "C", "A"))),
    "unions": (record("R", id="long", a="int", b=["null", "int"], c=["int", "string"], d=["null", "string"], e=["string", "null", "boolean"], f=["float", "int"], g="long", h="string"),
               record("R", id="long", a=["null", "long"], b=["string", "double", "null"], c=["double", "string", "null"], d="string", e=["boolean", "null", "string"], f="double", g=["double", "long"], h=["bytes", "string"])),
    "left_out": ({**EVERY_TYPE, "fields": EVERY_TYPE["fields"] + [{"name": "end", "type": "string"}]}, {**record("Every", end="string", id="long"), "namespace": "com.example"}),
    "inner": (record("R", n={"type": "array", "items": record("N", a="int", b="string", c={"type": "map", "values": "bytes"}, d="long")}, last="long"),
              record("R", last="double", n={"type": "array", "items": record("N", d="long", e=with_default(["null", "long"], None), a="long")})),
    "recursive": (record("R", id="long", tree=["null", record("Node", value="int", more="string", left=["null", "Node"], right=["null", "Node"])]),
                  record("R", id="long", tree=["null", record("Node", value="long", right=["null", "Node"], left=["null", "Node"])])),
}


def compared(row, name=""):
    """A value so that equal ones have the same text: Java's decimals are texts of all digits, ours are numbers, and 7.0 is 7."""
    if isinstance(row, dict):
        if set(row) == {"timestamp"}:
            return iso(row["timestamp"])
        return {k: compared(v, k) for k, v in sorted(row.items())}
    if isinstance(row, list):
        return [compared(v) for v in row]
    if isinstance(row, bool) or row is None:
        return row
    if name.startswith("dec"):
        return str(decimal.Decimal(row).normalize(decimal.Context(prec=40)))
    if name.startswith("float"):
        return struct.unpack("f", struct.pack("f", float(row)))[0]
    if isinstance(row, decimal.Decimal) or (isinstance(row, int) and abs(row) > 2**63):
        row = float(row)
    return int(row) if isinstance(row, float) and row.is_integer() else row


def text_of(row):
    return json.dumps(compared(row), ensure_ascii=False)


def lines_of(file):
    return [json.loads(line, parse_float=decimal.Decimal) for line in file.read_text().split("\n") if line]


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        found = captured(ROOT / "tools" / "avro_java", timeout=600)
        if found.returncode == 3:
            print(f"SKIPPED: comparison with Apache Avro for Java: {found.stderr.strip()}", flush=True)
            sys.exit(SKIPPED)
        check(found.returncode == 0, found.stderr)
        self.peer = subprocess.Popen(found.stdout.splitlines(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.at_the_end.callback(self.peer.wait)
        self.at_the_end.callback(self.peer.stdin.close)
        self.out, self.state = self.folder / "out.jsonl", self.folder / "state"

    def with_servers(self):
        self.kafka = Kafka(*needed("KAFKA_BROKERS"))
        self.registry = self.at_the_end.enter_context(own_servers(self.folder, "registry"))[1]["REGISTRY_URL"]
        self.topic = unique(self.name)
        self.kafka.create(self.topic)

    def ask(self, name, **request):
        """The files of this name become what the peer writes; its rows are given."""
        rows = self.folder / f"{name}.rows"
        schemas = {k: json.dumps(request[k]) for k in ("schema", "reader") if k in request}
        self.peer.stdin.write(json.dumps({"count": self.options.count, "seed": 1, "file": str(self.folder / name), "rows": str(rows), **request, **schemas}) + "\n")
        self.peer.stdin.flush()
        answer = json.loads(self.peer.stdout.readline())
        check("error" not in answer, f"the peer: {answer}")
        return lines_of(rows)

    def call(self, path, body=None):
        request = urllib.request.Request(self.registry + path, body and json.dumps(body).encode(), {"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def register(self, schema):
        return self.call(f"/subjects/{unique('s')}-value/versions", {"schema": json.dumps(schema)})["id"]

    def send(self, file, schema):
        head = b"\0" + self.register(schema).to_bytes(4, "big")
        records = [head + base64.b64decode(line) for line in file.read_text().splitlines()]
        for at in range(0, len(records), 500):
            self.kafka.produce_records(self.topic, [(1_620_000_000_000, None, value) for value in records[at:at + 500]])

    def topology(self, source, parser):
        return topology_file(self.folder / "topology.json", self.name, {
            "rows": source, "parsed": {"parser": "avro", "from": "rows", **parser}, "out": {"sink": "file", "from": "parsed", "path": str(self.out)}}, commit_every="50 ms")

    def from_topic(self, reader):
        (self.folder / "reader.avsc").write_text(json.dumps(reader))
        return self.topology({"source": "kafka", "brokers": self.kafka.brokers, "topic": self.topic}, {"registry": self.registry, "schema_file": str(self.folder / "reader.avsc")})

    def run(self, topology):
        return Run(self.options.millrace, topology, self.state)

    def rows(self):
        return lines_of(self.out) if self.out.exists() else []

    def same(self, wanted):
        lost = difference(map(text_of, wanted), map(text_of, self.rows()), limit=1)
        check(not lost, lost)

    def lives(self, topology, wanted, dead=0):
        """Kills the run some times while rows come; the last life gets all."""
        whole = len(wanted)
        for i in range(self.options.kills):
            running = self.run(topology)
            running.wait_until("some rows more", lambda goal=whole * (i + 1) // (self.options.kills + 2): len(whole_rows(self.out)) >= goal)
            running.kill()
        running = self.run(topology)
        running.wait_until("all rows", lambda: len(whole_rows(self.out)) >= whole and len(dead_letters(self.state)) >= dead)
        running.stop()
        self.same(wanted)
        check(len(dead_letters(self.state)) == dead, f"{len(dead_letters(self.state))} dead letters instead of {dead}: {dead_letters(self.state)[:2]}")


def containers(c, codec, what):
    """Each value of a container that Java has written, in its order."""
    wanted = c.ask("in.avro", do=what, codec=codec, block=3000, **({"schema": EVERY_TYPE} if what == "container" else {}))
    topology = c.topology({"source": "file", "path": str(c.folder / "in.avro")},
                          {"framing": "container", **({"schema_file": str(c.folder / "reader.avsc")} if what == "container" else {"schema": ORDER})})
    (c.folder / "reader.avsc").write_text(json.dumps(EVERY_TYPE))
    running = c.run(topology)
    running.expect(0)
    c.same(wanted)
    check([text_of(r) for r in wanted] == [text_of(r) for r in c.rows()], "the rows are in another order")


ORDER = {"id": "bigint", "buyer": "text", "note": "text", "level": "text", "paid": "boolean", "rate": "double",
         "lines": [{"article": "text", "pieces": "bigint", "weight": "double"}], "counts": "json", "bytes": "text"}


def records_in_a_topic(c, blocking):
    """Records behind a registry's prefix, through kills; in blocks that say their bytes, or not."""
    c.with_servers()
    wanted = c.ask("records", do="records", schema=EVERY_TYPE, blocking=blocking)
    c.send(c.folder / "records", EVERY_TYPE)
    c.lives(c.from_topic(EVERY_TYPE), wanted)


def resolved(c):
    """What a reader's schema makes of records of another one is what it makes of them in Java; a record that Java refuses is a dead letter."""
    c.with_servers()
    for name, (writer, reader) in RESOLVED.items():
        c.topic, c.out, c.state = unique(name), c.folder / f"{name}.jsonl", c.folder / f"{name}.state"
        c.kafka.create(c.topic)
        count = min(c.options.count, 300)
        made = c.ask(name, do="records", schema=writer, reader=reader, count=count, blocking=name in ("left_out", "inner"))
        wanted = [row for row in made if row is not None]
        c.send(c.folder / name, writer)
        running = c.run(c.from_topic(reader))
        running.wait_until(f"{count} records of {name}", lambda: len(whole_rows(c.out)) + len(dead_letters(c.state)) >= count)
        running.stop()
        try:
            c.same(wanted)
        finally:
            print(f"{name}: {len(wanted)} rows, {count - len(wanted)} refused; ours: {len(c.rows())} and {len(dead_letters(c.state))}", flush=True)
        check(len(dead_letters(c.state)) == count - len(wanted), f"{name}: {dead_letters(c.state)[:2]}")


def sink_is_read(c):
    """Java reads what the sink writes, and finds the rows."""
    c.with_servers()
    rows = sent_rows(c.options.count)
    (c.folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    topology = topology_file(c.folder / "topology.json", c.name, {
        "rows": {"source": "file", "path": str(c.folder / "rows.jsonl")}, "parsed": {"parser": "json", "from": "rows", "schema": COLUMNS},
        "out": {"sink": "kafka", "from": "parsed", "brokers": c.kafka.brokers, "topic": c.topic, "format": "avro", "registry": c.registry, "register": True}})
    c.run(topology).expect(0)
    values = [m.value for m in c.kafka.read(c.topic)]
    ids = {value[:5] for value in values}
    check(len(ids) == 1 and min(ids)[0] == 0, f"the records begin with {ids}")
    schema = json.loads(c.call(f"/schemas/ids/{int.from_bytes(min(ids)[1:], 'big')}")["schema"])
    (c.folder / "sent").write_text("".join(base64.b64encode(value[5:]).decode() + "\n" for value in values))
    found = c.ask("sent", do="read", schema=schema)
    lost = difference([text_of(sent(r)) for r in rows], [text_of(sent(r)) for r in found])
    check(not lost, lost)


def sent(row):
    """Prices are decimals; other numbers of Python are what they are."""
    row = dict(row)
    row["dec"] = row.pop("price")
    if row["dec"] is not None:
        row["dec"] = f"{decimal.Decimal(str(row['dec'])):.3f}"
    return row


CASES = [*(case(f"container_{codec}", containers, codec, "container", doc=containers.__doc__) for codec in ("null", "deflate", "snappy", "zstandard")),
         case("container_of_objects", containers, "deflate", "reflected", doc="The same of objects of a plain class, whose schema Java makes."),
         case("topic", records_in_a_topic, False, doc=records_in_a_topic.__doc__), case("topic_of_blocks", records_in_a_topic, True, doc=records_in_a_topic.__doc__),
         resolved, sink_is_read]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, count=2000, kills=3)
