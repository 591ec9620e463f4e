#!/usr/bin/env -S python3 -B
"""A role that may create in the database plants functions, operators, tables, triggers and a schema, for the cluster's store and for the sql
sink: whatever runs tells so in a table, and that stays empty. Honest triggers and stores go on. Records in Kafka hold any bytes.
POSTGRES_URL names the server, and a superuser; KAFKA_BROKERS the brokers.

    hostile_store.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import contextlib
import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request

from cluster_under_test import Cluster
from hostile_servers import START
from hostile_texts import OBEYED, OnTerminal, harmless
from real_systems import (PATIENCE, Kafka, OwnFolder, Run, check, free_port, http_status, main_of_cases, metric, needed, told_address, topology_file,
                          unique, wait_until)

TELLS = "create function public.{name}({takes}) returns {gives} language plpgsql as $$ begin insert into public.told values ('{name}');{then} end $$"
TRIGGER = "create trigger evil before insert or update or delete on {0} for each statement execute function public.evil()"

# What makes a table run a function of its former owner when the next one writes to it, or has it analyzed.
PLANTED = {
    "statistics": ["create statistics evil_s on (public.judge(id)), life from {0}"],
    "a check": ["alter table {0} add check (public.judge(id) = 1)"],
    "a default": ["alter table {0} alter id set default public.judge(1)"],
    "a generated column": ["alter table {0} add g bigint generated always as (public.judge(id)) stored"],
    "an index": ["create index on {0} (public.judge(id))"],
    "the condition of an index": ["create index on {0} (life) where public.judge(id) = 1"],
    "a rule": ["create rule evil_r as on insert to {0} do also select public.judge(1)"],
    "a policy": ["create policy evil_p on {0} using (public.judge(id) = 1)", "alter table {0} enable row level security"],
    "a trigger's condition": ["create trigger t before insert on {0} for each row when (public.judge(new.id) = 1)"
                              " execute function suppress_redundant_updates_trigger()"],
}


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.postgres = self.own_postgres()
        self.me = urllib.parse.urlsplit(self.postgres.url).username
        self.mallory, self.alice = unique("mallory"), unique("alice")
        do = self.postgres.do
        do(f"create role {self.mallory} login; create role {self.alice} login;"
           f"create table public.told (what text); grant insert on public.told to public; grant create, usage on schema public to public;"
           f"grant create on database {self.postgres.database} to {self.mallory}, {self.alice}")
        self.plant(TELLS.format(name="evil", takes="", gives="trigger", then=" return null;"),
                   TELLS.format(name="judge", takes="bigint", gives="bigint", then=" return 1;").replace("plpgsql", "plpgsql immutable"))

    def close(self):
        super().close()
        self.postgres.do(f"drop role {self.mallory}, {self.alice}", server=True)

    def as_role(self, role):
        parts = urllib.parse.urlsplit(self.postgres.url)
        return parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}").geturl()

    def plant(self, *statements):
        """Acts as mallory, who has no rights of millrace's."""
        self.postgres.do(f"set role {self.mallory}; " + ";\n".join(statements))

    def told_nothing(self):
        told = self.postgres.do("select what from public.told").split()
        check(not told, f"code of {self.mallory} ran: {set(told)}")

    # The cluster's store.

    def node(self, url=None):
        return Cluster(self.binary, self.folder, url or self.postgres.url, leading=("a",), following=())

    def serves(self, url=None):
        """A node starts and takes a topology, which ends; returns what the node said."""
        cluster = self.node(url)
        cluster.start()
        (self.folder / "in.jsonl").write_text('{"n":1}\n')
        name = unique("t")
        path, out = self.folder / f"{name}.json", self.folder / f"{name}.out"
        topology_file(path, name, {
            "in": {"source": "file", "path": str(self.folder / "in.jsonl")}, "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint"}},
            "out": {"sink": "file", "from": "parsed", "path": str(out)}})
        cluster.ask("apply", path)
        cluster.ask("wait", name)
        check(out.read_text() == '{"n":1}\n', f"the row: {out.read_text()!r}")
        cluster.nodes["a"].kill()
        return cluster.nodes["a"].errors()

    def node_refused(self, *says, url=None):
        done = subprocess.run([self.binary, "node", "--name", "a", "--store", url or self.postgres.url, "--listen", f"127.0.0.1:{free_port()}",
                               "--coordinator", "--state", str(self.folder / "a"), "--start-timeout", START], capture_output=True, text=True,
                              timeout=30, env=os.environ)
        check(done.returncode == 1, f"the node ends with {done.returncode}: {done.stderr[-1500:]}")
        for text in says:
            check(text in done.stderr, f"it does not say {text!r}: {done.stderr[-1500:]}")
        self.told_nothing()

    # The sink.

    def run(self, url=None, rows=3, **sink):
        (self.folder / "in.jsonl").write_text("".join(f'{{"name":"n{i}","n":{i}}}\n' for i in range(rows)))
        path = topology_file(self.folder / "sink.json", unique("sink"), {
            "in": {"source": "file", "path": str(self.folder / "in.jsonl")},
            "parsed": {"parser": "json", "from": "in", "schema": {"name": "text", "n": "bigint"}},
            "out": {"sink": "sql", "from": "parsed", "connection": url or self.postgres.url, "table": "answers", **sink}})
        return Run(self.binary, path, self.folder / unique("state"), "--start-timeout", START)

    def sink_refused(self, *says, **how):
        self.run(**how).expect(1, *says)
        self.told_nothing()

    def rows(self, table="public.answers"):
        return [r["n"] for r in self.postgres.ask(f"select n from {table} order by n")]


def functions_before_the_first_start(c):
    """Functions that fit the store's calls better than PostgreSQL's own do: no word of them runs, at the first start and later."""
    c.plant(TELLS.format(name="hashtextextended", takes="text, integer", gives="bigint", then=" return 1;"),
            TELLS.format(name="set_config", takes="text, text, integer", gives="text", then=" return '';"),
            TELLS.format(name="octet_length", takes="anyelement", gives="integer", then=" return 1;"),
            TELLS.format(name="to_regclass", takes="varchar", gives="regclass", then=" return null;"))
    for url in (None, c.as_role(c.alice)):
        c.serves(url)
        c.told_nothing()
        c.postgres.do("drop schema millrace_cluster cascade")


def schema_before_the_first_start(c):
    """The store's schema, made by somebody else."""
    c.plant("create schema millrace_cluster", f"grant all on schema millrace_cluster to {c.me}, {c.alice}")
    for url, me in ((None, c.me), (c.as_role(c.alice), c.alice)):
        c.node_refused(f"schema millrace_cluster belongs to role {c.mallory}", f"alter schema millrace_cluster owner to {me}", url=url)
    check(not c.postgres.has("millrace_cluster.actors"), "the refused node made tables")


def table_before_the_first_start(c):
    """A table of the store with a trigger, in a schema that others may create in; the schema alone is warned of."""
    c.postgres.do(f"create schema millrace_cluster; grant all on schema millrace_cluster to {c.mallory}")
    c.plant("""create table millrace_cluster.actors (id bigint generated always as identity primary key, topology text not null,
        actor text not null, format smallint not null, life bigint not null, next bigint not null, mark bigint not null, base bigint not null,
        unique (topology, actor))""", TRIGGER.format("millrace_cluster.actors"), f"grant all on millrace_cluster.actors to {c.me}")
    c.node_refused(f"table millrace_cluster.actors belongs to role {c.mallory}", "drop it where it is none of yours")
    c.postgres.do(f"alter table millrace_cluster.actors owner to {c.me}")  # a hurried administrator does this
    c.node_refused(f"table millrace_cluster.actors runs function public.evil() of role {c.mallory}")
    c.postgres.do("drop table millrace_cluster.actors")
    for what, planted in PLANTED.items():
        c.plant("create table millrace_cluster.records (id bigint, life bigint)", *[p.format("millrace_cluster.records") for p in planted],
                f"grant all on millrace_cluster.records to {c.me}")
        c.postgres.do(f"alter table millrace_cluster.records owner to {c.me}")
        c.node_refused(f"table millrace_cluster.records runs function public.judge(bigint) of role {c.mallory}")
        c.postgres.do("drop table millrace_cluster.records cascade")
        print(f"  {what}: refused")
    said = c.serves()
    check(said.count("revoke create on schema millrace_cluster from") == 1, f"the node does not warn once of its schema: {said[-1500:]}")
    c.told_nothing()


def after_the_first_start(c):
    """Rights on the tables of a store that is there, and what stays of them: a trigger, a foreign key."""
    said = c.serves()
    check("may create tables" not in said and "commands the nodes" not in said, f"a closed store is warned of: {said[-1500:]}")
    c.postgres.do(f"grant usage on schema millrace_cluster to {c.mallory};"
                  "grant select on all tables in schema millrace_cluster to public")
    c.serves()  # a role that may read it changes no row
    c.postgres.do(f"grant trigger on millrace_cluster.records to {c.mallory};"
                  "grant update (life), references on millrace_cluster.actors to public")
    c.node_refused(f"role {c.mallory} may trigger on table millrace_cluster.records",
                   "every role may references, update on table millrace_cluster.actors",
                   f"revoke trigger on millrace_cluster.records from {c.mallory}", "revoke references, update on millrace_cluster.actors from public")
    c.plant(TRIGGER.format("millrace_cluster.records"),
            "create table public.hanging (id bigint references millrace_cluster.actors (id) on delete cascade)",
            TRIGGER.format("public.hanging"))
    c.postgres.do("revoke all on all tables in schema millrace_cluster from public; revoke update (life) on millrace_cluster.actors from public;"
                  f"revoke all on millrace_cluster.records from {c.mallory}")
    c.node_refused(f"table millrace_cluster.records runs function public.evil() of role {c.mallory}",
                   "table millrace_cluster.actors runs the foreign key of table public.hanging")
    c.postgres.do("drop table public.hanging; drop trigger evil on millrace_cluster.records")
    c.serves()


def nodes_of_several_roles(c):
    """A group owns the store, and its members are the nodes' roles: each of them serves."""
    group, bob = unique("nodes"), unique("bob")
    try:
        c.postgres.do(f"create role {group}; create role {bob} login; grant {group} to {c.alice}, {bob};"
                      f"create schema millrace_cluster authorization {group}")
        c.serves(c.as_role(c.alice))
        c.node_refused(f"role {c.alice}", url=c.as_role(bob))
        for table in ("actors", "records", "segments"):
            c.postgres.do(f"alter table millrace_cluster.{table} owner to {group}")
        c.serves(c.as_role(bob))
        c.serves(c.as_role(c.alice))
    finally:
        c.postgres.drop()
        c.postgres.do(f"drop role {group}, {bob}", server=True)


def sink_with_functions_and_operators(c):
    """Functions and operators that fit the sink's calls better than PostgreSQL's own: no word of them runs, upserts by a key of varchar included."""
    c.plant(TELLS.format(name="same", takes="varchar, varchar", gives="boolean", then=" return true;"),
            "create operator public.= (leftarg = varchar, rightarg = varchar, function = public.same)",
            TELLS.format(name="to_regclass", takes="varchar", gives="regclass", then=" return null;"),
            TELLS.format(name="format_type", takes="oid, oid", gives="text", then=" return null;"),
            TELLS.format(name="unnest", takes="name[]", gives="name", then=" return null;"))
    c.postgres.do("create table public.answers (name varchar(9), n bigint)")  # no index: each row is looked for
    c.run(mode="upsert", key=["name"]).expect(0)
    c.run(mode="upsert", key=["name"]).expect(0)
    check(c.rows() == [0, 1, 2], f"rows: {c.rows()}")
    c.told_nothing()


def positions_before_the_first_start(c):
    """Tables in the place of the sink's own, each with a trigger."""
    of_sink = "state_id text, topology text, sink text"
    for table, columns in (
            ("millrace_positions", "log text, incarnation bigint, claims bigint, position_major bigint, position_minor bigint, watermark bigint,"
             "full_log text, counters text, batch bigint, commits bigint, rejected bigint, primary key (state_id, topology, sink, log)"),
            ("millrace_rejected", "sequence bigint, piece bigint, record text, error text")):
        c.plant(f"create table public.{table} ({of_sink}, {columns})", TRIGGER.format(f"public.{table}"), f"grant all on public.{table} to public")
        c.sink_refused(f"table public.{table} belongs to role {c.mallory}", "drop it where it is none of yours", create=True)
        c.sink_refused(f"table public.{table} belongs to role {c.mallory}", url=c.as_role(c.alice), create=True)
        c.postgres.do(f"drop table public.{table}; drop table public.answers")


def target_before_the_first_start(c):
    """The table that the sink is to make; one of the user's is refused for a superuser alone, whose rights its owner would get."""
    c.plant("create table public.answers (name text, n bigint)", TRIGGER.format("public.answers"), "grant all on public.answers to public")
    c.sink_refused(f"table public.answers belongs to role {c.mallory}", create=True)
    c.sink_refused(f"table public.answers belongs to role {c.mallory}", create=True, url=c.as_role(c.alice))
    c.sink_refused(f"table public.answers belongs to role {c.mallory}", "connect as a role that is not a superuser")
    run = c.run(url=c.as_role(c.alice))
    run.expect(0)  # PostgreSQL's rule: a writer to a table runs its owner's triggers
    said = run.err.read_text()
    check(f"table public.answers runs function public.evil() of role {c.mallory}" in said, f"no warning: {said[-1500:]}")


def shadowed_target(c):
    """The table of an earlier schema of the path counts, as ever; a table is made in the first one."""
    c.postgres.do(f"create schema mine authorization {c.alice}; create table public.answers (name text, n bigint);"
                  f"grant all on public.answers to {c.alice};"
                  f"alter role {c.alice} set search_path = mine, public")
    c.run(url=c.as_role(c.alice)).expect(0)
    check(c.rows() == [0, 1, 2] and c.postgres.has("mine.millrace_positions"), f"rows: {c.rows()}")
    c.postgres.do(f"set role {c.alice}; create table mine.answers (name text, n bigint)")
    c.run(url=c.as_role(c.alice), rows=2).expect(0)
    check(c.rows("mine.answers") == [0, 1] and c.rows() == [0, 1, 2], f"rows: {c.rows('mine.answers')}, {c.rows()}")


def honest_triggers(c):
    """The user's own triggers go on; one whose function names no schema says how it is mended, and then goes on too."""
    c.postgres.do("""create table public.answers (name text, n bigint); create table public.audit (n bigint);
        create function public.audited() returns trigger language plpgsql as $$ begin insert into audit values (new.n); return new; end $$;
        create trigger audited after insert on public.answers for each row execute function public.audited()""")
    c.sink_refused('relation "audit" does not exist', "alter function F set search_path")
    c.postgres.do("alter function public.audited() set search_path = public")
    c.run().expect(0)
    check(c.rows("public.audit") == [0, 1, 2] and c.rows() == [0, 1, 2], f"rows: {c.rows('public.audit')}, {c.rows()}")


def folder_open_to_others(c):
    """A folder as the store that everybody may write to: the start tells so once, and closes it."""
    store = c.folder / "store"
    store.mkdir()
    store.chmod(0o707)
    for _ in range(2):
        said = c.serves(f"dir:{store}")
        check(said.count(f"chmod 700 {store}") == 1, f"told {said.count('chmod 700')} times in all: {said[-1500:]}")


def grants_on_positions(c):
    """Rights of others on the sink's own tables are told, and the run goes on."""
    c.postgres.do(f"alter default privileges in schema public grant all on tables to {c.mallory}")
    run = c.run(create=True)
    run.expect(0)
    said = run.err.read_text()
    check(f"from {c.mallory}" in said and "on public.millrace_positions" in said, f"no warning: {said[-1500:]}")
    check(c.rows() == [0, 1, 2], f"rows: {c.rows()}")


# The store's topic in Kafka.

def chain_of(key):
    """The topology and the actor that a key of the store names, and what it is of: docs/development/formats.md has the layout."""
    names, at = [], 4
    for _ in range(2):  # each shorter than 128 bytes
        names.append(key[at + 1:at + 1 + key[at]].decode())
        at += 1 + key[at]
    return (*names, {1: "opening", 2: "increment", 3: "base"}[key[at]])


def tombstones(c):
    """A message without a value over the newest record of a topology's chain, over the newest base of another one's, and over the newest record of the
    nodes' own: each is told with partition and offset when the node starts the next time; the first topology fails, and at last the node ends."""
    brokers, topic = needed("KAFKA_BROKERS")[0], unique("chains")
    kafka, cluster = Kafka(brokers), c.node(f"kafka:{brokers}/{topic}")
    cluster.start()
    node = cluster.nodes["a"]
    for name in ("t", "u"):
        topology_file(c.folder / f"{name}.json", name, {
            "in": {"source": "generator", "kind": "clicks", "seed": 1, "rate": "100/s"},
            "parsed": {"parser": "json", "from": "in", "schema": {"user_id": "text", "timestamp": "timestamp"}, "event_time": "timestamp"},
            "counts": {"window": "tumbling", "size": "1 minute", "from": "parsed", "key": ["user_id"], "aggregates": {"n": "count(*)"}},
            "out": {"sink": "file", "from": "counts", "path": str(c.folder / f"{name}.jsonl"), "node": "a"}}, snapshot_every="200 ms")
        cluster.ask("apply", c.folder / f"{name}.json")

    def records(*chain):
        return [m for m in kafka.read(topic, committed=False) if chain_of(m.key)[:2] == chain]

    def bases():
        return [m for m in records("u", "value:committed/out") if m.value and chain_of(m.key)[2] == "base"]

    def removed(m):
        """Sends a message without a value over this one; returns its place."""
        kafka.produce_records(topic, [(int(time.time() * 1000), m.key, None)], m.partition)
        last = records(*chain_of(m.key)[:2])[-1]
        check(last.value is None and last.key == m.key, f"the last message of the chain: {last}")
        return f"was removed by a message without a value that is not a node's (partition {last.partition}, offset {last.offset})"
    wait_until("chains grow", lambda: len(records("t", "counts/0")) > 3 and bases())
    node.kill()
    newest = records("t", "counts/0")[-1]
    check(chain_of(newest.key)[2] == "increment" and newest.value, f"the newest record: {newest}")
    places = {"t": removed(newest), "u": removed(bases()[-1])}
    cluster.is_founded = False  # there is no other node to join
    node.begin()
    wait_until("topology t has failed", lambda: cluster.state_of("t")[0] == "failed")
    check(places["t"] in cluster.state_of("t")[1], f"the reason: {cluster.state_of('t')}")
    for name, actor in (("t", "counts/0"), ("u", "value:committed/out")):
        told = f'topic "{topic}" at {brokers}, {actor} of {name}: a record that is needed {places[name]}'
        wait_until(f"it is told: {told}", lambda told=told: told in node.errors())
    node.kill()
    place = removed(records("", "control")[-1])
    node.start()
    wait_until("the node has ended", lambda: not node.alive())
    check(node.process.returncode == 1 and place in node.errors(), f"it ends with {node.process.returncode}; no {place} in {node.errors()[-1500:]}")
    kafka.delete_topic(topic)


# Records in Kafka, where whoever may write to a topic writes any bytes.

ESCAPES = b"\x1b]0;owned\x07\x1b[2J"


def keys_and_headers(c):
    """Keys and headers of any bytes, long ones, a hundred thousand names: each record is a row or one dead letter, and nothing drives a terminal."""
    kafka, now, value = Kafka(needed("KAFKA_BROKERS")[0]), int(time.time() * 1000), b'{"n":1}'
    topic = unique("hostile")
    kafka.create(topic)
    rows = [(ESCAPES, value, (ESCAPES, ESCAPES)), (None, value, (b"", None), (b"d", b"1"), (b"d", b"2"), (b"d", None), (b"\xff", b"\xff"),
                                  (b"base64:/w==", b"1"), (b"a\0b", b"\0")),
            ("\u202e".encode(), value, ("\u202e".encode(), b"")), (b"many", value, *((b"h%d" % i, b"v") for i in range(1000)))]
    letters = [(b"\xff\xfe", value), (b"k\0", value), (b"null", None, (b"h", b"v")), (None, None), (b"", b""), (b"bad", b"{" + ESCAPES, (ESCAPES, ESCAPES))]
    kafka.produce_records(topic, [(now, *r) for r in rows + letters])
    for long in ((b"K" * 900_000, value), (b"\xff" * 900_000, value), (b"lots", value, *((b"%x" % i, b"") for i in range(90_000)))):
        kafka.produce_records(topic, [(now, *long)])
    path, out = c.folder / "keys.json", c.folder / "out.jsonl"
    topology_file(path, "keys", {
        "in": {"source": "kafka", "brokers": kafka.brokers, "topic": topic}, "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint"}},
        "out": {"sink": "file", "from": "parsed", "path": str(out), "columns": {"n": "n", "k": "_key", "h": "_headers"}}})
    run = Run(c.binary, path, c.folder / "keys", "--http", "127.0.0.1:0")
    address = wait_until("it serves HTTP", lambda: told_address(run.state))
    wait_until("all records are processed", lambda: metric(address, "millrace_records_total") == len(rows) + len(letters) + 3)
    texts = [http_status(address, "/metrics")[1].encode()]
    for line in ("dead-letters", "stages", "lanes"):
        done = subprocess.run([c.binary, "console", "--connect", f"http://{address}", "--token", str(run.state / "token"), "-e", line],
                              capture_output=True, check=True, timeout=60)
        texts.append(done.stdout + done.stderr)
    run.stop()
    for text in (*texts, out.read_bytes(), run.err.read_bytes()):
        check(b"\x1b" not in text and b"\x07" not in text, f"it could drive a terminal: {text[:1500]!r}")
    found = [json.loads(line) for line in out.read_text().splitlines()]
    check(len(found) == len(rows) + 2 and len(run.dead_letters()) == len(letters) + 1, f"{len(found)} rows, {len(run.dead_letters())} dead letters")
    check(found[1]["h"] == {"": None, "d": ["1", "2", None], "base64:/w==": {"base64": "/w=="}, "base64:YmFzZTY0Oi93PT0=": "1",
                            "a": {"base64": "AA=="}}, f"headers: {found[1]}")
    check(len(found[-1]["h"]) == 90_000, f"{len(found[-1]['h'])} headers")
    kafka.delete_topic(topic)


def events_of(address, topology, token, last):
    """The events of a topology up to one named `last`, as (name, data). Each line is one of server-sent events, and has no control character."""
    asked = urllib.request.Request(f"http://{address}/api/v1/topologies/{topology}/events?figures=1", headers={"Authorization": f"Bearer {token}"})
    found, name = [], None
    with urllib.request.urlopen(asked, timeout=60 * PATIENCE) as stream:
        for line in stream:
            line = line.removesuffix(b"\n").decode()
            check(not re.search("[\0-\x1f]", line), f"an event has a control character: {line[:500]!r}")
            what, _, text = line.partition(":")
            check(line == "" or what in ("", "event", "data"), f"no line of an event: {line[:500]!r}")
            if what == "event":
                name = text.strip()
            elif what == "data":
                found.append((name, json.loads(text)))
                if name == last:
                    return found
    check(False, f"the stream is over without {last}: {[name for name, _ in found]}")


def taps(c):
    """Records of any bytes as they pass, on a node: what the console prints of them drives no terminal, each line is JSON, and no row is cut. Events
    and the reason of a failure likewise."""
    kafka, now = Kafka(needed("KAFKA_BROKERS")[0]), int(time.time() * 1000)
    topic, failing = unique("hostile"), unique("hostile")
    kafka.create(topic)
    kafka.create(failing)
    wide, long = "\u009b31m\x7f\u202e\u2066\u200b\U000e0041", "L" * 50_000
    evil = ESCAPES.decode() + wide
    quoted = json.dumps(evil).encode()  # as escapes of JSON; the records have the bytes themselves, too
    bare = b'{"n":2,"s":"%s"}' % wide.encode()
    # A record, and what comes of it: key, value, headers; the row's text, key and headers, or None, where it is a dead letter.
    played = [
        ((evil.encode(), b'{"n":1,"s":%s}' % quoted, (evil.encode(), evil.encode())), (evil, evil, {evil: evil})),
        ((wide.encode(), bare, (b"h", b"\x9b31m\xff"), (b"z", b"\0"), (b"\x9b", b"v")),
         (wide, wide, {"h": {"base64": "mzMxbf8="}, "z": {"base64": "AA=="}, "base64:mw==": "v"})),
        ((b"l", b'{"n":3,"s":"%s"}' % long.encode()), (long, "l", {})),
        ((long.encode(), b'{"n":4,"s":"s"}'), ("s", long, {})),
        ((b"h", b'{"n":5,"s":"s"}', (long.encode(), b"v")), ("s", "h", {long: "v"})),
        ((b"v", b'{"n":6,"s":"s"}', (b"h", b"\x9b" * 30_000)), ("s", "v", {"h": {"base64": "m5ub" * 10_000}})),
        ((b"\x9b31m\xff", b'{"n":7,"s":"s"}'), None),
        ((b"b", b"\x9b31m\0" + ESCAPES), None),
        ((None, None, (ESCAPES, None)), None)]
    # Of a row of more than 64 KiB the size is shown alone.
    longest = [(b"l", b'{"n":8,"s":"%s"}' % (b"L" * 100_000)), (b"K" * 100_000, b'{"n":9,"s":"s"}'), (b"h", b'{"n":10,"s":"s"}', (b"H" * 100_000, b"v")),
               (b"v", b'{"n":11,"s":"s"}', (b"h", b"\x9b" * 100_000))]
    too_long = {"_not_shown": True}
    shown = {"in": [{"partition": "0", "record": "mzMxbQAbXTA7b3duZWQHG1sySg==" if r[0] == b"b" else r[1] and r[1].decode()}
                    if r is not longest[0] else too_long for r in [r for r, _ in played] + longest],
             "parsed": [{"n": i + 1, "s": row[0], "_key": row[1], "_headers": row[2]} for i, (_, row) in enumerate(played) if row] + [too_long] * len(longest)}

    def whole(row):
        return too_long if "bytes; at most 65536 are shown" in row.get("_not_shown", "") else row

    count = len(played) + len(longest)
    passed = {"in": count, "parsed": count - sum(row is None for _, row in played)}
    cluster = c.node(f"dir:{c.folder}/store")
    cluster.start()
    node = cluster.nodes["a"]
    token = (node.state / "token").read_text().strip()
    for name, source, more in (("taps", topic, {}), ("fails", failing, {"on_error": "fail"})):
        topology_file(c.folder / f"{name}.json", name, {
            "in": {"source": "kafka", "brokers": kafka.brokers, "topic": source},
            "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint", "s": "text"}, **more},
            "out": {"sink": "file", "from": "parsed", "path": str(c.folder / f"{name}.jsonl"),
                    "columns": {"n": "n", "s": "s", "k": "_key", "h": "_headers"}}}, title=evil)
        cluster.ask("apply", c.folder / f"{name}.json")

    def tapped(edge):
        asked = urllib.request.Request(f"http://{told_address(node.state)}/api/v1/topologies/taps/edges/{edge}/tap", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=60 * PATIENCE) as r:
            said = r.read()
        check(not re.search(rb"[\0-\x09\x0b-\x1f]", said), f"the answer has control characters: {said[:500]!r}")
        return json.loads(said)

    wait_until("the taps are on", lambda: all([tapped(edge) for edge in shown]))
    for record in [r for r, _ in played] + longest:
        kafka.produce_records(topic, [(now, *record)])
    wait_until("all records are processed", lambda: metric(told_address(node.state), "millrace_records_total", '"taps"') == count)
    for edge, rows in shown.items():
        answer = tapped(edge)
        check(answer["passed"] == passed[edge], f"on {edge} {answer['passed']} of {passed[edge]} have passed")
        found = [whole(r["row"]) for r in answer["rows"]]
        check(found == rows, lambda: f"the tap of {edge}: {[str(r)[:100] for r in found]}, expected {[str(r)[:100] for r in rows]}")
        for json_too in ([], ["--json"]):
            command = cluster.command(node, "console", "--topology", "taps", "-e", f"tap {edge} --sample {len(rows)}", *json_too)
            piped = subprocess.run(command, capture_output=True, check=True, timeout=60 * PATIENCE)
            terminal = OnTerminal(command, c.folder)
            with contextlib.closing(terminal):
                terminal.read(lambda _: False)
            said = harmless(terminal.said, f"tap {edge} on a terminal")
            if not json_too:
                check(harmless(piped.stdout, f"tap {edge}") == said, f"piped: {piped.stdout[:1500]!r}")
            check(not piped.stderr and not re.search(rb"[\0-\x09\x0b-\x1f]", piped.stdout), f"piped: {piped.stderr!r}, {piped.stdout[:1500]!r}")
            for text in (said, piped.stdout.decode()):
                lines = [json.loads(line) for line in text.splitlines()]
                check([whole(line["row"] if json_too else line) for line in lines] == rows, lambda text=text: f"the tap of {edge} has printed {text[:1500]!r}")
    names = [name for name, _ in events_of(told_address(node.state), "taps", token, "figures")]
    check("graph" in names, f"events: {names}")
    kafka.produce_records(failing, [(now, evil.encode(), b'{"n":%s}' % quoted, (ESCAPES, ESCAPES))])
    wait_until("it has failed", lambda: cluster.state_of("fails")[0] == "failed")
    end = events_of(told_address(node.state), "fails", token, "end")[-1][1]
    check(r"\u001b]0;owned\u0007" in end["reason"] and not OBEYED.search(end["reason"]), f"the end: {end}")
    for line in ("topologies", "stages", "dead-letters", "explain parsed"):
        terminal = OnTerminal(cluster.command(node, "console", "--topology", "fails" if line == "topologies" else "taps", "-e", line), c.folder)
        with contextlib.closing(terminal):
            terminal.read(lambda _: False)
        harmless(terminal.said, f"console -e {line}")
    node.kill()
    check(not re.search(rb"[\0-\x09\x0b-\x1f]", node.err.read_bytes()), "the node's log has control characters")
    for name in (topic, failing):
        kafka.delete_topic(name)


CASES = (functions_before_the_first_start, schema_before_the_first_start, table_before_the_first_start, after_the_first_start, nodes_of_several_roles,
         sink_with_functions_and_operators, positions_before_the_first_start, target_before_the_first_start, shadowed_target, honest_triggers,
         grants_on_positions, folder_open_to_others, keys_and_headers, taps, tombstones)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
