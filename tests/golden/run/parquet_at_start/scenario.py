"""A table with at_start empty is dropped when a state begins, never by a restart; --fresh replaces a state's files"""
import shutil

from golden.millrace import same


def rows(first, last):
    return ['{"i":%d}' % i for i in range(first, last)]


def run(place):
    a = place.attempt("empty")
    (a.root / "input.jsonl").write_text("\n".join(rows(0, 600)) + "\n")
    a.run_killed(["--set", "stages.lines.rate=599/s"])
    for table in ("dropped", "kept"):
        same(a.parquet_rows(table), rows(0, 600))
    files = a.parquet_files("kept")
    a.run(says="has ended")
    same(a.parquet_files("kept"), files)
    # Another state begins: its folder is new. The one that keeps refuses it, and loses nothing.
    shutil.rmtree(a.state)
    (a.root / "input.jsonl").write_text("\n".join(rows(600, 900)) + "\n")
    a.run(exit=1, says=["kept", "another state folder", "--fresh"])
    same(a.parquet_rows("kept"), rows(0, 600))
    # An older table without an owner stays, and gets more rows.
    (a.out / "kept" / ".millrace-table").unlink()
    shutil.rmtree(a.state, ignore_errors=True)
    a.run()
    same(a.parquet_rows("dropped"), rows(600, 900))
    same(sorted(a.parquet_rows("kept")), sorted(rows(0, 900)))
    # --fresh replaces what this state wrote, and keeps what was there before.
    a.run(["--fresh"], says=["kept: the files that the state before has written are removed, and no others",
                             "dropped: all data files of the table are removed, whoever has written them"])
    same(a.parquet_rows("dropped"), rows(600, 900))
    same(sorted(a.parquet_rows("kept")), sorted(rows(0, 900)))
