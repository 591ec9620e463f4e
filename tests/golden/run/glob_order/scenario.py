"""`order` of a glob: natural, name and modified; over kills the stored list decides, and another order than the state's is refused"""
from golden.millrace import same

import json
import os

HOURS = {"8": 10, "9": 11, "10": 12}


def lines_of(number):
    return "".join('{"u":"%s.%d","t":"2021-04-24T%02d:%02d:00Z"}\n' % (number, i, HOURS[number], i) for i in range(30))


def write(a, *numbers):
    (a.root / "in").mkdir(exist_ok=True)
    for age, number in enumerate(numbers):
        file = a.root / "in" / ("app." + number)
        file.write_text(lines_of(number))
        os.utime(file, (1_600_000_000 + age, 1_600_000_000 + age))


def numbers(a):
    return list(dict.fromkeys(json.loads(line)["u"].split(".")[0] for line in a.lines("rows.jsonl")))


def args(order, *more):
    return ["--set", f"stages.lines.order={order}", *more]


def run(place):
    for order, want, late in (("natural", ["8", "9", "10"], 0), ("name", ["10", "8", "9"], 60), ("modified", ["9", "8", "10"], 30)):
        a = place.attempt(order)
        write(a, "9", "8", "10")
        p = a.start(args(order, "--set", "stages.lines.rate=100/s"))
        a.wait(lambda: a.lines_so_far("rows.jsonl") > 10, p)
        a.kill(p)
        # The time of a file that is being read may change; which comes when does not.
        os.utime(a.root / "in" / "app.9", (1_700_000_000, 1_700_000_000))
        other = "name" if order == "natural" else "natural"
        a.run(args(other), exit=2, says=f"order was {order} and is {other}, so that it is another log")
        a.run(args(order))
        same(numbers(a), want)
        same(len(a.lines("rows.jsonl")), 90)
        same(a.report()["stages"]["counts"]["late"], late)

    a = place.attempt("followed")
    write(a, "8", "9")
    follow = ["--set", "stages.lines.follow=true"]
    p = a.start(follow)
    a.wait(lambda: a.lines_so_far("rows.jsonl") == 60, p)
    write(a, "10")
    a.wait(lambda: a.lines_so_far("rows.jsonl") == 90, p)
    a.stop(p)
    same(numbers(a), ["8", "9", "10"])
    same(a.report()["stages"]["counts"]["late"], 0)

    a = place.attempt("wrong")
    a.run(args("age"), exit=2, says='expected "natural", "name" or "modified"')
    a.run(args("name", "--set", "stages.lines.parallel=true"), exit=2, says="is for the files of a glob that are one log")
