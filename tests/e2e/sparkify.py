#!/usr/bin/env -S python3 -B
"""The pipeline pipelines/sparkify as its README has it: without servers; and the .gz through a real Kafka, unchanged, into a table of
Parquet files, a folder a day, while feed and job are killed with -9; then questions to the table in SQL. Where WEBHDFS_URL names an HDFS, the
table is written there, too.

    sparkify.py --millrace BINARY [--kills 6] [--seed 1]
"""
import collections
import datetime
import gzip
import json
import os
import random
import time

from deployments_under_test import OnRun
from parquet_tables import Sql, needs_parquet, table_rows, visible_files
import remote_tables
from real_systems import ROOT, Kafka, Run, check, difference, main, needed, unique, wait_until

PIPELINE = ROOT / "pipelines" / "sparkify"
SAMPLE = PIPELINE / "sample" / "medium-sparkify-event-data.json.gz"
COLUMNS = ["ts", "userid", "sessionid", "page", "auth", "method", "status", "level", "iteminsession", "location", "useragent", "lastname",
           "firstname", "registration", "gender", "artist", "song", "length"]
ZONE = datetime.timezone(datetime.timedelta(hours=7))  # Asia/Ho_Chi_Minh, since 1975


def lines():
    return gzip.decompress(SAMPLE.read_bytes()).decode().splitlines()


def expected_row(line):
    """A row of the table as it is dumped, by Python's own means; and its day."""
    event = {name.lower(): value for name, value in json.loads(line).items()}
    row = {name: event.get(name) for name in COLUMNS}
    row["status"] = None if row["status"] is None else str(row["status"])
    row["registration"] = None if row["registration"] is None else int(row["registration"])
    return row, datetime.datetime.fromtimestamp(row["ts"] / 1000, ZONE).strftime("%Y%m%d")


def fit(row):
    return tuple(row[name] for name in COLUMNS)


def compare(options, table):
    """The table against the sample: rows, days, names."""
    by_day = collections.defaultdict(list)
    for line in lines():
        row, day = expected_row(line)
        by_day[day].append(fit(row))
    days = {p.name for p in table.iterdir() if p.name.startswith("part_date=")}
    check(days == {f"part_date={d}" for d in by_day}, f"days: {sorted(days)[:5]} ... expected {sorted(by_day)[:5]} ...")
    for day, wanted in by_day.items():
        rows = table_rows(options, table / f"part_date={day}")
        check(all(list(r) == COLUMNS for r in rows), f"{day}: columns {list(rows[0])}")
        wrong = difference(wanted, [fit(r) for r in rows])
        check(not wrong, f"{day}: {wrong}")
    check(all(f.endswith(".snappy.parquet") for f in visible_files(table)), f"{visible_files(table)[:3]}")
    return by_day


def embedded(options, folder):
    table = folder / "table"
    job = Run(options.millrace, PIPELINE / "topology.json", folder / "embedded", "--with", str(PIPELINE / "embedded.json"),
              env={"TABLE": str(table)})
    job.expect(0)
    by_day = compare(options, table)
    check(job.ledger()["event_data"]["out"] == len(lines()), f"{job.ledger()['event_data']}")
    print(f"embedded: {len(lines())} events of {len(by_day)} days", flush=True)


def in_hdfs(options, folder):
    """The same table, in HDFS by hdfs.json, by a job that is killed on its way."""
    if not os.environ.get("WEBHDFS_URL"):
        print('SKIPPED: the table in HDFS; remedy: eval "$(tools/services start hdfs)"', flush=True)
        return
    place, name = remote_tables.Hdfs(os.environ["WEBHDFS_URL"]), unique("event_data")

    def job():
        return Run(options.millrace, PIPELINE / "topology.json", folder / "in_hdfs", "--with", str(PIPELINE / "embedded.json"),
                   "--with", str(PIPELINE / "hdfs.json"), "--set", "stages.messages.rate=1000/s",
                   env={"TABLE": place.stage(name)["path"], "ROLL": "500 ms"})

    running = job()
    wait_until("files in HDFS", lambda: place.walk(name))
    running.kill()
    job().expect(0)
    by_day = compare(options, remote_tables.fetch(place, name, folder / "from_hdfs"))
    place.client.delete(place.stage(name)["path"], recursive=True)
    print(f"in HDFS: {len(lines())} events of {len(by_day)} days", flush=True)


class Fed:
    """The feed and the job on a deployment, with a topic of their own, and the table that gets its rows."""

    def __init__(self, options, at, table):
        self.options, self.at, self.table, self.kafka = options, at, table, Kafka(*needed("KAFKA_BROKERS"))
        self.topic, self.mark = unique("sparkify"), unique("")

    def feed(self, **rate):
        return self.at.start(f"feed{self.mark}", PIPELINE / "feed.json", TOPIC=self.topic, **rate)

    def job(self):
        return self.at.start(f"job{self.mark}", PIPELINE / "topology.json", TOPIC=self.topic, TABLE=str(self.table), ROLL="500 ms")

    def compare(self, producer):
        """When the feed has ended, all of the file is in the topic as it is, and in the table. Gives its rows by day."""
        producer.expect(0, seconds=120)
        messages = [m.value.decode() for m in self.kafka.read(self.topic)]
        check(messages == lines(), "the topic holds the file's lines as they are, in their order, each once")
        wait_until("all rows are in the table", lambda: len(table_rows(self.options, self.table)) >= len(lines()), 120)
        return compare(self.options, self.table)


def through_kafka(options, folder):
    fed, rng = Fed(options, OnRun(options, folder), folder / "lake" / "medium_event_data"), random.Random(options.seed)
    # A message a second, where nothing else is said.
    began, producer = time.monotonic(), fed.feed()
    wait_until("four messages", lambda: len(fed.kafka.read(fed.topic)) >= 4, 60)
    took = time.monotonic() - began
    check(took > 2.9, f"four messages after {took:.1f} s: more than one a second")
    producer.kill()

    running, kills = fed.job(), 0
    while kills < options.kills:
        producer = fed.feed(RATE="400/s")
        time.sleep(rng.uniform(0.2, 1.2))
        producer.kill()
        running.kill()
        running, kills = fed.job(), kills + 2
    by_day = fed.compare(fed.feed(RATE="5000/s"))
    in_sql(options, fed.table, by_day)
    running.stop()
    print(f"through Kafka: {len(lines())} events of {len(by_day)} days, {kills} kills, {len(visible_files(fed.table))} files", flush=True)


def in_sql(options, table, by_day):
    sql = Sql(options, "--topology", PIPELINE / "topology.json", env={**os.environ, "TABLE": str(table)})
    if sql.is_missing("the questions in SQL"):
        return
    place = COLUMNS.index("page"), COLUMNS.index("level")
    wanted = collections.Counter(row[place[0]] for rows in by_day.values() for row in rows if row[place[1]] == "paid")
    found = {r["page"]: r["n"] for r in sql.rows("select page, count(*) as n from event_data where level = 'paid' group by page order by n desc")}
    check(found == wanted, f"pages of paying users: {found}, expected {wanted}")
    found = {str(r["part_date"]): r["n"] for r in sql.rows("select part_date, count(*) as n from event_data group by part_date")}
    check(found == {day: len(rows) for day, rows in by_day.items()}, "events by day")


def in_notebook(options, table):
    """All its cells run, and the answers are of this table."""
    if Sql(options).is_missing("the notebook"):
        return
    cells = [c for c in json.loads((PIPELINE / "notebook.ipynb").read_text())["cells"] if c["cell_type"] == "code"]
    os.environ.update(TABLE=str(table), MILLRACE=options.millrace)
    os.chdir(ROOT)
    names, answers = {}, []
    exec("".join(cells[0]["source"]), names)
    for cell in cells[1:]:
        answer = eval("".join(cell["source"]), names)
        answers.append(answer if isinstance(answer, list) else answer.to_dict("records"))
    users = {json.loads(line)["userId"] for line in lines()} - {""}
    check(answers[0][0]["users"] == len(users), f"users: {answers[0]}, expected {len(users)}")
    check(all(answers), f"an answer is empty: {answers}")


def go(options, folder):
    needs_parquet(options)
    embedded(options, folder)
    in_notebook(options, folder / "table")
    in_hdfs(options, folder)
    through_kafka(options, folder)


if __name__ == "__main__":
    main(go, __doc__, kills=6, seed=1)
