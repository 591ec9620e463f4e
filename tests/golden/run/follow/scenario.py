"""A followed file: stopped, killed and resumed while it grows; an unterminated line waits for its end; open windows wait for later records"""
from golden.millrace import same
from golden.numbered import expected, records


def run(place):
    a = place.attempt("follow")
    file = a.root / "input.jsonl"
    text = records(1500)
    file.write_text("")
    done = 0
    rng = place.random
    for life in range(5):
        p = a.start()
        for _ in range(2):
            end = min(len(text), done + rng.randrange(8000, 16000))
            with file.open("a") as f:  # cut anywhere, also within a line
                f.write(text[done:end])
            done = end
            whole = text[:done].count("\n")
            if rng.random() < 0.5:
                a.wait(lambda: len(a.table("rows")) >= whole, p)
        if life == 2:
            a.kill(p)
        else:
            a.stop(p)
    with file.open("a") as f:
        f.write(text[done:])
    p = a.start()
    a.wait(lambda: len(a.table("rows")) == 1500 and len(a.lines("out.jsonl")) == 12, p)
    a.wait_for_start(p)  # all may have been there before it began
    a.stop(p)
    # 1500 seconds are five windows; the fifth is open until a later record comes
    same(a.lines("out.jsonl"), expected(1500)[:12])
    same([r[0][1] for r in a.table("rows")], ["u%d" % (i % 3) for i in range(1500)])
    report = a.report()
    same(report["ended"], False)
    file.open("a").write('{"u":"x","t":"2021-04-24T10:25:00Z"}\n')
    p = a.start()
    a.wait(lambda: len(a.lines("out.jsonl")) == 15, p)
    a.stop(p)
    same(a.lines("out.jsonl"), expected(1500))
