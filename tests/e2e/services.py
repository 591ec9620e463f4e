#!/usr/bin/env python3
"""tools/services: a cluster of several brokers with its topics, servers whose record was lost, an installed Kafka.

In folders of its own; nothing that others have started is touched.
"""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from real_systems import ROOT, SKIPPED, check, main, wait_until  # noqa: E402

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "millrace"


class Services:
    def __init__(self, folder, **env):
        self.folder = folder
        self.env = {**os.environ, "MILLRACE_SERVICES_DIR": str(folder), **env}
        if not env:
            self.env.pop("APACHE_KAFKA_DIR", None)

    def ask(self, *arguments):
        return subprocess.run([str(ROOT / "tools" / "services"), *arguments], env=self.env, capture_output=True, text=True)

    def do(self, *arguments):
        done = self.ask(*arguments)
        if done.returncode == 3:
            print(f"SKIPPED: {done.stderr.strip().splitlines()[-1]}")
            sys.exit(SKIPPED)
        check(done.returncode == 0, f"tools/services {' '.join(arguments)}: {done.stderr}")
        return done

    def brokers(self, done):
        return re.search(r"^export KAFKA_BROKERS=(\S+)$", done.stdout, re.M)[1]

    def refused(self, status, arguments, *texts):
        done = self.ask(*arguments)
        check(done.returncode == status,
              f"tools/services {' '.join(arguments)}: {done.returncode}, expected {status}: {done.stderr}")
        for text in texts:
            check(text in done.stderr, f"tools/services {' '.join(arguments)}: expected {text!r} in {done.stderr!r}")

    def pids(self, name="kafka"):
        status = self.do("status", name).stdout
        return [int(pid) for pid in re.findall(r"running, pid (\d+)", status)]


def replicas(brokers):
    """{topic: [replicas of each partition]}, as kcat sees it."""
    listed = subprocess.run(["kcat", "-m", "60", "-b", brokers, "-L"], capture_output=True, text=True, check=True).stdout
    topics, name = {}, None
    for line in listed.splitlines():
        if topic := re.match(r'\s*topic "(.+)" with', line):
            name = topic[1]
            topics[name] = []
        elif partition := re.search(r"replicas: ([\d,]+)", line):
            topics[name].append(len(partition[1].strip(",").split(",")))
    return topics


def alive(pid):
    """Not counting one that is over and only waits for its parent to look."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def cluster(folder):
    s = Services(folder / "cluster")
    try:
        brokers = s.brokers(s.do("start", "kafka", "--brokers", "3", "--partitions", "4", "--topic", "plain",
                                 "--topic", "my-topic:3:2", "--topic", "wide:2:3"))
        addresses = brokers.split(",")
        check(len(set(addresses)) == 3 and all(a.startswith("127.0.0.1:") for a in addresses), f"brokers: {brokers}")
        found = replicas(brokers)
        for topic, expected in (("plain", [2] * 4), ("my-topic", [2] * 3), ("wide", [3] * 2)):
            check(found.get(topic) == expected, f"topic {topic} has replicas {found.get(topic)}, expected {expected}")
        check(s.brokers(s.do("start", "kafka", "--topic", "my-topic:3:2")) == brokers, "a second start gives other brokers")
        s.refused(2, ["start", "kafka", "--brokers", "2"], "has 3 broker(s), not 2")
        s.refused(2, ["start", "kafka", "--topic", "t:1:4"], "4 replicas", "--brokers 4")
        s.refused(2, ["start", "kafka", "--topic", "t:0"], "NAME:PARTITIONS:REPLICATION")
        s.refused(2, ["start", "kafka", "--replication", "1"], "stop kafka")

        # One of three brokers away: topics with two replicas are written and read all the same.
        s.do("kill", "kafka.2")
        subprocess.run(["kcat", "-m", "60", "-b", brokers, "-t", "my-topic", "-P", "-X", "acks=all"],
                       input=b"one\ntwo\n", check=True)
        s.do("start", "kafka")
        s.do("stop", "kafka")
        check(not s.pids(), "stop leaves brokers behind")
        s.do("start", "kafka", "--replication", "3", "--topic", "later")
        check(replicas(brokers)["later"] == [3] * 4, "defaults given later do not hold")
    finally:
        s.do("stop", "--remove")


def lost_record(folder):
    """Of a broker whose record is gone; the one in another folder is somebody else's."""
    mine, other = Services(folder / "mine"), Services(folder / "other")
    try:
        mine.do("start", "kafka")
        other.do("start", "kafka", "--topic", "kept")
        stray, stranger = mine.pids()[0], other.pids()[0]
        (mine.folder / "kafka" / "state.json").unlink()
        check(not mine.pids(), "there is still a record")
        done = mine.do("stop")
        check(str(stray) in done.stderr, f"stop does not say which process it ended: {done.stderr!r}")
        wait_until("the stray broker has ended", lambda: not alive(stray), 40)
        check(alive(stranger), "the broker of another folder was ended, too")

        # `start` does not begin beside a stray either: the new broker is the only one, on a folder that it can lock.
        mine.do("start", "kafka", "--topic", "a")
        stray = mine.pids()[0]
        (mine.folder / "kafka" / "state.json").unlink()
        brokers = mine.brokers(mine.do("start", "kafka", "--topic", "b"))
        check(not alive(stray), "the stray broker lives beside the new one")
        check(list(replicas(brokers)) == ["b"], f"topics of the new broker: {replicas(brokers)}")

        # A process that only bears the recorded number is none of ours.
        bystander = subprocess.Popen(["sleep", "600"])
        try:
            state = mine.folder / "kafka" / "state.json"
            state.write_text(re.sub(r'"pid": \d+', f'"pid": {bystander.pid}', state.read_text()))
            mine.do("stop")
            check(bystander.poll() is None, "a process was ended because it has a recorded number")
        finally:
            bystander.kill()
            bystander.wait()
        check(other.pids() == [stranger] and alive(stranger), "the broker of another folder was disturbed")
    finally:
        mine.do("stop", "--remove")
        other.do("stop", "--remove")


def installed_kafka(folder):
    """APACHE_KAFKA_DIR: the layout of an unpacked Kafka; what is none is said to be none."""
    cached = sorted(CACHE.glob("kafka-*/kafka_*.jar"))
    check(cached, f"no Kafka in {CACHE}, although one was started")
    unpacked = folder / "kafka_2.13"
    (unpacked / "bin").mkdir(parents=True)
    (unpacked / "libs").symlink_to(cached[-1].parent)
    s = Services(folder / "installed", APACHE_KAFKA_DIR=str(unpacked))
    try:
        s.do("start", "kafka", "--topic", "t:2")
        command = pathlib.Path(f"/proc/{s.pids()[0]}/cmdline").read_bytes()
        check(str(unpacked).encode() in command, f"the broker does not run from {unpacked}")
    finally:
        s.do("stop", "--remove")
    old = folder / "kafka_2.11-0.9.0.0"
    (old / "libs").mkdir(parents=True)
    (old / "libs" / "kafka_2.11-0.9.0.0.jar").touch()
    (folder / "empty").mkdir()
    for named, texts in ((folder / "nowhere", ["is no folder"]), (folder / "empty", ["holds no libs/kafka_"]),
                         (folder, ["did you mean"]), (old, ["0.9.0.0", "ZooKeeper", "KAFKA_BROKERS"])):
        s = Services(folder / "wrong", APACHE_KAFKA_DIR=str(named))
        s.refused(2, ["start", "kafka"], str(named), "APACHE_KAFKA_DIR", *texts)


def postgres_lost(folder):
    s = Services(folder / "pg")
    try:
        s.do("start", "postgres")
        stray = s.pids("postgres")[0]
        (s.folder / "postgres" / "state.json").unlink()
        data = (s.folder / "postgres" / "data").resolve()
        s.do("stop", "postgres", "--remove")
        check(not alive(stray), "the stray server lives")
        check(not data.exists(), f"its data are left behind in {data}")
    finally:
        s.do("stop", "--remove")


def test(options, folder):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are ended
    for case in (cluster, lost_record, installed_kafka, postgres_lost):
        case(folder)
        print(f"ok      {case.__name__}", flush=True)


if __name__ == "__main__":
    sys.exit(main(test, argparse.ArgumentParser(description=__doc__)))
