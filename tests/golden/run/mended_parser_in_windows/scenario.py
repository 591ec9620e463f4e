"""A column whose type a window's key or aggregates hold does not fit the state, and replay says so as run does; other columns do"""
from golden.millrace import Wrong, same
from golden.numbered import expected, records

import re
import subprocess


def run(place):
    a = place.attempt("windows")
    text = records(900).replace("}\n", ',"amount":1}\n').splitlines(True)
    (a.root / "input.jsonl").write_text("".join(text[:450]) + '{"u":1,"t":[]}\n' + "".join(text[450:]))
    p = a.start(["--set", "stages.lines.rate=200/s"])
    a.wait(lambda: a.lines_so_far("out.jsonl") > 0, p)
    a.stop(p)
    for change, says in [("stages.parsed.schema.amount=double", 'the aggregate "sum(amount)" was over bigint and is over double'),
                         ("stages.parsed.schema.u=bigint", 'column "u" was text and is bigint')]:
        a.run(["--set", change], exit=2, says=[says, "window 'sums'", "--fresh", "--state"])
        for command, words in (("check", ["--state", a.state]), ("replay", None)):
            if command == "replay":
                (a.root / "letters.jsonl").write_text("")
                words = [str(place.binary), "replay", a.root / "letters.jsonl", "--into", "parsed", "--topology", place.folder / "topology.json",
                         "--state", a.state, "--set", change]
            else:
                words = a.command(["--set", change, *words], command=command)
            done = subprocess.run(words, capture_output=True, text=True, env=a.environment())
            if done.returncode != 2 or says not in done.stderr:
                raise Wrong(f"{command}: {done.returncode} {done.stdout} {done.stderr}")
    a.run(["--set", "stages.parsed.schema.spare=double"], says='column "spare" was bigint and is double')
    same([re.sub(r',"total":\d+', "", line) for line in a.lines("out.jsonl")], expected(900))
