#!/usr/bin/env -S python3 -B
"""Mistakes of users and servers around the job: one clear message with the remedy, the right exit status, no row lost.

    bad_input.py --millrace BINARY [--only NAME]      each case is a function below; what it shows is its docstring
"""
import json
import shutil
import signal
import time

from click_oracle import Result, row_of_json, rows_of_maria
from real_systems import (PATIENCE, PIPELINE, Kafka, MariaDB, OwnFolder, Run, check, dead_letters, difference, free_port, main_of_cases, needed,
                          unique, wait_until)

TABLE = "table"


def click(user, at):
    stamp = time.strftime("%Y-%m-%d %H:%M:%S.000+0000", time.gmtime(1619294100 + at))
    return json.dumps({"userid": user, "timestamp": stamp}).encode()


def clicks(count, begin=0, step=10):
    return [click(f"u{i % 7}", begin + i * step) for i in range(count)]


class Case(OwnFolder):
    """Names and a folder of its own, and the job with a table beside `active2`."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        brokers, url = needed("KAFKA_BROKERS", "MARIADB_URL")
        self.kafka, self.mariadb = Kafka(brokers), MariaDB(url, unique("bad"))
        mark = unique("")
        self.active, self.active2, self.name = "active" + mark, "active2" + mark, "active_users" + mark
        self.at_the_end.callback(self.mariadb.drop)
        self.connection, self.create = self.mariadb.url, True

    def job(self, *more, state="job", create=None, without_table=False):
        table = None if without_table else {
            "sink": "sql", "from": "active", "connection": "${E2E_CONNECTION}", "table": TABLE,
            "create": self.create if create is None else create}
        overlay = self.folder / f"{state}.overlay.json"
        overlay.write_text(json.dumps({"topology": self.name, "stages": {
            "screen": {"style": "json"}, "clicks": {"topic": self.active}, "topic": {"topic": self.active2},
            "table": table}}))
        return Run(self.options.millrace, PIPELINE / "topology.json", self.folder / state, "--with", str(overlay), *more,
                   env={"E2E_CONNECTION": self.connection})

    def with_first_rows(self):
        running = self.job()
        wait_until("first rows", lambda: self.of_topic() and self.of_table())
        return running

    def fill(self, lines, partitions=1):
        self.kafka.create(self.active, partitions)
        self.kafka.produce(self.active, lines)

    def of_topic(self):
        return [row_of_json(m.value) for m in self.kafka.read(self.active2)]

    def of_table(self):
        return rows_of_maria(self.mariadb, TABLE)

    def expected(self, partitions=1):
        return Result(self.kafka.read(self.active), partitions)

    def equal_at_last(self, running, expected=None):
        expected = expected or self.expected()
        wait_until("all rows are there",
                   lambda: min(len(self.of_topic()), len(self.of_table())) >= len(expected.rows))
        running.stop()
        for name, rows in (("active2", self.of_topic()), ("the table", self.of_table())):
            check(not difference(expected.rows, rows), lambda: f"{name}: {difference(expected.rows, rows)}")
        return running.ledger()

    def make_table(self, columns):
        self.mariadb.ask(f"create database `{self.mariadb.database}`", "")
        self.mariadb.ask(f"create table `{TABLE}` ({columns})")


# A job waits so long for what this test brings about.
LONG = f"{60 * PATIENCE:.0f} s"


def unknown_topic(c):
    """A topic that is not there is waited for as a broker is: named with the brokers and the command that makes it, once; then exit 1."""
    running = c.job("--start-timeout", "2 s")
    said = running.expect(1, c.active, "create the topic", "kafka-topics.sh --bootstrap-server", c.kafka.brokers)
    check(1 <= said.count("does not exist") <= 2, f"told at the end, and once before if it was seen in time: {said}")


def topic_comes_late(c):
    """The same, when somebody creates the topics meanwhile: the job goes on, of the source's and the sink's."""
    running = c.job("--start-timeout", LONG, "--set", "stages.topic.create=null")
    wait_until("the source waits", lambda: f'"{c.active}" does not exist' in running.errors())
    c.fill(clicks(300))
    wait_until("the sink waits", lambda: f'"{c.active2}" does not exist' in running.errors())
    c.kafka.create(c.active2)
    c.equal_at_last(running)


def broker_absent(c):
    """No broker within --start-timeout: exit 1, and the message says where and what to do."""
    address = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    running = c.job("--set", f"stages.clicks.brokers={address}", "--start-timeout", "3 s")
    said = running.expect(1, address, "clicks", seconds=30)
    took = time.monotonic() - began
    check(took > 2.5, f"it waited {took:.1f} s, expected 3")
    check("start" in said.splitlines()[-1], f"no remedy in {said.splitlines()[-1]!r}")


def database_absent(c):
    """A sink's server that is absent at the start is waited for up to --start-timeout, then exit 1."""
    c.fill(clicks(10))
    port = free_port()
    c.connection = f"mysql://root@127.0.0.1:{port}/nowhere"
    c.job("--start-timeout", "3 s").expect(1, "table", f"127.0.0.1:{port}", "start the server", seconds=40)


def stopped_while_waiting(c):
    """SIGTERM while servers are still waited for ends the job at once, with 0; the same command goes on."""
    c.fill(clicks(300))
    for what in ("the broker", "the database"):
        port, more = free_port(), []
        if what == "the broker":
            more = ["--set", f"stages.clicks.brokers=127.0.0.1:{port}"]
        else:
            c.connection = f"mysql://root@127.0.0.1:{port}/nowhere"
        running = c.job("--start-timeout", "1 hour", *more)
        wait_until(f"it waits for {what}", lambda: f"127.0.0.1:{port}" in running.errors())
        running.stop(8)
    c.connection = c.mariadb.url
    c.equal_at_last(c.job())


def sink_topic_missing(c):
    """`active2` is missing and the sink may not create it."""
    c.fill(clicks(10))
    c.job("--start-timeout", "2 s", "--set", "stages.topic.create=null").expect(
        1, c.active2, "create", "kafka-topics.sh", '"create": { "partitions": 1 }', c.kafka.brokers)


def expired_offsets(c):
    """Records were deleted before they were read: an error with the remedy, never a gap in silence."""
    c.fill(clicks(300))
    c.with_first_rows().stop()
    rows = c.of_topic()
    c.kafka.produce(c.active, clicks(300, 3000))
    c.kafka.delete_records(c.active, 400)
    c.job().expect(1, "records were deleted", "--fresh", c.active)
    c.job().expect(1, "records were deleted")
    check(c.of_topic() == rows, "rows came or went while it was refused")


def topic_made_anew(c):
    """The topic was deleted and made again, shorter than what was read: an error, too."""
    c.fill(clicks(300))
    c.with_first_rows().stop()
    c.kafka.delete_topic(c.active)
    wait_until("the topic is gone", lambda: not c.kafka.partitions(c.active))
    c.fill(clicks(20))
    c.job().expect(1, "made anew", "--fresh")


def table_missing(c):
    """No table and no `create`: the message names the table and the option."""
    c.fill(clicks(10))
    c.mariadb.ask(f"create database `{c.mariadb.database}`", "")
    c.job(create=False).expect(1, TABLE, "create")


def table_with_other_columns(c):
    """A table that lacks a column, or has it with another type, is refused before a row is written."""
    c.fill(clicks(300))
    c.make_table("start datetime(6), userid varchar(20), click_number bigint")
    c.job().expect(1, TABLE, "no column `end`", "alter table")
    c.mariadb.ask(f"alter table `{TABLE}` add column `end` date, drop column click_number, add column click_number point")
    c.job().expect(1, TABLE, "click_number")
    c.mariadb.ask(f"alter table `{TABLE}` modify `end` datetime(6), drop column click_number, add column click_number bigint")
    c.equal_at_last(c.job())


def table_of_the_original(c):
    """A table made by hand with MySQL's narrower types takes the rows as they are."""
    c.fill(clicks(300))
    c.make_table("start timestamp null, `end` timestamp null, userid varchar(20), click_number int")
    c.equal_at_last(c.job("--set", "stages.counts.shards=2", create=False))


def text_too_long(c):
    """A row that does not fit its column is a dead letter of the sink, once; the other rows are in."""
    lines = [click("longer than eight" if i % 5 == 0 else f"u{i % 7}", i * 10) for i in range(300)]
    c.fill(lines)
    c.make_table("start datetime(6), `end` datetime(6), userid varchar(8), click_number int")
    running = c.job()
    expected = c.expected()
    fits = [r for r in expected.rows if len(r.userid) <= 8]
    too_long = [r for r in expected.rows if len(r.userid) > 8]
    check(too_long and fits, "the oracle has rows of one sort only")
    wait_until("all rows are there", lambda: len(c.of_table()) >= len(fits) and len(c.of_topic()) >= len(expected.rows)
               and len(dead_letters(c.folder / "job")) >= len(too_long))
    running.kill()
    # Rows after the others show that the next life has come past what it might do twice.
    c.kafka.produce(c.active, clicks(30, 3000))
    before, expected = len(expected.rows), c.expected()
    fits, too_long = ([r for r in expected.rows if (len(r.userid) <= 8) == is_short] for is_short in (True, False))
    check(len(expected.rows) > before, "the oracle has no rows more")
    running = c.job()
    wait_until("all rows are there, those behind the others too", lambda: len(c.of_table()) >= len(fits)
               and len(c.of_topic()) >= len(expected.rows) and len(dead_letters(c.folder / "job")) >= len(too_long))
    running.stop()
    check(not difference(fits, c.of_table()), lambda: difference(fits, c.of_table()))
    check(not difference(expected.rows, c.of_topic()), lambda: difference(expected.rows, c.of_topic()))
    letters = dead_letters(c.folder / "job")
    refused = [row_of_json(d["record"]) for d in letters]
    check(not difference(too_long, refused), lambda: "dead letters: " + difference(too_long, refused))
    check({d["stage"] for d in letters} == {"table"}, f"dead letters of {[d['stage'] for d in letters]}")
    stages = running.ledger()
    check(stages["table"]["out"] == len(fits) and stages["table"]["dead_letters"] == len(too_long),
          f"the ledger of the table: {stages['table']}")


def wrong_password(c):
    """The server refuses the password: exit 1 at once, and the password is nowhere to be read."""
    c.fill(clicks(10))
    user, right, wrong = unique("u"), "Right-4711", "hunter2-Secret"
    c.mariadb.ask(f"create user '{user}'@'%' identified by '{right}'", "")
    try:
        parts = c.mariadb.parts
        c.connection = f"mysql://{user}:{wrong}@127.0.0.1:{parts.port}/{c.mariadb.database}"
        running = c.job("--log-level", "trace")
        said = running.expect(1, "table", "denied", seconds=25)
        check(wrong not in said, f"the password is shown: {said}")
        # The plan in the state has the topology's text, filled in: its user alone may read it (docs/security.md).
        holding = [f for f in c.folder.rglob("*") if f.is_file() and wrong in f.read_text(errors="replace")]
        check(all(f.parent.name == "control" and f.stat().st_mode & 0o077 == 0 for f in holding), f"the password stands in {holding}")
    finally:
        c.mariadb.ask(f"drop user '{user}'@'%'", "")


def two_processes_on_one_state(c):
    """The second is refused with exit 2 and disturbs nobody."""
    c.fill(clicks(300))
    first = c.with_first_rows()
    c.job().expect(2, str(c.folder / "job"))
    c.kafka.produce(c.active, clicks(300, 3000))
    c.equal_at_last(first)


def state_of_another_topology(c):
    """Another window size does not fit the state: exit 2 with the ways out."""
    c.fill(clicks(300))
    c.with_first_rows().stop()
    c.job("--set", "stages.counts.size=1 minute").expect(2, "size", "--state", "--fresh")
    c.kafka.produce(c.active, clicks(300, 3000))
    c.equal_at_last(c.job())


def another_state_folder(c):
    """A new state folder for sinks that hold another state's position is refused: rows would stand there twice."""
    c.fill(clicks(300))
    c.with_first_rows().stop()
    rows = c.of_topic(), c.of_table()
    c.job(state="another").expect(1, "state", "--fresh", seconds=60)
    check((c.of_topic(), c.of_table()) == rows, "rows came although it was refused")


def zombie(c):
    """A job that was stopped (SIGSTOP), replaced by a successor on a copy of its state, and wakes up, writes nothing."""
    c.fill(clicks(600))
    old = c.with_first_rows()
    old.process.send_signal(signal.SIGSTOP)
    shutil.copytree(c.folder / "job", c.folder / "copy")
    c.kafka.produce(c.active, clicks(600, 6000))
    new = c.job(state="copy")
    expected = c.expected()
    wait_until("the successor has written", lambda: len(c.of_topic()) >= len(expected.rows))
    old.process.send_signal(signal.SIGCONT)
    c.kafka.produce(c.active, clicks(600, 12000))
    old.expect(1, "another process", seconds=90)
    new.check_alive()
    c.equal_at_last(new)


def odd_messages(c):
    """Null values, empty values, keys, and a record of 900 kB: dead letters where there is no click, once each."""
    c.kafka.create(c.active)
    c.kafka.produce(c.active, clicks(100))
    c.kafka.produce(c.active, [b"k|", b"|", b"k|" + click("keyed", 990), b"|" + click("null key", 991)], "-K", "|", "-Z")
    c.kafka.produce(c.active, [b"k|"], "-K", "|")
    big = json.dumps({"userid": "big", "timestamp": "2021-04-24 20:11:00", "page": "x" * 900_000}).encode()
    c.kafka.produce(c.active, [big, b'{"userid":"' + b"y" * 900_000], "-X", "message.max.bytes=1000012")
    c.kafka.produce(c.active, clicks(200, 1000))
    running = c.job()
    expected = c.expected()
    check(len(expected.dead) == 4 and {"keyed", "null key", "big"} <= {r.userid for r in expected.rows},
          f"the oracle sees {len(expected.dead)} dead letters")
    stages = c.equal_at_last(running, expected)
    letters = [(int(d["partition"]), d["position"]) for d in dead_letters(c.folder / "job")]
    check(not difference(expected.dead, letters), lambda: "dead letters: " + difference(expected.dead, letters))
    check(stages["parsed"]["dead_letters"] == 4, f"the ledger: {stages['parsed']}")


CASES = [unknown_topic, topic_comes_late, broker_absent, database_absent, stopped_while_waiting, sink_topic_missing, expired_offsets,
         topic_made_anew, table_missing, table_with_other_columns,
         table_of_the_original, text_too_long, wrong_password, two_processes_on_one_state,
         state_of_another_topology, another_state_folder, zombie, odd_messages]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
