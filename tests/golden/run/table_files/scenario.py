"""Files of csv and of JSON as tables: each is read whole when it has changed, and gives each row that is new, changed or gone, once over kills"""
import json

from golden.millrace import Wrong, check_ledger, same

HEADER = "code,note,rate,kind\r\n"


def rate(code, kind, rate=None, note=None, gone=False):
    return {"rate": rate, "code": code, "kind": kind, "note": note, "deleted": gone}


def user(n, name=None, tags=None, gone=False):
    return {"id": n, "gone": gone, "tags": tags, "name": name}


def run(place):
    a = place.attempt("changes")

    def put(name, text):
        """As whoever cares writes it: another file, renamed."""
        (a.root / "new").write_text(text, newline="")
        (a.root / "new").rename(a.root / name)

    def wait(name, expected):
        a.wait(lambda: a.lines_so_far(f"{name}.jsonl") >= len(expected), p)
        same([json.loads(line) for line in a.lines(f"{name}.jsonl")], expected)

    put("rates.csv", HEADER + 'EUR,"the ""euro""",1.1,"a,b"\nUSD,,1,x\n')
    put("users.jsonl", '{"id": 1, "name": "ann", "tags": ["x", "y"]}\n\n{ "name":"bob","id":2}\n')
    rates = [rate("EUR", "a,b", 1.1, 'the "euro"'), rate("USD", "x", 1.0)]
    users = [user(1, "ann", ["x", "y"]), user(2, "bob")]
    p = a.start()
    wait("rates", rates)
    wait("users", users)

    # Written in another way, the rows are the same but for those whose text has changed.
    put("rates.csv", HEADER + '"USD","",1,x\nEUR,"the ""euro""",1.2,"a,b"\n')
    wait("rates", rates := [*rates, rate("USD", "x", 1.0, ""), rate("EUR", "a,b", 1.2, 'the "euro"')])
    put("users.jsonl", '{"id": 2.0, "name": "bea"}\n')
    wait("users", users := [*users, user(2, "bea"), user(1, gone=True)])
    a.kill(p)
    put("rates.csv", HEADER + "USD,,1,x\nYEN,\"two\nlines\",0.01,x\n")
    p = a.start()
    wait("rates", rates := [*rates, rate("USD", "x", 1.0), rate("YEN", "x", .01, "two\nlines"), rate("EUR", "a,b", gone=True)])
    for life in range(place.kills):
        a.kill(p)
        p = a.start()
        put("users.jsonl", '{"id": 2, "name": "%d"}\n{"id": 3, "name": null}\n' % life)
        wait("users", users := [*users, user(2, str(life)), *([user(3)] if life == 0 else [])])

    # A file that is wrong, or away, leaves the rows as they are, and is told of.
    put("rates.csv", HEADER + "USD,,1\n")
    a.wait(lambda: "expected 4 fields as in the header, and it has 3: USD,,1" in a.ended(p).stderr, p)
    (a.root / "users.jsonl").unlink()
    a.wait(lambda: "users.jsonl: No such file or directory; its rows stay as they were read last" in a.ended(p).stderr, p)
    put("rates.csv", HEADER + "USD,,2,x\n")
    put("users.jsonl", "")
    wait("rates", rates := [*rates, rate("USD", "x", 2.0), rate("YEN", "x", gone=True)])
    if place.kills:
        wait("users", [*users, user(2, gone=True), user(3, gone=True)])
    a.stop(p)
    check_ledger(a.name, a.report(), ended=False)
    for number, (args, users, says) in enumerate([
            (["--set", "stages.rates.header=false"], "", 'a table of csv names its columns in its first line; expected "header": true'),
            ([], '{"id": 1}\n{"id": 1, "name": "x"}\n', 'two rows have the key {"id":1}'),
            ([], "7\n", "expected an object a record: 7"),
            ([], '{"id": [1]}\n', '"id", of its key, is not a text, number or boolean'),
            ([], '{"id": 1, "gone": 2}\n', 'it has a member "gone", which says whether a row is gone'),
            (["--set", "stages.user_file.max_rows=1"], '{"id": 1}\n{"id": 2}\n', "it has more than 1 rows")]):
        a = place.attempt(f"refused_{number}")
        put("rates.csv", HEADER)
        put("users.jsonl", users)
        ended = a.end(a.start(args))
        if ended.status not in (1, 2) or says not in ended.stderr:
            raise Wrong(f"status {ended.status}, and not {says!r}: {ended.stderr[-800:]}")
