// A schema of every type, and records that fastavro has written by it, in hexadecimal. Made by fastavro_records.py.
#pragma once

#include <array>
#include <string_view>

namespace millrace::test {

// clang-format off
inline constexpr std::string_view fastavro_schema =
    R"({"type": "record", "name": "Every", "namespace": "org.example", "fields": [{"name": "truth", "type":)"
    R"( "boolean"}, {"name": "small", "type": "int"}, {"name": "large", "type": "long"}, {"name": "single",)"
    R"( "type": "float"}, {"name": "real", "type": "double"}, {"name": "blob", "type": "bytes"}, {"name": ")"
    R"(word", "type": "string"}, {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": [)"
    R"("RED", "GREEN"]}}, {"name": "four", "type": {"type": "fixed", "name": "Four", "size": 4}}, {"name": )"
    R"("maybe", "type": ["null", "string"]}, {"name": "either", "type": ["null", "long", "string", {"type":)"
    R"( "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}]}, {"name": "items", "type": {)"
    R"("type": "array", "items": "Point"}}, {"name": "tags", "type": {"type": "map", "values": "long"}}, {")"
    R"(name": "inner", "type": {"type": "record", "name": "Inner", "fields": [{"name": "a", "type": "long"})"
    R"(, {"name": "b", "type": ["null", "double"]}]}}, {"name": "price", "type": {"type": "bytes", "logical)"
    R"(Type": "decimal", "precision": 10, "scale": 2}}, {"name": "rate", "type": {"type": "fixed", "name": )"
    R"("Rate", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 6}}, {"name": "id", "type": {)"
    R"("type": "string", "logicalType": "uuid"}}, {"name": "day", "type": {"type": "int", "logicalType": "d)"
    R"(ate"}}, {"name": "at_millis", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name":)"
    R"( "at_micros", "type": {"type": "long", "logicalType": "timestamp-micros"}}, {"name": "time_millis", )"
    R"("type": {"type": "int", "logicalType": "time-millis"}}, {"name": "time_micros", "type": {"type": "lo)"
    R"(ng", "logicalType": "time-micros"}}, {"name": "tree", "type": {"type": "record", "name": "Node", "fi)"
    R"(elds": [{"name": "v", "type": "int"}, {"name": "next", "type": ["null", "Node"]}]}}]})";
inline constexpr std::array<std::string_view, 2> fastavro_records{
    "0101feffffffffffffffff010000003f7b14ae47e17a54bf0400ff1248c3a0204ee1bb99690261626364020278060e040203"
    "000402610202627f000a02000000000000044004cfc700000000000000014831323365343536372d653839622d313264332d"
    "613435362d343236363134313734303030eaa402f8f498d7a05e01bae0b25280e3c3de1b02020400",
    "00feffffff0fffffffffffffffffff01000040c09c7500883ce4377e000000000000000002d804000009000a02540be3fff2"
    "1f494c589c00014830303030303030302d303030302d303030302d303030302d303030303030303030303030f3e45700feff"
    "9ac79983a2840700feffbadd83050600",
};
// clang-format on

}  // namespace millrace::test
