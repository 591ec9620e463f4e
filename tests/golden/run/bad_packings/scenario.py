"""Content that is packed otherwise than by gzip, and lines that end with CR alone, are refused with what mends it; a byte-order mark is no text, and an input without records is told"""
import bz2
import io
import lzma
import zipfile

from golden.millrace import same

TEXT = b"ann\nbob\n"


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("a.csv", TEXT)
    return out.getvalue()


PACKED = {"bzip2": bz2.compress(TEXT), "xz": lzma.compress(TEXT), "zip": zipped(), "zstd": b"\x28\xb5\x2f\xfd\x04\x41\n" + TEXT,
          "Parquet": b"PAR1\x15\x04\x15\n" + TEXT + b"PAR1"}


def run(place):
    for packing, content in PACKED.items():
        for how in ["topology", "followed"]:
            a = place.attempt(f"{packing}_{how}")
            (a.root / "input").write_bytes(content)
            a.run(topology=place.folder / f"{how}.json", exit=1, says=["/input is packed as " + packing, "| millrace run"])
            same((a.lines("out.jsonl"), a.dead_letters()), ([], []))
    a = place.attempt("returns")
    (a.root / "input").write_bytes(TEXT.replace(b"\n", b"\r"))
    a.run(exit=1, says=["lines that end with CR alone", "tr "])
    same((a.lines("out.jsonl"), a.dead_letters()), ([], []))
    a = place.attempt("mark")
    (a.root / "input").write_bytes(b"\xef\xbb\xbf" + TEXT)
    a.run()
    same(a.lines("out.jsonl"), ['{"line":"ann"}', '{"line":"bob"}'])
    a = place.attempt("empty")
    (a.root / "input").write_bytes(b"\n\n")
    a.run(says=() if place.is_on_nodes else "no record was read: its input is empty")
    if place.is_on_nodes:
        return
    a.run(["--fail-on", "empty"], exit=1, says="no record was read, which fails the run by --fail-on empty")
    a = place.attempt("followed_returns")
    (a.root / "input").write_bytes(TEXT.replace(b"\n", b"\r"))
    process = a.start(topology=place.folder / "followed.json")
    a.wait(lambda: "lines that end with CR alone" in a.ended(process).stderr, process)
    a.stop(process)
    same(a.lines("out.jsonl"), [])
