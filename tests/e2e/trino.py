#!/usr/bin/env -S python3 -B
"""A real Trino over the parquet sink's tables: made by what `millrace table --ddl trino` prints, asked while the topology goes on writing.
TRINO_URL names the server (tools/services start trino: a large download, so that tools/prove does not do it); else SKIPPED."""
import json
import os
import pathlib
import subprocess
import sys

from parquet_tables import Trino
from real_systems import SKIPPED, Run, check, main, wait_until

HEADERS = {"host": "text", "user-agent": "text", "event_type": "text", "at": "timestamp", "n": "bigint", "price": "double", "ok": "boolean",
           "tags": ["text"], "place": {"lat": "double", "city": "text"}}


def topology(folder):
    columns = {"raw_event": "_raw", **{name: f'"{name}"' for name in HEADERS}}
    return {"millrace": 1, "topology": "game", "stages": {
        "events": {"source": "file", "path": str(folder / "events.jsonl"), "follow": True},
        "parsed": {"parser": "json", "from": "events", "schema": HEADERS},
        "flat": {"transform": "select", "from": "parsed", "columns": columns},
        "dated": {"transform": "select", "from": "parsed", "columns": {
            "part_date": "to_char(\"at\" at time zone 'Asia/Ho_Chi_Minh', 'YYYYMMDD')", "host": "host", "n": "n"}},
        "sword_purchases": {"sink": "parquet", "from": "flat", "path": str(folder / "sword purchases"), "roll": {"age": "1 s"},
                            "where": "event_type = 'purchase_sword'"},
        "days": {"sink": "parquet", "from": "dated", "path": str(folder / "days"), "partition_by": "part_date", "roll": {"age": "1 s"}},
    }}


def event(n, **more):
    return {"host": f"user{n % 3}.comcast.com", "user-agent": "ApacheBench/2.3", "event_type": ("purchase_sword", "join_guild")[n % 2],
            "at": f"2021-04-{24 + n % 2}T19:55:00.796Z", "n": n, "price": n / 4, "ok": n % 3 == 0, "tags": ["a", None, str(n)],
            "place": {"lat": n / 2, "city": "São"}, **more}


def append(folder, numbers, **more):
    with open(folder / "events.jsonl", "a", encoding="utf-8") as f:
        f.writelines(json.dumps(event(n, **more), ensure_ascii=False) + "\n" for n in numbers)


class Lake(Trino):
    def __init__(self, options, folder):
        file = folder / "topology.json"
        file.write_text(json.dumps(topology(folder)))
        super().__init__(options, file)


def test(options, folder):
    if not os.environ.get("TRINO_URL"):
        print('SKIPPED: trino.py needs TRINO_URL; remedy: eval "$(tools/services start trino)"', flush=True)
        sys.exit(SKIPPED)
    lake = Lake(options, folder)
    can = subprocess.run([options.millrace, "check", lake.topology], capture_output=True, text=True)
    if can.returncode and "Arrow" in can.stderr:
        print(f"SKIPPED: trino.py needs the parquet sink: {can.stderr.strip()}", flush=True)
        sys.exit(SKIPPED)
    append(folder, range(20))
    append(folder, [20], tags=None, place=None, price=None, at=None, host=None, **{"user-agent": "quote \" and 'x'"})
    run = Run(options.millrace, lake.topology, folder / "state")
    wait_until("files of both tables", lambda: list((folder / "sword purchases").glob("*.parquet"))
               and len(list((folder / "days").glob("*/*.parquet"))) >= 3)
    lake.define("sword_purchases")
    lake.define("days")
    for table, rows in (("sword_purchases", 11), ("days", 21)):  # a file more may be on its way
        wait_until(f"all rows of {table}", lambda table=table, rows=rows: lake.ask(f"select count(*) from {table}")[1] == [[rows]])
    lake.expect("show tables", [["days"], ["sword_purchases"]])
    described = [row[:2] for row in lake.ask("describe sword_purchases")[1]]
    check(described == [["raw_event", "varchar"], ["host", "varchar"], ["user-agent", "varchar"], ["event_type", "varchar"], ["at", "timestamp(3)"],
                        ["n", "bigint"], ["price", "double"], ["ok", "boolean"], ["tags", "array(varchar)"],
                        ["place", "row(lat double, city varchar)"]], lambda: f"describe: {described}")
    lake.expect("select count(*) from sword_purchases", [[11]], ["_col0"])
    lake.expect("select host, count(*) from sword_purchases group by host order by host nulls last",
                [["user0.comcast.com", 4], ["user1.comcast.com", 3], ["user2.comcast.com", 3], [None, 1]], ["host", "_col1"])
    lake.expect('select "user-agent", "at", n, price, ok, tags[3], place.city, json_extract_scalar(raw_event, \'$.n\') from sword_purchases '
                "where n in (4, 20) order by n",
                [["ApacheBench/2.3", "2021-04-24 19:55:00.796", 4, 1.0, False, "4", "São", "4"],
                 ["quote \" and 'x'", None, 20, None, False, None, None, "20"]])
    lake.expect("select part_date, count(*), sum(n) from days group by part_date order by part_date nulls last",
                [["20210425", 10, 90], ["20210426", 10, 100], [None, 1, 20]])
    lake.expect("select count(*) from days where part_date = '20210425'", [[10]])
    print("made by the printed definitions: show tables, describe, count, group by host, nested columns, partitions")

    # Counted twice, growing: new files are seen at the next query, a new partition once its metadata is read.
    append(folder, range(30, 40))
    append(folder, [40], at="2021-05-01T12:00:00Z")
    wait_until("rows that came later", lambda: lake.ask("select count(*) from sword_purchases")[1] == [[17]])
    wait_until("the new partition's file", lambda: list((folder / "days" / "part_date=20210501").glob("*.parquet")))
    wait_until("rows in known partitions", lambda: lake.ask("select count(*) from days where n between 30 and 39")[1] == [[10]])
    lake.expect("select count(*) from days where part_date = '20210501'", [[0]])
    lake.ask(f"call hive.system.sync_partition_metadata('{lake.schema}', 'days', 'FULL')")
    lake.expect("select count(*), sum(n) from days where part_date = '20210501'", [[1, 40]])
    run.stop()
    for table in ("sword_purchases", "days"):
        lake.ask(f"drop table {table}")
    lake.drop()
    left = list(pathlib.Path(folder / "days").glob("*/*.parquet"))
    check(left, "dropping an external table has dropped its files")
    print("counts grow while the topology writes; a new partition after sync_partition_metadata; dropped tables leave their files")


if __name__ == "__main__":
    main(test, __doc__)
