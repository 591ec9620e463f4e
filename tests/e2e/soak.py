#!/usr/bin/env -S python3 -B
"""Checks that no resource grows with time: topologies of every source, window and sink at a steady rate, and idle, side by side.

    soak.py --millrace BINARY [--seconds 600] [--rate 100] [--only NAME]

The last topologies run over two nodes each. Each second CPU, wake-ups, memory, handles, threads, and the files and bytes of the
state folder of each process are sampled; the slopes over the second half of the run are printed and bounded (soak_samples.py). At the end every count is exact: the records
that went in are the ones in the rows that came out, and the ledger adds up. What needs KAFKA_BROKERS, POSTGRES_URL or MARIADB_URL
is left out without it, counted and told; so are Parquet in a build without it, and a model without libxgboost.
"""
import contextlib
import datetime
import http.client
import json
import mmap
import os
import pathlib
import queue
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

from cluster_under_test import Cluster, ClusterRun
from parquet_tables import table_rows, without_parquet
from real_systems import PATIENCE, SKIPPED, Kafka, MariaDB, PostgreSQL, Run, check, free_port, main, topology_file, unique, wait_until, whole_rows
from relay import Relay
from servers_away import own_servers
from soak_samples import MEASURES, Watched, judge, prove_judge

MOST_FILES = 80  # files of state, with 4 shards: seven files of snapshots each, as many of the journal and of the folder, and some twenty others
END = "end"  # the key of the record that closes the windows before it, and is in no row


def stamp(seconds_ahead=0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_ahead)).isoformat()


# Sources. Each gives its stages, and takes records where it does not make them itself.

class Generated:
    merges = False

    def __init__(self, soak, _):
        self.count = int(soak.rate * soak.seconds)
        self.stages = {"in": {"source": "generator", "kind": "clicks", "rate": f"{soak.rate}/s", "count": self.count},
                       "parsed": {"parser": "json", "from": "in", "schema": {"userid": "text"}, "event_time": "_timestamp"}}
        self.key, self.ends_itself = "userid", True


class Scored(Generated):
    """Each record gets a model's probability."""

    def __init__(self, soak, name):
        super().__init__(soak, name)
        table, model = soak.folder / f"{name}.csv", soak.folder / f"{name}.model.json"
        table.write_text("a,y\n" + "".join(f"{i % 9},{int(i % 9 > 4)}\n" for i in range(90)))
        subprocess.run([soak.options.millrace, "model", "train", table, "--label", "y", "--model", "boosted", "--out", model],
                       check=True, capture_output=True, timeout=75 * PATIENCE)
        self.stages["read"] = self.stages.pop("parsed")
        self.stages["numbers"] = {"transform": "select", "from": "read", "columns": {"*": True, "a": "length(userid)"}}
        self.stages["parsed"] = {"transform": "model", "from": "numbers", "model": str(model), "column": "p"}


class Fed:
    """Records of ours: a key and a time, or those that the server gives."""
    key, ends_itself, server_time = "k", False, False
    merges = False  # several of them may be one record

    def __init__(self, soak, source, parser=None):
        self.soak, self.sent = soak, 0
        self.stages = {"in": source, "parsed": {"parser": "json", "from": "in", "event_time": "at",
                                                "schema": {"k": "text", "at": "timestamp"}, **(parser or {})}}

    def give(self, key, at):
        raise NotImplementedError

    def key_of(self, number):
        return f"user-{number % 7}"

    def give_number(self, number):
        self.give(self.key_of(number), stamp())

    def is_whole(self, given):
        """Whether the source may end here."""
        return True

    def feed(self, until):
        began, given = time.monotonic(), 0
        while time.monotonic() < until or not self.is_whole(given):
            due = (time.monotonic() - began) * self.soak.rate
            while given < due:
                self.give_number(given)
                given += 1
                if self.is_whole(given) and time.monotonic() >= until:
                    break
            time.sleep(0.02)
        self.sent = given

    def close(self):
        """One record after the end of every window. If the server gives the time, this much of it has to go by."""
        time.sleep(3 if self.server_time else 0)
        self.give(END, stamp(60))


class Followed(Fed):
    def __init__(self, soak, name, parser=None):
        self.file = soak.folder / f"{name}.in.jsonl"
        self.file.touch()
        super().__init__(soak, {"source": "file", "path": str(self.file), "follow": True}, parser)

    def give(self, key, at):
        self.write({"k": key, "at": at})

    def write(self, record):
        with open(self.file, "a") as out:
            out.write(json.dumps(record) + "\n")


class Joined(Followed):
    """Each record meets the number of its user's records in its second, once."""

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stages["seconds"] = {**TUMBLING, "from": "parsed", "key": ["k"], "aggregates": {"many": "count(*)"}}


class Numbered(Followed):
    """Each record has a key of its own, and every other one meets itself."""

    def __init__(self, soak, name):
        super().__init__(soak, name, {"schema": {"k": "text", "at": "timestamp", "id": "bigint"}, "idle_timeout": "off"})
        self.stages["even"] = {"transform": "select", "from": "parsed", "where": "id % 2 = 0"}
        self.given = 0

    def give(self, key, at):
        self.write({"k": key, "at": at, "id": self.given})
        self.given += 1


class Merged(Followed):
    """Each user has two sessions in three seconds or so, and then a third of the records, which makes one session of them."""
    BLOCK = 294  # 42 records of each of seven users

    def __init__(self, soak, name):
        super().__init__(soak, name, {"watermark_delay": "1 min"})
        self.began = datetime.datetime.now(datetime.timezone.utc)

    def give_number(self, number):
        block, within = divmod(number, self.BLOCK)
        third = 3 * within // self.BLOCK
        begins, lasts = ((0.0, 0.3), (0.9, 0.3), (0.3, 0.6))[third]
        seconds = max(block * self.BLOCK / self.soak.rate, block * 3) + begins + lasts * (3 * within / self.BLOCK - third)
        self.give(self.key_of(number), (self.began + datetime.timedelta(seconds=seconds)).isoformat())

    def is_whole(self, given):
        return given % self.BLOCK == 0

    def close(self):
        """Each session's row has been given by a tick: none waits for the watermark."""
        self.give(END, stamp())


class Changed(Followed):
    """Change events: a row comes, one goes that came 50 rows before, and an older change of that one comes too late."""

    def __init__(self, soak, name):
        super().__init__(soak, name, {"schema": {"k": "bigint", "n": "bigint", "gone": "boolean"}})
        del self.stages["parsed"]["event_time"]
        self.expected = {}

    def give_number(self, number):
        row, what = divmod(number, 3)
        if what == 0:
            self.expected[row] = number
            self.write({"k": row, "n": number, "gone": False})
        elif what == 1:
            self.expected.pop(row - 50, None)
            self.write({"k": row - 50, "n": number, "gone": True})
        else:
            self.write({"k": row - 50, "n": number - 6, "gone": False})

    def is_whole(self, given):
        return given % 3 == 0

    def close(self):
        """The last change is of a row that there is."""
        self.write({"k": -1000, "n": -1, "gone": True})


class ChangedTable(Changed):
    """The same rows come and go in a table of a database, which is read twice a second."""
    merges = True

    def __init__(self, soak, name):
        super().__init__(soak, name)
        table = soak.folder / f"{name}.in.sqlite"
        self.connection = sqlite3.connect(table, timeout=30 * PATIENCE, isolation_level=None, check_same_thread=False)
        self.connection.executescript("pragma synchronous = off; create table t (k integer primary key, n integer)")
        self.stages["in"] = {"source": "sql", "connection": f"sqlite3://{table}", "table": "t", "key": "k", "deleted": "gone", "every": "500 ms"}

    def write(self, record):
        if record["gone"]:
            self.connection.execute("delete from t where k = ?", [record["k"]])
        elif record["k"] in self.expected:
            self.connection.execute("insert or replace into t values (?, ?)", [record["k"], record["n"]])


class Served(Fed):
    key, server_time = "X-Key", True

    def __init__(self, soak, _):
        self.port, self.connection = free_port(), None
        super().__init__(soak, {"source": "http_server", "listen": f"127.0.0.1:{self.port}",
                                "routes": {"/hit": {"event": {"what": "hit"}, "reply": "thanks\n"}}},
                         {"schema": {"X-Key": "text"}, "event_time": "_timestamp"})

    def give(self, key, at):
        def is_there():
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30 * PATIENCE)
            self.connection.connect()
            return True
        if not self.connection:
            wait_until(f"somebody listens on port {self.port}", is_there)
        self.connection.request("GET", "/hit", headers={"X-Key": key})
        answer = self.connection.getresponse()
        answer.read()
        check(answer.status == 200, f"http_server answers {answer.status}")


class Streamed(Fed):
    def __init__(self, soak, _):
        self.lines, self.socket = queue.Queue(), socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        super().__init__(soak, {"source": "http_stream", "url": f"http://127.0.0.1:{self.socket.getsockname()[1]}/records",
                                "silence": "1 hour"})

    def serve(self):
        with contextlib.suppress(OSError):
            connection, _ = self.socket.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                line = self.lines.get()
                connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))

    def give(self, key, at):
        self.lines.put(json.dumps({"k": key, "at": at}).encode() + b"\n")


class FromKafka(Fed):
    def __init__(self, soak, name):
        self.kafka, self.topic = Kafka(os.environ["KAFKA_BROKERS"]), unique("soak_in")
        self.kafka.create(self.topic)
        self.waiting, self.given = [], time.monotonic()
        super().__init__(soak, {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.topic})

    def give(self, key, at):  # a process of kcat for each half second
        self.waiting.append(json.dumps({"k": key, "at": at}).encode())
        if key == END or time.monotonic() - self.given > 0.5:
            self.kafka.produce(self.topic, self.waiting)
            self.waiting, self.given = [], time.monotonic()


class Registered(FromKafka):
    """Avro behind a registry's prefix. The schema changes twice; the second time its registry is away, so that records wait, and it comes back as another
    process, which is given the schemas anew: they lie in its memory."""
    MILLIS, MICROS = ({"type": "long", "logicalType": f"timestamp-{unit}"} for unit in ("millis", "micros"))
    FIELDS = [[("k", "string"), ("at", MILLIS)], [("k", "string"), ("note", "string"), ("at", MILLIS)], [("at", MICROS), ("note", "string"), ("k", "string")]]

    def __init__(self, soak, name):
        super().__init__(soak, name)
        folder = soak.folder / f"{name}.registry"
        folder.mkdir()
        stack = contextlib.ExitStack()
        soak.drop.append(stack.close)
        self.servers, exported = stack.enter_context(own_servers(folder, "registry"))
        self.url = exported["REGISTRY_URL"]
        server, _, path = self.url.removeprefix("http://").partition("/")
        self.server, self.relay = server, Relay(server)
        stack.callback(lambda: self.relay.close())
        soak.registries[name] = f"http://{self.relay.address}/{path}"
        self.stages["parsed"] |= {"parser": "avro", "registry": soak.registries[name]}
        self.ids, self.began, self.changing, self.failure = [], 0.0, None, None
        self.register()

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, body and json.dumps(body).encode(), {"Content-Type": "application/vnd.schemaregistry.v1+json"})
        with urllib.request.urlopen(request, timeout=60 * PATIENCE) as answer:
            return json.load(answer)

    def register(self):
        """The next schema, each in a subject of its own: none needs to fit the one before."""
        fields = [{"name": name, "type": kind, **({"default": ""} if name == "note" else {})} for name, kind in self.FIELDS[len(self.ids)]]
        schema = {"type": "record", "name": "Hit", "fields": fields}
        self.ids.append(self.call(f"/subjects/hits-{len(self.ids)}-value/versions", {"schema": json.dumps(schema)})["id"])

    def restart(self):
        """The registry is away while it restarts, and is reached again once it has each schema under its id."""
        try:
            known = [self.call(f"/schemas/ids/{i}")["schema"] for i in range(1, max(self.ids) + 1)]
            self.relay.close()
            self.servers.command("restart", "registry")
            for i, schema in enumerate(known, 1):
                found = self.call(f"/subjects/before-{i}-value/versions", {"schema": schema})["id"]
                check(found == i, f"the schema {i} has the id {found} after a restart of the registry")
            self.relay = Relay(self.server, port=int(self.relay.address.rpartition(":")[2]))
        except Exception as e:  # told by give()
            self.failure = e

    def change(self):
        """A sixth of the run has the first schema, a sixth the second one."""
        part = (time.monotonic() - self.began) * 6 / self.soak.seconds
        if len(self.ids) < 3 and part > len(self.ids):
            self.register()
            if len(self.ids) == 3:
                self.changing = threading.Thread(target=self.restart, daemon=True)
                self.changing.start()

    def give(self, key, at):  # a request for each half second
        self.began = self.began or time.monotonic()
        self.change()
        check(not self.failure, lambda: f"the registry did not come back: {self.failure}")
        micros = round(datetime.datetime.fromisoformat(at).timestamp() * 1_000_000)
        body = b""
        for name, kind in self.FIELDS[len(self.ids) - 1]:
            body += avro_long(micros // (1000 if kind is self.MILLIS else 1)) if name == "at" else avro_text(key if name == "k" else "a note")
        self.waiting.append((int(time.time() * 1000), None, b"\0" + self.ids[-1].to_bytes(4, "big") + body))
        if key == END or time.monotonic() - self.given > 0.5:
            self.kafka.produce_records(self.topic, self.waiting)
            self.waiting, self.given = [], time.monotonic()

    def close(self):
        super().close()
        if self.changing:
            self.changing.join(60 * PATIENCE)
        check(len(self.ids) == 3 and not self.failure, lambda: f"schemas {self.ids}; {self.failure}")


def avro_long(number):
    bits, out = number << 1 if number >= 0 else (-number << 1) - 1, b""
    while bits > 127:
        bits, out = bits >> 7, out + bytes([bits & 127 | 128])
    return out + bytes([bits])


def avro_text(text):
    return avro_long(len(text.encode())) + text.encode()


# Sinks. Each gives its stage and, later, its rows as (key, n).

class Sink:
    more_columns = {}  # beside k and n


class ToFile(Sink):
    def __init__(self, soak, name, **more):
        self.path, self.name = soak.folder / f"{name}.out" / "rows.jsonl", name
        self.stage = {"sink": "file", "path": str(self.path), "fsync": False, **more}

    def rows(self, run):
        files = [f for f in self.path.parent.glob("*rows*") if f.suffix != "" and not f.name.startswith(".millrace-rows.jsonl.lock")]
        named = (f for f in files if f.name == "rows.jsonl" or "rows-" in f.name or f.name.startswith(".millrace-rows.jsonl."))
        return [row for f in named for row in whole_rows(f)]


class ToRolledFile(ToFile):
    def __init__(self, soak, name):
        super().__init__(soak, name, roll={"age": "5 s", "rows": 2000})


class ToFirstRows(ToFile):
    """The first rows of each window, which are all."""

    def __init__(self, soak, name):
        super().__init__(soak, name, order_by="n desc", limit=1_000_000)


class ToConsole(Sink):
    def __init__(self, soak, name):
        self.stage = {"sink": "console", "style": "json"}

    def rows(self, run):
        return whole_rows(run.out)


class ToKafka(Sink):
    def __init__(self, soak, name):
        self.kafka, self.topic = Kafka(os.environ["KAFKA_BROKERS"]), unique("soak_out")
        self.stage = {"sink": "kafka", "brokers": self.kafka.brokers, "topic": self.topic, "create": {"partitions": 1, "replication": 1}}

    def rows(self, run):
        return [json.loads(m.value) for m in self.kafka.read(self.topic)]


class ToKafkaAsAvro(ToKafka):
    """Rows by a schema of the registry that the source has."""

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stage |= {"format": "avro", "record": "Count", "register": True, "registry": soak.registries[name]}

    @staticmethod
    def row(value):
        """Of two fields, each a union of null and its type."""
        check(value[0] == 0, f"no prefix in front of {value}")
        at = 5

        def number():
            nonlocal at
            bits = shift = 0
            while True:
                byte = value[at]
                at, bits, shift = at + 1, bits | (byte & 127) << shift, shift + 7
                if byte < 128:
                    return bits >> 1 if bits % 2 == 0 else -(bits >> 1) - 1

        def field(read):
            return read() if number() == 1 else None

        def text():
            nonlocal at
            size = number()
            at += size
            return value[at - size:at].decode()

        row = {"k": field(text), "n": field(number)}
        check(at == len(value), f"{len(value) - at} bytes behind the row {row}")
        return row

    def rows(self, run):
        return [self.row(m.value) for m in self.kafka.read(self.topic)]


class ToTombstones(ToKafka):
    """The last message of a session counts: its row, or that it holds no more."""
    more_columns = {"id": "k || ' ' || window_start::text"}

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stage |= {"key": "id", "removed": "tombstone"}

    def rows(self, run):
        messages = self.kafka.read(self.topic)
        last = {m.key: m.value for m in messages}
        check(any(m.value is None for m in messages) or not last, "nothing was taken back")
        return [json.loads(value) for value in last.values() if value is not None]


class ToSql(Sink):
    def __init__(self, url):
        self.stage = {"sink": "sql", "connection": url, "table": "counts", "create": True}


class ToSqlite(ToSql):
    """The row of a key is replaced under updates."""

    def __init__(self, soak, name):
        self.path = soak.folder / f"{name}.sqlite"
        super().__init__(f"sqlite3://{self.path}")
        self.stage |= {"mode": "upsert", "key": "k"}

    def rows(self, run):
        if not self.path.exists():
            return []
        with contextlib.closing(sqlite3.connect(self.path, timeout=30 * PATIENCE)) as c:
            with contextlib.suppress(sqlite3.OperationalError):
                return [{"k": k, "n": n} for k, n in c.execute("select k, n from counts")]
        return []


class ToSqliteSessions(ToSqlite):
    """Each session has a row, until it is taken back."""
    more_columns = {"window_start": "window_start"}

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stage |= {"key": ["k", "window_start"]}


class ToSqliteCopy(ToSqlite):
    """The rows that change events leave."""

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stage |= {"delete": "gone", "newest": "n", "keep_deleted": "30 s"}

    def remembered(self):
        with contextlib.closing(sqlite3.connect(self.path, timeout=30 * PATIENCE)) as c:
            return c.execute("select count(*) from millrace_deleted").fetchone()[0]


class ToSqliteMirror(ToSqlite):
    """Changes come in order: none is older than the row."""

    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stage |= {"delete": "gone"}


class ToPostgres(ToSql):
    def __init__(self, soak, name):
        self.database = PostgreSQL(os.environ["POSTGRES_URL"], unique("soak"))
        soak.drop.append(self.database.drop)
        super().__init__(self.database.url)

    def rows(self, run):
        return self.database.ask("select k, n from counts")


class ToPostgresCopy(ToPostgres):
    def __init__(self, soak, name):
        super().__init__(soak, name)
        self.stage |= {"mode": "upsert", "key": "k", "delete": "gone", "newest": "n", "keep_deleted": "30 s"}

    def remembered(self):
        return self.database.ask("select count(*) as n from millrace_deleted")[0]["n"]


class ToMariaDB(ToSql):
    def __init__(self, soak, name):
        self.database = MariaDB(os.environ["MARIADB_URL"], unique("soak"))
        soak.drop.append(self.database.drop)
        super().__init__(self.database.url)

    def rows(self, run):
        return [{"k": k, "n": int(n)} for k, n in self.database.ask("select k, n from counts")]


class ToParquet(Sink):
    def __init__(self, soak, name):
        self.options, self.path = soak.options, soak.folder / f"{name}.table"
        self.stage = {"sink": "parquet", "path": str(self.path), "roll": {"age": "5 s"}, "fsync": False}

    def rows(self, run):
        return table_rows(self.options, self.path)


TUMBLING = {"window": "tumbling", "size": "1 s"}
TUMBLING_JOIN = {"join": "window", "left": "parsed", "right": "seconds", "key": ["k"], "size": "1 s", "columns": {"k": "k", "n": "1", "many": "r.many"}}
SLIDING_JOIN = {"join": "window", "left": "parsed", "right": "even", "key": ["id"], "how": "left", "size": "4 s", "slide": "1 s",
                "columns": {"k": "l.k", "n": "1", "other": "r.k"}}
EXACT = {"exact": "sum(0.10)", "mean": "avg(0.10)", "spread": "stddev(0.10)"}
SLIDING = {"window": "sliding", "size": "4 s", "slide": "1 s", "aggregates": EXACT}
SESSION = {"window": "session", "gap": "500 ms", "aggregates": EXACT}
INTERVAL_JOIN = {"join": "interval", "left": "parsed", "right": "even", "key": ["id"], "how": "left", "before": "20 s", "after": "1 s",
                 "columns": {"k": "l.k", "n": "1", "other": "r.k"}}
AS_OF_JOIN = {"join": "as_of", "left": "parsed", "right": "even", "key": ["k"], "how": "left", "deleted": "id % 10 = 0", "late_versions": "20 s",
              "columns": {"k": "k", "n": "1", "other": "r.id"}}
DEDUP = {"window": "dedup", "from": "parsed", "key": ["id"], "ttl": "20 s", "columns": {"k": "k", "n": "1"}}
LOCAL = {**TUMBLING, "zone": "Europe/Berlin"}
UPDATES = {"window": "global", "emit": "updates", "every": "1 s"}
SESSION_UPDATES = {**SESSION, "emit": "updates", "every": "1 s"}
SESSION_HAVING = {**SESSION_UPDATES, "having": "n < 10 or n > 20"}  # of Merged: each session is through, is not, and is through again


def why_not(options, source, sink):
    missing = [name for kind, name in ((FromKafka, "KAFKA_BROKERS"), (ToKafka, "KAFKA_BROKERS"), (ToPostgres, "POSTGRES_URL"), (ToMariaDB, "MARIADB_URL"))
               if (issubclass(source, kind) or issubclass(sink, kind)) and not os.environ.get(name)]
    if missing:
        return f"needs {missing[0]}"
    if issubclass(source, Registered) and not (shutil.which("java") and shutil.which("mvn")):
        return "needs java and mvn, for a registry"
    if source is Scored:
        asked = subprocess.run([options.millrace, "model", "train", "none.csv", "--label", "y", "--out", "none.json"], capture_output=True, text=True)
        return "needs libxgboost.so; remedy: apt-get install libxgboost0" if "libxgboost.so, and there is none" in asked.stderr else ""
    if sink is not ToParquet:
        return ""
    dump = pathlib.Path(options.millrace).parent / "tests" / "parquet_dump"
    return without_parquet(options).partition("\n")[0] or ("" if dump.exists() else f"needs {dump}")


class Topology:
    """It runs in a process of its own."""
    asks = ("graph", "figures", "stages/counts/explain", "stages/rows", "edges/counts/tap")

    def __init__(self, soak, name, source, window, factor, sinks, busy, snapshot_every="50 ms"):
        self.soak, self.name, self.factor, self.busy = soak, name, factor, busy
        self.source, self.sinks = source(soak, name), [sink(soak, name) for sink in sinks]
        stages = {**self.source.stages, "counts": self.counts(window)}
        for i, sink in enumerate(self.sinks):
            stages[f"rows{i or ''}"] = {**sink.stage, "from": "counts", "columns": {"k": f'"{self.source.key}"', "n": "n", **sink.more_columns}}
        file = topology_file(soak.folder / f"{name}.json", name, stages, snapshot_every=snapshot_every)
        self.feeder, self.error, self.cluster, self.asked, self.answered = None, None, None, 0, 0
        self.begin(file)

    def counts(self, window):
        if "columns" in window:  # a join, a dedup
            return {**window, "shards": 4}
        return {**window, "from": "parsed", "key": [self.source.key], "aggregates": {"n": "count(*)", **window.get("aggregates", {})}, "shards": 4}

    def begin(self, file):
        self.run = Run(self.soak.options.millrace, file, self.soak.folder / f"{self.name}.state", *(["--http", "127.0.0.1:0"] if self.busy else []))
        self.watched = {self.name: Watched(self.run.process.pid, self.run.state)}

    def end(self):
        """What it ran on ends with it."""

    def look(self):
        """Somebody has the page and a tap open: each second the API of a busy process is asked, on a connection of its own."""
        addresses = [n.state / "http" for n in self.cluster.nodes.values()] if self.cluster else [self.run.state / "http"]
        for address in addresses if self.busy and self.run.alive() else []:
            with contextlib.suppress(OSError, http.client.HTTPException):  # it is not there yet, or over
                connection = http.client.HTTPConnection(address.read_text().strip().removeprefix("http://"), timeout=30 * PATIENCE)
                token = {"Authorization": f"Bearer {address.with_name('token').read_text().strip()}"}
                self.asked += len(self.asks)
                for path in self.asks:
                    connection.request("GET", f"/api/v1/topologies/{self.name}/{path}", headers=token)
                    answer = connection.getresponse()
                    answer.read()
                    is_known = answer.status != 404 or self.answered > 0  # another node hears of it a moment later
                    check(answer.status in (200, 503) or not is_known, f"{self.name}: {path} is answered with {answer.status}")
                    self.answered += answer.status == 200
                connection.close()

    def feed(self, until):
        if self.busy and not self.source.ends_itself:
            self.feeder = threading.Thread(target=self.feed_now, args=(until,), daemon=True)
            self.feeder.start()

    def feed_now(self, until):
        try:
            self.source.feed(until)
            self.source.close()
        except Exception as e:  # told by finish()
            self.error = e

    def finish(self):
        """Every record is in the rows."""
        if self.feeder:
            self.feeder.join(60 * PATIENCE)
            check(self.error is None and not self.feeder.is_alive(), f"{self.name}: its records could not be sent: {self.error}")
        if self.source.ends_itself:
            self.run.expect(0, seconds=300)
            sent = self.source.count
        else:
            sent = self.source.sent
            wait_until(f"{self.name}: {sent} records in the rows",
                       lambda: self.counted() >= sent * self.factor or not self.run.alive(), 120)
            self.run.stop(120)
        ledger = self.run.ledger()
        self.end()
        extra = 1 if self.feeder else 0
        check(ledger["parsed"]["in"] == sent + extra or self.source.merges, lambda: f"{self.name}: {sent + extra} records went in, the ledger has {ledger['parsed']}")
        check(self.counted() == sent * self.factor, lambda: f"{self.name}: {sent} records went in, the rows count {self.counted()}")
        return sent

    def counted(self):
        """Counts the records in the rows of the sink that has fewest."""
        return min(sum(row["n"] for row in sink.rows(self.run) if row["k"] != END) for sink in self.sinks) if self.busy else 0


class Mirror(Topology):
    """Changes keep a table, without a window."""
    asks = ("graph", "figures", "stages/rows", "edges/counts/tap")

    def counts(self, window):
        return {"transform": "select", "from": "parsed", "columns": {"k": "k", "n": "n", "gone": "gone"}}

    def counted(self):
        rows = {row["k"]: row["n"] for row in self.sinks[0].rows(self.run)}
        return self.source.sent if rows == self.source.expected else 0


class Copy(Mirror):
    """Change events of which some are older than the row."""

    def finish(self):
        sent, remembered = super().finish(), self.sinks[0].remembered()
        check(remembered > 0, f"{self.name}: no deletion is remembered")
        if self.soak.seconds >= 120:
            check(remembered < sent / 6, f"{self.name}: {remembered} deletions of {sent // 3} are remembered, of half a minute")
        return sent


class TopologyOverNodes(Topology):
    """It runs on a cluster of its own."""

    def begin(self, file):
        folder = self.soak.folder / f"{self.name}.cluster"
        self.cluster = Cluster(self.soak.options.millrace, folder, leading=("a",), following=("b",), patient=True)
        self.cluster.start()
        self.cluster.ask("apply", file)
        self.run = ClusterRun(self.cluster, self.name, "a")
        nodes = self.cluster.nodes
        self.watched = {f"{self.name}, node a": Watched(nodes["a"].process.pid, folder / "store"),
                        f"{self.name}, node b": Watched(nodes["b"].process.pid, nodes["b"].state)}

    def end(self):
        self.cluster.stop()


# Name, source, window, in how many of its windows a record is, sink, whether records come, where it runs.
TOPOLOGIES = [
    ("generator_tumbling_file", Generated, TUMBLING, 1, ToFile, True, Topology),
    ("follow_sliding_rolled", Followed, SLIDING, 4, ToRolledFile, True, Topology),
    ("server_session_console", Served, SESSION, 1, ToConsole, True, Topology),
    ("stream_updates_sqlite", Streamed, UPDATES, 1, ToSqlite, True, Topology),
    ("generator_sliding_parquet", Generated, SLIDING, 4, ToParquet, True, Topology),
    ("kafka_tumbling_kafka", FromKafka, TUMBLING, 1, ToKafka, True, Topology),
    ("registry_tumbling_avro", Registered, TUMBLING, 1, ToKafkaAsAvro, True, Topology),
    ("kafka_session_postgres", FromKafka, SESSION, 1, ToPostgres, True, Topology),
    ("follow_tumbling_mariadb", Followed, TUMBLING, 1, ToMariaDB, True, Topology),
    ("scored_local_first_rows", Scored, LOCAL, 1, ToFirstRows, True, Topology),
    ("follow_merged_sqlite", Merged, SESSION_UPDATES, 1, ToSqliteSessions, True, Topology),
    ("follow_having_kafka", Merged, SESSION_HAVING, 1, ToTombstones, True, Topology),
    ("follow_join_file", Joined, TUMBLING_JOIN, 1, ToFile, True, Topology),
    ("follow_sliding_join_kafka", Numbered, SLIDING_JOIN, 4, ToKafka, True, Topology),
    ("follow_interval_join_file", Numbered, INTERVAL_JOIN, 1, ToFile, True, Topology),
    ("follow_as_of_join_file", Numbered, AS_OF_JOIN, 1, ToFile, True, Topology),
    ("follow_dedup_file", Numbered, DEDUP, 1, ToFile, True, Topology),
    ("changes_sqlite", Changed, None, 1, ToSqliteCopy, True, Copy),
    ("changes_postgres", Changed, None, 1, ToPostgresCopy, True, Copy),
    ("table_sqlite", ChangedTable, None, 1, ToSqliteMirror, True, Mirror),
    ("idle_follow", Followed, TUMBLING, 1, ToFile, False, Topology),
    ("idle_server", Served, SESSION, 1, ToConsole, False, Topology),
    ("idle_stream", Streamed, UPDATES, 1, ToSqlite, False, Topology),
    ("idle_kafka", FromKafka, SLIDING, 4, ToKafka, False, Topology),
    ("nodes_generator_sliding_file", Generated, SLIDING, 4, ToFile, True, TopologyOverNodes),
    ("nodes_merged_sqlite", Merged, SESSION_UPDATES, 1, ToSqliteSessions, True, TopologyOverNodes),
    ("nodes_join_postgres", Numbered, SLIDING_JOIN, 4, ToPostgres, True, TopologyOverNodes),
    ("nodes_interval_join_postgres", Numbered, INTERVAL_JOIN, 1, ToPostgres, True, TopologyOverNodes),
    ("nodes_as_of_join_file", Numbered, AS_OF_JOIN, 1, ToFile, True, TopologyOverNodes),
    ("nodes_idle_follow", Followed, TUMBLING, 1, ToFile, False, TopologyOverNodes),
]


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder, self.rate, self.drop, self.registries = options, folder, options.rate, [], {}
        self.seconds = max(options.seconds, 15 * PATIENCE)  # a busy machine takes fewer samples in its time
        with open(options.millrace, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as binary:
            self.has_sanitizer = binary.find(b"__asan_init") >= 0

    def feed_all(self, topologies, look):
        """Their records come until the time is over; `look(seconds)` is called each second."""
        began = time.monotonic()
        for t in topologies:
            t.feed(began + self.seconds)
        while (now := time.monotonic()) < began + self.seconds:
            look(now - began)
            time.sleep(max(0.0, 1.0 - (time.monotonic() - now)))

    def finish(self, topologies, grows, where):
        """`grows`: the measures that do."""
        sent = sum(t.finish() for t in topologies)
        silent = [t.name for t in topologies if t.busy and t.answered <= t.asked / 5]
        check(not silent, f"the API of {silent} has hardly answered")
        check(not grows, "grows with time: " + "; ".join(grows))
        print(f"ok      {len(topologies)} topologies{where} over {self.seconds:.0f} s, {sent} records, each in its rows exactly", flush=True)

    def run(self, chosen):
        topologies = [kind(self, name, source, window, factor, [sink], busy)
                      for name, source, window, factor, sink, busy, kind in chosen]

        def look(seconds):
            for t in topologies:
                if not all([w.sample(seconds) for w in t.watched.values()]) or not t.run.alive():
                    check(t.source.ends_itself and not t.cluster and t.run.process.poll() == 0,
                          lambda t=t: f"{t.name} has ended: {t.run.errors()[-1500:]}")
                t.look()
        self.feed_all(topologies, look)
        self.finish(topologies, [g for t in topologies for name, watched in t.watched.items() for g in self.judged(name, watched)], "")

    def close(self):
        Run.end_all()
        for drop in self.drop:
            drop()

    def judged(self, name, watched):
        """Prints a line for each measure; gives those that grow."""
        found = []
        print(f"{name}:")
        for m in MEASURES:
            if m.name == "memory" and self.has_sanitizer:
                continue  # it keeps what was freed for a while, by design
            times, values = watched.series(m)
            check(len(values) >= 20, f"{name}: only {len(values)} samples")
            j = judge(m, times, values)
            text = f"{m.name} {j.median:.2f} {m.unit}, {j.per_hour:+.2f} an hour; {j.growth:+.2f} of {j.limit:.2f} allowed"
            print(f"    {'GROWS ' if j.grows() else ''}{text}", flush=True)
            if j.grows():
                found.append(f"{name}: {text}")
            if m.name == "state files" and max(values) > MOST_FILES:
                found.append(f"{name}: {max(values)} files of state, expected at most {MOST_FILES}")
        return found


def soak(options, folder):
    wrong = prove_judge(options.seconds)
    check(not wrong, f"the judge of slopes is wrong: {wrong}")
    chosen, skipped = [], []
    for t in TOPOLOGIES:
        if options.only and t[0] not in options.only:
            continue
        why = why_not(options, t[1], t[4])
        skipped.append(f"{t[0]} ({why})") if why else chosen.append(t)
    if skipped:
        print(f"SKIPPED: {len(skipped)} of {len(skipped) + len(chosen)} topologies: {', '.join(skipped)}; "
              'remedy: eval "$(tools/services start kafka mariadb postgres)"', flush=True)
    if not chosen:
        sys.exit(SKIPPED)
    with contextlib.closing(Soak(options, folder)) as s:
        s.run(chosen)


if __name__ == "__main__":
    main(soak, __doc__, seconds=60.0, rate=dict(type=int, default=100, help="records a second of each busy topology"),
         only=dict(action="append", metavar="NAME", choices=[t[0] for t in TOPOLOGIES]))
