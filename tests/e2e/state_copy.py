#!/usr/bin/env -S python3 -B
"""A job grows with its state: `millrace run` is ended in its middle, `millrace state copy` takes what it has to the store of a cluster, which goes
on; there it is stopped and copied to a store of another kind, time and again. Over the folder of a run nodes go on without a copy, and a run
after them. Rows and the ledger are exactly those that are counted here.

    state_copy.py --millrace build/release/millrace [--only NAME] [--stores dir,postgresql,kafka,dir]

POSTGRES_URL and KAFKA_BROKERS name the servers of these stores.
"""
import collections
import json
import os
import signal
import subprocess
import time

from cluster_under_test import Cluster, place_of_chains
from counts_under_test import Counts, Waiting
from patience import LEAST
from posted_under_test import Posted
from real_systems import PATIENCE, OwnFolder, Run, captured, check, dead_letters, main_of_cases, topology_file, wait_until, whole_rows

HOME = "a"


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.clusters, self.places = 0, 0

    def place(self, kind):
        self.places += 1
        folder = self.folder / f"store{self.places}"
        folder.mkdir()
        store, database = place_of_chains(kind, folder, "copied")
        if database:
            self.at_the_end.callback(database.drop)
        return store

    def cluster(self, store):
        self.clusters += 1
        cluster = Cluster(self.binary, self.folder / f"nodes{self.clusters}", store, leading=(HOME,), following=())
        self.at_the_end.callback(cluster.stop)
        return cluster

    def command(self, source, target):
        return [self.options.millrace, "state", "copy", source, target]

    def copy(self, source, target, status=0, says=""):
        done = captured(*self.command(source, target), timeout=120 * PATIENCE)
        text = done.stdout + done.stderr
        check(done.returncode == status and says in text, f"copying {source} to {target} ends with {done.returncode}: {text[-1000:]}")
        return done.stdout

    def copy_killed(self, source, target, kills):
        """Copies that are killed at different moments, then one that ends."""
        begun = time.monotonic()
        self.copy(source, self.place("dir"))
        takes = time.monotonic() - begun
        for i in range(kills):
            process = subprocess.Popen(self.command(source, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(takes * (i + 1) / (kills + 1))
            process.kill()
            process.wait()
        self.copy(source, target, says="the cluster ")
        self.copy(source, target, says="is in ")  # all is there

    def grows(self):
        """Copies by kinds of stores, one after the other."""
        kinds = self.options.stores.split(",")
        seconds, rate = 3 * PATIENCE / LEAST * (len(kinds) + 1), 3000
        counts = Counts(self.folder / "job", "grown", 1, seconds, rate)
        self.run_until_middle(counts, signal.SIGTERM, counts.records // rate // (len(kinds) + 1))
        source = f"dir:{self.folder / 'state'}"
        for i, kind in enumerate(kinds):
            target = self.place(kind)
            if i == 0:
                self.copy_killed(source, target, 3)
            else:
                self.copy(source, target)
            cluster = self.cluster(target)
            cluster.start()
            first = cluster.nodes[HOME]
            cluster.ask("start", counts.name, by=first)
            waiting = Waiting(cluster, counts, HOME)
            before = len(counts.rows("counts"))
            wait_until(f"new rows over {kind}", lambda: len(counts.rows("counts")) > before)
            if i + 1 == len(kinds):
                waiting.is_whole()
                check(cluster.state_of(counts.name)[0] == "ended", cluster.state_of(counts.name))
            else:
                self.copy(target, self.place("dir"), status=2, says="is in use by" if kind == "dir" else f"node {HOME} runs the cluster")
                cluster.ask("stop", counts.name, by=first)
                waiting.process.wait(60 * PATIENCE)
            cluster.stop()
            source = target
        print(f"        {counts.records} records over {' '.join(['run', *kinds])}", flush=True)

    def run_until_middle(self, counts, number, seconds):
        state = self.folder / "state"
        run = Run(self.options.millrace, counts.topology, state)
        wait_until("the first rows", lambda: len(counts.rows("counts")) > 0 or not run.alive())
        self.copy(f"dir:{state}", self.place("dir"), status=2, says="is in use by")
        rows = len(counts.counts) * seconds * counts.rate // counts.records
        run.wait_until("rows of its part", lambda: len(counts.rows("counts")) >= min(rows, 2000))
        run.process.send_signal(number)
        run.process.wait(60 * PATIENCE)

    def killed(self):
        """A run that was killed has its state all the same, and goes on by itself where a node begins over the copy."""
        counts = Counts(self.folder / "job", "grown", 2, 6 * PATIENCE / LEAST, 3000)
        self.run_until_middle(counts, signal.SIGKILL, 1)
        target = self.place("dir")
        self.copy(f"dir:{self.folder / 'state'}", target, says="it is running")
        cluster = self.cluster(target)
        cluster.start()
        Waiting(cluster, counts, HOME).is_whole()

    def without_a_copy(self):
        """A run that was killed, nodes that are killed, a run that is stopped, nodes that are ended, and a run to the end: one folder."""
        counts, state = Counts(self.folder / "job", "grown", 4, 15 * PATIENCE / LEAST, 3000), self.folder / "state"

        def new_rows(what, check_alive):
            before = len(counts.rows("counts"))
            wait_until(what, lambda: check_alive() or len(counts.rows("counts")) > before)

        self.run_until_middle(counts, signal.SIGKILL, 1)
        for how in ("killed", "ended"):
            cluster = self.cluster(f"dir:{state}")
            cluster.start()
            if how == "ended":
                cluster.ask("start", counts.name)
            new_rows("new rows on a node", cluster.check_alive)
            refused = Run(self.options.millrace, counts.topology, state)
            check(refused.process.wait(60 * PATIENCE) == 2 and "is in use by" in refused.errors(), f"a run beside nodes: {refused.errors()}")
            if how == "killed":
                cluster.nodes[HOME].kill()
            else:
                cluster.stop()
            run = Run(self.options.millrace, counts.topology, state)
            new_rows("new rows in a run", run.check_alive)
            if how == "killed":
                run.process.send_signal(signal.SIGTERM)
                check(run.process.wait(60 * PATIENCE) == 0, run.errors())
        check(run.process.wait(300 * PATIENCE) == 0, run.errors())
        counts.compare()
        counts.compare_ledger(run.ledger())

    def received_without_a_copy(self):
        """Records that were received and not read, and dead letters, go from a run to a node and back, each once."""
        posted = AnyPosted(self.options, self.folder, "posted")
        posted.topology["stages"]["counts"]["size"] = "1 second"
        letters = []
        for part in range(5):
            home = f"u{part}"
            if part % 2 == 0:
                posted.start()
            else:
                cluster = self.cluster(f"dir:{posted.state}")
                cluster.start()
                if part == 1:  # the run was stopped in order
                    cluster.ask("start", "posted")
                wait_until("it listens", posted.is_there)
            posted.post(*({"user": home, "at": f"2026-01-01T00:{part:02}:{i // 5:02}Z"} for i in range(300)), {"user": home, "at": f"bad {part}"})
            letters.append(f"bad {part}")
            if part % 2 == 0:
                (posted.run.process.kill if part else posted.run.process.terminate)()
                posted.run.process.wait()
            else:
                cluster.nodes[HOME].kill()
        posted.start()
        posted.post({"user": "last", "at": "2026-01-01T00:10:00Z"}, {"user": "last", "at": "2026-01-01T00:20:00Z"})
        wait_until("rows", lambda: sum(r["n"] for r in posted.rows()) >= 1500)
        wait_until("letters", lambda: len(dead_letters(posted.state)) >= 5)
        posted.run.process.terminate()
        check(posted.run.process.wait(60 * PATIENCE) == 0, posted.run.errors())
        found = collections.Counter()
        for row in posted.rows():
            found[row["user"]] += row["n"]
        check({u: n for u, n in found.items() if u != "last"} == {f"u{p}": 300 for p in range(5)}, f"counts of what was posted: {found}")
        told = sorted(json.loads(x["record"])["at"] for x in dead_letters(posted.state))
        check(told == letters, f"dead letters: {told}")

    def posted(self):
        """Records that were received and not read any more are in the copy, and the windows that they are in."""
        posted = AnyPosted(self.options, self.folder, "posted")
        posted.start()
        records = [{"user": f"u{i % 7}", "at": f"2026-01-01T00:00:{i % 60:02}Z"} for i in range(500)]
        posted.post(*records[:300])
        posted.run.process.send_signal(signal.SIGTERM)
        posted.run.process.wait(60 * PATIENCE)
        target = self.place("dir")
        self.copy(f"dir:{posted.state}", target)
        cluster = self.cluster(target)
        cluster.start()
        cluster.ask("apply", posted.folder / "topology.json")
        wait_until("it listens", posted.is_there)
        posted.post(*records[300:])
        posted.post({"user": "last", "at": "2026-01-01T00:10:00Z"})
        wait_until("rows", lambda: len(posted.rows()) >= 7)
        found = {r["user"]: r["n"] for r in posted.rows()}
        wanted = {f"u{u}": len(range(u, 500, 7)) for u in range(7)}
        check(found == wanted, f"counts of what was posted: {found}, expected {wanted}")

    def replayed(self):
        """Letters that were replayed to two parsers of a run, and that it has not taken in, go in on the cluster."""
        count, state, file = 30, self.folder / "state", self.folder / "in.jsonl"
        file.write_text("".join(json.dumps({"n": i if i % 3 else f"bad{i}"}) + "\n" for i in range(count)))
        stages = {"in": {"source": "file", "path": str(file)}}
        for parser in ("one", "two"):
            stages[parser] = {"parser": "json", "from": "in", "schema": {"n": "bigint"}}
            stages[f"{parser}_rows"] = {"sink": "file", "from": parser, "path": str(self.folder / f"{parser}.jsonl"), "columns": {"n": "n"}}
        topology = topology_file(self.folder / "t.json", "t", stages)
        self.millrace("run", topology, "--state", state)
        mended = self.folder / "mended.jsonl"
        mended.write_text("".join(json.dumps({**x, "record": x["record"].replace('"bad', "").replace('"}', "}")}) + "\n" for x in dead_letters(state)))
        said = self.millrace("replay", mended, "--into", "in", "--topology", topology, "--state", state)
        check(f'{count // 3 * 2} go into "in"' in said, said)
        target = self.place("dir")
        self.copy(f"dir:{state}", target, says="it is finished")
        cluster = self.cluster(target)
        cluster.start()
        cluster.ask("apply", topology)
        cluster.ask("wait", "t")
        for parser in ("one", "two"):
            found = sorted(row["n"] for row in whole_rows(self.folder / f"{parser}.jsonl"))
            check(found == list(range(count)), f"rows of {parser}: {found}")

    def millrace(self, *words):
        done = captured(self.options.millrace, *words, timeout=120 * PATIENCE)
        check(done.returncode == 0, done.stderr)
        return done.stdout

    def refused(self):
        """Wrong places, each with its error."""
        empty = f"dir:{self.folder / 'empty'}"
        os.mkdir(self.folder / "empty")
        self.copy(empty, f"dir:{self.folder / 'other'}", status=2, says="holds no cluster")
        self.copy(empty, empty, status=2, says="the same store")
        self.copy("nowhere", empty, status=2, says="dir:PATH")
        counts = Counts(self.folder / "job", "grown", 3, 2, 300)
        state = self.folder / "done"
        self.millrace("run", counts.topology, "--state", state)
        target = self.place("dir")
        self.copy(f"dir:{state}", target, says="it is finished")
        self.copy(f"dir:{state}", target, says="nothing was left to copy")
        self.copy(f"dir:{state}", f"dir:{state}", status=2, says="the same store")
        self.copy(target, f"dir:{state}", says="nothing was left to copy")
        cluster = self.cluster(target)
        cluster.start()
        cluster.ask("apply", counts.topology)  # no new records: it ends again
        Waiting(cluster, counts, HOME).end()
        counts.more(2)
        cluster.ask("apply", counts.topology)
        Waiting(cluster, counts, HOME).is_whole()
        cluster.stop()
        self.copy(f"dir:{state}", target, status=2, says="nodes have gone on with it there")


class AnyPosted(Posted):
    def is_there(self):
        try:
            self.post()
            return True
        except Exception:  # noqa: BLE001
            return False

    def rows(self):
        return whole_rows(self.rows_file)


CASES = [Case.grows, Case.killed, Case.without_a_copy, Case.received_without_a_copy, Case.posted, Case.replayed, Case.refused]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, stores=dict(default="dir,dir"))
