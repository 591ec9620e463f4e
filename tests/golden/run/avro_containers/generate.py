"""Orders in five files: two of an older schema (an int id, no tags, level or stock, another order of fields), three of the reader's own."""
import json
import pathlib
import random
import zlib

from golden.oracle import MINUTE, fold, groups, iso, lines, micros

SYNC = b"golden millrace!"
READER = json.loads((pathlib.Path(__file__).parent / "order.avsc").read_text())
OLDER = {**READER, "fields": [
    {"name": "gone", "type": ["null", "double"]},
    *(f for f in READER["fields"] if f["name"] in ("place", "at", "day", "price", "kind")),
    {"name": "id", "type": "int"}]}


def number(n):
    n, out = (n << 1) ^ (n >> 63), b""
    while n > 127:
        n, out = n >> 7, out + bytes([n & 127 | 128])
    return out + bytes([n])


def text(s):
    return number(len(s.encode())) + s.encode()


def real(x):
    import struct
    return struct.pack("<d", x)


def cents(v):
    units = round(v * 100)
    size = (units + (units < 0)).bit_length() // 8 + 1
    return number(size) + units.to_bytes(size, "big", signed=True)


def blocks(items):
    """Items of an array or map as blocks: the first with its size in bytes, as a writer may do."""
    if not items:
        return number(0)
    data = b"".join(items)
    return number(-len(items)) + number(len(data)) + data + number(0)


def place(p):
    return real(p["lat"]) + (number(0) if p["city"] is None else number(1) + text(p["city"]))


def common(o):
    return (number(["BUY", "SELL"].index(o["kind"])), cents(o["price"]), number(o["millis"]), number(o["days"]), place(o["place"]))


def reader_datum(o):
    mark = number(0) if o["mark"] is None else number(1) + number(o["mark"]) if isinstance(o["mark"], int) else number(2) + text(o["mark"])
    return b"".join((number(o["id"]), *common(o), blocks([text(t) for t in o["tags"]]),
                     blocks([text(k) + number(v) for k, v in o["stock"].items()]), text(o["level"]), mark))


def older_datum(o):
    kind, price, at, day, where = common(o)  # the fields in the order of the reader's
    return number(0) + b"".join((kind, price, at, day, where)) + number(o["id"])


def container(schema, codec, data, of):
    out = b"Obj\1" + number(2) + text("avro.codec") + text(codec) + text("avro.schema") + text(json.dumps(schema)) + number(0) + SYNC
    for first in range(0, len(data), of):
        block = b"".join(data[first:first + of])
        if codec == "deflate":
            packer = zlib.compressobj(wbits=-15)
            block = packer.compress(block) + packer.flush()
        out += number(len(data[first:first + of])) + number(len(block)) + block + SYNC
    return out


def make(folder):
    rng = random.Random(74)
    day0 = micros("1970-01-01T00:00:00Z")
    assert day0 == 0
    at, every, rows = micros("2021-04-24T10:00:00Z"), [], []
    for n, (schema, datum, codec, count, of) in enumerate([
            (OLDER, older_datum, "null", 300, 50), (OLDER, older_datum, "deflate", 300, 300), (READER, reader_datum, "deflate", 400, 37),
            (READER, reader_datum, "null", 0, 10), (READER, reader_datum, "null", 400, 1)], 1):
        data = []
        for _ in range(count):
            at += rng.randrange(3000) * 1000
            when = at - rng.randrange(30_000) * 1000
            o = {"id": len(every) * 7 - 1000, "kind": rng.choice(["BUY", "SELL"]), "price": rng.randrange(-10**6, 10**6) / 100, "millis": when // 1000,
                 "days": rng.randrange(-1000, 30000), "place": {"lat": rng.choice([0.0, -1.5, 48.25]), "city": rng.choice([None, "Huế", "Paris"])},
                 "tags": ["a", "ü"][:rng.randrange(3)], "stock": {"x": rng.randrange(-2**40, 2**40)} if rng.random() < 0.5 else {},
                 "level": rng.choice(["free", "paid"]), "mark": rng.choice([None, -7, "seven"])}
            if schema is OLDER:
                o.update(tags=[], stock={}, level="free", mark=None)
            data.append(datum(o))
            every.append((when, o))
            import datetime
            rows.append({"id": o["id"], "kind": o["kind"], "price": o["price"], "at": iso(when),
                         "day": str(datetime.date(1970, 1, 1) + datetime.timedelta(days=o["days"])), "place": o["place"], "tags": o["tags"], "stock": o["stock"],
                         "level": o["level"], "mark": o["mark"]})
        (folder / f"orders-{n}.avro").write_bytes(container(schema, codec, data, of))

    events = [[(when, {"city": o["place"]["city"], "cents": round(o["price"] * 100)}) for when, o in every]]
    cities = groups(fold(events, 10 * MINUTE, delay=MINUTE)[0], ["city"],
                    lambda of: {"n": len(of), "total": sum(r["cents"] for r in of) / 100})
    return {"all_orders.jsonl": lines(rows), "cities.jsonl": lines(cities)}
