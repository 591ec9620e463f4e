"""A table that is read at intervals: each change once, over kills and while nothing runs; lookups by its versions; an altered table, a key that is none"""
import datetime
import json

from golden.millrace import Wrong, check_ledger, same


def change(n, name=None, tier=None, deleted=False):
    return json.dumps({"id": n, "deleted": deleted, "name": name, "tier": tier}, separators=(",", ":"))


def wait_for_changes(a, p, expected):
    """Rows of one reading come as the database gives them, those that are gone last."""
    a.wait(lambda: len(a.lines_of("changes.jsonl")) >= len(expected), p)
    same(a.lines("changes.jsonl"), expected)


def order(a, n, customer):
    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    with (a.root / "orders.jsonl").open("a") as f:
        f.write(json.dumps({"n": n, "customer": customer, "at": at}) + "\n")


def run(place):
    a = place.attempt("changes")
    a.lines_of = lambda name: a.lines(name) if (a.out / name).exists() else []
    sql = lambda statement: a.execute(statement, "shop.sqlite")
    (a.root / "orders.jsonl").write_text("")
    sql("create table customers (id integer primary key, name text, tier real)")
    sql("insert into customers values (1, 'ann', 0.1), (2, 'bob', 2), (3, null, 3)")
    expected = [change(1, "ann", 0.1), change(2, "bob", 2), change(3, None, 3)]
    p = a.start()
    wait_for_changes(a, p, expected)
    order(a, 1, 1)
    order(a, 2, 9)
    order(a, 3, 2)
    a.wait(lambda: a.lines_so_far("out.jsonl") >= 2, p)

    sql("update customers set name = 'bea' where id = 2")
    wait_for_changes(a, p, expected := [*expected, change(2, "bea", 2)])
    sql("update customers set tier = 2 where id = 2")  # it is already
    sql("delete from customers where id = 1")
    wait_for_changes(a, p, expected := [*expected, change(1, deleted=True)])
    order(a, 4, 1)
    order(a, 5, 2)
    a.wait(lambda: a.lines_so_far("out.jsonl") >= 4, p)
    a.kill(p)

    # Changes while nothing runs are found by the next reading; what was found before is not found again.
    sql("insert into customers values (1, 'ann', 7)")
    sql("delete from customers where id = 3")
    p = a.start()
    wait_for_changes(a, p, expected := [*expected, change(1, "ann", 7), change(3, deleted=True)])
    for life in range(place.kills):
        a.kill(p)
        p = a.start()
        sql(f"update customers set tier = {life + 10} where id = 1")
        wait_for_changes(a, p, expected := [*expected, change(1, "ann", life + 10)])
    order(a, 6, 1)
    order(a, 7, 9)
    a.wait(lambda: a.lines_so_far("out.jsonl") >= 6, p)
    tier = place.kills + 9 if place.kills else 7
    rows = [(1, "ann", 0.1), (2, None, None), (3, "bob", 2), (4, None, None), (5, "bea", 2), (6, "ann", tier)]
    same([tuple(json.loads(line).values()) for line in a.lines("out.jsonl")], rows)

    # A table with other columns is not read, and said to be stale, until it is as it was.
    sql("alter table customers add column city text")
    sql("update customers set name = 'ada', city = 'Ulm' where id = 1")
    a.wait(lambda: "its columns were id, name, tier, and are now id, name, tier, city" in a.ended(p).stderr, p)
    same(a.lines("changes.jsonl"), expected)
    sql("alter table customers drop column city")
    wait_for_changes(a, p, expected := [*expected, change(1, "ada", tier)])
    a.stop(p)
    check_ledger(a.name, a.report(), ended=False)

    refused(place)


def refused(place):
    source = lambda **options: ["--set", "stages.customer_table=" + json.dumps(
        {"source": "sql", "connection": "sqlite3://${OUT}/shop.sqlite", "key": "id", "every": "100 ms", "table": None, **options})]
    for number, (options, says) in enumerate([
            ({"table": "customers"}, 'two rows have the key {"id":1}; name columns in `key` that say which row is meant'),
            ({"table": "customer"}, "there is no table customer, or its role may not see it"),
            ({"query": "select ident from customers"}, "no such column: ident"),
            ({"query": "select name, tier from customers"}, '`key` names "id", which is not a column; it has name, tier'),
            ({"query": "select id, name, tier as name from customers"}, 'two columns have the name "name"'),
            ({"query": "select id, name as deleted from customers"}, '"deleted" is one of its columns'),
            ({"query": "delete from customers returning id"}, "attempt to write a readonly database"),
            ({"table": "customers", "key": ["id", "name"], "max_rows": 1}, "it has more than 1 rows; set `max_rows`")]):
        a = place.attempt(f"refused_{number}")
        (a.root / "orders.jsonl").write_text("")
        a.execute("create table customers (id integer, name text, tier real)", "shop.sqlite")
        a.execute("insert into customers values (1, 'ann', 1), (1, 'bob', 2)", "shop.sqlite")
        ended = a.end(a.start(source(**options)))
        if ended.status != 1 or says not in ended.stderr:
            raise Wrong(f"{options}: status {ended.status}, and not {says!r}: {ended.stderr[-800:]}")
