#include "actors/parsers/protobuf/message_reader.hpp"

#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace millrace::parser::protobuf {

namespace {

// Fields of a time or a wrapper.
constexpr std::size_t most_scalars = 2;

}  // namespace

std::string message_reader::why() const {
  return path_.empty() ? "the record: " + why_ : fmt::format("column \"{}\": {}", path_.substr(1), why_);
}

bool message_reader::fail(std::string why) {
  why_ = std::move(why);
  return false;
}

bool message_reader::fail_in(const std::string& name) {
  path_ = "." + name + path_;
  return false;
}

bool message_reader::fail_damaged() {
  return fail("its bytes are cut off or damaged, or of another message");
}

bool message_reader::spend(std::size_t bytes) {
  return budget_.take(bytes) || fail(std::string(record_budget::exceeded));
}

bool message_reader::read(object_plan& plan, std::string_view message,
                          std::span<data::column_builder* const> columns) {
  slots_.clear();
  parts_.clear();
  path_.clear();
  budget_.begin(message.size());
  return read_message(plan, message, none, 0, {columns, nullptr});
}

bool message_reader::read_message(object_plan& plan, std::string_view bytes, std::uint32_t more,
                                  std::uint32_t depth, const target& to) {
  if (depth > most_depth)
    return fail(fmt::format("its messages nest deeper than {}", most_depth));
  const auto slots = slots_.size();
  slots_.resize(slots + plan.slots);
  for (;;) {
    if (!read_fields(plan, bytes, slots, depth, to))
      return false;
    if (more == none)
      break;
    bytes = parts_[more].value.bytes;
    more = parts_[more].next;
  }
  for (const auto field : plan.required)
    if (!slots_[slots + static_cast<std::size_t>(plan.entries[field].slot)].is_set) {
      fail("it is required, and the record has none");
      return fail_in(plan.shape->fields[field].name());
    }
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    auto& column = plan.columns[i];
    auto& out = to.at(i);
    if (column.field == column_plan::no_field) {
      out.append_null();
    } else if (column.how == reading::list) {
      out.append_list();
    } else {
      // A copy: the slots of inner messages may move all of them.
      const auto in = slots_[slots + static_cast<std::size_t>(plan.entries[column.field].slot)];
      if (!append_column(column, in, depth, out))
        return fail_in(column.name);
    }
  }
  slots_.resize(slots);
  return true;
}

bool message_reader::read_fields(object_plan& plan, std::string_view bytes, std::size_t slots,
                                 std::uint32_t depth, const target& to) {
  const auto& shape = *plan.shape;
  wire_reader from(bytes);
  while (!from.at_end()) {
    tag t;
    if (!from.read_tag(t))
      return fail_damaged();
    const auto index = shape.find(t.number);
    if (index == message_shape::unknown) {
      if (!from.skip(t))
        return fail_damaged();
    } else if (!read_field(plan, index, from, t, slots, depth, to)) {
      return fail_in(shape.fields[index].name());
    }
  }
  return true;
}

inline bool message_reader::read_field(object_plan& plan, std::uint32_t index, wire_reader& from,
                                       const tag& t, std::size_t slots, std::uint32_t depth,
                                       const target& to) {
  const auto& field = plan.shape->fields[index];
  const auto entry = plan.entries[index];
  const bool is_wanted = entry.slot >= 0 || entry.column >= 0;
  if (!is_wanted && entry.oneof < 0)
    return from.skip(t) || fail_damaged();
  if (!fits(field, t.type))
    return fail(wrong_wire_type(field, t.type));
  wire_value value;
  if (!read_value(from, field, t, value))
    return fail_damaged();
  // As if the field were unknown.
  if (field.closed_enum && !value.packed && !has_number(field, static_cast<std::int32_t>(value.number)))
    return true;
  if (entry.oneof >= 0) {
    auto& set = slots_[slots + static_cast<std::size_t>(entry.oneof)].value.number;
    if (set != 0 && set != index + 1)
      if (const auto before = plan.entries[set - 1].slot; before >= 0)
        slots_[slots + static_cast<std::size_t>(before)] = {};
    set = index + 1;
  }
  if (entry.column >= 0) {
    const auto column = static_cast<std::size_t>(entry.column);
    return append_elements(plan.columns[column], value, depth, to.at(column).child(0));
  }
  if (entry.slot >= 0)
    keep(field, value, slots_[slots + static_cast<std::size_t>(entry.slot)]);
  return true;
}

inline void message_reader::keep(const field_shape& field, const wire_value& value, slot& in) {
  if (!in.is_set || (!field.repeated && !field.is_message())) {
    in.value = value;
    in.is_set = true;
    return;
  }
  const auto at = static_cast<std::uint32_t>(parts_.size());
  parts_.push_back({value, none});
  (in.more == none ? in.more : parts_[in.last].next) = at;
  in.last = at;
}

bool message_reader::append_elements(column_plan& list, const wire_value& value, std::uint32_t depth,
                                     data::column_builder& out) {
  auto& element = *list.within;
  if (!value.packed)
    return spend(record_budget::cell_bytes * element.cells) && append_element(element, value, depth, out);
  wire_reader from(value.bytes);
  while (!from.at_end()) {
    wire_value one;
    if (!read_scalar(from, element.shape->type, one.number))
      return fail_damaged();
    if (element.shape->closed_enum && !has_number(*element.shape, static_cast<std::int32_t>(one.number)))
      continue;
    if (!spend(record_budget::cell_bytes) || !append_scalar(element, one, out))
      return false;
  }
  return true;
}

bool message_reader::append_element(column_plan& element, const wire_value& value, std::uint32_t depth,
                                    data::column_builder& out) {
  if (element.how == reading::object) {
    if (!read_message(*element.object, value.bytes, none, depth + 1, {{}, &out}))
      return false;
    out.append_object();
    return true;
  }
  slot in;
  in.value = value;
  in.is_set = true;
  return append_value(element, in, depth, out);
}

inline bool message_reader::append_column(column_plan& column, const slot& in, std::uint32_t depth,
                                          data::column_builder& out) {
  if (in.is_set)
    return append_value(column, in, depth, out);
  if (column.shape->repeated) {
    out.append_text(column.shape->is_map ? "{}" : "[]");
    return true;
  }
  if (!column.shape->presence)
    return append_scalar(column, {}, out);
  out.append_null();
  return true;
}

bool message_reader::append_value(column_plan& column, const slot& in, std::uint32_t depth,
                                  data::column_builder& out) {
  if (column.how == reading::scalar)
    return append_scalar(column, in.value, out);
  if (depth == most_depth)
    return fail(fmt::format("its messages nest deeper than {}", most_depth));
  switch (column.how) {
  case reading::scalar:
    break;
  case reading::json:
    return append_json(column, in, depth, out);
  case reading::time:
  case reading::duration:
    return append_time(column, in, out);
  case reading::wrapper:
    return append_wrapped(column, in, out);
  case reading::object:
    if (!read_message(*column.object, in.value.bytes, in.more, depth + 1, {{}, &out}))
      return false;
    out.append_object();
    return true;
  case reading::list:
    break;
  }
  return false;
}

bool message_reader::append_converted(column_plan& column, bool appended, std::string& why) {
  if (!appended)
    why = column.value->why();
  return appended;
}

inline bool message_reader::append_scalar(column_plan& column, const wire_value& value,
                                          data::column_builder& out) {
  const auto converted = [&](bool appended) { return append_converted(column, appended, why_); };
  switch (column.shape->type) {
  case FieldDescriptor::TYPE_STRING:
    return converted(column.value->append_text(value.bytes, out));
  case FieldDescriptor::TYPE_BYTES:
    return converted(column.value->append_text(data::base64(value.bytes), out));
  case FieldDescriptor::TYPE_ENUM:
    return converted(column.value->append_text(
        enum_text(*column.shape, static_cast<std::int32_t>(value.number), digits_), out));
  case FieldDescriptor::TYPE_BOOL:
    if (column.is_plain) {
      out.append_boolean(value.number != 0);
      return true;
    }
    return converted(column.value->append_boolean(value.number != 0, out));
  case FieldDescriptor::TYPE_DOUBLE:
  case FieldDescriptor::TYPE_FLOAT:
    if (column.is_plain) {
      out.append_double(std::bit_cast<double>(value.number));
      return true;
    }
    return converted(column.value->append_real(std::bit_cast<double>(value.number), out));
  case FieldDescriptor::TYPE_UINT64:
  case FieldDescriptor::TYPE_FIXED64:
    if (value.number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return converted(column.value->append_numeric(decimal(static_cast<__int128>(value.number), 0), out));
    return converted(column.value->append_integer(static_cast<std::int64_t>(value.number), out));
  default:
    if (column.is_plain) {
      out.append_int(static_cast<std::int64_t>(value.number));
      return true;
    }
    return converted(column.value->append_integer(static_cast<std::int64_t>(value.number), out));
  }
}

std::span<const wire_value> message_reader::gather(const slot& in) {
  gathered_.assign(1, in.value);
  for (auto at = in.more; at != none; at = parts_[at].next)
    gathered_.push_back(parts_[at].value);
  return gathered_;
}

bool message_reader::append_json(column_plan& column, const slot& in, std::uint32_t depth,
                                 data::column_builder& out) {
  text_.clear();
  const auto& field = *column.shape;
  const auto values = gather(in);
  const bool is_whole_list = field.repeated && !column.is_element;
  const bool good = is_whole_list
                        ? json_.append_repeated(text_, field, values, depth, budget_.left())
                        : json_.append_message(text_, *field.message, values, depth + 1, budget_.left());
  if (!good) {
    path_ = json_.path() + path_;
    return fail(json_.why());
  }
  // A JSON null is no value.
  if (!is_whole_list && field.message->known == well_known_type::value && text_ == "null") {
    out.append_null();
    return true;
  }
  if (!spend(text_.size()))
    return false;
  out.append_text(text_);
  return true;
}

bool message_reader::read_scalars(const message_shape& shape, const slot& in, std::span<wire_value> out) {
  const auto keep = [&](std::uint32_t index, const wire_value& value) { out[index] = value; };
  for (const auto& p : gather(in))
    if (const auto damaged = each_value(shape, p.bytes, keep))
      return fail(damaged->why);
  return true;
}

bool message_reader::append_time(column_plan& column, const slot& in, data::column_builder& out) {
  std::array<wire_value, most_scalars> found{};
  const auto& shape = *column.shape->message;
  if (!read_scalars(shape, in, found))
    return false;
  const auto seconds = static_cast<std::int64_t>(found[0].number);
  const auto nanos = static_cast<std::int64_t>(found[1].number);
  if (column.how == reading::time) {
    const auto micros = micros_of_time(seconds, nanos, why_);
    return micros && append_converted(column, column.value->append_timestamp(*micros, out), why_);
  }
  text_.clear();
  return append_time_text(text_, shape.known, seconds, nanos, why_) &&
         append_converted(column, column.value->append_text(text_, out), why_);
}

bool message_reader::append_wrapped(column_plan& column, const slot& in, data::column_builder& out) {
  std::array<wire_value, most_scalars> found{};
  return read_scalars(*column.shape->message, in, found) && append_scalar(*column.within, found[0], out);
}

}  // namespace millrace::parser::protobuf
