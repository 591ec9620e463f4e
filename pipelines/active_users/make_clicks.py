#!/usr/bin/env python3
"""Generates clicks as JSON lines, the same for the same seed.

    make_clicks.py [--count N] [--seed S] [--users N] [--raw] [--start TIME]

Without --raw each click has a timestamp (a click a second on average, up to 30 s out of order), as the feed would have
sent it; with --raw it has none. Three in a hundred clicks have an empty userid, some users are far more active than
others.
"""
import argparse
import json
import random
import sys
from datetime import datetime, timedelta, timezone

PAGES = ["home", "search", "category", "product", "cart", "checkout"]
CATEGORIES = ["books", "garden", "music", "shoes", "toys", "kitchen"]
DEVICES = ["desktop", "phone", "tablet"]
COUNTRIES = ["de", "fr", "gb", "tr", "us", "vn"]
REFERRERS = ["direct", "search", "newsletter", "partner", "social"]


def click(rng, users):
    # A third of the clicks come from a tenth of the users.
    user = rng.randrange(max(1, users // 10)) if rng.random() < 1 / 3 else rng.randrange(users)
    return {
        "userid": "" if rng.random() < 0.03 else f"u{user:05d}",
        "sessionid": f"{rng.getrandbits(48):012x}",
        "page": rng.choice(PAGES),
        "productid": rng.randrange(1, 20_000),
        "category": rng.choice(CATEGORIES),
        "price": round(rng.uniform(1, 300), 2),
        "device": rng.choice(DEVICES),
        "country": rng.choice(COUNTRIES),
        "referrer": rng.choice(REFERRERS),
    }


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--count", type=int, default=100_000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--users", type=int, default=400)
    p.add_argument("--raw", action="store_true", help="without timestamps")
    p.add_argument("--start", default="2021-04-24T19:55:00", help="time of the first click, UTC")
    a = p.parse_args()
    rng = random.Random(a.seed)
    start = datetime.fromisoformat(a.start).replace(tzinfo=timezone.utc)
    for i in range(a.count):
        record = click(rng, a.users)
        if not a.raw:
            at = start + timedelta(seconds=i - rng.uniform(0, 30), milliseconds=rng.randrange(1000))
            record["timestamp"] = at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
        sys.stdout.write(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
