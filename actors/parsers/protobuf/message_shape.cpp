#include "actors/parsers/protobuf/message_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::parser::protobuf {

namespace {

// Fields below this number are found by an index; most messages have no others.
constexpr int most_near = 256;

struct known_name {
  std::string_view name;
  well_known_type type;
};
constexpr std::array known_names{
    known_name{"google.protobuf.Timestamp", well_known_type::timestamp},
    known_name{"google.protobuf.Duration", well_known_type::duration},
    known_name{"google.protobuf.Struct", well_known_type::structure},
    known_name{"google.protobuf.Value", well_known_type::value},
    known_name{"google.protobuf.ListValue", well_known_type::list},
    known_name{"google.protobuf.DoubleValue", well_known_type::wrapper},
    known_name{"google.protobuf.FloatValue", well_known_type::wrapper},
    known_name{"google.protobuf.Int64Value", well_known_type::wrapper},
    known_name{"google.protobuf.UInt64Value", well_known_type::wrapper},
    known_name{"google.protobuf.Int32Value", well_known_type::wrapper},
    known_name{"google.protobuf.UInt32Value", well_known_type::wrapper},
    known_name{"google.protobuf.BoolValue", well_known_type::wrapper},
    known_name{"google.protobuf.StringValue", well_known_type::wrapper},
    known_name{"google.protobuf.BytesValue", well_known_type::wrapper},
};

field_shape shape_of(const FieldDescriptor& f) {
  field_shape out;
  out.declared = &f;
  out.number = static_cast<std::uint32_t>(f.number());
  out.type = f.type();
  out.repeated = f.is_repeated();
  out.is_map = f.is_map();
  out.presence = f.has_presence();
  out.required = f.is_required();
  if (f.type() == FieldDescriptor::TYPE_ENUM) {
    out.closed_enum = f.file()->syntax() != google::protobuf::FileDescriptor::SYNTAX_PROTO3;
    out.is_null = f.enum_type()->full_name() == "google.protobuf.NullValue";
  }
  if (const auto* oneof = f.real_containing_oneof(); oneof != nullptr && oneof->field_count() > 1)
    out.oneof = oneof->index();
  return out;
}

}  // namespace

well_known_type well_known_of(const Descriptor& d) {
  // Others may call a message of theirs so. A file of these names is always the library's own (schema_files.cpp).
  const auto* const own =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(d.full_name());
  if (own == nullptr || own->file()->name() != d.file()->name())
    return well_known_type::none;
  const auto* const found = std::find_if(known_names.begin(), known_names.end(),
                                         [&](const auto& k) { return k.name == d.full_name(); });
  return found == known_names.end() ? well_known_type::none : found->type;
}

message_shape& message_shapes::enter(const Descriptor& d) {
  auto& out = shapes_[&d];
  if (!out) {
    out = std::make_unique<message_shape>();
    out->declared = &d;
    to_fill_.push_back(out.get());
  }
  return *out;
}

const message_shape& message_shapes::of(const Descriptor& d) {
  auto& out = enter(d);
  while (!to_fill_.empty()) {
    auto& shape = *to_fill_.back();
    to_fill_.pop_back();
    shape.known = well_known_of(*shape.declared);
    shape.oneofs = static_cast<std::uint32_t>(shape.declared->real_oneof_decl_count());
    for (int i = 0; i < shape.declared->field_count(); ++i) {
      const auto& f = *shape.declared->field(i);
      auto field = shape_of(f);
      if (field.is_message())
        field.message = &enter(*f.message_type());
      const auto index = static_cast<std::uint32_t>(shape.fields.size());
      if (f.number() < most_near) {
        if (shape.near_.size() <= field.number)
          shape.near_.resize(field.number + 1, message_shape::unknown);
        shape.near_[field.number] = index;
      } else {
        shape.far_.emplace(field.number, index);
      }
      shape.fields.push_back(field);
    }
  }
  return out;
}

bool has_number(const field_shape& field, std::int32_t number) {
  return field.declared->enum_type()->FindValueByNumber(number) != nullptr;
}

std::string_view enum_text(const field_shape& field, std::int32_t number, std::string& digits) {
  if (const auto* value = field.declared->enum_type()->FindValueByNumber(number))
    return value->name();
  digits = fmt::format_int(number).str();
  return digits;
}

}  // namespace millrace::parser::protobuf
