#!/usr/bin/env -S python3 -B
"""tools/services: a cluster of several brokers with its topics, servers whose record was lost, an installed Kafka; HDFS and S3 with their data
after each kind of end, and what is said where they cannot be had.

In folders of its own; nothing that others have started is touched.
"""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys

from real_systems import KCAT, ROOT, SKIPPED, Wrong, check, main, wait_until
import s3_client
import webhdfs

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "millrace"


class CannotBeHad(Exception):
    """Something that a service needs is not on this machine."""


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
            raise CannotBeHad(next(line for line in done.stderr.splitlines() if "SKIPPED" in line))
        check(done.returncode == 0, f"tools/services {' '.join(arguments)}: {done.stderr}")
        return done

    def brokers(self, done):
        return self.exported(done)["KAFKA_BROKERS"]

    @staticmethod
    def exported(done):
        """Returns what a shell makes of the lines: each is one word and no more."""
        lines = [shlex.split(line) for line in done.stdout.splitlines()]
        check(all(len(words) == 2 and words[0] == "export" for words in lines), f"not fit for eval: {done.stdout}")
        return dict(words[1].split("=", 1) for words in lines)

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
    listed = subprocess.run([*KCAT, "-b", brokers, "-L"], capture_output=True, text=True, check=True).stdout
    topics, name = {}, None
    for line in listed.splitlines():
        if topic := re.match(r'\s*topic "(.+)" with', line):
            name = topic[1]
            topics[name] = []
        elif partition := re.search(r"replicas: ([\d,]+)", line):
            topics[name].append(len(partition[1].strip(",").split(",")))
    return topics


def expect_replicas(brokers, topic, expected):
    """Asks every broker: one hears of a topic later than another."""
    def is_so():
        found = replicas(brokers).get(topic)
        check(found == expected, f"it has replicas {found}")
        return True
    wait_until(f"topic {topic} has replicas {expected}", is_so)


def alive(pid):
    """A process that is over and only waits for its parent to look does not count."""
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
        for topic, expected in (("plain", [2] * 4), ("my-topic", [2] * 3), ("wide", [3] * 2)):
            expect_replicas(brokers, topic, expected)
        check(s.brokers(s.do("start", "kafka", "--topic", "my-topic:3:2")) == brokers, "a second start gives other brokers")
        s.refused(2, ["start", "kafka", "--brokers", "2"], "has 3 broker(s), not 2")
        s.refused(2, ["start", "kafka", "--topic", "t:1:4"], "4 replicas", "--brokers 4")
        s.refused(2, ["start", "kafka", "--topic", "t:0"], "NAME:PARTITIONS:REPLICATION")
        s.refused(2, ["start", "kafka", "--replication", "1"], "stop kafka")

        # One of three brokers away: topics with two replicas are written and read all the same.
        s.do("kill", "kafka.2")
        subprocess.run([*KCAT, "-b", brokers, "-t", "my-topic", "-P", "-X", "acks=all"],
                       input=b"one\ntwo\n", check=True)
        s.do("start", "kafka")
        s.do("stop", "kafka")
        check(not s.pids(), "stop leaves brokers behind")
        s.do("start", "kafka", "--replication", "3", "--topic", "later")
        expect_replicas(brokers, "later", [3] * 4)  # defaults given later hold
    finally:
        s.do("stop", "--remove")


def lost_record(folder):
    """Ends a broker whose record is gone; the one in another folder is somebody else's."""
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
        wait_until("the new broker has the topic b alone", lambda: list(replicas(brokers)) == ["b"] or check(False, f"{replicas(brokers)}"))

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
    for named, texts in ((folder / "nowhere", ["is not a folder"]), (folder / "empty", ["holds no libs/kafka_"]),
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


def data_are_gone(folder):
    """Data that a tidy machine has removed from under a server's feet are made anew, with a word, on the same port."""
    for name, variable in (("postgres", "POSTGRES_URL"), ("mariadb", "MARIADB_URL")):
        s = Services(folder / f"gone-{name}")
        try:
            url = s.exported(s.do("start", name))[variable]
            for what in ("all", "the folder's files"):
                s.do("stop", name)
                data = (s.folder / name / "data").resolve()
                shutil.rmtree(data)
                if what != "all":
                    data.mkdir()
                done = s.do("start", name)
                check("are gone" in done.stderr and str(data) in done.stderr, f"{name}, {what}: nothing says that data are gone: {done.stderr!r}")
                check(s.exported(done)[variable] == url, f"{name}: a start gives another address")
                check(s.pids(name), f"{name} does not run")
            s.do("stop", name)
            check("are gone" not in s.do("start", name).stderr, f"{name}: data that are there are made anew")
        finally:
            s.do("stop", "--remove")


def refusal(kind, what, call):
    try:
        call()
    except kind as e:
        return e
    raise Wrong(f"is not refused: {what}")


def hdfs(folder):
    """Checks what a client has of it: whole files, rename without overwriting, rights, safe mode; and data that outlast every end."""
    s = Services(folder / "hdfs")
    try:
        url = s.exported(s.do("start", "hdfs"))["WEBHDFS_URL"]
        owner, other = webhdfs.Client(url), webhdfs.Client(url, "somebody")
        data = os.urandom(300_000)
        owner.make_folder("/lake")  # one that CREATE makes on its way is everybody's
        owner.write("/lake/part_date=1/.part", data)
        owner.rename("/lake/part_date=1/.part", "/lake/part_date=1/a b.parquet")
        owner.write("/lake/part_date=1/.part", b"another")
        refused = refusal(webhdfs.Refused, "rename over a file",
                          lambda: owner.rename("/lake/part_date=1/.part", "/lake/part_date=1/a b.parquet"))
        check(refused.status == 403 and refused.kind == "FileAlreadyExistsException", f"rename over a file: {refused}")
        refused = refusal(webhdfs.Refused, "another user's write", lambda: other.write("/lake/mine", b""))
        check(refused.kind == "AccessControlException", f"another user's write into a folder of the first: {refused}")
        other.write("/others/mine", b"")

        def whole():
            check(owner.walk("/lake") == {"part_date=1/.part": 7, "part_date=1/a b.parquet": len(data)}, f"files: {owner.walk('/lake')}")
            check(owner.read("/lake/part_date=1/a b.parquet") == data, "the file's bytes are others")
            owner.write("/probe", b"can be written", overwrite=True)

        for what in ("hdfs.namenode", "hdfs.datanode", "hdfs"):
            others = len(s.pids("hdfs")) - (2 if what == "hdfs" else 1)
            s.do("kill", what)
            check(len(s.pids("hdfs")) == others, f"after kill {what} there run {len(s.pids('hdfs'))}, expected {others}")
            check(s.exported(s.do("start", "hdfs"))["WEBHDFS_URL"] == url, "a start gives another address")
            whole()
        s.do("safemode", "enter")
        refused = refusal(webhdfs.Refused, "a change in safe mode", lambda: owner.make_folder("/no"))
        check(refused.kind == "SafeModeException", f"a change in safe mode: {refused}")
        s.do("safemode", "leave")
        whole()
        s.refused(2, ["kill", "hdfs.journalnode"], "hdfs.namenode and hdfs.datanode")
        (s.folder / "hdfs" / "state.json").rename(s.folder / "kept")
        strays = sorted(map(int, re.findall(r'"pid": (\d+)', (s.folder / "kept").read_text())))
        said = s.do("stop", "hdfs").stderr
        check(all(str(pid) in said and not alive(pid) for pid in strays), f"processes without a record: {strays}; {said}")
        (s.folder / "kept").rename(s.folder / "hdfs" / "state.json")
        s.do("start", "hdfs")
        whole()
        s.do("stop", "hdfs")
        check(not s.pids("hdfs"), "stop leaves processes behind")
        s.refused(1, ["kill", "hdfs"], "is not running")
        s.refused(1, ["safemode", "enter"], "is not running")
    finally:
        s.do("stop", "--remove")


def s3(folder):
    """Signed requests, writes that do not overwrite, and data that outlast every end."""
    s = Services(folder / "s3")
    try:
        url = s.exported(s.do("start", "s3"))["S3_URL"]
        client, data = s3_client.Client(url), os.urandom(300_000)
        client.write("lake/part_date=1/a b.parquet", data, overwrite=False)
        for how in ("kill", "stop"):
            refused = refusal(s3_client.Refused, "a write over an object", lambda: client.write("lake/part_date=1/a b.parquet", b"another", overwrite=False))
            check(refused.status == 412, f"a write over an object: {refused}")
            check(client.list("lake/") == {"lake/part_date=1/a b.parquet": len(data)}, f"objects: {client.list()}")
            check(client.read("lake/part_date=1/a b.parquet") == data, "the object's bytes are others")
            s.do(how, "s3")
            check(s.exported(s.do("start", "s3"))["S3_URL"] == url, "a start gives another address")
        for wrong, code in ((url.replace("-secret@", "-guess@"), "SignatureDoesNotMatch"), (url.replace("@millrace?", "@none?"), "NoSuchBucket")):
            refused = refusal(s3_client.Refused, wrong, s3_client.Client(wrong).list)
            check(refused.code == code, f"expected {code}: {refused}")
    finally:
        s.do("stop", "--remove")


def cannot_be_had(folder):
    """Status 3 and the remedy, by which tests are skipped and counted; nothing half is left in the cache."""
    tools, cache = folder / "few", folder / "cache"
    tools.mkdir()
    for name in ("python3", "env"):
        (tools / name).symlink_to(shutil.which(name))
    alone = {"PATH": str(tools), "XDG_CACHE_HOME": str(cache), "JAVA_HOME": ""}
    Services(folder / "none", **alone).refused(3, ["start", "hdfs"], "SKIPPED", "java is not installed", "apt-get install")
    Services(folder / "none", **alone).refused(3, ["start", "s3"], "SKIPPED", "go is not installed", "https://go.dev/dl")
    (tools / "java").write_text("#!/bin/sh\necho 'openjdk version \"25.0.1\"' >&2\n")
    (tools / "java").chmod(0o755)
    (tools / "sh").symlink_to("/bin/sh")
    Services(folder / "none", **alone).refused(3, ["start", "hdfs"], "needs Java 11 to 22", "is 25", "JAVA_HOME")
    (tools / "java").write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
    Services(folder / "none", **alone).refused(3, ["start", "hdfs"], "SKIPPED", "mvn is not installed", "apt-get install maven")
    for name, fails in (("mvn", ["start", "hdfs"]), ("go", ["start", "s3"])):
        (tools / name).write_text("#!/bin/sh\necho no route to host\nexit 1\n")
        (tools / name).chmod(0o755)
        Services(folder / "none", **alone).refused(3, fails, "SKIPPED", "no route to host", "remedy: a network")
    left = [f.name for f in (cache / "millrace").iterdir() if not f.name.endswith(".lock")]
    check(not left, f"left in the cache: {left}")


CASES = (cluster, lost_record, installed_kafka, postgres_lost, data_are_gone, hdfs, s3, cannot_be_had)


def test(options, folder):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are ended so
    done = 0
    for case in CASES:
        if options.only not in (None, case.__name__):
            continue
        try:
            case(folder)
            print(f"ok      {case.__name__}", flush=True)
            done += 1
        except CannotBeHad as e:
            print(f"{case.__name__}: {e}", flush=True)
    if not done:
        sys.exit(SKIPPED)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES)
