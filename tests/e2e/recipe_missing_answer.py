"""An order without a payment within 30 minutes is a record once, and no other order is: over a kill while orders and payments come."""
import datetime
import json
import random

from real_systems import check, difference
from recipes_under_test import Recipe, make_empty, start

ORDERS = 4000
BEGIN = datetime.datetime(2021, 4, 24, 19, tzinfo=datetime.timezone.utc)
TIMEOUT = 30 * 60_000  # milliseconds
LATENESS = 60_000


def run(r):
    page(r)
    killed(r)


def page(r):
    make_empty(r.kafka, "orders", "payments", "reminders", "readings", "silent_devices")
    p = Recipe(r, "missing_answer")
    p.shows("millrace test")
    p.run("millrace load")
    p.run("millrace load")
    job = p.start("millrace run")
    # The sample's last records, of 20:10 and 20:15, are past the time of both.
    p.shows_at_last("kcat")
    p.killed_and_again(job).interrupt()
    p.shows("millrace test")
    p.run("millrace load")
    job = p.start("millrace run")
    # No reading comes any more: the heartbeat alone moves the time past both devices.
    p.shows_at_last("kcat")
    p.killed_and_again(job).interrupt()
    p.finish()


def written(ms):
    return (BEGIN + datetime.timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def killed(r):
    rng = random.Random(r.name)
    orders, payments, expected = [], [], []
    for number in range(ORDERS):
        at = number * 2000
        order = {"order_id": number, "customer": f"c{rng.randrange(99)}", "amount": rng.randrange(1, 10_000) / 100, "ordered_at": written(at)}
        orders.append((at, order))
        paid = None
        if rng.random() < 0.8:
            paid = rng.choice((0, TIMEOUT, TIMEOUT + 1, -1, rng.randrange(TIMEOUT), rng.randrange(TIMEOUT), rng.randrange(2 * TIMEOUT)))
            payments.append((at + paid, {"order_id": number, "method": "card", "paid_at": written(at + paid)}))
        if paid is None or not 0 <= paid <= TIMEOUT:
            expected.append((str(number), order["customer"], order["amount"], at))
    # Out of order by less than watermark_delay; the last of each topic closes the time of all others.
    for side in (orders, payments):
        side.sort(key=lambda record: record[0] + rng.randrange(LATENESS))
        end = ORDERS * 2000 + 2 * TIMEOUT + 2 * LATENESS
        side.append((end, {"order_id": -1, "customer": "last", "amount": 0, "ordered_at": written(end), "method": "card", "paid_at": written(end)}))
    topics = {"ORDERS": r.name + "_orders", "PAYMENTS": r.name + "_payments", "REMINDERS": r.name + "_reminders"}
    for name in ("ORDERS", "PAYMENTS"):
        r.kafka.create(topics[name], 1)

    def send(share, of):
        for name, side in (("ORDERS", orders), ("PAYMENTS", payments)):
            part = side[len(side) * share // of:len(side) * (share + 1) // of]
            r.kafka.produce(topics[name], [json.dumps(record).encode() for _, record in part])

    def reminders():
        return r.kafka.read(topics["REMINDERS"])

    # A topic that is silent for a minute of the clock lets orders go without their payments: here none comes so late.
    patient = ("--set", "stages.orders.idle_timeout=off", "--set", "stages.payments.idle_timeout=off")
    send(0, 3)
    life = start(r, "missing_answer", "topology.sql", patient, **topics)
    life.wait_until("reminders of the first third", reminders)
    send(1, 3)
    life.kill()
    send(2, 3)
    life = start(r, "missing_answer", "topology.sql", patient, **topics)
    life.wait_until("all reminders are there", lambda: len(reminders()) >= len(expected))
    life.stop()
    found = []
    for m in reminders():
        row = json.loads(m.value)
        check(m.key.decode() == row["order_id"], f"the key {m.key} of {row}")
        at = datetime.datetime.fromisoformat(row["ordered_at"].replace("Z", "+00:00"))
        found.append((row["order_id"], row["customer"], row["amount"], (at - BEGIN) // datetime.timedelta(milliseconds=1)))
    wrong = difference(expected, found)
    check(not wrong, f"the reminders: {wrong}")
    ledger = life.ledger()
    check(not ledger["unpaid"]["late"] and not life.dead_letters(), f"late orders or payments, or dead letters: {ledger['unpaid']}")
    print(f"{ORDERS} orders, {len(payments) - 1} payments: {len(found)} reminders as the oracle's", flush=True)
