"""The row of Parquet tables: the sink's writer against a bare Arrow writer of the same six columns of text."""
import shutil

from table.harness import Skipped, middle, ratio


def parquet(bench):
    """rows into Parquet files, by CPU-second, against a bare Arrow writer"""
    program = bench.tool("parquet_rows_bench")
    if not program.exists():
        raise Skipped("this build has no Arrow; remedy: tools/arrow, and build again")
    found = {"bare": [], "sink": []}

    def side(which):
        def cpu():
            folder = bench.folder(which)
            seconds, wall, megabytes = map(float, bench.measured([program, which, folder, 2 * bench.sql_large]).out.split())
            shutil.rmtree(folder)
            found[which].append((wall, megabytes))
            return seconds
        return cpu

    pairs = bench.in_turn(side("bare"), side("sink"))
    rate = lambda i: 2 * bench.sql_large / middle([p[i] for p in pairs]) / 1e6
    return ratio(pairs, 0.7, f"bare {rate(0):.1f}, sink {rate(1):.1f} M rows per CPU-s; wall "
                             f"{middle([w for w, _ in found['bare']]):.1f} and {middle([w for w, _ in found['sink']]):.1f} s")
