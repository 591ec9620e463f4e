"""Compares rows with DuckDB's own answer; runs under the Python of tools/duckdb_peer.

    judge.py QUERY RECORDS ROWS WORK

QUERY: a file with a SELECT over the view `records`, the lines of the file RECORDS as JSON. ROWS: the glob of CSV files, with
a head or without. The answer is kept in the folder WORK: all sides are compared with the same one. Prints `equal N`, or what differs.
"""
import hashlib
import sys
from pathlib import Path

import duckdb


def main():
    query, records, rows, work = sys.argv[1:]
    text = Path(query).read_text()
    db = duckdb.connect()
    db.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
    db.execute(f"set temp_directory = '{work}'")
    known = Path(work) / f"answer-{hashlib.sha256(f'{text} {records}'.encode()).hexdigest()[:16]}.parquet"
    if not known.exists():
        db.execute(f"create view records as select json from read_json_objects('{records}', format = 'newline_delimited')")
        db.execute(f"copy ({text}) to '{known}' (format parquet)")
    wanted = f"from '{known}'"
    described = db.execute(f"describe select * {wanted}").fetchall()
    columns = [name for name, *_ in described]
    typed = ", ".join(f"{name}::{kind} as {name}" for name, kind, *_ in described)
    named = "{" + ", ".join(f"'{name}': 'varchar'" for name in columns) + "}"
    files = f"read_csv('{rows}', header = false, auto_detect = false, delim = ',', quote = '\"', columns = {named})"
    given = f"from (select {typed} from {files} where {columns[0]} <> '{columns[0]}')"
    digest = f"select count(*), sum(hash({', '.join(columns)})::hugeint)"
    want, got = db.execute(f"{digest} {wanted}").fetchone(), db.execute(f"{digest} {given}").fetchone()
    if want == got:
        print(f"equal {got[0]}")
        return
    print(f"{got[0]} rows, DuckDB has {want[0]}")
    for what, one, other in (("only here", given, wanted), ("only DuckDB's", wanted, given)):
        print(f"{what}: {db.execute(f'(select * {one} except all select * {other}) limit 3').fetchall()}")


main()
