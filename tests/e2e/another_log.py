#!/usr/bin/env -S python3 -B
"""A Kafka topic that was deleted and made anew under its name: `run`, a cluster and `replay` say so, also where it has grown past the stored
position, and take nothing of it. Topics that are the same go on, also where retention has taken the record that would be compared; where it has
taken records that nobody has read, a start and a topology that goes on after a pause say so, and pass over nothing.

    another_log.py --millrace BINARY [--only NAME] [--store dir]      each case is a function below; what it shows is its docstring

KAFKA_BROKERS names the server; POSTGRES_URL one of PostgreSQL for its store.
"""
import json
import re

from cluster_under_test import Cluster
from real_systems import (STORES, Kafka, OwnFolder, Run, captured, check, dead_letters, main_of_cases, needed, topology_file, unique, wait_until,
                          whole_rows)

PARTITIONS, FIRST, MORE = 2, 20, 5
ANOTHER = "is another one than the one that was read there"


class Case(OwnFolder):
    """A topic of two partitions whose records are read into a file."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.name = unique(name)
        self.kafka, self.topic = Kafka(*needed("KAFKA_BROKERS")), unique(f"log_{name}")
        self.out, self.state, self.path = self.folder / "out.jsonl", self.folder / "state", self.folder / "topology.json"
        topology_file(self.path, self.name, {
            "rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.topic},
            "parsed": {"parser": "json", "from": "rows", "schema": {"n": "bigint"}},
            "out": {"sink": "file", "from": "parsed", "path": str(self.out), "columns": {"n": "n", "key": "_key"},
                    **({"node": "a"} if name.endswith("on_a_cluster") else {})}}, commit_every="50 ms")
        self.kafka.create(self.topic, PARTITIONS)

    def begin_cluster(self):
        self.cluster = self.at_the_end.enter_context(
            Cluster(self.binary, self.folder, self.options.store, leading=("a",), following=("b",), patient=True))

    def produce(self, first, count, partitions=range(PARTITIONS), record=None):
        for p in partitions:
            self.kafka.produce(self.topic, [f"k{n}\t{record or json.dumps({'n': 1000 * p + n})}".encode() for n in range(first, first + count)],
                               "-p", str(p), "-K", "\t")

    @staticmethod
    def numbers(first, count, partitions=range(PARTITIONS)):
        return sorted(1000 * p + n for p in partitions for n in range(first, first + count))

    def rows(self):
        return sorted(row["n"] for row in whole_rows(self.out))

    def run(self, *options):
        return Run(self.options.millrace, self.path, self.state, *options)

    def read(self, expected, *options, killed=False):
        """A life that reads until these are the rows, and ends."""
        run = self.run(*options)
        run.wait_until(f"{len(expected)} rows are there", lambda: len(self.rows()) >= len(expected))
        if killed:  # the kept notes of the log are some tenths of a second behind the rows
            wait_until("it is kept", lambda: self.has_kept())
            run.kill()
        else:
            run.stop()
        check(self.rows() == expected, f"other rows than expected: {self.rows()}")

    def has_kept(self):
        return any(b"log/parsed/lane" in f.read_bytes() for f in self.state.rglob("*") if f.is_file())

    def lost(self, text):
        """Returns what a report of a log without these records names: partition, the position that is wanted, the first one that is there, and the
        one after it."""
        found = re.search(rf'topic "{self.topic}" partition (\d+): position (\d+) is not in the log, which holds (\d+) to (\d+): records were deleted '
                          "before they were read.*--fresh", text)
        check(found, lambda: f"it was to tell of lost records: {text[-1500:]}")
        return tuple(map(int, found.groups()))

    def make_anew(self):
        self.kafka.delete_topic(self.topic)
        wait_until("the topic is gone", lambda: not self.kafka.partitions(self.topic))
        self.kafka.create(self.topic, PARTITIONS)
        wait_until("it is there again", lambda: self.kafka.partitions(self.topic) == PARTITIONS)

    def replay(self, letters):
        file = self.folder / "letters.jsonl"
        file.write_text("".join(json.dumps({**letter, "record": '{"n":77}'}) + "\n" for letter in letters))
        return captured(self.options.millrace, "replay", str(file), "--into", "parsed", "--topology", str(self.path), "--state", str(self.state))

    def replay_on_cluster(self):
        return self.cluster.ask_once("console", "-e", "replay parsed", "--json", by=self.cluster.nodes["a"])


def grown_past_the_position(c):
    """The position lies in the middle of the new topic: exit status 1 with topic, partition and remedy, again and again, and no row; with --fresh
    all of it is read."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST))
    c.produce(FIRST, MORE)
    c.read(c.numbers(0, FIRST + MORE))
    c.make_anew()
    c.produce(500, FIRST + 3 * MORE)
    before = c.out.read_bytes()
    for _ in range(2):
        c.run().expect(1, f'topic "{c.topic}" partition', ANOTHER, "made anew", "--fresh")
        check(c.out.read_bytes() == before, "rows of the new topic came")
    c.out.unlink()
    c.read(c.numbers(500, FIRST + 3 * MORE), "--fresh")
    c.produce(600, MORE)
    c.read(sorted(c.numbers(500, FIRST + 3 * MORE) + c.numbers(600, MORE)))


def after_a_kill(c):
    """The notes of the killed process are enough."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST), killed=True)
    c.produce(FIRST, MORE)
    c.read(c.numbers(0, FIRST + MORE), killed=True)
    c.make_anew()
    c.produce(500, FIRST + 3 * MORE)
    c.run().expect(1, ANOTHER, "--fresh")


def one_partition_is_enough(c):
    """One partition of the new topic has records and the other has none; either tells."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST))
    c.make_anew()
    c.produce(500, FIRST + MORE, partitions=[1])
    c.run().expect(1, "--fresh")
    check(c.rows() == c.numbers(0, FIRST), "rows of the new topic came")


def not_grown(c):
    """A log with fewer records than the position gives the former error."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST))
    c.make_anew()
    c.produce(500, MORE)
    c.run().expect(1, f"position {FIRST} is not in the log, which holds 0 to {MORE}", "made anew", "--fresh")


def taken_by_retention(c):
    """The record that would be compared is gone, with all before the position: the topic goes on. So does one that nothing has happened to."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST))
    c.produce(FIRST, MORE)
    c.kafka.delete_records(c.topic, FIRST, 0)
    c.read(c.numbers(0, FIRST + MORE))
    c.kafka.delete_records(c.topic, FIRST + MORE, 1)  # it is read up to its end
    c.produce(FIRST + MORE, MORE)
    c.read(c.numbers(0, FIRST + 2 * MORE))


def unread_records_deleted(c):
    """Retention has taken records that the stopped job has not read: exit status 1 with partition, wanted and first position, again and again, and no row
    of that partition; with --fresh all that is there is read."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST))
    c.produce(FIRST, 2 * MORE, partitions=[1])
    c.kafka.delete_records(c.topic, FIRST + MORE, 1)
    for _ in range(2):
        said = c.run().expect(1, "millrace: rows: topic")
        check(c.lost(said) == (1, FIRST, FIRST + MORE, FIRST + 2 * MORE), f"other figures: {c.lost(said)}")
        check(c.rows() == c.numbers(0, FIRST), "rows behind the gap came")
    c.out.unlink()
    c.read(sorted(c.numbers(0, FIRST, [0]) + c.numbers(FIRST + MORE, MORE, [1])), "--fresh")


def deleted_while_paused_on_a_cluster(c):
    """A paused topology keeps little of the topic in memory; the records after that are deleted. Once it goes on it gives what it had, and fails
    with the reason;
    started again, it fails with the same position."""
    few = {"queued.min.messages": "1", "queued.max.messages.kbytes": "1", "fetch.message.max.bytes": "1000"}
    topology = json.loads(c.path.read_text())
    topology["stages"]["rows"]["properties"] = few
    c.path.write_text(json.dumps(topology))
    c.begin_cluster()
    c.produce(0, FIRST)
    c.cluster.ask("apply", c.path)
    wait_until("the rows are there", lambda: c.rows() == c.numbers(0, FIRST))
    c.cluster.ask("console", "-e", "pause")
    many = 2000
    c.kafka.produce(c.topic, [json.dumps({"n": n, "padding": "x" * 500}).encode() for n in range(FIRST, many)], "-p", "0",
                    "-X", "batch.num.messages=10")
    c.kafka.delete_records(c.topic, many - MORE, 0)
    c.cluster.ask("console", "-e", "resume")
    wait_until("it has failed", lambda: c.cluster.state_of(c.name)[0] == "failed")
    lost = c.lost(c.cluster.state_of(c.name)[1])
    check(lost[0] == 0 and FIRST <= lost[1] < many - MORE and lost[2:] == (many - MORE, many), f"other figures: {lost}")
    check(c.rows() == sorted(c.numbers(0, lost[1], [0]) + c.numbers(0, FIRST, [1])), f"rows are not those before position {lost[1]}: {c.rows()[-5:]}")
    c.cluster.ask("start", c.name)
    wait_until("it has failed again", lambda: c.cluster.state_of(c.name)[0] == "failed")
    check(c.lost(c.cluster.state_of(c.name)[1]) == lost, f"other figures than {lost}: {c.cluster.state_of(c.name)[1]}")


def other_lanes(c):
    """A run with other numbers of threads gives the partitions to other lanes, which know their log all the same."""
    c.produce(0, FIRST)
    c.read(c.numbers(0, FIRST), "--threads", "2")
    c.make_anew()
    c.produce(500, FIRST + MORE)
    for threads in ("1", "2"):
        c.run("--threads", threads).expect(1, ANOTHER, "--fresh")


def replayed(c):
    """A dead letter's key is asked of the topic again: not of another one."""
    c.produce(0, FIRST)
    c.produce(FIRST, 1, record="no json")
    c.read(c.numbers(0, FIRST))
    letters = dead_letters(c.state)
    check(len(letters) == PARTITIONS, f"dead letters: {letters}")
    c.make_anew()
    c.produce(500, FIRST + 3 * MORE)
    done = c.replay(letters)
    check(done.returncode == 2 and ANOTHER in done.stderr and "--fresh" in done.stderr, f"replay: {done.returncode}: {done.stdout}{done.stderr}")


def replayed_from_the_same(c):
    """The topic is the same one: the dead letters go in with their keys."""
    c.produce(0, FIRST)
    c.produce(FIRST, 1, record="no json")
    c.read(c.numbers(0, FIRST))
    done = c.replay(dead_letters(c.state))
    check(done.returncode == 0, f"replay: {done.returncode}: {done.stdout}{done.stderr}")
    c.read(sorted([*c.numbers(0, FIRST), 77, 77]))
    keys = [json.loads(line)["key"] for line in c.out.read_text().splitlines() if '"n":77' in line]
    check(keys == [f"k{FIRST}"] * PARTITIONS, f"keys of replayed records: {keys}")


def on_a_cluster(c):
    """The topology fails at the next start with the reason, whichever node has the lanes; a topic that is the same goes on, and gives keys to
    replayed letters, which another one does not."""
    c.begin_cluster()
    c.produce(0, FIRST)
    c.cluster.ask("apply", c.path)
    wait_until("the rows are there", lambda: c.rows() == c.numbers(0, FIRST))
    c.cluster.ask("stop", c.name)
    c.produce(FIRST, MORE)
    c.produce(FIRST + MORE, 1, record="no json")
    c.cluster.ask("apply", c.path)
    wait_until("the rows are there", lambda: c.rows() == c.numbers(0, FIRST + MORE))
    same = c.replay_on_cluster()
    check(same.returncode == 0 and json.loads(same.stdout)["replayed"] == PARTITIONS, f"replay: {same.returncode}: {same.stdout}{same.stderr}")
    c.cluster.ask("stop", c.name)
    c.make_anew()
    c.produce(500, FIRST + 3 * MORE, record="no json")
    c.cluster.ask("apply", c.path)
    wait_until("it has failed", lambda: c.cluster.state_of(c.name)[0] == "failed")
    reason = c.cluster.state_of(c.name)[1]
    check(ANOTHER in reason, f"it failed for another reason: {reason}")
    check("`millrace apply FILE --fresh`" in reason, f"the reason names no way that a cluster has: {reason}")
    check(c.rows() == c.numbers(0, FIRST + MORE), "rows of the new topic came")


def replayed_on_a_cluster(c):
    """Like `replayed`, but the letters and the fingerprints are in the cluster's store."""
    c.begin_cluster()
    c.produce(0, FIRST)
    c.produce(FIRST, 1, record="no json")
    c.cluster.ask("apply", c.path)
    wait_until("the rows are there", lambda: c.rows() == c.numbers(0, FIRST))
    c.cluster.ask("stop", c.name)
    c.make_anew()
    c.produce(500, FIRST + 3 * MORE)
    said = c.replay_on_cluster()
    check(said.returncode != 0 and ANOTHER in said.stderr and "`millrace apply FILE --fresh`" in said.stderr, f"replay: {said.returncode}: {said.stdout}{said.stderr}")


CASES = [grown_past_the_position, after_a_kill, one_partition_is_enough, not_grown, taken_by_retention, unread_records_deleted, other_lanes, replayed,
         replayed_from_the_same, on_a_cluster, replayed_on_a_cluster, deleted_while_paused_on_a_cluster]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, store=STORES)
