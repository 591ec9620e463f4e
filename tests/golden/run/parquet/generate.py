"""Events of every type, and the rows of both tables by Python's own reckoning of the zone"""
import datetime
import json
import random

ZONE = datetime.timezone(datetime.timedelta(hours=7))  # Asia/Ho_Chi_Minh, since 1975
STATUS = ["200", "404", "a/b", "S\u00e3o Paulo", "", None]


def utc(ms):
    t = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return t + (f".{ms % 1000:03}".rstrip("0") if ms % 1000 else "") + "Z"


def make(folder):
    drawn = random.Random(7)
    events, rows, days = [], [], []
    for i in range(500):
        ts = 1538352000000 + drawn.randrange(3 * 86_400_000)
        event = {"ts": ts, "userId": drawn.choice(["30", "9", "", 'a "quoted" \\ one', None]), "status": drawn.choice(STATUS),
                 "length": drawn.choice([277.89, 0.1, -3, None]), "paid": drawn.choice([True, False, None]), "n": i,
                 "tags": drawn.choice([[], ["a", None], None, ["x", "y"]]),
                 "venue": drawn.choice([None, {"name": "hall", "lat": 10.5}, {"name": None, "lat": None}])}
        events.append({**event, "more": {"x": [i]}})
        rows.append({**event, "ts": utc(ts), "more": json.dumps({"x": [i]})})
        rows[-1] = {c: rows[-1][c] for c in ("ts", "userId", "status", "length", "paid", "n", "more", "tags", "venue")}
        day = datetime.datetime.fromtimestamp(ts / 1000, ZONE).strftime("%Y-%m-%d")
        days.append({"n": i, "ts": utc(ts), "user-agent": event["userId"], "part_date": day, "status": event["status"] or None})
    text = lambda many: "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in many)
    (folder / "input.jsonl").write_text(text(events))
    return {"all.jsonl": text(rows), "days.jsonl": text(days)}
