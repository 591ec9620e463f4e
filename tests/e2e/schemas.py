#!/usr/bin/env -S python3 -B
"""Records with schemas of a registry, in Kafka: those that Confluent's serializers and fastavro write are rows, through kills and changes
of the schema; and what the sink writes is read back by Confluent's deserializers. KAFKA_BROKERS names a server; the registry is the
test's own, by tools/services, and the peers come from tools/schema_peer, else SKIPPED.

    schemas.py --millrace BINARY [--only NAME] [--count 3000] [--kills 5]      each case is a function below; what it shows is its docstring
"""
import base64
import contextlib
import json
import random
import subprocess
import sys
import urllib.error
import urllib.request

from real_systems import (Kafka, OwnFolder, PATIENCE, ROOT, Run, SKIPPED, captured, check, dead_letters, difference, main_of_cases, needed,
                          topology_file, unique, wait_until, whole_rows)
from servers_away import own_servers

CLICK = {"type": "record", "name": "Click", "namespace": "com.example", "fields": [
    {"name": "id", "type": "long"},
    {"name": "userid", "type": "string"},
    {"name": "page", "type": ["null", "string"], "default": None},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "BUY", "LEAVE"]}},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "share", "type": "double"},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "counts", "type": {"type": "map", "values": "long"}},
    {"name": "place", "type": {"type": "record", "name": "Place", "fields": [{"name": "lat", "type": "double"}, {"name": "city", "type": ["null", "string"]}]}},
    {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}},
    {"name": "any", "type": ["null", "long", "string"]}]}

PROTO = """syntax = "proto3";
package com.example;
import "google/protobuf/timestamp.proto";
message Click {
  int64 id = 1;
  string userid = 2;
  optional string page = 3;
  enum Kind { VIEW = 0; BUY = 1; LEAVE = 2; }
  Kind kind = 4;
  google.protobuf.Timestamp at = 5;
  double share = 6;
  repeated string tags = 7;
  map<string, int64> counts = 8;
  message Place { double lat = 1; optional string city = 2; }
  Place place = 9;
  bytes hash = 10;
  uint64 big = 11;
}
"""

BEGIN = 1_619_294_100_796_000


def iso(micros):
    import datetime
    text = (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def click(i):
    """A record, as the peer takes it, and the row that it is."""
    rng = random.Random(i)
    at, day, price = BEGIN + i * 1_234_567, 18_000 + i % 1000, f"{rng.randrange(-10**6, 10**6) / 100:.2f}"
    place = {"lat": rng.uniform(-90, 90), "city": rng.choice([None, "Huế", "Paris"])}
    record = {"id": i, "userid": f"u{i % 50}", "page": rng.choice([None, "/a", "/ü"]), "kind": rng.choice(["VIEW", "BUY", "LEAVE"]),
              "price": {"decimal": price}, "at": {"timestamp": at}, "day": {"date": day}, "share": rng.random(), "tags": ["a", "ß"][:i % 3],
              "counts": {"x": i, "y": -i} if i % 4 else {}, "place": place, "hash": {"bytes": base64.b64encode(rng.randbytes(4)).decode()},
              "any": rng.choice([None, 7, "seven"])}
    import datetime
    row = {**record, "price": float(price), "at": iso(at), "day": str(datetime.date(1970, 1, 1) + datetime.timedelta(days=day)),
           "hash": record["hash"]["bytes"]}
    return record, row


def proto_click(i):
    record, row = click(i)
    sent = {k: record[k] for k in ("id", "userid", "kind", "share", "tags", "counts")}
    sent["at"], sent["hash"], sent["big"] = row["at"], row["hash"], str(2**64 - 1 - i)
    sent["place"] = {k: v for k, v in record["place"].items() if v is not None}
    if record["page"] is not None:
        sent["page"] = record["page"]
    want = {**{k: row[k] for k in ("id", "userid", "page", "kind", "at", "share", "tags", "counts", "place", "hash")}, "big": 2**64 - 1 - i}
    return sent, want


def sorted_row(row):
    return json.dumps({k: v for k, v in sorted(row.items())}, sort_keys=True, ensure_ascii=False)


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        brokers, = needed("KAFKA_BROKERS")
        found = subprocess.run([ROOT / "tools" / "schema_peer"], capture_output=True, text=True)
        if found.returncode == SKIPPED or found.returncode == 3:
            print(f"SKIPPED: comparison with Confluent's serializers: {found.stderr.strip()}", flush=True)
            sys.exit(SKIPPED)
        check(found.returncode == 0, found.stderr)
        self.registry = self.at_the_end.enter_context(own_servers(self.folder, "registry"))[1]["REGISTRY_URL"]
        self.kafka = Kafka(brokers)
        self.topic = unique(name)
        self.kafka.create(self.topic)
        self.kafka.configure(self.topic, "retention.ms", "-1")
        self.peer = subprocess.Popen([found.stdout.strip(), "-B", str(ROOT / "tests/e2e/schemas_peer.py")], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.at_the_end.callback(self.peer.wait)
        self.at_the_end.callback(self.peer.stdin.close)

    def ask(self, **request):
        self.peer.stdin.write(json.dumps({"brokers": self.kafka.brokers, "registry": self.registry, "topic": self.topic, **request}) + "\n")
        self.peer.stdin.flush()
        answer = json.loads(self.peer.stdout.readline())
        check("error" not in answer, f"the peer: {answer}")
        return answer

    def write(self, form, schema, records, **more):
        answer = self.ask(do="write", format=form, schema=schema if isinstance(schema, str) else json.dumps(schema), records=records, **more)
        check(answer["written"] == len(records), f"the peer has written {answer} of {len(records)}")

    def call(self, method, path, body=None, registry=None):
        request = urllib.request.Request((registry or self.registry) + path, method=method, data=body and json.dumps(body).encode(),
                                         headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=30 * PATIENCE) as r:
            return json.loads(r.read())

    def descriptors(self, text, name="click"):
        """A schema's descriptor set, as base64."""
        (self.folder / f"{name}.proto").write_text(text)
        made = captured("protoc", f"-I{self.folder}", "--include_imports", f"--descriptor_set_out={self.folder / name}.set", f"{name}.proto",
                        cwd=self.folder)
        check(made.returncode == 0, made.stderr)
        return base64.b64encode((self.folder / f"{name}.set").read_bytes()).decode()

    def topology(self, parser, columns=None, **source):
        stages = {"rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.topic, **source},
                  "parsed": {"parser": "", "from": "rows", "registry": self.registry, **parser},
                  "out": {"sink": "file", "from": "parsed", "path": str(self.folder / "out.jsonl")}}
        return topology_file(self.folder / "topology.json", self.name, stages, commit_every="50 ms")

    def run(self, topology, *options):
        return Run(self.options.millrace, topology, self.folder / "state", *options)

    def rows(self):
        return whole_rows(self.folder / "out.jsonl")

    def wait_for(self, running, count):
        running.wait_until(f"{count} rows", lambda: len(self.rows()) + len(dead_letters(self.folder / "state")) >= count)

    def same(self, wanted):
        lost = difference([sorted_row(r) for r in wanted], [sorted_row(r) for r in self.rows()])
        check(not lost, lost)

    def lives(self, topology, count, coming=lambda i: None):
        """Kills the run some times while rows come; the last life gets all."""
        for i in range(self.options.kills):
            running = self.run(topology)
            coming(i)
            running.wait_until("some rows more", lambda goal=count * (i + 1) // (self.options.kills + 2): len(self.rows()) >= goal)
            running.kill()
        running = self.run(topology)
        self.wait_for(running, count)
        running.stop()


def avro_of_others(c):
    """Every type that Avro has, from Confluent's serializer: the rows are the records, and kills lose and double nothing."""
    pairs = [click(i) for i in range(c.options.count)]
    c.write("avro", CLICK, [record for record, _ in pairs])
    (c.folder / "click.avsc").write_text(json.dumps(CLICK))
    c.lives(c.topology({"parser": "avro", "schema_file": str(c.folder / "click.avsc")}), c.options.count)
    c.same([row for _, row in pairs])
    check(not dead_letters(c.folder / "state"), "there are dead letters")


def avro_columns_of_the_registry(c):
    """Without a schema the columns are those of the subject's latest version, which `check` prints."""
    c.write("avro", CLICK, [click(i)[0] for i in range(10)])
    topology = c.topology({"parser": "avro", "subject": f"{c.topic}-value"})
    said = captured(c.options.millrace, "check", topology)
    check(said.returncode == 0 and "{lat double, city text}" in said.stdout and "numeric(10,2)" in said.stdout, said.stdout + said.stderr)
    running = c.run(topology)
    c.wait_for(running, 10)
    running.stop()
    c.same([click(i)[1] for i in range(10)])


def avro_schema_changes(c):
    """In mid-stream a field comes with a default, one goes, a long was an int, one is renamed with an alias: each record is read by its own schema."""
    def version(more=(), without=(), id_type="long"):
        fields = [f for f in CLICK["fields"] if f["name"] in ("id", "userid", "page") and f["name"] not in without]
        fields = [{**f, "type": id_type} if f["name"] == "id" else f for f in fields]
        return {**{k: CLICK[k] for k in ("type", "name", "namespace")}, "fields": [*fields, *more]}

    level = {"name": "level", "type": "string", "default": "free"}
    reader = version(more=[level])
    wanted, sent = [], 0
    with contextlib.suppress(urllib.error.HTTPError):  # the rules of the subject are not what is tried
        c.call("PUT", f"/config/{c.topic}-value", {"compatibility": "NONE"})
    for schema, defaults in ((version(id_type="int"), {"level": "free"}), (version(more=[level]), {}), (version(without=("page",)), {"page": None, "level": "free"})):
        names = [f["name"] for f in schema["fields"]]
        records = [{"id": sent + i, "userid": f"u{i}", "page": "/p", "level": "paid"} for i in range(200)]
        c.write("avro", schema, [{k: v for k, v in r.items() if k in names} for r in records])
        wanted += [{**{k: v for k, v in r.items() if k in names}, **{k: v for k, v in defaults.items() if k not in names}} for r in records]
        sent += 200
    (c.folder / "reader.avsc").write_text(json.dumps(reader))
    c.lives(c.topology({"parser": "avro", "schema_file": str(c.folder / "reader.avsc")}), sent)
    c.same(wanted)


def protobuf_of_others(c):
    """Messages of Confluent's serializer, with their indexes, through kills."""
    pairs = [proto_click(i) for i in range(c.options.count)]
    c.write("protobuf", c.descriptors(PROTO), [record for record, _ in pairs], message="com.example.Click")
    c.lives(c.topology({"parser": "protobuf", "schema_file": str(c.folder / "click.proto")}), c.options.count)
    c.same([row for _, row in pairs])


def json_of_others(c):
    """JSON behind a registry's prefix."""
    schema = {"title": "Click", "type": "object", "properties": {"id": {"type": "integer"}, "userid": {"type": "string"}}}
    records = [{"id": i, "userid": f"u{i}"} for i in range(100)]
    c.write("json", schema, records)
    topology = c.topology({"parser": "json", "schema": {"id": "bigint", "userid": "text"}, "prefix": "confluent"})
    stages = json.loads(topology.read_text())
    del stages["stages"]["parsed"]["registry"]
    topology.write_text(json.dumps(stages))
    running = c.run(topology)
    c.wait_for(running, 100)
    running.stop()
    c.same(records)


def bad_records(c):
    """An id that nobody knows, no prefix, a body that is too short or too long: one clear dead letter each, and the others are rows."""
    c.write("avro", CLICK, [click(i)[0] for i in range(3)])
    good = c.kafka.read(c.topic)[0].value
    at = BEGIN // 1000
    c.kafka.produce_records(c.topic, [(at, None, b"\0" + (987_654).to_bytes(4, "big") + good[5:]), (at, None, b"\2" + good[6:]), (at, None, good[:-3]),
                                      (at, None, good + b"x"), (at, None, b""), (at, None, good)])
    (c.folder / "click.avsc").write_text(json.dumps(CLICK))
    running = c.run(c.topology({"parser": "avro", "schema_file": str(c.folder / "click.avsc")}))
    c.wait_for(running, 9)
    running.stop()
    c.same([click(i)[1] for i in (0, 1, 2, 0)])
    errors = {letter["position"]: letter["error"] for letter in dead_letters(c.folder / "state")}
    check(sorted(errors) == [3, 4, 5, 6, 7], errors)
    check("987654" in errors[3], errors[3])
    check("zero byte" in errors[4], errors[4])
    print(json.dumps(errors, indent=1), flush=True)


def bytes_pass_through(c):
    """Records of bytes that are filtered and sent on as they are, keys too, are the same bytes."""
    c.write("avro", CLICK, [click(i)[0] for i in range(50)])
    values = [m.value for m in c.kafka.read(c.topic)]
    source, c.topic = c.topic, c.topic + "_on"
    c.kafka.create(c.topic)
    c.kafka.produce_records(source, [(BEGIN // 1000, b"\0\xff" + bytes([i]), value) for i, value in enumerate(values)])
    topology = topology_file(c.folder / "topology.json", c.name, {
        "rows": {"source": "kafka", "brokers": c.kafka.brokers, "topic": source, "key": "bytes"},
        "parsed": {"parser": "avro", "from": "rows", "registry": c.registry, "schema": {"id": "bigint"}},
        "some": {"transform": "select", "from": "parsed", "where": "id % 2 = 0", "columns": {"raw": "_raw", "key": "_key"}},
        "out": {"sink": "kafka", "from": "some", "brokers": c.kafka.brokers, "topic": c.topic, "value": "raw", "format": "base64", "key": "key",
                "key_format": "base64"}}, commit_every="50 ms")
    running = c.run(topology)
    running.wait_until("all are there", lambda: len(c.kafka.read(c.topic)) >= 50)
    running.stop()
    found = [(m.key, m.value) for m in c.kafka.read(c.topic)]
    wanted = [(None, v) for v in values[::2]] + [(b"\0\xff" + bytes([i]), v) for i, v in enumerate(values)][::2]
    lost = difference(wanted, found)
    check(not lost, lost)


def sink_topology(c, form, source, columns, **sink):
    stages = {"rows": {"source": "file", "path": str(source)},
              "parsed": {"parser": "json", "from": "rows", "schema": columns},
              "out": {"sink": "kafka", "from": "parsed", "brokers": c.kafka.brokers, "topic": c.topic, "format": form, "registry": c.registry, **sink}}
    return topology_file(c.folder / "topology.json", c.name, stages)


COLUMNS = {"id": "bigint", "name": "text", "share": "double", "good": "boolean", "price": "numeric(12,3)", "at": "timestamp", "day": "date", "tags": ["text"],
           "place": {"lat": "double", "city": "text"}}


def sent_rows(count):
    out = []
    for i in range(count):
        rng = random.Random(i)
        row = {"id": rng.randrange(-2**63, 2**63), "name": rng.choice(["", "ann", "Huế"]), "share": rng.random(), "good": rng.random() < 0.5,
               "price": rng.randrange(-10**9, 10**9) / 1000, "at": iso(BEGIN + rng.randrange(-10**15, 10**15)), "day": f"20{rng.randrange(10, 30)}-02-0{rng.randrange(1, 9)}",
               "tags": ["a", "b", "c"][:rng.randrange(4)], "place": {"lat": rng.random(), "city": rng.choice([None, "Paris"])}}
        out.append({k: (None if rng.random() < 0.2 and k not in ("id", "tags") else v) for k, v in row.items()})
    return out


def read_back(c, form):
    """Of what the sink has written: plain JSON."""
    import datetime
    more = {}
    if form == "protobuf":
        latest = c.call("GET", f"/subjects/{c.topic}-value/versions/latest")
        more = {"schema": c.descriptors(latest["schema"], "latest"), "message": "com.example.Row"}
    found = c.ask(do="read", format={"json_schema": "json"}.get(form, form), count=c.options.count, key_format="avro" if form == "avro" else "", **more)

    def plain(v):
        if isinstance(v, dict):
            if set(v) == {"decimal"}:
                return float(v["decimal"])
            if set(v) == {"timestamp"}:
                return iso(v["timestamp"])
            if set(v) == {"date"}:
                return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=v["date"]))
            return {k: plain(x) for k, x in v.items()}
        return [plain(x) for x in v] if isinstance(v, list) else v

    rows = []
    for r in found["records"]:
        value = plain(r["value"])
        if form == "protobuf":  # what is absent is null; its JSON has 64-bit numbers as texts
            value = {k: value.get(k, [] if k == "tags" else None) for k in COLUMNS}
            value["id"] = int(value["id"])
            value["price"] = value["price"] and float(value["price"])
            value["place"] = value["place"] and {k: value["place"].get(k) for k in ("lat", "city")}
            value["at"] = value["at"] and iso(micros_of(value["at"]))
        if form == "avro":
            check(r["key"] == value["id"], f"the key {r['key']} of {value['id']}")
        rows.append(value)
    return rows


def micros_of(text):
    import datetime
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def written(form):
    def play(c):
        rows = sent_rows(c.options.count)
        (c.folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        key = {"key": "id", "key_format": "avro"} if form == "avro" else {}
        topology = sink_topology(c, form, c.folder / "rows.jsonl", COLUMNS, record="com.example.Row", register=True, **key)
        running = c.run(topology)
        running.expect(0)
        lost = difference([sorted_row(r) for r in rows], [sorted_row(r) for r in read_back(c, form)])
        check(not lost, lost)
    play.__name__ = f"{form}_is_written"
    play.__doc__ = f"Rows that the sink writes as {form} are read back by Confluent's deserializer, and equal."
    return play


def schemas_that_are_refused(c):
    """A subject without the schema, and one that the registry takes for incompatible, end the start with the reason; nothing is written."""
    (c.folder / "rows.jsonl").write_text('{"id":1}\n')
    topology = sink_topology(c, "avro", c.folder / "rows.jsonl", {"id": "bigint"})
    c.run(topology).expect(1, f"{c.topic}-value", "register")
    c.call("POST", f"/subjects/{c.topic}-value/versions", {"schema": json.dumps({"type": "record", "name": c.topic, "fields": [{"name": "id", "type": "string"}]})})
    c.call("PUT", f"/config/{c.topic}-value", {"compatibility": "FULL"})
    topology = sink_topology(c, "avro", c.folder / "rows.jsonl", {"id": "bigint"}, register=True)
    c.run(topology).expect(1, f"{c.topic}-value")
    check(not c.kafka.read(c.topic), "records were written")


CASES = [avro_of_others, avro_columns_of_the_registry, avro_schema_changes, protobuf_of_others, json_of_others, bad_records, bytes_pass_through,
         written("avro"), written("protobuf"), written("json_schema"), schemas_that_are_refused]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, count=3000, kills=5)
