"""Clicks in three files, one of them packed; one message has a field of another type of the wire than its schema says."""
import base64
import gzip
import random
import struct

from golden.oracle import MINUTE, fold, groups, iso, lines, micros


def varint(n):
    n, out = n & (2**64 - 1), b""
    while n > 127:
        n, out = n >> 7, out + bytes([n & 127 | 128])
    return out + bytes([n])


def field(number, value):
    """An int is a varint, a float a double, bytes and texts are behind their length."""
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def zigzag(n):
    return (n << 1) ^ (n >> 63)


def message(c):
    at = field(1, c["at"] // 10**6) + field(2, c["at"] % 10**6 * 1000)
    out = field(1, c["userid"]) + field(4, at)
    if c["count"]:
        out += field(2, c["count"])
    if c["page"] is not None:
        out += field(3, c["page"])
    if c["level"] != "FREE":
        out += field(5, {"PAID": 1, "7": 7}[c["level"]])
    if c["packed"]:
        out += field(6, b"".join(varint(zigzag(s)) for s in c["steps"]))
    else:
        out += b"".join(field(6, zigzag(s)) for s in c["steps"])
    out += b"".join(field(7, field(1, k) + field(2, v)) for k, v in c["seen"].items())
    if c["place"]:  # in two parts, which are merged
        out += field(8, field(1, c["place"]["lat"]))
        if c["place"]["city"] is not None:
            out += field(8, field(2, c["place"]["city"]))
    out += field(99, "a field of a later version")
    if c["app"] is not None:
        out += field(9, c["app"])
    if c["web"] is not None:
        out += field(10, c["web"])
    return out + field(11, c["big"]) + field(12, c["hash"])


def make(folder):
    rng = random.Random(75)
    at, events, rows, files = micros("2021-04-24T10:00:00Z"), [], [], [[], [], []]
    for i in range(600):
        at += rng.randrange(2_000_000)
        app = rng.choice([None, "a"])
        c = {"userid": f"u{rng.randrange(9)}", "count": rng.choice([0, -1, 2**40, 7]), "page": rng.choice([None, "", "/ü"]), "at": at,
             "level": rng.choice(["FREE", "PAID", "7"]), "steps": [rng.randrange(-2**31, 2**31) for _ in range(rng.randrange(4))], "packed": rng.random() < 0.5,
             "seen": {"a": rng.randrange(-5, 5), "b": 2**40} if rng.random() < 0.5 else {},
             "place": rng.choice([None, {"lat": 1.5, "city": None}, {"lat": -0.25, "city": "Huế"}]), "app": app,
             "web": None if app is not None else rng.choice([None, True, False]), "big": 2**64 - 1 - i, "hash": rng.randbytes(rng.randrange(5))}
        files[i // 200].append(message(c))
        events.append((at, {"userid": c["userid"], "count": c["count"]}))
        rows.append({"userid": c["userid"], "count": c["count"], "page": c["page"], "at": iso(at), "level": c["level"], "steps": c["steps"], "seen": c["seen"],
                     "place": c["place"], "app": c["app"], "web": c["web"], "big": c["big"], "hash": base64.b64encode(c["hash"]).decode()})
    files[1].insert(100, field(1, 7))
    data = [b"".join(varint(len(m)) + m for m in messages) for messages in files]
    (folder / "clicks-1.pb").write_bytes(data[0])
    (folder / "clicks-2.pb.gz").write_bytes(gzip.compress(data[1], mtime=0))
    (folder / "clicks-3.pb").write_bytes(data[2])
    users = groups(fold([events], 5 * MINUTE, delay=MINUTE)[0], ["userid"], lambda of: {"n": len(of), "sum": sum(r["count"] for r in of)})
    dead = [{"stage": "clicks", "record": field(1, 7).decode(), "error": "userid"}]
    return {"all_clicks.jsonl": lines(rows), "users.jsonl": lines(users), "dead_letters.jsonl": lines(dead)}
