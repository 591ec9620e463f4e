"""A column that would make other values of its rows' is refused at the start; a row whose null the table would fill in is a dead letter"""
from golden.millrace import check_ledger, same

INPUT = """\
{"id": 9007199254740993, "code": "007", "price": 0.30000000000000004}
{"id": null, "code": "1e3", "price": 1e300}
{"id": 3, "code": "12.50 ", "price": null}
"""
REMEDY = "remedy: alter the table, choose other `columns`, or name another table"


def run(place):
    a = place.attempt("straight")
    (a.root / "input.jsonl").write_text(INPUT)
    # SQLite makes the number 7 of the text 007 in each of these, and 9007199254740992 of the first id in a real one.
    for columns, says in (("id integer, code any, price real", '"code" is ANY, which does not hold every text unchanged (needs text)'),
                          ("id integer, code numeric, price real", '"code" is numeric, which does not hold every text unchanged (needs text)'),
                          ("id real, code text, price real", '"id" is REAL, which does not hold every bigint unchanged (needs integer)'),
                          ("id integer, code text, price numeric", '"price" is numeric, which does not hold every double unchanged (needs real)')):
        a.execute(f"create table rows ({columns})")
        a.run(exit=1, says=["rows", says, REMEDY])
        a.execute("drop table rows")
    a.execute("create table rows (id integer primary key, code text, price text)")
    a.run()
    same(a.table("rows"), [[("id", 3), ("code", "12.50 "), ("price", None)],
                           [("id", 9007199254740993), ("code", "007"), ("price", "0.30000000000000004")]])
    letters = a.dead_letters()
    same([d["record"] for d in letters], ['{"id":null,"code":"1e3","price":1e+300}'])
    same([d["error"] for d in letters], ["column id: the database puts a value of its own in the place of null"])
    check_ledger(a.name, a.report())
    same(a.report()["stages"]["table"], {"in": 3, "out": 2, "filtered": 0, "late": 0, "dead_letters": 1})
