#!/usr/bin/env -S python3 -B
"""The pipeline pipelines/customer_sales as its README has it: without servers against an oracle, at the full rate, and with its
producer writing a real Kafka topic while producer and consumer are killed with -9.

    customer_sales.py --millrace BINARY [--kills 20] [--seed 1]
"""
import collections
import json
import random
import re
import time

from deployments_under_test import OnRun
from real_systems import ROOT, Kafka, Run, check, difference, free_port, main_of_parts, metric, needed, topology_file, unique, wait_until

PIPELINE = ROOT / "pipelines" / "customer_sales"
SIZE, SLIDE, DELAY, HIGH_VOLUME = 60_000_000, 10_000_000, 2_000_000, 60_000_000  # times in microseconds
LINE = re.compile(r"Time: '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.0' : Name: '([^']+)' : Quantity '(\d+)'\.")
NAMES = {"Joe Bloggs": 3 / 7, "Ola Nordmann": 2 / 7, "Fred Smith": 1 / 7, "Walter Plinge": 1 / 7}
FULL_RATE_SALES = 31_000_000  # 62 s of 500,000 a second


def stamp(micros):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(micros // 1_000_000))


def expected_rows(sales, ended):
    """Returns what the consumer writes for [(event time, name, quantity)], none of which is late; `ended`: the last windows fire, too."""
    slices, latest = collections.Counter(), 0
    for at, name, quantity in sales:
        slices[at // SLIDE, name] += quantity
        check(at > latest - DELAY, "a sale is out of order by more than the watermark: the oracle knows none that is late")
        latest = max(latest, at)
    sums = collections.Counter()
    for (part, name), quantity in slices.items():
        for end in range(part + 1, part + 1 + SIZE // SLIDE):
            sums[end * SLIDE, name] += quantity
    return [(stamp(end), name, quantity) for (end, name), quantity in sums.items()
            if quantity >= HIGH_VOLUME and (ended or end <= latest - DELAY)]


def rows_of(path):
    """The file's lines, each of which must be as the original wrote it, in their order: by time, then most sold first."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        found = LINE.fullmatch(line)
        check(found, f"this is not a line of the report: {line!r}")
        rows.append((found[1], found[2], int(found[3])))
    check(rows == sorted(rows, key=lambda r: (r[0], -r[2])), f"{path} is not in order")
    return rows


def made_sales(options, folder, count):
    """The records of the shipped generator as text, by a topology that does nothing else."""
    topology = topology_file(folder / "made.json", "made", {
        "sales": {"source": "generator", "kind": "sales", "seed": 1, "count": count},
        "parsed": {"parser": "json", "from": "sales", "schema": {"quantity": "bigint"}},
        "out": {"sink": "file", "from": "parsed", "path": str(folder / "made.txt"), "format": "text", "template": "{_raw}"}})
    Run(options.millrace, topology, folder / f"made-{count}").expect(0)
    text = (folder / "made.txt").read_bytes()
    (folder / "made.txt").unlink()
    (folder / ".millrace-made.txt").unlink()
    return text.splitlines()


def made(at, path, *more):
    """The job that needs no server, which writes to this file, and the file."""
    return at.start(path.stem, PIPELINE / "topology.json", "--with", PIPELINE / "embedded.json", *more, CUSTOMERS=str(path)), path


def embedded(options, folder):
    """It is compared with the oracle."""
    def run(name, *more):
        running, path = made(OnRun(options, folder), folder / f"{name}.txt", *more)
        running.expect(0, seconds=300)
        return path, running.ledger()

    path, ledger = run("embedded")
    count = ledger["sales"]["in"]
    epoch = 1_448_049_900_000_000  # 2015-11-20 20:05:00
    sales = ((epoch + n * 100, *json_sale(line)) for n, line in enumerate(made_sales(options, folder, count)))
    expected = expected_rows(sales, ended=True)
    check({name for _, name, _ in expected} == {"Joe Bloggs"}, f"high volume customers: {expected}")
    check(not difference(expected, rows_of(path)), lambda: difference(expected, rows_of(path)))
    other, _ = run("threads", "--threads", "4", "--set", "stages.volumes.shards=7")
    check(other.read_bytes() == path.read_bytes(), "other shards give another file")
    print(f"embedded: {count} sales, {len(expected)} lines equal the oracle's", flush=True)

    # 500,000 sales a second: more than 32 bits hold. The same sums come from 10-second windows that do not overlap.
    slices = folder / "slices.csv"
    overlay = folder / "slices.json"
    overlay.write_text(json.dumps({"stages": {
        "sales": {"spacing": "2 us", "count": FULL_RATE_SALES},
        "tens": {"window": "tumbling", "size": "10 s", "from": "parsed", "key": ["customerName"],
                 "aggregates": {"quantity": "sum(quantity)"}},
        "slices": {"sink": "file", "from": "tens", "path": str(slices), "format": "csv",
                   "columns": {"time": "to_char(window_end, 'YYYY-MM-DD HH24:MI:SS')", "name": "\"customerName\"",
                               "quantity": "quantity"}}}}))
    path, ledger = run("full", "--with", overlay)
    check(ledger["volumes"]["in"] == FULL_RATE_SALES and ledger["volumes"]["out"] == FULL_RATE_SALES, f"{ledger['volumes']}")
    rows = {(at, name): quantity for at, name, quantity in rows_of(path)}
    minute = {name: quantity for (at, name), quantity in rows.items() if at == "2015-11-20 20:06:00"}
    for name, share in NAMES.items():  # 30,000,000 sales of 249.5 on average; 0.2 % is some twenty standard deviations
        expected = share * 30_000_000 * 249.5
        check(abs(minute[name] - expected) < 0.002 * expected,
              f"{name} has {minute[name]} in the whole minute, expected about {expected:.0f}")
    check(minute["Joe Bloggs"] > 2**31, f"no sum is beyond 32 bits: {minute}")
    tens = [line.split(",") for line in slices.read_text().splitlines()[1:]]
    for name, quantity in minute.items():
        parts = [int(q) for at, n, q in tens if n == name and "2015-11-20 20:05:10" <= at <= "2015-11-20 20:06:00"]
        check(len(parts) == 6 and sum(parts) == quantity, f"{name}: {quantity} is not the sum of {parts}")
    print(f"full rate: {FULL_RATE_SALES} sales, {minute['Joe Bloggs']} of one customer within a minute", flush=True)


def json_sale(line):
    record = json.loads(line)
    return record["customerName"], record["quantity"]


def through_kafka(options, folder):
    kafka = Kafka(*needed("KAFKA_BROKERS"))
    topic, mark = unique("customer_sales"), unique("")
    kafka.create(topic)
    rng = random.Random(options.seed)
    address = f"127.0.0.1:{free_port()}"
    home = folder / "home"
    report = home / "spark-results" / "customers.txt"
    report.parent.mkdir(parents=True)
    report.write_text("Time: '2015-11-20 20:06:10.0' : Name: 'of an earlier job' : Quantity '60000000'.\n")

    def feed():
        # 20,000 a second: two of the four customers come to the high volume, and a test machine keeps up.
        return Run(options.millrace, PIPELINE / "feed.json", folder / "feed", "--set", f"topology=feed{mark}",
                   "--set", f"stages.topic.topic={topic}", "--set", "stages.sales.burst=10000",
                   "--set", "stages.sales.pause=500 ms")

    def job():
        return Run(options.millrace, PIPELINE / "topology.json", folder / "job", "--set", f"topology=sales{mark}",
                   "--set", f"stages.sales.topic={topic}", "--http", address, env={"HOME": str(home)})

    producer, began, deaths = feed(), time.monotonic(), 0
    while deaths < options.kills or time.monotonic() - began < SIZE / 1e6 + 15:
        running = job()
        time.sleep(rng.choice([0.1, 0.5, 1.0, 2.5, 5.0]) * rng.uniform(0.5, 1.5))
        running.check_alive()
        running.kill()
        deaths += 1
        if deaths % 7 == 0:
            producer.kill()
            producer = feed()
    running = job()
    time.sleep(1)
    producer.stop()

    # The producer is at rest: nothing is pending any more, and nothing comes.
    wait_until("all sales are taken", lambda: metric(address, "millrace_records_total")
               and metric(address, "millrace_pending_records") == 0)
    wait_until("the input rate is zero", lambda: metric(address, "millrace_input_records_per_second") == 0)
    taken = wait_until("all that was read is settled", lambda: settled(running.ask_ledger()))
    messages = kafka.read(topic)
    check(taken == len(messages), f"{taken} sales taken, {len(messages)} are in the topic")
    check(producer.ledger()["topic"]["out"] == len(messages), "the producer's report counts other sales than the topic holds")
    check([m.value for m in messages] == made_sales(options, folder, len(messages)),
          "sales are lost, doubled or changed by kills of the producer")
    expected = expected_rows(((m.timestamp * 1000, *json_sale(m.value)) for m in messages), ended=False)
    check(len({name for _, name, _ in expected}) >= 2, f"the oracle finds too few high volume customers: {expected}")
    wait_until("all lines are there", lambda: len(rows_of(report)) >= len(expected))
    running.stop()
    check(not difference(expected, rows_of(report)), lambda: difference(expected, rows_of(report)))
    check(running.ledger()["customers"]["out"] == len(expected), "the job's report counts other rows")
    kafka.delete_topic(topic)
    print(f"through Kafka: {deaths} kills, {len(messages)} sales, {len(expected)} lines equal the oracle's")


def settled(ledger):
    sales = ledger["sales"]
    return sales["in"] if sales["in_flight"] == 0 and ledger["volumes"]["in_flight"] == 0 else None


PARTS = (embedded, through_kafka)


if __name__ == "__main__":
    main_of_parts(PARTS, __doc__, kills=20, seed=1)
