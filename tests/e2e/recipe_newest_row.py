"""A table of PostgreSQL equals the one that change events come from, which are out of order and come twice: over a kill while they come."""
import json
import random

from real_systems import check, difference
from recipes_under_test import play_with_a_kill, start

KEYS = 200
CHANGES = 1500
PARTITIONS = 3


def run(r):
    play_with_a_kill(r, "newest_row", "shop.public.customers")
    killed(r)


def changes(rng):
    """Events of a table, and the table at their end: id -> (name, city, lsn)."""
    table, events = {}, []
    for lsn in range(1, CHANGES + 1):
        key = rng.randrange(KEYS)
        before = {"id": key} if key in table else None
        if before and rng.random() < 0.3:
            del table[key]
            events.append({"op": "d", "before": before, "after": None, "source": {"lsn": lsn}})
            continue
        table[key] = (f"n{rng.randrange(99)}", rng.choice((None, "Köln", "Paris")), lsn)
        after = {"id": key, "name": table[key][0], "city": table[key][1]}
        events.append({"op": "u" if before else "c", "before": before, "after": after, "source": {"lsn": lsn, "ts_ms": 0}})
    return events, table


def killed(r):
    rng = random.Random(r.name)
    events, origin = changes(rng)
    events += rng.sample(events, CHANGES // 4)
    rng.shuffle(events)
    topic = r.name + "_changes"
    r.kafka.create(topic, PARTITIONS)

    def send(share, of):
        for event in events[len(events) * share // of:len(events) * (share + 1) // of]:
            sent[rng.randrange(PARTITIONS)].append(json.dumps(event).encode())
        for partition in range(PARTITIONS):
            r.kafka.produce(topic, sent[partition], "-p", str(partition))
            sent[partition].clear()

    sent = [[] for _ in range(PARTITIONS)]

    def table():
        return [(row["id"], row["name"], row["city"], row["lsn"]) for row in r.postgres.ask("select * from customers")] \
            if r.postgres.has("customers") else []

    send(0, 3)
    life = start(r, "newest_row", CHANGES=topic)
    life.wait_until("rows of the first third", table)
    send(1, 3)
    life.kill()
    send(2, 3)
    life = start(r, "newest_row", CHANGES=topic)
    life.wait_until(f"all {len(events)} events are in the table", lambda: life.ask_ledger()["table"]["out"] >= len(events))
    life.stop()
    wrong = difference([(key, *row) for key, row in origin.items()], table())
    check(not wrong, f"the table is not its origin: {wrong}")
    check(life.ledger()["table"]["out"] == len(events) and not life.dead_letters(), f"the ledger: {life.ledger()['table']}")
    print(f"{len(events)} events, a fifth of them again: {len(origin)} rows as the origin's", flush=True)
