"""pipelines/recipes/top_by_key as its README has it; then days of sales, over a kill -9 and a change from SQL to JSON, against places given here."""
import collections
import json
import random

from real_systems import check, difference
from recipes_under_test import play_a_sample


def sales(rng):
    """Sales of three days, in the order of their times; many products of an hour have sold the same number."""
    seconds = sorted(rng.randrange(3 * 86400) for _ in range(6000))
    return [{"shop": rng.choice(["berlin", "paris", "rome"]), "product": rng.choice("abcdefgh"), "pieces": rng.choice([1, 1, 2]),
             "at": f"2025-03-{10 + s // 86400:02}T{s // 3600 % 24:02}:{s // 60 % 60:02}:{s % 60:02}Z"} for s in seconds]


def places(records):
    """The rows of all hours but the last one, which is open."""
    pieces = collections.Counter()
    for sale in records:
        pieces[sale["at"][:13], sale["shop"], sale["product"]] += sale["pieces"]
    last = max(hour for hour, _, _ in pieces)
    groups = collections.defaultdict(list)
    for (hour, shop, product), n in pieces.items():
        if hour < last:
            groups[hour, shop].append((-n, product))
    return [(hour, shop, place, product, -n) for (hour, shop), group in groups.items() for place, (n, product) in enumerate(sorted(group)[:3], 1)]


def run(r):
    """The first three of each key in each window."""
    kafka, topic = r.kafka, r.name
    readme, job = play_a_sample(r, "top_by_key", "best: 7 rows")
    postgres = readme.postgres

    made = [*sales(random.Random(12)), {"shop": "rome", "product": "a", "pieces": 1, "at": "2025-03-20T00:00:00Z"}]
    half = len(made) // 2
    kafka.produce(topic, [json.dumps(sale).encode() for sale in made[:half]])
    job.wait_until("an hour of the first half has its rows", lambda: postgres.ask("select * from best_products where window_start >= '2025-03-10'"))
    job.kill()
    kafka.produce(topic, [json.dumps(sale).encode() for sale in made[half:]])
    job.text = job.text.replace("topology.sql", "topology.json")  # the page says that the state goes on with either
    job = readme.again(job)

    folder = readme.top / "pipelines/recipes/top_by_key"
    expected = places([json.loads(line) for line in (folder / "sales.jsonl").read_text().splitlines()] + made)

    def rows():
        return [(row["window_start"][:13], row["shop"], row["place"], row["product"], row["pieces"]) for row in postgres.ask("select * from best_products")]

    job.wait_until("all hours have their rows", lambda: len(rows()) >= len(expected))
    job.interrupt()
    wrong = difference(expected, rows())
    check(not wrong, f"best_products: {wrong}")
    print(f"        {len(made)} records, {len(expected)} rows", flush=True)
