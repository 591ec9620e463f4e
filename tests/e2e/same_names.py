#!/usr/bin/env -S python3 -B
"""Two jobs with the same names of topology and stages write to one Kafka, by `run` and as clusters: into topics of their own they go on side by side, and
keep what they store beside the topics apart; into one topic the second is refused with the reason, and the first goes on.

    same_names.py --millrace BINARY [--only NAME] [--store dir]      each case is a function below; what it shows is its docstring

KAFKA_BROKERS names the server; POSTGRES_URL one of PostgreSQL for its store.
"""
import json

from deployments_under_test import OnNodes, OnRun
from real_systems import STORES, Kafka, OwnFolder, case, check, main_of_cases, needed, topology_file, unique, wait_until

ROUNDS, A_ROUND = 6, 20
FENCED = "fenced"
REFUSED = "already has a position of sink 'out'"


class Job:
    """Numbers from a topic of its own into `topic`; also a text that the topic does not take, which makes a letter of the sink's."""

    def __init__(self, case, number, topic):
        self.case, self.kafka, self.topic, self.sent = case, case.kafka, topic, []
        self.folder, self.first = case.folder / f"job{number}", 1000 * number
        self.source = unique(f"{case.name}_in")
        self.folder.mkdir()
        self.path = topology_file(self.folder / "topology.json", "job", {
            "rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.source},
            "parsed": {"parser": "json", "from": "rows", "schema": {"n": "bigint", "text": "text"}},
            "out": {"sink": "kafka", "from": "parsed", "brokers": self.kafka.brokers, "topic": topic, "value": "n", "key": "text"}}, commit_every="50 ms")
        self.kafka.create(self.source)

    def begin(self, kind):
        at = kind(self.case.options, self.folder)
        self.case.at_the_end.callback(at.close)
        self.run = at.start(self.case.topology, self.path)

    def feed(self, count=A_ROUND):
        numbers = range(self.first + len(self.sent), self.first + len(self.sent) + count)
        self.kafka.produce(self.source, [json.dumps({"n": n, "text": f"k{n}"}).encode() for n in numbers])
        self.sent += numbers

    def written(self):
        return sorted(int(m.value) for m in self.kafka.read(self.topic))

    def goes_on(self):
        self.feed()
        wait_until("the rows are there", lambda: set(self.sent) <= set(self.written()))


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.kafka, self.topology, self.jobs = Kafka(*needed("KAFKA_BROKERS")), unique(name), []

    def job(self, topic):
        self.jobs.append(Job(self, len(self.jobs) + 1, topic))
        return self.jobs[-1]

    def topic(self):
        topic = unique(f"{self.name}_out")
        self.kafka.create(topic)
        return topic


def side_by_side(c, kind):
    """Both write on into topics of their own, in turns; nobody is fenced."""
    jobs = [c.job(c.topic()) for _ in range(2)]
    for job in jobs:
        job.begin(kind)
    for _ in range(ROUNDS):
        for job in jobs:
            job.goes_on()
    for job in jobs:
        check(job.written() == job.sent, f"other rows than were sent: {job.written()}")
        check(FENCED not in job.run.errors(), lambda job=job: f"a sink was fenced: {job.run.errors()[-1500:]}")


def into_one_topic(c, kind):
    """The second is refused before it fences anybody."""
    topic = c.topic()
    first, second = c.job(topic), c.job(topic)
    first.begin(kind)
    first.goes_on()
    second.feed()
    second.begin(kind)
    second.run.expect(1, REFUSED, topic)
    first.goes_on()
    check(first.written() == first.sent, f"other rows than were sent: {first.written()}")
    check(FENCED not in first.run.errors(), lambda: f"the first was fenced: {first.run.errors()[-1500:]}")


def cluster_of_one(options, folder):
    return OnNodes(options, folder, options.store, is_alone=True)


CASES = [case(f"{who}_{scenario.__name__}", scenario, kind)
         for who, kind in (("runs", OnRun), ("clusters", cluster_of_one)) for scenario in (side_by_side, into_one_topic)]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, store=STORES)
