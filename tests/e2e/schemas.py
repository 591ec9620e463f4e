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
import socket
import sqlite3
import subprocess
import sys
import time
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
        self.kafka.create(self.topic, retention_ms="-1")
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


KEY = {"type": "record", "name": "Key", "namespace": "shop.public.customers", "fields": [{"name": "id", "type": "long"}]}
CUSTOMER = {"type": "record", "name": "Value", "namespace": "shop.public.customers", "fields": [
    {"name": "id", "type": "long"}, {"name": "name", "type": "string"}, {"name": "email", "type": ["null", "string"], "default": None}]}
CUSTOMER_PROTO = """syntax = "proto3";
package shop;
message Other { string text = 1; }
message Key { int64 id = 1; }
message Customer { int64 id = 1; string name = 2; }
"""
# Keys of each form, with values of another: the key's schema and its form, the parser of the values and their schema.
KEYED = {"avro": ("json", {"title": "Customer", "type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}),
         "protobuf": ("avro", {**CUSTOMER, "fields": CUSTOMER["fields"][:2]}),
         "json": ("protobuf", CUSTOMER_PROTO)}


def keys_of_others(form):
    def play(c):
        values, schema = KEYED[form]
        keyed = {"key_format": form, "key_schema": json.dumps(KEY)}
        if form == "protobuf":
            keyed |= {"key_schema": c.descriptors(CUSTOMER_PROTO, "key"), "key_message": "shop.Key"}
        elif form == "json":
            keyed["key_schema"] = json.dumps({"title": "Key", "type": "object", "properties": {"id": {"type": "integer"}}})
        if values == "protobuf":
            keyed["message"] = "shop.Customer"
        records = [None if i % 5 == 3 else {"id": i, "name": f"n{i}"} for i in range(c.options.count)]
        c.write(values, c.descriptors(schema, "value") if values == "protobuf" else schema, records,
                keys=[{"id": i} for i in range(len(records))], **keyed)
        c.kafka.produce_records(c.topic, [(BEGIN // 1000, None, None)])  # no key, no value
        topology = c.topology({"parser": values, "schema": {"id": "bigint", "name": "text"}, "on_null": "row", "key_format": form})
        stages = json.loads(topology.read_text())
        stages["stages"]["keyed"] = {"transform": "select", "from": "parsed",
                                     "columns": {"key": "(_key->>'id')::bigint", "text": "_key #>> '{}'", "id": "id", "name": "name"}}
        stages["stages"]["out"]["from"] = "keyed"
        topology.write_text(json.dumps(stages))
        c.lives(topology, len(records) + 1)
        wanted = [{"key": i, "text": f'{{"id":{i}}}', "id": r and r["id"], "name": r and r["name"]} for i, r in enumerate(records)]
        c.same([*wanted, {"key": None, "text": None, "id": None, "name": None}])
        check(not dead_letters(c.folder / "state"), "there are dead letters")
    play.__name__ = f"keys_of_{form}"
    play.__doc__ = f"Keys that Confluent's {form} serializer writes, beside values of another form and tombstones, are in _key, through kills."
    return play


def scalar_keys(c):
    """Keys of Avro's string and long are JSON scalars, whose text #>> '{}' gives."""
    c.write("avro", {**CUSTOMER, "fields": CUSTOMER["fields"][:2]}, [{"id": i, "name": "n"} for i in range(3)], key_format="avro",
            key_schema=json.dumps("string"), keys=["a", 'b"ü', ""])
    c.write("avro", {**CUSTOMER, "fields": CUSTOMER["fields"][:2]}, [{"id": 3, "name": "n"}], key_format="avro", key_schema=json.dumps("long"), keys=[2**60])
    topology = c.topology({"parser": "avro", "schema": {"id": "bigint"}, "key_format": "avro"})
    stages = json.loads(topology.read_text())
    stages["stages"]["keyed"] = {"transform": "select", "from": "parsed", "columns": {"id": "id", "key": "_key", "text": "_key #>> '{}'"}}
    stages["stages"]["out"]["from"] = "keyed"
    topology.write_text(json.dumps(stages))
    running = c.run(topology)
    c.wait_for(running, 4)
    running.stop()
    c.same([{"id": 0, "key": "a", "text": "a"}, {"id": 1, "key": 'b"ü', "text": 'b"ü'}, {"id": 2, "key": "", "text": ""},
            {"id": 3, "key": 2**60, "text": str(2**60)}])


def changes_of(count, keys, seed):
    """Versions and deletions of rows, as Debezium writes them flattened: (milliseconds, key, value or null), in the order of their times."""
    rng = random.Random(seed)
    out = []
    for i in range(count):
        key = rng.randrange(keys)
        gone = rng.random() < 0.3
        out.append((BEGIN // 1000 + i * 1000, key, None if gone else {"id": key, "name": f"v{i}", "email": rng.choice([None, f"{key}@x"])}))
    return out


def write_changes(c, changes):
    c.write("avro", CUSTOMER, [v for _, _, v in changes], key_format="avro", key_schema=json.dumps(KEY), keys=[{"id": k} for _, k, _ in changes],
            timestamps=[at for at, _, _ in changes])


def changes_into_a_table(c):
    """Debezium's changes in Avro, flattened, are upserts and deletions by the key: after kills the table is what the newest ones make of it."""
    changes = changes_of(c.options.count, 50, 1)
    write_changes(c, changes)
    table = c.folder / "table.db"
    stages = {"changes": {"source": "kafka", "brokers": c.kafka.brokers, "topic": c.topic},
              "parsed": {"parser": "avro", "from": "changes", "registry": c.registry, "subject": f"{c.topic}-value", "key_format": "avro", "on_null": "row"},
              "flat": {"transform": "select", "from": "parsed", "columns": {"key": "(_key->>'id')::bigint", "name": "name", "email": "email", "gone": "id is null"}},
              "table": {"sink": "sql", "from": "flat", "connection": f"sqlite3://{table}", "table": "customers", "create": True, "mode": "upsert", "key": "id",
                        "columns": {"id": "key", "name": "name", "email": "email"}, "delete": "gone"},
              "out": {"sink": "file", "from": "flat", "path": str(c.folder / "out.jsonl")}}
    c.lives(topology_file(c.folder / "topology.json", c.name, stages, commit_every="50 ms"), len(changes))
    wanted = {}
    for _, key, value in changes:
        wanted.pop(key, None)
        if value:
            wanted[key] = (key, value["name"], value["email"])
    with contextlib.closing(sqlite3.connect(table)) as db:
        lost = difference(list(wanted.values()), db.execute("select id, name, email from customers").fetchall())
    check(not lost, lost)
    check(not dead_letters(c.folder / "state"), "there are dead letters")


def changes_as_versions(c):
    """The same changes are the right side of a join as of a time: each order gets the version that its customer had, none after a deletion, through kills."""
    changes = changes_of(c.options.count, 50, 2)
    write_changes(c, [*changes, (changes[-1][0] + 3_600_000, 1_000_000, None)])  # the last one lets everything come out
    rng = random.Random(3)
    orders, at = [], BEGIN // 1000 - 5000
    for i in range(c.options.count):
        at += rng.randrange(1, 2000)
        orders.append((at, rng.randrange(60), i))
    ordered = unique("orders")
    c.kafka.create(ordered, retention_ms="-1")
    lines = [(at, None, json.dumps({"n": n, "customer": who}).encode()) for at, who, n in orders]
    c.kafka.produce_records(ordered, [*lines, (orders[-1][0] + 1800_000, None, b'{"n":-1,"customer":-1}')])
    stages = {"changes": {"source": "kafka", "brokers": c.kafka.brokers, "topic": c.topic},
              "orders": {"source": "kafka", "brokers": c.kafka.brokers, "topic": ordered},
              "parsed": {"parser": "avro", "from": "changes", "registry": c.registry, "subject": f"{c.topic}-value", "key_format": "avro", "on_null": "row",
                         "event_time": "_timestamp", "watermark_delay": "0 s", "idle_timeout": "off"},
              "customers": {"transform": "select", "from": "parsed", "columns": {"customer": "(_key->>'id')::bigint", "name": "name", "gone": "id is null"}},
              "bought": {"parser": "json", "from": "orders", "schema": {"n": "bigint", "customer": "bigint"}, "event_time": "_timestamp", "watermark_delay": "0 s",
                         "idle_timeout": "off"},
              "joined": {"join": "as_of", "left": "bought", "right": "customers", "key": "customer", "how": "left", "deleted": "gone",
                         "columns": {"n": "l.n", "name": "r.name"}},
              "out": {"sink": "file", "from": "joined", "path": str(c.folder / "out.jsonl")}}
    wanted, versions, place = [], {}, 0
    for at, who, n in orders:
        while place < len(changes) and changes[place][0] <= at:
            _, key, value = changes[place]
            versions[key] = value and value["name"]
            place += 1
        wanted.append({"n": n, "name": versions.get(who)})
    c.lives(topology_file(c.folder / "topology.json", c.name, stages, commit_every="50 ms"), len(wanted))
    c.same(wanted)


def keys_that_cannot_be_decoded(c):
    """One dead letter each, which says what is wrong with the key; nobody looks at keys that are not used; `replay` sends a tombstone in again as one."""
    def head(schema):
        return b"\0" + schema.to_bytes(4, "big")

    c.write("avro", CUSTOMER, [{"id": 1, "name": "a"}], key_format="avro", key_schema=json.dumps(KEY), keys=[{"id": 1}])
    first = c.kafka.read(c.topic)[0]
    later = json.dumps({**KEY, "fields": [*KEY["fields"], {"name": "region", "type": "string"}]})
    with contextlib.suppress(urllib.error.HTTPError):  # the rules of the subject are not what is tried
        c.call("PUT", f"/config/{c.topic}-key", {"compatibility": "NONE"})
    unknown = max(int.from_bytes(m[1:5], "big") for m in (first.key, first.value)) + 1
    at = BEGIN // 1000
    c.kafka.produce_records(c.topic, [(at, b"plain", first.value), (at, head(unknown) + b"\x0e\4eu", None), (at, first.key + b"x", first.value), (at, b"", None),
                                      (at, first.key, None), (at, None, None)])
    topology = c.topology({"parser": "avro", "subject": f"{c.topic}-value", "on_null": "row", "key_format": "avro"})
    stages = json.loads(topology.read_text())
    unused = json.dumps({**stages, "topology": unique("unused")})
    stages["stages"]["keyed"] = {"transform": "select", "from": "parsed",
                                 "columns": {"key": "(_key->>'id')::bigint", "region": "_key->>'region'", "gone": "id is null"}}
    stages["stages"]["out"]["from"] = "keyed"
    topology.write_text(json.dumps(stages))
    running = c.run(topology)
    c.wait_for(running, 7)
    running.stop()
    wanted = [{"key": 1, "region": None, "gone": False}, {"key": 1, "region": None, "gone": True}, {"key": None, "region": None, "gone": True}]
    c.same(wanted)
    letters = {letter["position"]: letter["error"] for letter in dead_letters(c.folder / "state")}
    check(sorted(letters) == [1, 2, 3, 4], letters)
    check(all(e.startswith("the key cannot be decoded: ") and '"key_format"' in e for e in letters.values()), letters)
    check(f"schema {unknown} " in letters[2] and "1 byte stands behind" in letters[3], letters)
    print(json.dumps(letters, indent=1), flush=True)
    given = c.call("POST", f"/subjects/{c.topic}-key/versions", {"schema": later})["id"]
    check(given == unknown, f"the registry gave the id {given} to a schema after {unknown - 1}")
    done = captured(c.options.millrace, "replay", c.folder / "state" / "dead_letters.jsonl", "--into", "parsed", "--topology", topology,
                    "--state", c.folder / "state")
    check(done.returncode == 0, f"replay: {done.returncode}: {done.stdout}{done.stderr}")
    running = c.run(topology)
    running.wait_until("the tombstone is a row", lambda: len(c.rows()) >= 4)
    running.wait_until("the others are letters again", lambda: len(dead_letters(c.folder / "state")) >= 7)
    running.stop()
    c.same([*wanted, {"key": 7, "region": "eu", "gone": True}])
    topology.write_text(unused.replace("out.jsonl", "unused.jsonl"))
    running = Run(c.options.millrace, topology, c.folder / "unused")
    running.wait_until("all are rows", lambda: len(whole_rows(c.folder / "unused.jsonl")) >= 7)
    running.stop()
    check(not dead_letters(c.folder / "unused"), "keys that nobody uses were decoded")
CONTRACT = {"type": "record", "name": "Order", "namespace": "com.example", "fields": [
    {"name": "id", "type": "int"},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "BUY", "LEAVE"]}},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "share", "type": "float"},
    {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "counts", "type": {"type": "map", "values": "long"}},
    {"name": "any", "type": ["null", "long", "string"]},
    {"name": "place", "type": ["null", {"type": "record", "name": "Place", "fields": [{"name": "lat", "type": "double"}, {"name": "city", "type": ["string", "null"]}]}]},
    {"name": "origin", "type": "string", "default": "millrace"},
    {"name": "note", "type": ["null", "string"]}]}
ORDER = """syntax = "proto3"; package com.example;
import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto";
enum Kind { VIEW = 0; BUY = 1; LEAVE = 2; }
message Other { int32 x = 1; }
message Order {
  message Place { double lat = 3; optional string city = 9; }
  sint32 id = 7; Kind kind = 2; string price = 20; google.protobuf.Timestamp at = 4; optional float share = 5; bytes hash = 6;
  repeated string tags = 1; map<string, int64> counts = 8; google.protobuf.Value any = 10; Place place = 11; google.protobuf.Int64Value note = 12;
  repeated int64 numbers = 13;
}"""
ORDER_COLUMNS = {"id": "bigint", "kind": "text", "price": "numeric(12,2)", "at": "timestamp", "share": "double", "hash": "text", "tags": ["text"],
                 "counts": "json", "any": "json", "place": {"lat": "double", "city": "text"}}


def orders(count):
    """Rows, as a file has them, which fit the contract."""
    out = []
    for i in range(count):
        rng = random.Random(i)
        out.append({"id": rng.randrange(-2**31, 2**31), "kind": rng.choice(["VIEW", "BUY", "LEAVE"]), "price": rng.randrange(-10**9, 10**9) / 100,
                    "at": iso(BEGIN + rng.randrange(10**9) * 1000), "day": f"20{rng.randrange(10, 30)}-02-0{rng.randrange(1, 9)}", "share": rng.randrange(1000) / 8,
                    "hash": base64.b64encode(rng.randbytes(4)).decode(), "tags": ["a", "ß"][:i % 3], "counts": {"x": i, "y": -i} if i % 4 else {},
                    "any": rng.choice([None, 7, "seven"]), "place": rng.choice([None, {"lat": rng.random(), "city": rng.choice([None, "Paris"])}])})
    return out


def plain_value(v):
    import datetime
    if isinstance(v, dict):
        if set(v) == {"decimal"}:
            return float(v["decimal"])
        if set(v) == {"timestamp"}:
            return iso(v["timestamp"])
        if set(v) == {"date"}:
            return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=v["date"]))
        if set(v) == {"bytes"}:
            return v["bytes"]
        return {k: plain_value(x) for k, x in v.items()}
    return [plain_value(x) for x in v] if isinstance(v, list) else v


def rows_file(c, rows):
    path = c.folder / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def add_schema(c, schema, kind="AVRO", subject=None):
    return c.call("POST", f"/subjects/{subject or c.topic + '-value'}/versions", {"schema": schema, "schemaType": kind})["id"]


def ids_of(c):
    return {int.from_bytes(m.value[1:5], "big") for m in c.kafka.read(c.topic)}


def contract_of_avro(c):
    """A contract of others, registered by the peer, with fields that take no null, an int, an enum, another scale, defaults: by its file and as the
    newest, rows are what fastavro reads, under the contract's id."""
    rows = orders(c.options.count)
    contract = json.dumps(CONTRACT)
    id_of_contract = add_schema(c, contract)
    (c.folder / "order.avsc").write_text(contract)
    columns = {**ORDER_COLUMNS, "day": "date"}
    want = [{**r, "origin": "millrace", "note": None} for r in rows]
    for sink in ({"schema_file": str(c.folder / "order.avsc")}, {"schema": "newest"}):
        c.run(sink_topology(c, "avro", rows_file(c, rows), columns, **sink), "--fresh").expect(0)
    found = c.ask(do="read", format="avro", count=2 * len(rows))
    got = [plain_value(r["value"]) for r in found["records"]]
    lost = difference([sorted_row(r) for r in want + want], [sorted_row(r) for r in got])
    check(not lost, lost)
    check(ids_of(c) == {id_of_contract}, f"{ids_of(c)} for {id_of_contract}")
    check(not dead_letters(c.folder / "state"), "there are dead letters")


def contract_of_protobuf(c):
    """The same of a message that is the second of its file, with field numbers of its own, a map, a wrapper and a Value."""
    rows = orders(c.options.count)
    id_of_contract = add_schema(c, ORDER, "PROTOBUF")
    (c.folder / "order.proto").write_text(ORDER)
    c.descriptors(ORDER, "order")
    plain = [{k: r[k] for k in ORDER_COLUMNS} for r in rows]
    for sink in ({"schema_file": str(c.folder / "order.proto")}, {"schema": "newest"}):
        c.run(sink_topology(c, "protobuf", rows_file(c, plain), ORDER_COLUMNS, message="com.example.Order", **sink), "--fresh").expect(0)
    found = c.ask(do="read", format="protobuf", count=2 * len(rows), schema=c.descriptors(ORDER, "order"), message="com.example.Order")

    def row_of(value):
        empty = {"kind": "VIEW", "id": 0, "tags": [], "counts": {}, "any": None, "place": None}
        row = {**empty, **value}
        row["counts"] = {k: int(v) for k, v in row["counts"].items()}
        row["price"], row["at"] = float(row["price"]), iso(micros_of(row["at"]))
        row["place"] = row["place"] and {"lat": 0.0, "city": None, **row["place"]}
        row["any"] = int(row["any"]) if isinstance(row["any"], float) else row["any"]
        return row

    got = [row_of(r["value"]) for r in found["records"]]
    lost = difference([sorted_row(r) for r in plain + plain], [sorted_row(r) for r in got])
    check(not lost, lost)
    check(ids_of(c) == {id_of_contract}, f"{ids_of(c)} for {id_of_contract}")


def schema_file_is_added(c):
    """With `register` the file's text is added as it is; a key by a record of its own; values that do not fit are dead letters that say why."""
    schema = {"type": "record", "name": "N", "fields": [{"name": "id", "type": "int"}, {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["A"]}}]}
    key = {"type": "record", "name": "Key", "fields": [{"name": "id", "type": "long"}]}
    for name, s in (("value", schema), ("key", key)):
        (c.folder / f"{name}.avsc").write_text(json.dumps(s, indent=2))
    rows = [{"id": 1, "kind": "A"}, {"id": 2**31, "kind": "A"}, {"id": 2, "kind": "B"}, {"id": 3, "kind": None}, {"id": 4, "kind": "A"}]
    topology = sink_topology(c, "avro", rows_file(c, rows), {"id": "bigint", "kind": "text"}, register=True, schema_file=str(c.folder / "value.avsc"),
                             key="id", key_format="avro", key_schema_file=str(c.folder / "key.avsc"))
    c.run(topology).expect(0)
    found = c.ask(do="read", format="avro", key_format="avro", count=2)["records"]
    check(found == [{"key": {"id": i}, "value": {"id": i, "kind": "A"}} for i in (1, 4)], found)
    latest = c.call("GET", f"/subjects/{c.topic}-value/versions/latest")
    check(json.loads(latest["schema"]) == schema, latest)
    errors = sorted(letter["error"] for letter in dead_letters(c.folder / "state"))
    check(len(errors) == 3 and all(any(part in e for e in errors) for part in ("2147483648 does not fit", '"B" is none of the symbols', "takes no null")), errors)


def keys_by_their_contract(c):
    """Keys that were read by a schema are written by the same contract as a whole record, a null key as none; JSON within values keeps its nulls, or is a dead letter."""
    c.write("avro", CUSTOMER, [{"id": i, "name": f"n{i}", "email": None} for i in range(c.options.count)], key_format="avro", key_schema=json.dumps(KEY),
            keys=[{"id": i % 7} for i in range(c.options.count)])
    c.kafka.produce_records(c.topic, [(BEGIN // 1000, None, c.kafka.read(c.topic)[0].value)])
    source, c.topic = c.topic, unique("keyed")
    c.kafka.create(c.topic)
    id_of_key = add_schema(c, json.dumps(KEY), subject=f"{c.topic}-key")
    add_schema(c, json.dumps({"type": "record", "name": "V", "fields": [{"name": "who", "type": ["string", "null"]}, {"name": "name", "type": ["null", "string"]}, {"name": "first", "type": "float"}]}))
    stages = {"changes": {"source": "kafka", "brokers": c.kafka.brokers, "topic": source},
              "parsed": {"parser": "avro", "from": "changes", "registry": c.registry, "subject": f"{source}-value", "key_format": "avro"},
              "flat": {"transform": "select", "from": "parsed",
                       "columns": {"who": "_key", "name": "case when id = 1 then 'null'::json else to_json(name) end",
                                   "first": "case when id = 2 then '16777217'::json else to_json(id) end"}},
              "out": {"sink": "kafka", "from": "flat", "brokers": c.kafka.brokers, "topic": c.topic, "format": "avro", "schema": "newest", "registry": c.registry,
                      "key": "who", "key_format": "avro", "key_schema": "newest"}}
    running = c.run(topology_file(c.folder / "topology.json", c.name, stages))
    running.wait_until("all are written", lambda: len(c.kafka.read(c.topic)) >= c.options.count)
    running.stop()
    records = c.kafka.read(c.topic)
    check({int.from_bytes(m.key[1:5], "big") for m in records if m.key is not None} == {id_of_key}, "keys of another schema")
    check(sum(m.key is None for m in records) == 1, "the null key is none")
    found = c.ask(do="read", format="avro", key_format="avro", count=c.options.count)["records"]
    want = [{"key": {"id": i % 7}, "value": {"who": json.dumps({"id": i % 7}, separators=(",", ":")), "name": None if i == 1 else f"n{i}", "first": float(i)}} for i in range(c.options.count) if i != 2]
    lost = difference([sorted_row(r) for r in [*want, {"key": None, "value": {**want[0]["value"], "who": None}}]], [sorted_row(r) for r in found])
    check(not lost, lost)
    errors = [letter["error"] for letter in dead_letters(c.folder / "state")]
    check(len(errors) == 1 and "16777217 is not a value of the type float" in errors[0], errors)


def contracts_that_do_not_fit(c):
    """A file is compared by `check`, the newest schema at the start; each says the column, the field and a remedy, and nothing is written."""
    (c.folder / "order.avsc").write_text(json.dumps(CONTRACT))
    path = rows_file(c, [{"id": 1}])
    topology = sink_topology(c, "avro", path, {"idd": "bigint", "kind": "text"}, schema_file=str(c.folder / "order.avsc"))
    said = captured(c.options.millrace, "check", topology)
    check(said.returncode != 0 and 'did you mean "id"' in said.stdout + said.stderr and '"price"' in said.stdout + said.stderr, said.stdout + said.stderr)
    topology = sink_topology(c, "avro", path, {"id": "bigint"}, schema="newest")
    c.run(topology).expect(1, f"{c.topic}-value")
    add_schema(c, json.dumps({"type": "record", "name": "N", "fields": [{"name": "id", "type": "string"}]}))
    c.run(topology).expect(1, "::text")
    (c.folder / "s.json").write_text(json.dumps({"type": "object", "properties": {"id": {}}, "required": ["id", "at"], "additionalProperties": False}))
    topology = sink_topology(c, "json_schema", path, {"id": "bigint", "x": "bigint"}, schema_file=str(c.folder / "s.json"))
    said = captured(c.options.millrace, "check", topology)
    check(said.returncode != 0 and '"at"' in said.stdout + said.stderr and '"x"' in said.stdout + said.stderr, said.stdout + said.stderr)
    check(not c.kafka.read(c.topic), "records were written")


def registry_that_hangs(c):
    """A registry that takes the connection and never answers holds up no end of the run: the sink waits, says so, and stops."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        topology = sink_topology(c, "avro", rows_file(c, [{"id": 1}]), {"id": "bigint"}, registry=f"http://127.0.0.1:{hanging.getsockname()[1]}")
        running = c.run(topology)
        running.wait_until("it is said", lambda: "has not answered yet" in running.errors())
        began = time.monotonic()
        running.stop()
        check(time.monotonic() - began < 8 * PATIENCE, f"the end took {time.monotonic() - began:.1f} s")
    check(not c.kafka.read(c.topic), "records were written")


CASES = [avro_of_others, avro_columns_of_the_registry, avro_schema_changes, protobuf_of_others, json_of_others, bad_records, bytes_pass_through,
         written("avro"), written("protobuf"), written("json_schema"), schemas_that_are_refused,
         keys_of_others("avro"), keys_of_others("protobuf"), keys_of_others("json"), scalar_keys, changes_into_a_table, changes_as_versions,
         keys_that_cannot_be_decoded, contract_of_avro, contract_of_protobuf, schema_file_is_added, keys_by_their_contract,
         contracts_that_do_not_fit,
         registry_that_hangs]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, count=3000, kills=5)
