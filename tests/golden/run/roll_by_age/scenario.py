"""A rolled file that is old enough becomes visible although no more rows come, also after a kill -9"""
from golden.millrace import same


def run(place):
    a = place.attempt("age")
    file = a.root / "input.jsonl"
    file.write_text('{"u":"a"}\n{"u":"b"}\n')
    p = a.start()
    a.wait(lambda: (a.out / "out-000001.jsonl").exists(), p)
    same((a.out / "out-000001.jsonl").read_text(), '{"u":"a"}\n{"u":"b"}\n')
    file.open("a").write('{"u":"c"}\n')
    a.kill(p)
    p = a.start()
    a.wait(lambda: (a.out / "out-000002.jsonl").exists(), p)
    same((a.out / "out-000002.jsonl").read_text(), '{"u":"c"}\n')
    a.stop(p)
    same(sorted(f.name for f in a.out.glob("out*")), ["out-000001.jsonl", "out-000002.jsonl"])
