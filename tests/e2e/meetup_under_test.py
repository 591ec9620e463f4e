"""The job of pipelines/meetup with answers that keep coming, for tests that disturb it: `Meetup` starts it, watches over what is
committed, and at the end compares both tables, the ledger and the dead letters with the oracle.
"""
import collections
import random

from deployments_under_test import OnRun
from real_systems import ROOT, Coming, Kafka, PostgreSQL, check, difference, free_port, http_status, unique, wait_until
from rsvp_oracle import KEY, PLACES, Answers, Counts, Group

PIPELINE = ROOT / "pipelines" / "meetup"
PARTITIONS = 3
ANSWERS_A_SECOND = 200
TABLES = ("meetup_table", "meetup_latest")


def group_of(row):
    return Group(*(row[name] if row[name] is None or name not in PLACES else float(row[name]) for name in KEY))


class Meetup:
    """One state of the job, from its topic to its last comparison."""

    def __init__(self, options, folder, brokers, postgres_url, seed, replication=1, at=None):
        mark = unique("")
        self.options, self.folder = options, folder
        self.topic, self.name = "my-topic" + mark, "meetup" + mark
        self.kafka, self.postgres = Kafka(brokers), PostgreSQL(postgres_url, unique("meetup"))
        self.kafka.create(self.topic, PARTITIONS, replication)
        self.answers = Answers(random.Random(seed))
        self.begins = collections.Counter()  # keyed by partition: where the first start found its end
        self.batches = {}  # batches of meetup_table, as they were committed
        self.address = f"127.0.0.1:{free_port()}"  # of a run
        self.at = at or OnRun(options, folder, "--http", self.address)
        self.thread = Coming("answers", lambda: self.burst(ANSWERS_A_SECOND // 4))

    def burst(self, n, *options):
        # -Z: an empty line is a null value. Each record for itself chooses a partition, so that all get some.
        self.kafka.produce(self.topic, self.answers.some(n), "-Z", "-X", "sticky.partitioning.linger.ms=0", *options)

    def end(self):
        self.thread.end()

    def start(self):
        return self.at.start(self.name, PIPELINE / "topology.json", "--with", PIPELINE / "latest.json", "--set", f"stages.rsvps.topic={self.topic}",
                             "--set", "stages.counts.every=1 s", POSTGRES_URL=self.postgres.url, KAFKA_BROKERS=self.kafka.brokers)

    def burst_before_the_start(self, old):
        """Answers that the first start must not take."""
        self.burst(old)
        self.begins = collections.Counter(m.partition for m in self.kafka.read(self.topic))

    def start_at_the_end(self, old):
        """The first start, with `old` answers in the topic that it must not take."""
        self.burst_before_the_start(old)
        running = self.start()
        wait_until("it has looked at the topic",
                   lambda: "millrace_lag_records{" in http_status(self.address, "/metrics")[1])
        for partition in range(PARTITIONS):
            self.burst(20, "-p", str(partition))
        # A partition's beginning is durable before the first record goes on.
        wait_until("it takes what comes now", lambda: self.taken(running) == 20 * PARTITIONS)
        return running

    @staticmethod
    def taken(running):
        """Answers that have reached the window, or the dead letters."""
        stages = running.ask_ledger()
        return stages["rsvps"]["in"] if stages["rsvps"]["in_flight"] == stages["counts"]["in_flight"] == 0 else None

    def appended(self):
        return self.postgres.ask(f"select {', '.join(KEY)}, response_count, batch_id from meetup_table order by batch_id")

    def look(self):
        """Committed rows stay; batches are numbered on from 1, none twice, and no group is twice in one; totals never shrink.
        Says how many batches are there."""
        self.thread.check()
        if not self.postgres.do(f"select 1 from pg_database where datname = '{self.postgres.database}'", server=True).strip() \
                or not self.postgres.has("meetup_table"):
            check(not self.batches, "the table is gone")
            return 0
        batches, totals = {}, {}
        for row in self.appended():
            group, count = group_of(row), row["response_count"]
            batch = batches.setdefault(row["batch_id"], {})
            check(group not in batch, f"batch {row['batch_id']} holds a group twice: {group}")
            batch[group] = count
            check(count > totals.get(group, -1) or (count == 0 and group.response is None),
                  f"batch {row['batch_id']}: {group} had {totals.get(group)} and has {count}")
            totals[group] = count
        check(sorted(batches) == list(range(1, len(batches) + 1)), f"batches are not numbered on from 1: {sorted(batches)}")
        for number, batch in self.batches.items():
            check(batches.get(number) == batch, f"batch {number} is not what it was")
        self.batches = batches
        return len(batches)

    def finish(self, running):
        """Called when all answers are in: waits for the last batch, stops the run, and compares. Says in a line what there was."""
        counts = Counts([m for m in self.kafka.read(self.topic) if m.offset >= self.begins[m.partition]])
        expected = dict(counts.totals)

        def last_of_each():
            self.look()
            return {group: n for number in sorted(self.batches) for group, n in self.batches[number].items()}
        wait_until("the last row of each group holds the oracle's total",
                   lambda: last_of_each() == expected or not running.alive(), 60)
        wait_until("so does the table of one row a group",
                   lambda: self.latest() == expected or not running.alive(), 60)
        running.stop()
        found = last_of_each()
        for name, rows in (("meetup_table", found), ("meetup_latest", self.latest())):
            apart = difference(expected.items(), rows.items())
            check(not apart, f"{name}: {apart}")
        self.compare_letters(counts, running.dead_letters())
        stages = running.ledger()
        check(stages["rsvps"]["in"] == counts.records, f"the ledger of the source should be {counts.records}: {stages['rsvps']}")
        written = sum(map(len, self.batches.values()))
        check(stages["table"]["out"] == written, f"the ledger of the table should be {written}: {stages['table']}")
        self.kafka.delete_topic(self.topic)
        self.postgres.drop()
        return (f"{counts.records} answers, {len(counts.dead)} dead letters, {len(expected)} groups, {len(self.batches)} batches, "
                f"{written} rows; both tables equal the oracle's")

    def latest(self):
        rows = self.postgres.ask(f"select {', '.join(KEY)}, response_count from meetup_latest")
        groups = {group_of(row): row["response_count"] for row in rows}
        check(len(groups) == len(rows), f"meetup_latest has {len(rows)} rows of {len(groups)} groups")
        return groups

    @staticmethod
    def compare_letters(counts, letters):
        apart = difference(counts.dead, [(int(d["partition"]), d["position"]) for d in letters])
        check(not apart, f"dead letters (partition, position): {apart}")
