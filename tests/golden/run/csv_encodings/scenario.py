"""A file in another encoding: bytes that are no character cost their record alone; a byte-order mark is never a part of a row; a file in another encoding
than the option says is an error. A state keeps to its encoding, and a file that has grown since its end is refused"""
import gzip
import json

from golden.millrace import check_ledger, same


def encoded(encoding):
    return ["--set", f"stages.parsed.encoding={encoding}"]


def begin(place, name, content):
    a = place.attempt(name)
    (a.root / "input.csv").write_bytes(content)
    return a


def rows(a, *want):
    same([list(json.loads(line).values()) for line in a.lines("out.jsonl")], [list(row) for row in want])


def dead(a, count, why):
    same([why in d["error"] for d in a.dead_letters()], [True] * count)
    check_ledger(a.name, a.report())


def units(text):
    return text.encode("utf-16le", "surrogatepass")


def run(place):
    a = begin(place, "no_character", b"n,a\n1,\xe9\x80\n2,x\x81\n\x9d3,y\n4,\x8f\x8f\r\n5,z\n")
    a.run(encoded("windows-1252"))
    rows(a, (1, "é€"), (5, "z"))
    dead(a, 3, "a byte without a character in windows-1252")

    a = begin(place, "half_characters", units("\ufeffn,a\n1,\U0001f600\n2,\ud83d\n3,\ude00\n4,\ude00\ud83d\n5,\ufffe\n6,b\n7,c") + b"d")
    a.run(encoded("utf-16"))
    rows(a, (1, "\U0001f600"), (6, "b"))
    dead(a, 5, "no character of utf-16")

    a = begin(place, "not_utf_8", b"n,a\n1,\xe9\n2,b\n")
    a.run()
    rows(a, (2, "b"))
    dead(a, 1, "is not UTF-8")

    parts = ["\ufeffn,a\r\n1,ä\r\n", '\ufeffn,a\r\n"2",b\r\n', "\ufeff\r\n", '\ufeff"3",c']
    for encoding, content in (("utf-8", "".join(parts).encode()), ("utf-16", units("".join(parts))),
                              ("utf-16", gzip.compress("".join(parts).encode("utf-16be")))):
        a = begin(place, f"joined_{encoding}_{len(content)}", content)
        a.run(encoded(encoding))
        rows(a, (1, "ä"), (2, "b"), (3, "c"))
        same(a.dead_letters(), [])

    for name, encoding, content, says in (
            ("no_mark", "utf-16", units("n,a\n1,b\n"), ["/input.csv: it does not begin with a byte-order mark", "iconv -f utf-16le -t utf-8"]),
            ("other_mark", "utf-16", "\ufeffn,a\n1,b\n".encode(), ["/input.csv: it begins with the byte-order mark of UTF-8", "leave out \"encoding\""]),
            ("is_utf_8", "windows-1252", "\ufeffn,a\n1,b\n".encode(), ["/input.csv: it begins with the byte-order mark of UTF-8"]),
            ("is_utf_16", "windows-1252", units("\ufeffn,a\n1,b\n"), ["/input.csv: it begins with the byte-order mark of UTF-16", '"utf-16"'])):
        a = begin(place, name, content)
        a.run(encoded(encoding), exit=1, says=says)
        same(a.dead_letters(), [])

    a = begin(place, "other_encoding", "n,a\n1,ä\n".encode("windows-1252"))
    a.run(encoded("windows-1252"))
    a.run(exit=2, says=["encoding was windows-1252 and is utf-8", "--fresh"])
    with (a.root / "input.csv").open("ab") as f:
        f.write(b"2,b\n")
    a.run(encoded("windows-1252"), exit=2, says=["/input.csv: it is decoded by an `encoding` and has grown", "file of its own"])
    rows(a, (1, "ä"))
