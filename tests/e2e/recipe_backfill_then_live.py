"""pipelines/recipes/backfill_then_live as its README has it; then a longer history and a topic that has its end, too, over a kill -9 in the middle of the
history: each order is in the table once."""
import json

from real_systems import check, difference
from recipes_under_test import Recipe

ORDERS, HISTORY, OVERLAP = 6000, 5000, 400  # of all; in files; of those, in the topic, too
FILES = 10


def order(i):
    """An order a minute; after each comes one of the same time."""
    minute = i // 2
    return i, f"{i % 977}.{i % 100:02}", f"2025-03-{5 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"


def messages(first, end):
    return [json.dumps({"order_id": i, "amount": float(amount), "at": at}).encode() for i, amount, at in map(order, range(first, end))]


def run(r):
    """A history from files, then live records, in one table."""
    readme = Recipe(r, "backfill_then_live", TOPIC=r.name)
    check("once: 5 rows" in readme.run("millrace check"), "the sample's orders come once")
    check("0 failed" in readme.run("millrace test"), "the unit tests hold")
    readme.run("kcat")
    job = readme.start("millrace run")
    readme.shows_at_last("psql")
    readme.finish()
    job.interrupt()

    kafka, postgres, topic, history = r.kafka, r.postgres, r.name + "_longer", r.folder / "history"
    kafka.create(topic)
    history.mkdir()
    for n in range(FILES):
        part = range(n * HISTORY // FILES, (n + 1) * HISTORY // FILES)
        (history / f"orders-{n}.csv").write_text("order_id,amount,at\n" + "".join(",".join(map(str, order(i))) + "\n" for i in part))
    kafka.produce(topic, messages(HISTORY - OVERLAP, HISTORY))
    readme.env.update(POSTGRES_URL=postgres.url, TOPIC=topic, HISTORY=str(history))
    job.text = job.text.replace("--state backfill_then_live", "--state longer --set stages.history.rate=500/s")
    job = readme.again(job)
    job.wait_until("a tenth of the history is in the table", lambda: postgres.has("orders") and count(postgres) > HISTORY // 10)
    job.kill()
    found = count(postgres)
    check(found < HISTORY, f"the kill came too late: {found} orders were there")
    kafka.produce(topic, messages(HISTORY, ORDERS))
    kafka.produce(topic, [json.dumps({"order_id": ORDERS, "amount": 1, "at": "2025-03-20T00:00:00Z"}).encode()])  # orders before it come out
    job.text = job.text.replace(" --set stages.history.rate=500/s", "")
    job = readme.again(job)
    job.wait_until("all orders are in the table", lambda: count(postgres) >= ORDERS)
    job.interrupt()
    wrong = difference([(i, f"{float(amount):.2f}", at[:19]) for i, amount, at in map(order, range(ORDERS))],
                       [(row["order_id"], f"{row['amount']:.2f}", row["at"][:19]) for row in postgres.ask("select * from orders")])
    check(not wrong, f"orders: {wrong}")
    print(f"        {ORDERS} orders, {OVERLAP} of them in both; killed at {found}", flush=True)


def count(postgres):
    return postgres.ask("select count(*) as n from orders")[0]["n"]
