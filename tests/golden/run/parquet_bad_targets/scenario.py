"""A table's folder that is a file, belongs to another, holds other columns, or lost its staged rows: one message, no row lost"""
from golden.millrace import check_ledger, same


def rows(n):
    return ['{"i":%d}' % i for i in range(n)]


def run(place):
    a = place.attempt("targets")
    (a.root / "input.jsonl").write_text("\n".join(rows(95)) + "\n")
    (a.out / "table").write_text("mine")
    a.run(exit=1, says=["table", str(a.out / "table"), "choose another path"])
    same((a.out / "table").read_text(), "mine")
    (a.out / "table").unlink()
    a.run()
    same(a.parquet_rows("table"), rows(95))
    check_ledger(a.name, a.report())

    # Another topology on the same folder.
    other = a.root / "other.json"
    text = (place.folder / "topology.json").read_text()
    other.write_text(text.replace('"parquet_bad_targets"', '"another"'))
    first, a.state = a.state, a.root / "state2"
    a.run(topology=other, exit=1, says=["belongs to sink 'table' of topology 'parquet_bad_targets'", "--fresh"])
    same(a.parquet_rows("table"), rows(95))

    # An older table with other columns.
    (a.out / "table" / ".millrace-table").unlink()
    other.write_text(text.replace('"bigint"', '"text"'))
    a.state = a.root / "state3"
    a.run(topology=other, exit=1, says=["other columns (i int64; this one's are i string)", '"at_start": "empty"'])
    same(a.parquet_rows("table"), rows(95))

    # Killed while rows were staged, and those taken away.
    b = place.attempt("staged")
    (b.root / "input.jsonl").write_text("\n".join(rows(300)) + "\n")
    staged = b.out / "table" / ".millrace-staged"
    slow = ["--set", "stages.lines.rate=100/s", "--set", "stages.table.roll.rows=1000"]
    sizes = set()  # several commits have been done once it has grown several times: the first of them holds bytes

    def has_grown():
        sizes.add(staged.stat().st_size if staged.exists() else 0)
        return len(sizes) > 6

    b.run_until(has_grown, slow)
    bytes_ = staged.read_bytes()
    staged.unlink()
    b.run(slow, exit=1, says=["committed bytes that are in no visible file yet", "vanished", "--fresh"])
    staged.write_bytes(bytes_)
    b.run()
    same(b.parquet_rows("table"), rows(300))
