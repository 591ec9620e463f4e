#!/usr/bin/env python3
"""Writes fastavro_records.hpp: a schema of every type, and records that fastavro has written by it.

    python3 -m venv VENV && VENV/bin/pip install fastavro==1.13.1 && VENV/bin/python tests/unit/avro_parser/fastavro_records.py

The header is checked in, so that no test needs fastavro.
"""
import datetime
import decimal
import io
import json
import uuid
from pathlib import Path

import fastavro

UTC = datetime.timezone.utc
SCHEMA = {"type": "record", "name": "Every", "namespace": "org.example", "fields": [
    {"name": "truth", "type": "boolean"},
    {"name": "small", "type": "int"},
    {"name": "large", "type": "long"},
    {"name": "single", "type": "float"},
    {"name": "real", "type": "double"},
    {"name": "blob", "type": "bytes"},
    {"name": "word", "type": "string"},
    {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": ["RED", "GREEN"]}},
    {"name": "four", "type": {"type": "fixed", "name": "Four", "size": 4}},
    {"name": "maybe", "type": ["null", "string"]},
    {"name": "either", "type": ["null", "long", "string", {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}]},
    {"name": "items", "type": {"type": "array", "items": "Point"}},
    {"name": "tags", "type": {"type": "map", "values": "long"}},
    {"name": "inner", "type": {"type": "record", "name": "Inner", "fields": [{"name": "a", "type": "long"}, {"name": "b", "type": ["null", "double"]}]}},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
    {"name": "rate", "type": {"type": "fixed", "name": "Rate", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 6}},
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "at_millis", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "at_micros", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "time_millis", "type": {"type": "int", "logicalType": "time-millis"}},
    {"name": "time_micros", "type": {"type": "long", "logicalType": "time-micros"}},
    {"name": "tree", "type": {"type": "record", "name": "Node", "fields": [{"name": "v", "type": "int"}, {"name": "next", "type": ["null", "Node"]}]}},
]}
RECORDS = [
    {"truth": True, "small": -1, "large": 2**63 - 1, "single": 0.5, "real": -1.25e-3, "blob": b"\x00\xff", "word": "Hà Nội", "colour": "GREEN",
     "four": b"abcd", "maybe": "x", "either": ("org.example.Point", {"x": 7}), "items": [{"x": 1}, {"x": -2}], "tags": {"a": 1, "b": -64},
     "inner": {"a": 5, "b": 2.5}, "price": decimal.Decimal("-123.45"), "rate": decimal.Decimal("0.000001"),
     "id": uuid.UUID("123e4567-e89b-12d3-a456-426614174000"), "day": datetime.date(2021, 4, 24),
     "at_millis": datetime.datetime(2021, 4, 24, 19, 55, 0, 796000, UTC), "at_micros": datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
     "time_millis": datetime.time(23, 59, 59, 5000), "time_micros": datetime.time(1, 2, 3), "tree": {"v": 1, "next": {"v": 2, "next": None}}},
    {"truth": False, "small": 2**31 - 1, "large": -(2**63), "single": -3.0, "real": 1e300, "blob": b"", "word": "", "colour": "RED",
     "four": b"\x00\x00\x00\x00", "maybe": None, "either": 300, "items": [], "tags": {}, "inner": {"a": -5, "b": None},
     "price": decimal.Decimal("99999999.99"), "rate": decimal.Decimal("-999999999999.999999"),
     "id": uuid.UUID("00000000-0000-0000-0000-000000000000"), "day": datetime.date(1, 1, 1),
     "at_millis": datetime.datetime(1970, 1, 1, tzinfo=UTC), "at_micros": datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
     "time_millis": datetime.time(0), "time_micros": datetime.time(23, 59, 59, 999999), "tree": {"v": 3, "next": None}},
]


def written(record):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(SCHEMA), record)
    return out.getvalue().hex()


def main():
    lines = ["// A schema of every type, and records that fastavro has written by it, in hexadecimal. Made by fastavro_records.py.", "#pragma once", "",
             "#include <array>", "#include <string_view>", "", "namespace millrace::test {", "", "// clang-format off",
             "inline constexpr std::string_view fastavro_schema ="]
    text = json.dumps(SCHEMA)
    parts = [text[i:i + 100] for i in range(0, len(text), 100)]
    lines += [f'    R"({p})"' for p in parts]
    lines[-1] += ";"
    lines.append(f"inline constexpr std::array<std::string_view, {len(RECORDS)}> fastavro_records{{")
    for r in RECORDS:
        bits = written(r)
        parts = [bits[i:i + 100] for i in range(0, len(bits), 100)]
        lines += [f'    "{p}"' for p in parts]
        lines[-1] += ","
    lines += ["};", "// clang-format on", "", "}  // namespace millrace::test", ""]
    Path(__file__).with_suffix(".hpp").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
