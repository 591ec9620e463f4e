#!/usr/bin/env -S python3 -B
"""Feed, job and report as pipelines/active_users/README.md has them, on a real Kafka and MariaDB, against the oracle.

The feed (at a raised rate, killed once) writes `active`; job and report read on while it writes, are ended in the
middle, by SIGTERM and by kill -9, and started again. Screen, `active2` and the table must hold the oracle's rows, each once, in their order.
"""
import datetime
import json
import re
import subprocess
import sys
import time

from click_oracle import Result, Row, row_of_json, rows_of_maria, seconds
from real_systems import KCAT, PIPELINE, Kafka, MariaDB, Run, check, difference, free_port, http_status, main, needed, unique, wait_until

RAW_CLICKS, RATE = 3000, 300
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000")


def generated(*options):
    return subprocess.run([sys.executable, str(PIPELINE / "make_clicks.py"), *options], capture_output=True,
                          check=True).stdout.splitlines()


def later_clicks():
    """Records that would come within the next hour, a click a second: it makes the feed's windows fire."""
    start = datetime.datetime.utcnow() + datetime.timedelta(seconds=60)
    return generated("--count", "3000", "--seed", "7", "--start", start.strftime("%Y-%m-%dT%H:%M:%S"))


def tables_of(text):
    """The console's tables: a list of rows for each."""
    tables, spans = [], None
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if re.fullmatch(r"-+( +-+)+", line):
            check(lines[i - 1].split() == ["start", "end", "userid", "click_number"],
                  f"the screen's header is {lines[i - 1]!r}")
            spans = [m.span() for m in re.finditer(r"-+", line)]
            tables.append([])
        elif not line:
            spans = None
        elif spans:
            cells = [line[a:b].strip() for a, b in spans]
            tables[-1].append(Row(seconds(cells[0]), seconds(cells[1]), cells[2], int(cells[3])))
    return tables


def check_feed(raw, messages):
    check(len(messages) >= len(raw), f"{len(messages)} messages of {len(raw)} clicks in `active`")
    before = None
    for line, m in zip(raw, messages):
        sent = json.loads(m.value)
        stamp = sent.pop("timestamp", "")
        check(STAMP.fullmatch(stamp), f"the feed's timestamp is {stamp!r}")
        check(sent == json.loads(line), f"the feed made {m.value!r} of {line!r}")
        check(before is None or stamp >= before, f"timestamps go back: {before}, {stamp}")
        before = stamp


def check_order(rows, key, name):
    check(rows == sorted(rows, key=key), f"{name} is not in order")


def test(options, folder):
    brokers, url = needed("KAFKA_BROKERS", "MARIADB_URL")
    kafka, mariadb = Kafka(brokers), MariaDB(url, unique("clicks"))
    mark, address = unique(""), f"127.0.0.1:{free_port()}"
    active, active2, name = "active" + mark, "active2" + mark, "active_users" + mark
    raw = generated("--raw", "--count", str(RAW_CLICKS))
    (folder / "raw.jsonl").write_bytes(b"".join(line + b"\n" for line in raw))

    def feed():
        return Run(options.millrace, PIPELINE / "feed.json", folder / "feed",
                   "--set", f"topology={name}_feed", "--set", f"stages.active.topic={active}",
                   "--set", f"stages.raw.rate={RATE}/s", env={"CLICKS": str(folder / "raw.jsonl")})

    def job():
        return Run(options.millrace, PIPELINE / "topology.json", folder / "job", "--threads", "3",
                   "--set", f"topology={name}", "--set", f"stages.clicks.topic={active}",
                   "--set", f"stages.topic.topic={active2}", "--http", address)

    def report():
        return Run(options.millrace, PIPELINE / "report.json", folder / "report",
                   "--set", f"topology={name}_report", "--set", f"stages.results.topic={active2}",
                   env={"MARIADB_URL": mariadb.url})

    def rows_of_topic():
        return [row_of_json(m.value) for m in kafka.read(active2)]

    def rows_of_table():
        return rows_of_maria(mariadb, "report_active")

    # Feed: killed in the middle, then the same command to its end.
    began = time.monotonic()
    running = feed()
    wait_until("the feed has sent some clicks", lambda: len(kafka.read(active)) > 200)
    running.kill()
    sent = len(kafka.read(active))
    check(sent < RAW_CLICKS, "the feed was not killed in the middle")
    running = feed()
    job_running = job()
    wait_until("the job has made active2", lambda: kafka_has(kafka, active2))
    report_running = report()
    running.expect(0, "has ended")
    check(time.monotonic() - began > 0.8 * RAW_CLICKS / RATE, "the feed was faster than its rate")
    check(running.ledger()["active"]["out"] == RAW_CLICKS, "the feed's report counts a restart twice")
    check_feed(raw, kafka.read(active))
    check(len(kafka.read(active)) == RAW_CLICKS, "the feed has doubled clicks")
    feed().expect(0, "nothing is left to do")
    check(len(kafka.read(active)) == RAW_CLICKS, "a feed that has ended sent more")

    # Job and report: stopped and started again between the halves of what follows.
    later = later_clicks()
    kafka.produce(active, later[:1500])
    wait_until("first rows in the table", rows_of_table)
    check(http_status(address, "/healthz")[0] == 200, "/healthz of a running job is not 200")
    metrics = http_status(address, "/metrics")[1]
    check("millrace_" in metrics, "no metrics")
    job_running.stop()
    report_running.kill()
    first = rows_of_topic()
    kafka.produce(active, later[1500:2000] + generated("--count", "50") + later[2000:])  # years late
    job_running, report_running = job(), report()
    expected = Result(kafka.read(active), 1)
    check(expected.late == 50, f"the oracle finds {expected.late} late clicks")
    check(len({r.start for r in expected.rows}) > 5, "the oracle sees too few windows: the test is worth nothing")
    wait_until("all rows are in the table", lambda: len(rows_of_table()) >= len(expected.rows))
    time.sleep(0.5)
    job_running.stop()
    report_running.stop()

    topic = kafka.read(active2)
    rows = [row_of_json(m.value) for m in topic]
    check(rows[:len(first)] == first, "committed rows of active2 have changed")
    check(not difference(expected.rows, rows), lambda: "active2: " + difference(expected.rows, rows))
    check(all(m.key == r.userid.encode() for m, r in zip(topic, rows)), "a key in active2 is not the userid")
    check_order(rows, lambda r: (r.start, r.click_number, r.userid), "active2")
    table = rows_of_table()
    check(not difference(expected.rows, table), lambda: "report_active: " + difference(expected.rows, table))
    tables = tables_of(job_running.out.read_text())
    check(len(tables) == len({r.start for r in expected.rows}), f"{len(tables)} tables on the screen")
    for t in tables:
        check_order(t, lambda r: (r.start, -r.click_number, r.userid), "a table on the screen")
    screen = [r for t in tables for r in t]
    check(not difference(expected.rows, screen), lambda: "the screen: " + difference(expected.rows, screen))

    stages = job_running.ledger()
    check(stages["clicks"]["in"] == expected.records, f"clicks read: {stages['clicks']}, in the topic: {expected.records}")
    check(stages["counts"]["late"] == expected.late, f"late: {stages['counts']}, expected {expected.late}")
    for sink in ("screen", "topic"):
        check(stages[sink]["out"] == len(expected.rows), f"{sink}: {stages[sink]}, expected {len(expected.rows)}")
    check(report_running.ledger()["table"]["out"] == len(expected.rows), "the report's ledger counts other rows")
    most = mariadb.ask("select userid, sum(click_number) as clicks from report_active where userid <> '' "
                       "group by userid order by clicks desc, userid limit 10")
    check(len(most) == 10, f"the most active users: {most}")
    mariadb.drop()
    print(f"feed, job, report: {expected.records} clicks, {expected.late} late, {len(expected.rows)} rows in "
          f"{len(tables)} windows; screen, active2 and MariaDB equal the oracle's")


def kafka_has(kafka, topic):
    listed = subprocess.run([*KCAT, "-b", kafka.brokers, "-L", "-J", "-t", topic], capture_output=True, check=True)
    topics = json.loads(listed.stdout)["topics"]
    return any(t["topic"] == topic and t["partitions"] for t in topics)


if __name__ == "__main__":
    main(test, __doc__)
