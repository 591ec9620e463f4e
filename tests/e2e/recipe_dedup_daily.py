"""pipelines/recipes/dedup_daily as its README has it; then a month of payments, some of them sent up to four times, over a kill -9, against sums made here."""
import collections
import decimal
import json
import random

from real_systems import check, difference
from recipes_under_test import play_a_sample

DAYS = 6  # of March, from the 10th on
DELAY = 600  # seconds: watermark_delay of the topology


def payments(rng):
    """(moment, payment) of each record, in the order in which they are sent: copies follow at once, or hours later."""
    sent = []
    for i in range(900):
        at = 86400 * 10 + rng.randrange(DAYS * 86400)
        payment = {"payment_id": f"m{i}", "shop": rng.choice(["berlin", "paris", "rome"]), "amount": rng.randrange(1, 10_000) / 100, "at": spelt(at)}
        sent.append((at + rng.uniform(0, DELAY - 1), payment))
        for _ in range(rng.choice([0, 0, 0, 1, 1, 3])):
            sent.append((at + rng.choice([rng.uniform(0, DELAY - 1), rng.uniform(DELAY, 40_000)]), payment))
    return sorted(sent, key=lambda pair: pair[0])


def spelt(second):
    return f"2025-03-{1 + second // 86400:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def sums(records):
    """The rows of all days but the last one, which is open."""
    by_id = {p["payment_id"]: p for p in records}
    found = collections.defaultdict(lambda: [0, decimal.Decimal(0)])
    for p in by_id.values():
        row = found[p["at"][:10], p["shop"]]
        row[0] += 1
        row[1] += decimal.Decimal(str(p["amount"]))
    last = max(day for day, _ in found)
    return [(*key, count, f"{amount:.2f}") for key, (count, amount) in found.items() if key[0] < last]


def run(r):
    """Sums by day without duplicates."""
    kafka, topic = r.kafka, r.name
    readme, job = play_a_sample(r, "dedup_daily", "once.late: 1 row")
    postgres = readme.postgres

    made = [payment for _, payment in payments(random.Random(11))]
    made.append({"payment_id": "end", "shop": "berlin", "amount": 1, "at": "2025-03-20T00:00:00Z"})
    half = len(made) // 2
    kafka.produce(topic, [json.dumps(p).encode() for p in made[:half]])
    job.wait_until("a day of the first half has its row", lambda: postgres.ask("select * from daily_sums where day >= '2025-03-11'"))
    job.kill()
    kafka.produce(topic, [json.dumps(p).encode() for p in made[half:]])
    job = readme.again(job)

    sample = [json.loads(line) for line in (readme.top / "pipelines/recipes/dedup_daily/payments.jsonl").read_text().splitlines()]
    expected = sums(sample + made)

    def rows():
        return [(row["day"], row["shop"], row["payments"], f"{row['amount']:.2f}") for row in postgres.ask("select * from daily_sums")]

    job.wait_until("all days have their rows", lambda: len(rows()) >= len(expected))
    job.interrupt()
    wrong = difference(expected, rows())
    check(not wrong, f"daily_sums: {wrong}")
    print(f"        {len(made)} records, {len(expected)} rows", flush=True)
