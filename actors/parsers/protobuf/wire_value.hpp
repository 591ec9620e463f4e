// One value of a field as the wire has it, made a plain number or a view of its bytes. Pure.
#pragma once

#include "actors/parsers/protobuf/message_shape.hpp"
#include "actors/parsers/protobuf/wire_reader.hpp"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::parser::protobuf {

/// The type of the wire in which values of the type stand, when they are not packed.
[[nodiscard]] constexpr wire wire_of(FieldDescriptor::Type type) {
  switch (type) {
  case FieldDescriptor::TYPE_DOUBLE:
  case FieldDescriptor::TYPE_FIXED64:
  case FieldDescriptor::TYPE_SFIXED64:
    return wire::fixed64;
  case FieldDescriptor::TYPE_FLOAT:
  case FieldDescriptor::TYPE_FIXED32:
  case FieldDescriptor::TYPE_SFIXED32:
    return wire::fixed32;
  case FieldDescriptor::TYPE_STRING:
  case FieldDescriptor::TYPE_BYTES:
  case FieldDescriptor::TYPE_MESSAGE:
    return wire::length;
  case FieldDescriptor::TYPE_GROUP:
    return wire::group;
  default:
    return wire::varint;
  }
}
[[nodiscard]] constexpr bool is_packable(FieldDescriptor::Type type) {
  const auto w = wire_of(type);
  return w == wire::varint || w == wire::fixed32 || w == wire::fixed64;
}

/// The values of scalars: whole numbers, enums and booleans as int64 (uint64 as its bits), reals as the bits of a double.
[[nodiscard]] inline bool read_scalar(wire_reader& from, FieldDescriptor::Type type, std::uint64_t& out) {
  const auto sign_extended = [](std::uint32_t v) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(v)));
  };
  switch (wire_of(type)) {
  case wire::varint: {
    if (!from.read_varint(out))
      return false;
    const auto low = static_cast<std::uint32_t>(out);
    if (type == FieldDescriptor::TYPE_INT32 || type == FieldDescriptor::TYPE_ENUM)
      out = sign_extended(low);
    else if (type == FieldDescriptor::TYPE_UINT32)
      out = low;
    else if (type == FieldDescriptor::TYPE_BOOL)
      out = out != 0;
    else if (type == FieldDescriptor::TYPE_SINT32)
      out = sign_extended((low >> 1) ^ (0 - (low & 1)));
    else if (type == FieldDescriptor::TYPE_SINT64)
      out = (out >> 1) ^ (0 - (out & 1));
    return true;
  }
  case wire::fixed64:
    return from.read_fixed64(out);
  case wire::fixed32: {
    std::uint32_t word = 0;
    if (!from.read_fixed32(word))
      return false;
    if (type == FieldDescriptor::TYPE_FLOAT)
      out = std::bit_cast<std::uint64_t>(static_cast<double>(std::bit_cast<float>(word)));
    else
      out = type == FieldDescriptor::TYPE_SFIXED32 ? sign_extended(word) : word;
    return true;
  }
  default:
    return false;
  }
}

/// A value, or a message's bytes, or (packed) those of many values.
struct wire_value {
  std::uint64_t number = 0;
  std::string_view bytes;
  bool packed = false;
};

/// The reason of a dead letter whose field has a value of another type of the wire.
[[nodiscard]] std::string wrong_wire_type(const field_shape& field, wire found);
/// Reads the value behind a tag of the field's type; false where the bytes are malformed. The caller has checked the type by
/// fits().
[[nodiscard]] inline bool read_value(wire_reader& from, const field_shape& field, const tag& t,
                                     wire_value& out) {
  out.packed = false;
  if (t.type == wire::length) {
    out.packed = is_packable(field.type);
    return from.read_bytes(out.bytes);
  }
  if (t.type == wire::group)
    return from.read_group(t.number, out.bytes);
  return read_scalar(from, field.type, out.number);
}
/// Whether a value of that wire type may be one of the field.
[[nodiscard]] inline bool fits(const field_shape& field, wire type) {
  return wire_of(field.type) == type || (type == wire::length && field.repeated && is_packable(field.type));
}

/// Says what is wrong with a message's bytes.
struct damage {
  const field_shape* field = nullptr;  // null: it is not known
  std::string why = "its bytes are cut off or damaged";
};
/// Calls `with(index, value)` for the values of the message's fields, front to back.
template<class With>
[[nodiscard]] std::optional<damage> each_value(const message_shape& shape, std::string_view bytes,
                                               With with) {
  wire_reader from(bytes);
  while (!from.at_end()) {
    tag t;
    if (!from.read_tag(t))
      return damage();
    const auto index = shape.find(t.number);
    if (index == message_shape::unknown) {
      if (!from.skip(t))
        return damage();
      continue;
    }
    const auto& field = shape.fields[index];
    if (!fits(field, t.type))
      return damage{&field, wrong_wire_type(field, t.type)};
    wire_value value;
    if (!read_value(from, field, t, value))
      return damage{&field};
    with(index, value);
  }
  return std::nullopt;
}

}  // namespace millrace::parser::protobuf
