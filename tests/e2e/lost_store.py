#!/usr/bin/env -S python3 -B
"""A store that has lost its cluster: a folder that was emptied, a schema that was dropped, a topic that was deleted. A node that was in the cluster
founds no other one there, and says the remedy; with a new state folder it does. PostgreSQL and Kafka are the shared servers (tools/services).

    lost_store.py --millrace BINARY [--only NAME]      each case is a function below
"""
import shutil

from cluster_under_test import Cluster
from real_systems import PATIENCE, Kafka, OwnFolder, check, main_of_cases, needed, unique


class Case(OwnFolder):
    def play(self, store, empty):
        """Two nodes are in a cluster; the store is emptied beneath them; neither goes on as if nothing had been."""
        cluster = Cluster(self.binary, self.folder, store, leading=("a",), following=("b",))
        cluster.start()
        cluster.stop()
        notes = {n: (self.folder / n / "cluster").read_text().split("\n") for n in cluster.nodes}
        check(notes["a"] == notes["b"] and notes["a"][0].startswith("millrace#"), f"the notes: {notes}")
        cluster.start()
        cluster.stop()
        empty()
        a, b = cluster.nodes.values()
        for node in (a, b):
            self.expect_refused(node, "holds no cluster", notes["a"][0])
        shutil.rmtree(a.state)
        a.cluster.is_founded = False
        a.begin()
        a.cluster.is_founded = True
        founded = (a.state / "cluster").read_text().split("\n")[0]
        check(founded != notes["a"][0], f"it is the same cluster: {founded}")
        self.expect_refused(b, f"holds the cluster {founded}", notes["a"][0])
        shutil.rmtree(b.state)
        b.begin()

    def expect_refused(self, node, *says):
        seen = len(node.errors()) if node.err.exists() else 0
        node.start()
        status = node.process.wait(60 * PATIENCE)
        said = node.errors()[seen:]
        check(status == 1, f"node {node.name} ends with {status}, expected 1: {said[-1500:]}")
        for one in (*says, "restore the store", "--state"):
            check(one in said, f"{one!r} is not in {said[-1500:]}")


def folder(c):
    """dir: the folder is removed."""
    c.play(f"dir:{c.folder}/store", lambda: shutil.rmtree(c.folder / "store"))


def folder_in_another_place(c):
    """A node that is given another store on purpose begins there, and its log says where it was before."""
    first = Cluster(c.binary, c.folder, leading=("a",), following=())
    first.start()
    first.stop()
    second = Cluster(c.binary, c.folder, f"dir:{c.folder}/other", leading=("a",), following=())
    second.start()
    said = second.nodes["a"].errors()
    check("was in the cluster millrace#" in said and f"dir:{c.folder}/other" in said, said[-1500:])


def postgresql(c):
    """postgresql: the database is dropped and made anew."""
    database = c.own_postgres()

    def empty():
        database.drop()
        database.create()

    c.play(database.url, empty)


def kafka(c):
    """kafka: the topic is deleted."""
    brokers, topic = needed("KAFKA_BROKERS")[0], unique("chains")
    server = Kafka(brokers)
    c.play(f"kafka:{brokers}/{topic}", lambda: server.delete_topic(topic))


CASES = (folder, folder_in_another_place, postgresql, kafka)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)
