"""Sums are exact and rounded once; NaN swallows all, infinities of both signs make one, and NaN is the greatest value."""
import math

from golden.oracle import MINUTE, fold, groups, lines, micros

INPUT = [("finite", "0.1", "10:00:01"), ("finite", "0.2", "10:00:02"), ("nan", "1", "10:00:03"), ("nan", "NaN", "10:00:04"),
         ("inf", "Infinity", "10:00:05"), ("inf", "1e308", "10:00:06"), ("both", "Infinity", "10:00:07"), ("both", "-Infinity", "10:00:08"),
         ("none", None, "10:00:10"), ("not one", "1e400", "10:00:11"), ("nan", "2", "10:02:00"), ("inf", "2", "10:02:00")]


def total(values):
    if any(math.isnan(v) for v in values) or {math.inf, -math.inf} <= set(values):
        return math.nan
    return next((v for v in values if math.isinf(v)), None) or math.fsum(values)


def shown(v):
    """Formats a value as a JSON row has it."""
    if v is None or math.isfinite(v):
        return v
    return "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"


def aggregate(rows):
    values = [r["d"] for r in rows if r["d"] is not None]
    if not values:
        return {"n": 0, "s": None, "a": None, "low": None, "high": None, "kinds": 0}
    order = sorted(values, key=lambda v: (math.isnan(v), v))
    s = total(values)
    return {"n": len(values), "s": shown(s), "a": shown(s / len(values)), "low": shown(order[0]), "high": shown(order[-1]),
            "kinds": len(set(values))}


def make(folder):
    records = [{"k": k, "d": d, "t": f"2021-04-24T{t}Z"} for k, d, t in INPUT]
    (folder / "input.jsonl").write_text(lines(records))
    rows = [(micros(r["t"]), {"k": r["k"], "d": None if r["d"] is None else float(r["d"])}) for r in records if r["d"] != "1e400"]
    sums = groups(fold([rows], MINUTE)[0], ["k"], aggregate)
    slid = groups(fold([rows], 2 * MINUTE, MINUTE)[0], ["k"], lambda of: {"s": aggregate(of)["s"]})
    refused = {"stage": "numbers", "error": "'1e400' is out of range for double",
               "record": lines(r for r in records if r["d"] == "1e400").rstrip()}
    return {"out.jsonl": lines(sums), "table.jsonl": lines({"k": r["k"], "s": None if r["s"] is None else str(r["s"]).removesuffix(".0")} for r in sums),
            "slid_out.jsonl": lines(r for r in slid if r["s"] != "NaN"), "dead_letters.jsonl": lines([refused])}
