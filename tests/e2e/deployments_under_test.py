"""Where topologies run: each in a process of `millrace run`, or together on the nodes of a cluster. A scenario takes a deployment and plays the same on
each: start() begins a topology, or goes on with it, and gives what can be asked, stopped and compared, a Run or a ClusterRun.
"""
from cluster_under_test import Cluster, ClusterRun
from real_systems import Run


class OnRun:
    """`more`: options of each process."""

    def __init__(self, options, folder, *more):
        self.millrace, self.folder, self.more = options.millrace, folder, more

    def start(self, name, topology, *arguments, **environment):
        return Run(self.millrace, topology, self.folder / name, *map(str, arguments), "--set", f"topology={name}", *self.more, env=environment)

    def close(self):
        """Its processes end with the case."""


class OnNodes:
    """On three, of which a and b may lead; or on one. Topologies are applied at a, which has their files."""

    def __init__(self, options, folder, store="dir", is_alone=False, patient=True, environment=None):
        nodes = {"leading": ("a",), "following": ()} if is_alone else {}
        self.cluster = Cluster(options.millrace, folder / "cluster", store, patient=patient, environment=environment, **nodes)
        self.is_begun = False

    def start(self, name, topology, *arguments, **environment):
        if not self.is_begun:
            self.cluster.start()
            self.is_begun = True
        self.cluster.ask("apply", topology, *arguments, "--set", f"topology={name}", by=self.cluster.nodes["a"], environment=environment)
        return ClusterRun(self.cluster, name, "a")

    def close(self):
        self.cluster.close()
