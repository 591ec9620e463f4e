#!/usr/bin/env python3
"""Writes golden/NAME.bin with Python's own Protobuf, an implementation that shares no code with ours.

    pip install protobuf==4.21.12 grpcio-tools==1.51.1
    PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python tests/unit/protobuf_parser/records.py
"""
import pathlib
import sys
import tempfile

from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent


def main():
    with tempfile.TemporaryDirectory() as made:
        import grpc_tools
        builtin = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        status = protoc.main(["protoc", f"-I{HERE}", f"-I{builtin}", f"--python_out={made}", "every_type.proto", "older.proto"])
        if status != 0:
            sys.exit("protoc failed")
        sys.path.insert(0, made)
        import every_type_pb2 as every
        import older_pb2 as older
        write(records(every, older))


def records(every, older):
    e = every.Every(real=1.5, small=0.25, i32=-3, i64=-(1 << 63), u32=(1 << 32) - 1, u64=(1 << 64) - 1, s32=-(1 << 31), s64=-5,
                    f32=7, f64=(1 << 64) - 2, sf32=-8, sf64=-9, flag=True, text="Zoë", raw=b"\0\xff", color=every.BLUE, maybe=0,
                    packed=[1, -1, 300], unpacked=[4, 5], words=["a", ""], far=12)
    e.point.lat = 52.5
    e.lines.add(sku="x", count=2).points.add(lat=1)
    e.lines.add(sku="y")
    e.counts["b"] = 2
    e.counts["a"] = 1
    e.places[-1].lat = 3
    e.by_id = 9
    e.at.FromJsonString("2021-04-24T19:55:00.796Z")
    e.took.FromJsonString("-1.500s")
    e.wrapped.value = 0
    e.wrapped_text.value = "w"
    e.details.update({"k": [1, None, True, {"x": "y"}]})
    e.any_value.number_value = 2.5
    e.list.extend(["one", 2])
    e.tree.name = "root"
    e.tree.children.add(name="leaf")
    e.inner.id = 1
    e.colors.extend([every.RED, 5])
    e.times.add(seconds=1)
    o = older.Order(id=1, kind=older.SECOND, kinds=[older.FIRST, older.SECOND], raw=b"r", numbers=[1, 2])
    o.item.add(sku="s", count=1)
    o.by_name["n"] = -1
    o.one.v = 4
    return {"every": e, "older": o}


def write(all_records):
    (HERE / "golden").mkdir(exist_ok=True)
    for name, record in all_records.items():
        (HERE / "golden" / f"{name}.bin").write_bytes(record.SerializeToString(deterministic=True))


main()
