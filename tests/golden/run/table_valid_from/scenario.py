"""A table whose versions have a time of their own, in the order of their keys: each counts from its time on, also one that is entered in advance,
too late or anew; a deletion without that time counts from its reading on; a slow first reading lets no row pass. docs/changes.md has this topology."""
import datetime
import json

from golden.millrace import check_ledger, same

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
# It takes a while before its first row comes
SLOW = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 2000000) select currency, valid_from, rate from rates where (select max(x) from c) > 0"


def days_ago(n):
    return (NOW - n * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


def order(a, n, currency, days):
    with (a.root / "orders.jsonl").open("a") as f:
        f.write(json.dumps({"n": n, "currency": currency, "at": days_ago(days)}) + "\n")


def begin(place, name):
    a = place.attempt(name)
    a.sql = lambda statement: a.execute(statement, "shop.sqlite")
    a.rate = lambda currency, days, rate: a.sql(f"insert into rates values ('{currency}', '{days_ago(days)}', {rate})")
    (a.root / "orders.jsonl").write_text("")
    a.sql("create table rates (currency text, valid_from text, rate real, primary key (currency, valid_from))")
    a.sql("create table fees (currency text primary key, valid_from text, fee integer)")
    for version in [("CHF", 300, 1), ("CHF", 30, 2), ("EUR", 300, 3), ("USD", 300, 4), ("USD", 40, 5), ("SEK", -400, 6), ("SEK", 300, 7)]:
        a.rate(*version)
    a.sql(f"insert into fees values ('CHF', '{days_ago(300)}', 10), ('EUR', '{days_ago(299)}', 20)")
    for n, (currency, days) in enumerate([("EUR", 60), ("USD", 50), ("USD", 39), ("CHF", 31), ("CHF", 29), ("SEK", 28), ("EUR", 27)]):
        order(a, n, currency, days)
    return a


RATES = [3, 4, 5, 1, 2, 7]


def run(place):
    a = begin(place, "versions")
    rows = lambda name, column: [row[column] for row in map(json.loads, a.lines(f"{name}.jsonl"))]

    def wait(name, count):
        a.wait(lambda: a.lines_so_far(f"{name}.jsonl") >= count, p)

    p = a.start()
    wait("priced", 6)
    wait("charged", 6)
    same(rows("priced", "rate"), RATES)
    same(rows("charged", "fee"), [20, None, None, 10, 10, None])

    # A rate that is entered after its time, and one that is corrected, count for the orders that are yet to come out.
    a.rate("JPY", 200, 8)
    a.sql(f"update rates set rate = 9 where currency = 'EUR' and valid_from = '{days_ago(300)}'")
    wait("rates", 9)
    order(a, 7, "JPY", 26)
    order(a, 8, "CHF", 25)
    wait("priced", 8)
    same(rows("priced", "rate"), [*RATES, 9, 8])

    # A deletion counts from its reading on, whether the run reads it at once or after a kill.
    a.kill(p)
    a.sql("delete from fees where currency = 'CHF'")
    p = a.start()
    wait("fees", 3)
    order(a, 9, "CHF", 24)
    order(a, 10, "CHF", -1)
    order(a, 11, "CHF", -2)
    wait("charged", 11)
    wait("priced", 11)
    same(rows("charged", "fee")[8:], [10, 10, None])
    same(rows("priced", "rate"), [*RATES, 9, 8, 2, 2, 2])
    a.stop(p)
    check_ledger(a.name, a.report(), ended=False)
    for stage in a.report()["stages"].values():
        same((stage["late"], stage.get("late_at_shard", 0), stage["dead_letters"]), (0, 0, 0))

    slow = begin(place, "slow_first_reading")
    p = slow.start(["--set", "stages.rates.idle_timeout=50 ms", "--set", "stages.rates_table=" + json.dumps(
        {"source": "sql", "connection": "sqlite3://${OUT}/shop.sqlite", "query": SLOW, "key": ["currency", "valid_from"], "table": None})])
    slow.wait(lambda: slow.lines_so_far("priced.jsonl") >= 6, p)
    same([json.loads(line)["rate"] for line in slow.lines("priced.jsonl")], RATES)
    slow.stop(p)
