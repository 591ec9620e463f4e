"""The row of models: batches scored by runtime/model against XGBoost's C interface called bare, with the numbers in rows already."""
import json
import statistics
import subprocess

from table.harness import Failed, Skipped, middle, ratio

SIDES = ("by_millrace", "by_xgboost")


def model(bench):
    """batches of 24 features scored, 75 deep trees, by CPU-second, against XGBoost's C interface"""
    program = bench.tool("model_bench")
    rates = {}

    def side(which, kind):
        def seconds_per_million():
            done = subprocess.run([program, f"--benchmark_filter={which}/{kind}", "--benchmark_format=json"], capture_output=True, text=True)
            if done.returncode == 2 and "libxgboost" in done.stderr:
                raise Skipped("no libxgboost.so; remedy: apt-get install libxgboost0")
            if done.returncode != 0:
                raise Failed(f"model_bench: {done.stderr.strip()[-300:]}")
            rate = json.loads(done.stdout)["benchmarks"][0]["items_per_second"]
            rates.setdefault((which, kind), []).append(rate)
            return 1e6 / rate
        return seconds_per_million

    deep = bench.in_turn(*(side(which, "forest") for which in reversed(SIDES)))
    flat = bench.in_turn(*(side(which, "boosted") for which in reversed(SIDES)))
    figures = "; ".join(f"{trees}: {' and '.join(f'{middle(rates[which, kind]) / 1e6:.2f}' for which in SIDES)} M rows per CPU-s"
                        for trees, kind in (("deep", "forest"), ("50 flat trees", "boosted")))
    row = ratio(deep, 0.8, f"{figures}; flat {statistics.median(a / b for a, b in flat):.2f}")
    row.second = statistics.median(a / b for a, b in flat) >= row.target
    return row
