// What reading the wire format needs to know of messages: their fields by number, as plain values. Made once of a
// schema's descriptors; any thread may read it.
#pragma once

#include <cstdint>
#include <google/protobuf/descriptor.h>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::parser::protobuf {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// Messages of Google's that stand for values of other kinds.
enum class well_known_type : std::uint8_t { none, timestamp, duration, wrapper, structure, value, list };
[[nodiscard]] well_known_type well_known_of(const Descriptor& d);

struct message_shape;

struct field_shape {
  const FieldDescriptor* declared = nullptr;
  std::uint32_t number = 0;
  FieldDescriptor::Type type = FieldDescriptor::TYPE_INT32;
  bool repeated = false;
  bool is_map = false;
  bool presence = false;  // it may be unset, which is then no value
  bool required = false;
  bool closed_enum = false;  // numbers without a name are no values
  bool is_null = false;      // google.protobuf.NullValue
  std::int32_t oneof = -1;   // which of the message's, of several members
  const message_shape* message = nullptr;

  [[nodiscard]] bool is_message() const {
    return type == FieldDescriptor::TYPE_MESSAGE || type == FieldDescriptor::TYPE_GROUP;
  }
  [[nodiscard]] const std::string& name() const { return declared->name(); }
};

struct message_shape {
  const Descriptor* declared = nullptr;
  well_known_type known = well_known_type::none;
  std::vector<field_shape> fields;  // in the order of the schema
  std::uint32_t oneofs = 0;

  static constexpr std::uint32_t unknown = 0xFFFF'FFFF;
  /// The index of the field of that number, or `unknown`.
  [[nodiscard]] std::uint32_t find(std::uint32_t number) const {
    if (number < near_.size()) [[likely]]
      return near_[number];
    const auto found = far_.find(number);
    return found == far_.end() ? unknown : found->second;
  }

private:
  friend class message_shapes;
  std::vector<std::uint32_t> near_;
  std::unordered_map<std::uint32_t, std::uint32_t> far_;
};

/// The shapes of a message and of those within it. The descriptors must live as long.
class message_shapes {
public:
  [[nodiscard]] const message_shape& of(const Descriptor& d);

private:
  message_shape& enter(const Descriptor& d);
  std::unordered_map<const Descriptor*, std::unique_ptr<message_shape>> shapes_;
  std::vector<message_shape*> to_fill_;
};

/// The word for an enum's number: its name, or digits where it has none.
[[nodiscard]] std::string_view enum_text(const field_shape& field, std::int32_t number, std::string& digits);
/// Whether the number is a value of the field's enum.
[[nodiscard]] bool has_number(const field_shape& field, std::int32_t number);

}  // namespace millrace::parser::protobuf
