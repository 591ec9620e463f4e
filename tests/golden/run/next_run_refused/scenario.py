"""Changes that an ended log cannot take are refused with the reason and a remedy, and no file is read; put right, it goes on"""
from golden.millrace import same

import gzip

UPDATES = '{"window":"tumbling","size":"1 hour","from":"parsed","aggregates":{"n":"count(*)"},"emit":"updates","every":"1 s"}'
GLOBAL = '{"window":"global","from":"parsed","aggregates":{"n":"count(*)"}}'
DEDUP = '{"window":"dedup","from":"parsed","key":"i","ttl":"1 day"}'
INTERVAL = '{"join":"interval","left":"parsed","right":"parsed","key":"i","before":"1 hour","after":"1 hour","columns":{"i":"i"}}'
AS_OF = '{"join":"as_of","left":"parsed","right":"parsed","key":"i","columns":{"i":"i"}}'


def line(i):
    return '{"i":%d,"t":"2021-04-24T10:00:00Z"}\n' % i


def rows(a, *numbers):
    same(sorted(a.lines("out.jsonl")), sorted('{"i":%d}' % i for i in numbers))


def begin(place, name, files):
    a = place.attempt(name)
    (a.root / "in").mkdir()
    for file, content in files.items():
        (a.root / "in" / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return a, a.root / "in"


def run(place):
    a, files = begin(place, "earlier_name", {"b": line(0)})
    a.run()
    (files / "a").write_text(line(1))
    a.run(exit=2, says=["/in/a: ", "its name comes before", "--fresh"])
    (files / "a").rename(files / "c")
    a.run()
    rows(a, 0, 1)

    a, files = begin(place, "grown_in_the_middle", {"a": line(0), "b": line(1)})
    a.run()
    with (files / "a").open("a") as f:
        f.write(line(2))
    a.run(exit=2, says=["/in/a: ", "has grown", "--fresh"])
    rows(a, 0, 1)

    a, files = begin(place, "continued_line", {"a": line(0) + line(1).rstrip("}\n")})
    a.run()
    with (files / "a").open("a") as f:
        f.write("}\n" + line(2))
    a.run(exit=2, says=["/in/a: ", "no newline when it was read as a record", "--fresh"])
    rows(a, 0)

    a, files = begin(place, "compressed", {"a.gz": gzip.compress(line(0).encode())})
    a.run()
    with (files / "a.gz").open("ab") as f:
        f.write(gzip.compress(line(1).encode()))
    a.run(exit=2, says=["/in/a.gz: ", "compressed and has grown", "file of its own"])
    (files / "a.gz").write_bytes(gzip.compress(line(1).encode()))
    (files / "a.gz").rename(files / "b.gz")
    a.run()
    rows(a, 0, 1)

    a, files = begin(place, "replaced", {"a": line(0) + line(1)})
    a.run()
    (files / "a").write_text(line(7))
    a.run(exit=2, says=["/in/a: ", "replaced or cut", "--fresh"])
    rows(a, 0, 1)

    for name, window, why in (("updates", UPDATES, "for good"), ("global", GLOBAL, "for good"), ("dedup", DEDUP, "has forgotten rows"),
                              ("interval", INTERVAL, "has forgotten rows"), ("as_of", AS_OF, "has forgotten rows")):
        sinks = ["--set", f"stages.w={window}", "--set", 'stages.w_out={"sink":"file","from":"w","path":"${OUT}/w.jsonl"}']
        a, files = begin(place, name, {"a": line(0)})
        a.run(sinks)
        a.run(sinks, says="nothing new in")
        (files / "b").write_text(line(1))
        a.run(sinks, exit=2, says=["w: ", why, "--fresh"])
        rows(a, 0)
