#!/usr/bin/env -S python3 -B
"""Writes inputs of avro_record_fuzz and protobuf_record_fuzz to begin with: each type, each pair of schemas, good, cut and hostile bytes.

    tests/fuzz/schema_inputs.py FOLDER        FOLDER/avro_record_fuzz and FOLDER/protobuf_record_fuzz; then
    tests/fuzz/pack_corpus pack tests/fuzz/corpus/NAME.tar.gz FOLDER/NAME [a folder of what a fuzzer has found]
"""
import itertools
import json
import pathlib
import struct
import sys

END = b"\xfe"


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def long(number):
    return varint((number << 1 ^ number >> 63) & 2**64 - 1)


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return long(len(value)) + value


def double(value):
    return struct.pack("<d", value)


def float32(value):
    return struct.pack("<f", value)


def array(*items, sized=False):
    """In one block."""
    body = b"".join(items)
    head = long(-len(items)) + long(len(body)) if sized else long(len(items))
    return (head + body if items else b"") + long(0)


def nested(levels):
    """Records of schema 2, each in the other: {a, b: null or itself, c: its own}."""
    return b"".join(long(i) + long(1) for i in range(levels)) + long(9) + long(0) + array() + array() * levels


# Good records of the schemas that avro_record_fuzz.cpp has, in its order.
AVRO = [
    [long(-3) + text("x") + long(0) + b"\1" + long(7) + float32(1.5), long(2**63 - 1) + text("Huế") + long(1) + double(-0.0) + b"\0" + long(-2**31) + float32(3e38)],
    [array(long(0), long(1) + long(5), long(2) + text("t")) + array(text("k") + array(long(1), long(2)), text("") + array()) + array(b"", b""),
     array(sized=True) + array(text("k") + array(long(1), sized=True), sized=True) + array(b"", sized=True), array(long(0)) + array() + array(*[b""] * 64)],
    [long(1) + long(0) + array(), nested(3), nested(60), long(1) + long(0) + array(long(2) + long(0) + array(), nested(1))],
    [text(b"\x7f\xff") + long(18000) + long(1619294100796) + long(86399999999) + bytes(range(16)) + long(1) + text(b"\0\xff"),
     text(b"\x80") + long(-1) + long(-1) + long(0) + b"\xff" * 16 + long(0) + text(b""), text(b"\0" * 30) + long(2**31 - 1) + long(2**63 - 1) + long(-1) + bytes(16) + long(2) + text("")],
    [long(1) + double(2.5) + long(1) + text(b"\0\1") + long(1) + text("s") + double(float("inf")), long(0) + long(0) + long(0) + double(float("nan")) + double(1e308)],
    [long(4) + array(long(0) + text("y"), long(1)), long(4) + array(sized=True), long(4) + array(*[long(1)] * 20, sized=True)],
]
HOSTILE = [b"", b"\xff" * 11, long(2**62), long(-2**63), long(2) + text("a")[:1], b"\1", long(-1) + long(2**40)]


def field_of(kind, **more):
    return json.dumps({"type": "record", "name": "w", "fields": [{"name": "f", "type": kind, **more}]}, separators=(",", ":")).encode()


def deep(levels, kind="int"):
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


# Schemas in the input itself, with records.
OWN = [
    (field_of("null"), b""), (field_of("boolean"), b"\1", b"\2"), (field_of("int"), long(5), long(2**40)), (field_of("float"), float32(0.1)),
    (field_of({"type": "fixed", "name": "x", "size": 3}), b"abc", b"ab"), (field_of({"type": "fixed", "name": "x", "size": 0}), b""),
    (field_of({"type": "enum", "name": "e", "symbols": ["A", "B"], "default": "B"}), long(1), long(2)),
    (field_of({"type": "fixed", "name": "d", "size": 12, "logicalType": "duration"}), bytes(12)),
    (field_of({"type": "fixed", "name": "p", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 2}), b"\xff" * 9, b"\x7f" * 9),
    (field_of({"type": "int", "logicalType": "time-millis"}), long(86399999), long(86400000)), (field_of({"type": "string", "logicalType": "uuid"}), text("x")),
    (field_of({"type": "long", "logicalType": "timestamp-nanos"}), long(1)), (field_of({"type": "long", "logicalType": "local-timestamp-micros"}), long(-1)),
    (field_of({"type": "map", "values": {"type": "array", "items": "bytes"}}), array(text("a") + array(text(b"\xff")), text("a") + array())),
    (field_of(["int", "long", "string", {"type": "map", "values": "double"}]), long(3) + array(text("k") + double(1)), long(4), long(-1)),
    (field_of(deep(20)), long(1) * 20 + long(7) + long(0) * 20), (field_of(deep(80)), long(1) * 80 + long(7) + long(0) * 80, long(1) * 200),
    (field_of({"type": "array", "items": "null"}), long(2**40) + long(0), long(-(2**40)) + long(0) + long(0)),
    (field_of({"type": "array", "items": {"type": "fixed", "name": "x", "size": 7}}), long(3) + b"x" * 21 + long(0), long(2**40) + b"x"),
    (field_of({"type": "record", "name": "n", "fields": [{"name": "v", "type": "long"}, {"name": "next", "type": ["null", "n"]}]}),
     (long(1) + long(1)) * 400 + long(1) + long(0), (long(1) + long(1)) * 600 + long(1) + long(0)),
    (field_of("long", default=1, aliases=["g"]), long(1)), (b'"int"', long(1)), (b"{", b""), (b'{"type":"record","name":"w","fields":[]}', b"", b"x"),
    (b'{"type":"record","name":"a.b.w","namespace":"z","fields":[{"name":"f","type":["null","a.b.w"]}]}', long(1) * 9 + long(0)),
    (field_of("nosuch"), b""), (field_of({"type": "record", "name": "w", "fields": []}), b""), (b"[" * 300, b""),
]


def avro_inputs():
    for (choice, records), reader in itertools.product(enumerate(AVRO), range(6)):
        yield bytes([choice, reader]) + END.join(records)
    for choice, records in enumerate(AVRO):
        yield bytes([choice, choice]) + END.join([records[0][:-1], records[0][:len(records[0]) // 2], records[0] + b"x", *HOSTILE, records[-1]])
    for i, (schema, *records) in enumerate(OWN):
        yield bytes([255, i % 6]) + END.join([schema, *records])


def key(number, wire):
    return varint(number << 3 | wire)


def part(number, body):
    body = body.encode() if isinstance(body, str) else body
    return key(number, 2) + varint(len(body)) + body


def number(n, value):
    return key(n, 0) + varint(value & 2**64 - 1)


def fixed64(n, value):
    return key(n, 1) + struct.pack("<Q", value)


def fixed32(n, value):
    return key(n, 5) + struct.pack("<I", value)


def group(n, *bodies):
    return key(n, 3) + b"".join(bodies) + key(n, 4)


def inner(levels, wrap):
    """A message within a message, so deep."""
    body = number(1, 5)
    for _ in range(levels):
        body = wrap(body)
    return body


# Records of the message that protobuf_record_fuzz.cpp has.
PROTOBUF = [
    number(1, -3) + number(2, 5) + part(3, "a") + part(3, "Huế") + part(4, b"\0\xff") + number(5, 1), number(5, 7) + part(6, b"\0\1\7") + number(6, 1),
    part(7, part(1, number(1, 4)) + number(2, 1) + part(3, struct.pack("<dd", 1.5, -0.0)) + key(3, 1) + struct.pack("<d", 2)), part(7, number(2, 1)) + part(7, part(1, number(2, 9))),
    part(8, number(2, 1)) + part(8, number(2, 2)), part(8, b""), part(9, part(1, "k") + part(2, number(1, 1))) + part(9, part(1, "k")) + part(9, b""),
    part(10, number(1, -1) + number(2, 1)) + part(10, number(2, 5)), fixed32(11, 0x3fc00000) + part(13, "n"), part(12, number(2, 1)) + fixed32(11, 1),
    part(14, number(1, 1619294100) + number(2, 796000000)), part(14, number(1, -62135596800)) + part(14, number(2, 999999999)), part(15, number(1, -1) + number(2, -500000000)),
    part(14, number(1, 2**62)) + part(15, number(1, 2**62)), part(16, part(1, part(1, "k") + part(2, part(6, part(1, part(3, "x")) + part(1, number(1, 0)))))), part(17, number(1, 0)),
    part(17, number(4, 1)) + part(18, number(1, 2**64 - 1)) + part(18, b""), group(19, number(20, 1), group(21)) + group(19), fixed64(500, 2**64 - 1) + part(20, struct.pack("<III", 1, 2, 3)),
    fixed32(20, 9) + part(21, number(1, 0)) + part(21, part(3, "s")), number(99, 1) + part(98, "?") + group(97, number(1, 1)) + fixed32(96, 1) + fixed64(95, 1),
    inner(40, lambda b: part(7, part(1, b) + number(2, 1))), inner(49, lambda b: part(12, part(1, b) + number(2, 1))), inner(60, lambda b: part(9, part(1, "k") + part(2, b))),
    inner(120, lambda b: part(17, part(6, part(1, b)))), inner(90, lambda b: group(97, b)), inner(110, lambda b: group(97, b)),
]
DAMAGED = [b"\x08", b"\x00\x01", b"\x0f", key(3, 2) + varint(2**40), key(3, 0) + b"\1", key(19, 3) + key(20, 4), b"\x80" * 11, part(14, b"\x08"), part(3, b"\xff\xfd"), part(6, b"\x80"), key(19, 4)]
SOURCES = [
    ("syntax = \"proto3\"; message M { int32 a = 1; optional int32 b = 2; repeated sint64 c = 3; map<string, bytes> d = 4; oneof o { bool e = 5; string f = 6; } }",
     number(1, 1) + number(2, 0) + part(3, long(5) + long(-5)) + part(4, part(1, "k") + part(2, b"\0")) + number(5, 0) + part(6, "f")),
    ("syntax = \"proto3\"; message M { enum E { option allow_alias = true; A = 0; B = 0; C = -1; } repeated E e = 1; M m = 2; repeated M n = 3; }",
     part(1, varint(2**64 - 1) + b"\0\5") + part(2, part(2, part(2, b""))) + part(3, b"")),
    ("syntax = \"proto2\"; message M { required string a = 1; optional group G = 2 { optional uint64 u = 3; } extensions 100 to 200; } extend M { optional int32 x = 100; }",
     part(1, "a") + group(2, number(3, 2**63)) + number(100, 1)),
    ("syntax = \"proto3\"; message M { sfixed32 a = 1; sfixed64 b = 2; fixed32 c = 3; double d = 4; float e = 5; uint32 f = 536870911; }",
     fixed32(1, 2**31) + fixed64(2, 2**63) + fixed32(3, 1) + fixed64(4, 0x7ff8000000000000) + fixed32(5, 0x7f800000) + number(536870911, 1)),
    ("syntax = \"proto3\"; import \"nosuch.proto\"; message M { X x = 1; }", b""), ("message", b""), ("", b""), ("{" * 300, b""),
    ("syntax = \"proto3\"; " + "".join(f"message A{i} {{ " for i in range(40)) + "}" * 40, b""),
]


def protobuf_inputs():
    for form, front in (b"", b""), (b"j", b""), (b"c", b"\0\0\0\0\1\0"), (b"a", b"\0" * 8 + b"\1" + varint(3) + part(1, "M")):
        for records in itertools.batched(PROTOBUF, 4) if hasattr(itertools, "batched") else (PROTOBUF[i:i + 4] for i in range(0, len(PROTOBUF), 4)):
            yield END.join([form, *(front + r for r in records)])
        yield END.join([form, *(front + r for r in DAMAGED), front + PROTOBUF[0]])
    yield END.join([b"c", b"\0\0\0\0\1\2\0", b"\0\0\0\0\1\4\0\0", b"\0\0\0\0\1\2\7", b"\0\0\0\0\1\xff\xff\1", b"\0\0\0", b"\1\0\0\0\0\0", b"\0\0\0\0\1"])
    yield END.join([b"a", b"\0" * 9, b"\0" * 9 + b"\0", b"\0" * 9 + varint(5) + part(1, "p.M"), b"\0" * 9 + varint(200), b"\0" * 9 + varint(4) + part(1, "No")])
    for source, record in SOURCES:
        for form in b"s", b"sj":
            yield END.join([form, source.encode(), record, record[:-1], b""])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, inputs in (("avro_record_fuzz", avro_inputs()), ("protobuf_record_fuzz", protobuf_inputs())):
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for i, content in enumerate(inputs):
            (folder / f"{i:03}").write_bytes(content)
        print(f"{folder}: {len(list(folder.iterdir()))} inputs")


if __name__ == "__main__":
    main()
