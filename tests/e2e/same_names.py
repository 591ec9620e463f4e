#!/usr/bin/env -S python3 -B
"""Two jobs with the same names of topology and stages write to one Kafka, by `run` and as clusters: into topics of their own they go on side by side, and
keep what they store beside the topics apart; into one topic the second is refused with the reason, and the first goes on.

    same_names.py --millrace BINARY [--only NAME] [--store dir]      each case is a function below; what it shows is its docstring

KAFKA_BROKERS names the server; POSTGRES_URL one of PostgreSQL for its store.
"""
import json

from cluster_under_test import Cluster, place_of_chains
from real_systems import STORES, Kafka, Run, check, main_of_cases, needed, unique, wait_until

ROUNDS, A_ROUND = 6, 20
FENCED = "fenced"
REFUSED = "already has a position of sink 'out'"


class Job:
    """Numbers from a topic of its own into `topic`; also a text that the topic does not take, which makes a letter of the sink's."""

    def __init__(self, case, number, topic):
        self.case, self.kafka, self.topic, self.sent = case, case.kafka, topic, []
        self.folder, self.first = case.folder / f"job{number}", 1000 * number
        self.source, self.cluster, self.database, self.run = unique(f"{case.name}_in"), None, None, None
        self.folder.mkdir()
        self.path = self.folder / "topology.json"
        self.path.write_text(json.dumps({"millrace": 1, "topology": case.topology, "commit_every": "50 ms", "stages": {
            "rows": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.source},
            "parsed": {"parser": "json", "from": "rows", "schema": {"n": "bigint", "text": "text"}},
            "out": {"sink": "kafka", "from": "parsed", "brokers": self.kafka.brokers, "topic": topic, "value": "n", "key": "text"}}}))
        self.kafka.create(self.source)

    def begin(self, on_cluster):
        if not on_cluster:
            self.run = Run(self.case.options.millrace, self.path, self.folder / "state")
            return
        store, self.database = place_of_chains(self.case.options.store, self.folder, "store")
        self.cluster = Cluster(self.case.options.millrace, self.folder / "cluster", store, leading=("a",), following=(), patient=True)
        self.cluster.folder.mkdir()
        self.cluster.start()
        self.cluster.ask("apply", self.path)

    def feed(self, count=A_ROUND):
        numbers = range(self.first + len(self.sent), self.first + len(self.sent) + count)
        self.kafka.produce(self.source, [json.dumps({"n": n, "text": f"k{n}"}).encode() for n in numbers])
        self.sent += numbers

    def written(self):
        return sorted(int(m.value) for m in self.kafka.read(self.topic))

    def said(self):
        return self.run.errors() if self.run else "\n".join(node.errors() for node in self.cluster.nodes.values())

    def goes_on(self):
        self.feed()
        wait_until("the rows are there", lambda: set(self.sent) <= set(self.written()))

    def check_refused(self):
        if self.run:
            self.run.expect(1, REFUSED, self.topic)
            return
        wait_until("it has failed", lambda: self.cluster.state_of(self.case.topology)[0] == "failed")
        reason = self.cluster.state_of(self.case.topology)[1]
        check(REFUSED in reason and self.topic in reason, f"it failed for another reason: {reason}")

    def close(self):
        if self.cluster:
            self.cluster.stop()
        if self.database:
            self.database.drop()


class Case:
    def __init__(self, options, folder, name):
        self.options, self.folder, self.name = options, folder / name, name
        self.kafka, self.topology, self.jobs = Kafka(*needed("KAFKA_BROKERS")), unique(name), []
        self.folder.mkdir()

    def job(self, topic):
        self.jobs.append(Job(self, len(self.jobs) + 1, topic))
        return self.jobs[-1]

    def topic(self):
        topic = unique(f"{self.name}_out")
        self.kafka.create(topic)
        return topic

    def close(self):
        for job in self.jobs:
            job.close()


def side_by_side(c, on_cluster):
    """Both write on, in turns; nobody is fenced."""
    jobs = [c.job(c.topic()) for _ in range(2)]
    for job in jobs:
        job.begin(on_cluster)
    for _ in range(ROUNDS):
        for job in jobs:
            job.goes_on()
    for job in jobs:
        check(job.written() == job.sent, f"other rows than were sent: {job.written()}")
        check(FENCED not in job.said(), lambda job=job: f"a sink was fenced: {job.said()[-1500:]}")


def into_one_topic(c, on_cluster):
    """The second is refused before it fences anybody."""
    topic = c.topic()
    first, second = c.job(topic), c.job(topic)
    first.begin(on_cluster)
    first.goes_on()
    second.feed()
    second.begin(on_cluster)
    second.check_refused()
    first.goes_on()
    check(first.written() == first.sent, f"other rows than were sent: {first.written()}")
    check(FENCED not in first.said(), lambda: f"the first was fenced: {first.said()[-1500:]}")


def runs_side_by_side(c):
    """Two runs go on side by side."""
    side_by_side(c, False)


def clusters_side_by_side(c):
    """Two clusters do."""
    side_by_side(c, True)


def runs_into_one_topic(c):
    """A run is refused where another one writes."""
    into_one_topic(c, False)


def clusters_into_one_topic(c):
    """A topology of a cluster is, where another cluster writes."""
    into_one_topic(c, True)


CASES = [runs_side_by_side, runs_into_one_topic, clusters_side_by_side, clusters_into_one_topic]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, store=STORES)
