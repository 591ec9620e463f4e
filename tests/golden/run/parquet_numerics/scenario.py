"""Numerics are decimals of Parquet with every digit, and partitions by their digits; more rows of a later state fit beside them"""
import shutil

from golden.millrace import same

TINY = "0." + "0" * 37 + "1"
ZERO = "0." + "0" * 38
MOST = "9" * 29 + "." + "9" * 9
ROWS = [("12345678901234567890123456789.123456789", TINY, "1.50", "[1.5,null,-99.9]"), ("-" + MOST, "-0." + "9" * 38, "-999.99", "[]"),
        ("0.000000000", ZERO, "0.00", "null"), ("9007199254740993.000000001", "null", "1.50", "[0.0]"), ("null", "null", "null", "null"),
        ("-0.000000001", "-" + TINY, "-0.05", "[12.0]")]


def lines(name, begin=0):
    for i, (m, z, p, l) in enumerate(ROWS, begin):
        if name == "all":
            yield f'{{"id":{i},"m":{m},"z":{z},"p":{p},"l":{l}}}'
        else:  # partitions' values come last, as texts
            yield f'{{"m":{m},"id":{i},"p":' + (p if p == "null" else f'"{p}"') + "}"


def run(place):
    a = place.attempt("straight")
    (a.root / "input.jsonl").write_text("\n".join(lines("all")) + "\n")
    a.run()
    same(a.parquet_rows("all"), list(lines("all")))
    same(sorted(a.parquet_rows("parts")), sorted(lines("parts")))
    same(sorted({f.split("/")[0] for f in a.parquet_files("parts")}),
         sorted(["p=1.50", "p=-999.99", "p=0.00", "p=__HIVE_DEFAULT_PARTITION__", "p=-0.05"]))
    # A later state finds the same columns in the files that are there.
    for table in ("all", "parts"):
        (a.out / table / ".millrace-table").unlink()
    shutil.rmtree(a.state)
    (a.root / "input.jsonl").write_text("\n".join(lines("all", 100)) + "\n")
    a.run()
    for table in ("all", "parts"):
        same(sorted(a.parquet_rows(table)), sorted([*lines(table), *lines(table, 100)]))
