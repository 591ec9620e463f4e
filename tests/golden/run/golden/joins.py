"""Rows of two sides for joins, and the words for what comes out."""
from golden.oracle import SECOND, iso

BEGIN = 1_767_225_600 * SECOND  # 2026-01-01


def draw(rng, side, partition):
    """(event time, row) of a partition: `order` tells rows of one time apart."""
    out, clock = [], BEGIN + rng.randint(0, 5) * SECOND
    for position in range(60):
        clock += rng.choice([0, 0, 1, 1, 2, 9]) * SECOND
        time = clock - rng.choice([0, 0, 0, 1, 4, 30]) * SECOND
        out.append((time, {"key": rng.choice(["a", "b", "b", "c", None, ""]), "number": len(out) + 1000 * partition, "at": time,
                           "order": (time, partition, position), "side": side, "x": rng.choice([0.5, 1e300, None])}))
    return out


def with_marks(partitions, delay):
    """(row, its partition's watermark just before it) of all partitions."""
    out = []
    for partition in partitions:
        watermark = None
        for time, row in partition:
            out.append((row, watermark))
            watermark = time - delay if watermark is None else max(watermark, time - delay)
    return out


def by_key(key):
    """Keys go by their bytes, nulls last."""
    return (key is None, key or "")


def of(row, name):
    return None if row is None else row[name]


def time_of(row):
    return None if row is None else iso(row["at"])
