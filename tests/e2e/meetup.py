#!/usr/bin/env -S python3 -B
"""The job of pipelines/meetup on a real Kafka and PostgreSQL: killed with -9 again and again while answers come, and compared with
the oracle. After each kill committed batches are as they were; at the end the last row of each group, and the row of the table
that holds one a group, are the oracle's totals of all answers since the first start.

    meetup.py --millrace BINARY [--kills 20] [--seed 1]
"""
import collections
import contextlib
import json
import random
import sqlite3
import subprocess
import time

from meetup_under_test import PIPELINE, Meetup, group_of
from real_systems import Kafka, Run, check, difference, free_port, main_of_parts, needed, unique, wait_until
from rsvp_oracle import Counts

FED = 3000
Line = collections.namedtuple("Line", "partition offset value")


def embedded(options, folder):
    """The job that needs no server, on the product's own answers."""
    overlay = folder / "raw.json"
    overlay.write_text(json.dumps({"stages": {
        "rsvps": {"rate": "1000/s"}, "counts": {"every": "500 ms"},
        "raw": {"sink": "file", "from": "parsed", "path": str(folder / "raw.jsonl"), "format": "text", "template": "{_raw}"}}}))
    running = Run(options.millrace, PIPELINE / "topology.json", folder / "embedded", "--with", str(PIPELINE / "embedded.json"),
                  "--with", str(overlay), env={"DATABASE": str(folder / "meetup.sqlite")})
    running.expect(0)
    counts = Counts([Line(0, n, line) for n, line in enumerate((folder / "raw.jsonl").read_bytes().splitlines())])
    check(counts.records == 2000 and not counts.dead, f"{counts.records} answers, {len(counts.dead)} dead letters")
    with contextlib.closing(sqlite3.connect(folder / "meetup.sqlite")) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute("select * from meetup_table order by batch_id").fetchall()
    last = {group_of(row): row["response_count"] for row in rows}
    check(not difference(counts.totals.items(), last.items()), lambda: difference(counts.totals.items(), last.items()))
    check(rows[-1]["batch_id"] == len({row["batch_id"] for row in rows}), "batches are not numbered on from 1")
    shown = running.out.read_text()
    long = sum(n > 20 for n in collections.Counter(row["batch_id"] for row in rows).values())
    check(shown.count("only showing top 20 rows") == long > 0 and "|batch_id|" in shown, f"of {long} long batches the screen shows {shown[:2000]!r}")
    check("São Paulo" in shown and "Ã" not in shown, "texts on the screen are not what they were")
    print(f"embedded: {counts.records} answers, {rows[-1]['batch_id']} batches, {len(last)} groups equal the oracle's", flush=True)


def feed(options, folder):
    """The shipped feed from an HTTP stream into Kafka, killed on the way: each answer is in the topic once, as it was."""
    kafka = Kafka(*needed("KAFKA_BROKERS"))
    topic, port = unique("my-topic"), free_port()
    answers = folder / "answers.jsonl"
    # Several of a millisecond: going on after the last `mtime` must neither lose nor double one.
    subprocess.run([options.millrace, "load", "--kind", "rsvp", "--count", str(FED), "--rate", "3000/s", "--out", str(answers),
                    "--log-level", "error"], stdout=subprocess.DEVNULL, check=True)
    said = folder / "stream.err"
    with open(said, "wb") as err:
        stream = subprocess.Popen([options.millrace, "load", "--file", str(answers), "--rate", "300/s",
                                   "--http-serve", f"127.0.0.1:{port}", "--since", "since_mtime=mtime", "--stay"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)

    def start():
        return Run(options.millrace, PIPELINE / "feed.json", folder / "feed", "--set", f"topology={topic}",
                   "--set", f"stages.topic.topic={topic}", env={"RSVP_URL": f"http://127.0.0.1:{port}/2/rsvps"})

    def there():
        check(stream.poll() is None, lambda: f"millrace load has ended with {stream.returncode}: {said.read_text()[-1500:]}")
        running.check_alive()
        return len(kafka.read(topic))
    try:
        running = start()
        for share in (5, 3, 2):
            wait_until("some answers are in the topic", lambda share=share: there() > FED // share)
            running.kill()
            running = start()
        wait_until("all answers are in the topic", lambda: there() >= FED)
        running.stop()
    finally:
        stream.terminate()
        stream.wait()
    messages = kafka.read(topic)
    check(kafka.partitions(topic) == 3, f"the feed made {kafka.partitions(topic)} partitions")
    apart = difference(answers.read_bytes().splitlines(), [m.value for m in messages])
    check(not apart, f"the topic: {apart}")
    kafka.delete_topic(topic)
    print(f"feed: {len(messages)} answers once in the topic, as they were", flush=True)


def killed(options, folder):
    job = Meetup(options, folder, *needed("KAFKA_BROKERS", "POSTGRES_URL"), options.seed)
    rng = random.Random(options.seed)
    running = job.start_at_the_end(200)
    running.kill()
    job.burst(300)  # `latest` was decided at the first start: what comes while it is down counts
    job.thread.start()
    grown, batches = 0, 0

    for life in range(1, options.kills + 1):
        running = job.start()
        if life % 5 == 0:  # however long that takes here
            running.wait_until("a life commits a batch", lambda batches=batches: job.look() > batches)
        # Most lives are short, some so short that nothing is up yet, some long enough for several batches.
        time.sleep(rng.choice([0.05, 0.4, 1.0, 1.5, 2.5, 4.0]) * rng.uniform(0.5, 1.5))
        running.check_alive()
        running.kill()
        now = job.look()
        grown, batches = grown + (now > batches), now
    job.end()
    found = job.finish(job.start())
    check(grown >= options.kills // 5, f"only {grown} of {options.kills} lives committed a batch")
    print(f"{options.kills} kills (seed {options.seed}), {grown} lives committed batches: {found}")


PARTS = (embedded, feed, killed)


if __name__ == "__main__":
    main_of_parts(PARTS, __doc__, kills=20, seed=1)
