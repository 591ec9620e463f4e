#!/usr/bin/env -S python3 -B
"""Every command of every README, read from the README and typed in its order, as a user does on a machine where nothing has run: the servers
that it starts, the ports that it names, the state folders that it leaves to the next command. In a network namespace of its own (as root;
else the READMEs' ports must be free), so that nothing else is met.

    readmes.py --millrace BINARY [--only active_users]
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

from readme_commands import Readme
from real_systems import PATIENCE, ROOT, Run, captured, check, main, told, wait_until


def own_machine():
    """Runs this script again with a network and a /tmp of its own and ends with its status; returns only there, or where none is to be had."""
    if os.environ.get("MILLRACE_OWN_MACHINE") or os.geteuid() != 0:
        return
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True).returncode != 0:
        return
    tmp = tempfile.mkdtemp(prefix="millrace-readmes-")
    os.chmod(tmp, 0o1777)  # servers that run as users of their own write there, too
    if ROOT.is_relative_to("/tmp"):  # the clone stays to be seen
        seen = tmp + str(ROOT).removeprefix("/tmp")
        show = f'mkdir -p "{seen}" && mount --bind "{ROOT}" "{seen}" && '
    else:
        show = ""
    inside = show + 'mount --rbind "$1" /tmp && (ip link set lo up 2>/dev/null || python3 -c "$0") && shift && exec "$@"'
    status = subprocess.run(["unshare", "-n", "-m", "bash", "-c", inside, LOOPBACK_UP, tmp, sys.executable, "-B", *map(os.path.abspath, sys.argv[:1]),
                             *sys.argv[1:]], env={**os.environ, "MILLRACE_OWN_MACHINE": "yes"}).returncode
    if status == 0:
        shutil.rmtree(tmp, ignore_errors=True)
    else:
        print(f"what was in its /tmp: {tmp}", flush=True)
    sys.exit(status)


# Does what `ip link set lo up` does, where iproute2 is missing.
LOOPBACK_UP = """
import fcntl, socket, struct
s = socket.socket()
up = fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0))
fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", struct.unpack("16sh", up)[1] | 1))
"""


def lines(text):
    return [line for line in text.split("\n") if line]


def missing(program):
    return subprocess.run(["bash", "-c", f"command -v {program}"], capture_output=True).returncode != 0


def top(r):
    """README.md: quickstart, then every command on the shipped job, without servers."""
    r.run("tools/quickstart", seconds=225)
    check("click_number" in r.run("build/release/millrace run"), "the screen shows windows")
    r.environment("alias millrace")
    r.environment("export JOB")
    check("click_number" in r.run("millrace check $JOB/topology.json "), "the typed plan")
    check("dead_letters: no rows" in r.run("millrace check $JOB/topology.json --sample"), "the rows of every stage")
    check("0 failed" in r.run("millrace test"), "the unit tests hold")
    check("nothing is left to do" in r.run("millrace run", errors=True), "a second run finds nothing to do")
    r.run("millrace replay")
    check("(3 rows)" in r.run("millrace sql"), "the most active users")
    check("create table" in r.run("millrace table"), "the definition for MySQL")
    r.run("millrace load")
    check(len(lines((r.top / "made.jsonl").read_text())) == 1000, "made.jsonl holds 1,000 records")


def in_sql(r):
    """The same job in SQL goes on with the state of the one in JSON, and finds that all is read."""
    check("nothing is left to do" in r.run("build/release/millrace run pipelines/" + r.path.split("/")[1] + "/topology.sql", errors=True),
          "the job in SQL takes the state of the one in JSON")


def active_users(r):
    """Runs on Kafka and MySQL: feed, job, report, the most active users."""
    shown = r.run("tools/quickstart", seconds=225)
    check("the most active users" in shown and "click_number" in shown, f"quickstart shows: {shown[-500:]}")
    check("click_number" in r.run("build/release/millrace run pipelines/active_users/topology.sql"), "the job in SQL shows windows")
    r.environment('eval "$(tools/services start kafka mariadb)"')
    r.environment("export MARIADB_URL")
    r.environment("alias millrace")
    r.run("python3 pipelines/active_users/make_clicks.py --raw > raw_clicks.jsonl")
    r.environment("export CLICKS")
    feed = r.start("millrace run pipelines/active_users/feed.json")
    wait_until("the feed has sent its first clicks", lambda: kafka(r, "active"), 60)
    feed.interrupt()
    feed = r.start("millrace run pipelines/active_users/feed.json --set stages.raw.rate=100/s")
    wait_until("clicks at the higher rate", lambda: len(kafka(r, "active")) > 100, 60)
    shown = r.start("kcat -b $KAFKA_BROKERS -t active")
    wait_until("kcat shows the feed's clicks", lambda: len(lines(shown.said())) > 100, 60)
    sent = lines(shown.said())
    shown.interrupt()
    check(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000", json.loads(sent[0])["timestamp"]), f"the topic holds {sent[0]}")
    job = r.start("millrace run pipelines/active_users/topology.json")
    wait_until("the job serves its figures", lambda: b"millrace_running" in fetch("http://127.0.0.1:9100/metrics"), 60)
    wait_until("the job has made active2", lambda: "active2" in listed(r), 60)
    report = r.start("millrace run pipelines/active_users/report.json")
    wait_until("the report has decided where it begins", lambda: has_begun(r, "active_users_report"), 60)
    r.run("python3 pipelines/active_users/make_clicks.py --count 3000")
    wait_until("the first table is on the screen", lambda: re.search(r"start +end +userid +click_number", job.said()), 60)
    wait_until("results in active2", lambda: kafka(r, "active2"), 60)
    results = lines(r.run("kcat -b $KAFKA_BROKERS -t active2"))
    key, value = results[0].split("\t")
    check(list(json.loads(value)) == ["start", "end", "userid", "click_number"] and json.loads(value)["userid"] == key, f"active2 holds {results[0]}")
    at, ask = r.left[0]
    wait_until("five users in report_active", lambda: len(lines(again(r, ask))) == 6)
    users = lines(r.run("mariadb"))
    check(users[0].split("\t") == ["userid", "clicks", "windows"] and len(users) == 6, f"the most active users: {users}")
    for p in (feed, job, report):
        p.interrupt()
    counts = json.loads((r.top / "job.json").read_text())["stages"]["counts"]
    check(counts["in"] == sum(counts[k] for k in ("out", "filtered", "late", "dead_letters", "in_flight")), f"the ledger: {counts}")
    nodes = [r.start(f"millrace node --name {name}") for name in "abc"]
    wait_until("all nodes are ready", lambda: all("ready: node" in n.said() for n in nodes), 60)
    r.run("millrace apply")
    shown = r.run("millrace nodes")
    check(shown.count("coordinator") == 1 and shown.count(" up ") == 3, f"the nodes: {shown}")
    wait_until("as many results in active3 as in active2", lambda: len(kafka(r, "active3")) >= len(results), 60)
    r.run("millrace stop")
    for n in nodes:
        n.interrupt()


def customer_sales(r):
    """Runs on Kafka: consumer, producer, the file, the figures."""
    r.run("build/release/millrace run pipelines/customer_sales/topology.json --with")
    check("Joe Bloggs" in (r.top / "customers.txt").read_text(), "customers.txt holds no customer")
    in_sql(r)
    r.environment('eval "$(tools/services start kafka --topic customer_sales)"')
    r.environment("alias millrace")
    r.leave("export APACHE_KAFKA_DIR", "another Kafka")
    consumer = r.start("millrace run pipelines/customer_sales/topology.json --http 127.0.0.1:4040")
    wait_until("the consumer serves its figures", lambda: b"millrace_running" in fetch("http://127.0.0.1:4040/metrics"), 60)
    producer = r.start("millrace run pipelines/customer_sales/feed.json")
    customers = r.folder / "home" / "spark-results" / "customers.txt"
    wait_until("high volume customers", lambda: customers.exists() and "Quantity" in customers.read_text(), 180)
    watched = r.start("tail -f ~/spark-results/customers.txt")
    wait_until("tail shows them", lambda: "Quantity" in watched.said(), 30)
    watched.interrupt(130, -2)
    producer.interrupt()
    at, ask = r.left[0]
    wait_until("the input rate and what is pending drop to zero", lambda: figures(again(r, ask)) == [0, 0], 120)
    check(len(lines(r.run("curl -s http://127.0.0.1:4040/metrics"))) == 2, "two figures")
    consumer.interrupt()
    r.run("tools/services stop")


def figures(text):
    return [float(line.rpartition(" ")[2]) for line in lines(text)]


def meetup(r):
    """Runs on two brokers and PostgreSQL: job, stream, feed, batches, one row a group."""
    shown = r.run("build/release/millrace run pipelines/meetup/topology.json --with")
    check("event_name" in shown, f"the screen shows {shown[-300:]}")
    in_sql(r)
    r.environment('eval "$(tools/services start kafka postgres')
    r.environment("export POSTGRES_URL")
    r.environment("alias millrace")
    job = r.start("millrace run pipelines/meetup/topology.json")
    stream = r.start("millrace load --kind rsvp")
    wait_until("the stand-in for the stream answers", lambda: fetch("http://127.0.0.1:8099/2/rsvps", 200).startswith(b"{"), 60)
    at, look = r.left.pop(0)
    check(look == "curl -s http://127.0.0.1:8099/2/rsvps", f"{look}")
    check(json.loads(again(r, look + " | head -n 1"))["event"], "an answer of the stream")
    wait_until("the job has decided where it begins", lambda: has_begun(r, "meetup"), 60)
    feed = r.start("millrace run pipelines/meetup/feed.json")
    wait_until("a batch is on the screen", lambda: "event_name" in job.said(), 120)
    at, ask = r.left[0]
    wait_until("rows in meetup_table", lambda: "(3 rows)" in again(r, ask), 60)
    r.run("psql $POSTGRES_URL")
    job.interrupt()
    latest = r.start("millrace run pipelines/meetup/topology.json --with pipelines/meetup/latest.json")
    count = 'psql -A -t $POSTGRES_URL -c "select count(*) from meetup_latest"'
    wait_until("rows in meetup_latest", lambda: int(again(r, count) or 0) > 0, 120)
    for p in (feed, latest, stream):
        p.interrupt()


def game(r):
    """Runs without servers, and with real requests; tables asked by SQL."""
    r.run("build/release/millrace run pipelines/game/topology.json --with")
    report = r.run("TABLES=game_tables pipelines/game/findings.sh")
    check("join_guilds" in report and "756" in report, f"the findings: {report[-800:]}")
    in_sql(r)
    r.environment('eval "$(tools/services start kafka --topic events:1:1)"')
    r.environment("alias millrace")
    r.environment("export TABLES")
    api = r.start("millrace run pipelines/game/api.json")
    wait_until("the API answers", lambda: fetch("http://localhost:5000/") == b"This is the default response!\n", 60)
    check(r.run("curl http://localhost:5000/purchase_a_sword") == "You Purchased a Sword!\n", "the answer to a purchase")
    consumer = r.start("millrace run pipelines/game/consumer.json")
    wait_until("the consumer shows the purchase", lambda: "purchase_sword" in consumer.said(), 60)
    players = r.start("pipelines/game/ab.sh")
    job = r.start("millrace run pipelines/game/topology.json")
    tables = pathlib.Path(r.env["TABLES"])
    wait_until("both tables have files", lambda: all(list((tables / name).glob("*.parquet")) for name in ("sword_purchases", "join_guilds")), 120)
    check(".snappy.parquet" in r.run("ls"), "ls shows the files of the table")
    check("user1.comcast.com" in r.run("pipelines/game/findings.sh"), "the findings name the hosts")
    check("user1.comcast.com" in r.run("millrace sql"), "the question's answer names the hosts")
    for name in ("sword_purchases", "join_guilds"):
        check("create table" in r.run(f"millrace table pipelines/game/topology.json {name}").lower(), f"the definition of {name}")
    players.interrupt(1, 130, -2)  # ab shows its figures and ends with 1
    for p in (job, consumer, api):
        p.interrupt()


def sparkify(r):
    """Runs without servers; through Kafka into folders of a day; in HDFS."""
    r.run("build/release/millrace run pipelines/sparkify/topology.json --with")
    check(len(list((r.top / "sparkify_table").glob("part_date=*"))) == 62, "62 folders of a day")
    in_sql(r)
    r.run("build/release/millrace load")
    r.run("EVENTS=")
    said = r.run("TABLE=")
    check(["true", "103"] in [line.split() for line in said.splitlines()], f"who has left: {said}")
    r.run("build/release/millrace model train")
    said = r.run("build/release/millrace model evaluate")
    shown = [line.strip() for line in (ROOT / "pipelines" / "sparkify" / "README.md").read_text().splitlines() if line.endswith("0.9427     0.5000")]
    check(len(shown) == 1 and shown[0] in said, f"the forest's figures: {said}")
    r.run("TABLE=")
    r.run("build/release/millrace model train october.parquet")
    said = r.run("build/release/millrace model evaluate october.model.json")
    check("79 rows, 10 leave" in said and "ROC AUC                                0.77" in said, f"the figures of November: {said}")
    check("0.8734" in r.run("build/release/millrace sql"), "the ROC AUC of the real chances")
    r.run("EVENTS=")
    with contextlib.closing(sqlite3.connect(r.top / "listeners.db")) as table:
        check(table.execute("select count(*), count(churn_probability) from listeners").fetchall() == [(448, 448)], "live probabilities")
    r.environment('eval "$(tools/services start kafka)"')
    r.environment("set -a")
    r.environment("alias millrace")
    r.env["RATE"] = "500/s"  # a message a second takes half an hour
    feed = r.start("millrace run pipelines/sparkify/feed.json")
    check(feed.wait() == 0, lambda: f"the feed: {feed.errors()[-800:]}")
    job = r.start("millrace run pipelines/sparkify/topology.json --log-format json")
    consumer = r.start("millrace run pipelines/game/consumer.json")
    wait_until("the consumer shows the topic", lambda: len(lines(consumer.said())) == 2000, 60)
    consumer.interrupt()
    table = pathlib.Path(r.env["TABLE"])
    wait_until("a file in each of the 62 days", lambda: len({f.parent for f in table.glob("part_date=*/*.parquet")}) == 62, 120)
    check("NextSong" in r.run("millrace sql"), "the answer of the question")
    check("create external table" in r.run("millrace table pipelines/sparkify/topology.json").lower(), "the definition for Hive")
    job.interrupt()
    if subprocess.run([str(ROOT / "tools" / "services"), "start", "hdfs"], env=r.env, capture_output=True).returncode == 3:
        print("SKIPPED: pipelines/sparkify/README.md in HDFS: no HDFS is to be had here", flush=True)
        r.left.clear()
        return
    r.environment('eval "$(tools/services start hdfs)"')
    job = r.start("millrace run pipelines/sparkify/topology.json --with pipelines/sparkify/hdfs.json")
    at, ask = r.left[0]
    wait_until("a folder of each day in HDFS", lambda: again(r, ask).count("part_date=") >= 62, 120)
    r.run("curl")
    job.interrupt()


def recipes(r):
    """Starts the servers, and tests all recipes; recipes.py plays the page of each."""
    r.environment('eval "$(tools/services start kafka postgres)"')
    r.environment("alias millrace")
    r.environment("export PGTZ")
    tested = len(list((ROOT / "pipelines" / "recipes").glob("*/*.test.json")))
    said = r.run("millrace test")
    check(len({line.split(":")[0] for line in lines(said)[:-1]}) == tested and lines(said)[-1].endswith(" 0 failed"), f"the recipes' tests: {said[-500:]}")


def again(r, text):
    """Repeats a command of the README until it prints what is waited for; returns that."""
    done = subprocess.run(["bash", "-c", f"shopt -s expand_aliases\n{r.aliases}{text}"], cwd=r.top, env=r.env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30 * PATIENCE)
    return done.stdout


def fetch(url, most=1 << 20):
    """The first bytes of an answer, as far as they are there. An OSError where nobody answers: within wait_until it is asked again."""
    with urllib.request.urlopen(url, timeout=5 * PATIENCE) as answer:
        return answer.read1(most)


def has_begun(r, topology):
    """A topology begins under `latest` where its topic ends at its first read: later records count."""
    runs = (pathlib.Path(r.env["XDG_STATE_HOME"]) / "millrace" / topology / "control").glob("run-*")
    return any(b"starts/" in run.read_bytes() for run in runs)


def listed(r):
    return captured("kcat", "-b", r.env["KAFKA_BROKERS"], "-L").stdout


def kafka(r, topic):
    done = subprocess.run(["kcat", "-b", r.env["KAFKA_BROKERS"], "-t", topic, "-C", "-e", "-q", "-X", "isolation.level=read_committed",
                           # The end shows by an empty answer, which must not wait for what is written next.
                           "-X", "fetch.wait.max.ms=5"],
                          capture_output=True, text=True, timeout=60 * PATIENCE)
    return lines(done.stdout)


PLAYS = {"README.md": top, "pipelines/active_users/README.md": active_users, "pipelines/customer_sales/README.md": customer_sales,
         "pipelines/meetup/README.md": meetup, "pipelines/game/README.md": game, "pipelines/sparkify/README.md": sparkify,
         "pipelines/recipes/README.md": recipes}


def test(options, folder):
    readmes = {"README.md", *(str(p.relative_to(ROOT)) for p in ROOT.glob("pipelines/*/README.md"))}
    check(readmes == set(PLAYS), f"READMEs without a play: {readmes ^ set(PLAYS)}")
    failed = []
    for path, play in PLAYS.items():
        if options.only and play.__name__ != options.only:
            continue
        r, began = Readme(path, options.millrace, folder / play.__name__), time.monotonic()
        try:
            play(r)
            r.finish()
            print(f"ok      {path} ({time.monotonic() - began:.1f} s)", flush=True)
        except (Exception,) as e:  # the next README is tried whatever went wrong in this one
            failed.append(path)
            print(f"FAILED  {path}: {told(e)}", flush=True)
        finally:
            r.close()
            Run.end_all()
    check(not failed, f"{len(failed)} READMEs: {', '.join(failed)}")


if __name__ == "__main__":
    own_machine()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main(test, __doc__, only=dict(choices=[play.__name__ for play in PLAYS.values()]))
