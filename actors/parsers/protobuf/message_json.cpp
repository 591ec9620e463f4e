#include "actors/parsers/protobuf/message_json.hpp"

#include "actors/parsers/record_budget.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

namespace millrace::parser::protobuf {

namespace {

constexpr std::int64_t nanos_a_second = 1'000'000'000;
constexpr std::int64_t micros_a_second = 1'000'000;
constexpr std::int64_t nanos_a_micro = 1'000;
// The limits of google.protobuf.Duration, about ten thousand years.
constexpr std::int64_t most_duration_seconds = 315'576'000'000;

void append_fraction(std::string& out, std::int64_t nanos) {
  if (nanos == 0)
    return;
  if (nanos % 1'000'000 == 0)
    fmt::format_to(std::back_inserter(out), ".{:03}", nanos / 1'000'000);
  else if (nanos % 1'000 == 0)
    fmt::format_to(std::back_inserter(out), ".{:06}", nanos / 1'000);
  else
    fmt::format_to(std::back_inserter(out), ".{:09}", nanos);
}

void append_number(std::string& out, double v, bool is_float) {
  if (!std::isfinite(v)) {
    out += '"';
    data::append_double(out, v);
    out += '"';
  } else if (is_float) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<float>(v));
  } else {
    data::append_double(out, v);
  }
}

std::string misfitting(wire type) {
  constexpr std::string_view names[] = {"a varint", "a word of 8 bytes",  "bytes with a length",
                                        "a group",  "the end of a group", "a word of 4 bytes"};
  return std::string(names[static_cast<std::size_t>(type)]);
}

}  // namespace

std::string wrong_wire_type(const field_shape& field, wire found) {
  return fmt::format("the record has {} as field {}, which does not fit {}, the type in the schema",
                     misfitting(found), field.number, field.declared->type_name());
}

std::optional<event_micros> micros_of_time(std::int64_t seconds, std::int64_t nanos, std::string& why) {
  if (seconds >= first_timestamp / micros_a_second && seconds <= last_timestamp / micros_a_second &&
      nanos >= 0 && nanos < nanos_a_second)
    return seconds * micros_a_second + nanos / nanos_a_micro;
  why = fmt::format("{} seconds and {} nanoseconds since 1970 are not a timestamp of the years 1 to 9999",
                    seconds, nanos);
  return std::nullopt;
}

bool append_time_text(std::string& out, well_known_type kind, std::int64_t seconds, std::int64_t nanos,
                      std::string& why) {
  if (kind == well_known_type::duration) {
    if (seconds > most_duration_seconds || seconds < -most_duration_seconds || nanos >= nanos_a_second ||
        nanos <= -nanos_a_second || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
      why = fmt::format("{} seconds and {} nanoseconds are not a duration", seconds, nanos);
      return false;
    }
    if (seconds < 0 || nanos < 0)
      out += '-';
    fmt::format_to(std::back_inserter(out), "{}", std::abs(seconds));
    append_fraction(out, std::abs(nanos));
    out += 's';
    return true;
  }
  if (!micros_of_time(seconds, nanos, why))
    return false;
  append_timestamp(out, seconds * micros_a_second);
  out.pop_back();  // Z
  append_fraction(out, nanos);
  out += 'Z';
  return true;
}

void message_json::start(std::string& out, std::size_t most) {
  found_.clear();
  oneofs_.clear();
  why_.clear();
  path_.clear();
  most_size_ = out.size() + most;
}

bool message_json::fail(std::string why) {
  why_ = std::move(why);
  return false;
}

bool message_json::fail_in(const std::string& name) {
  path_ = "." + name + path_;
  return false;
}

bool message_json::is_short(const std::string& out) {
  return out.size() <= most_size_ || fail(std::string(record_budget::exceeded));
}

bool message_json::append_message(std::string& out, const message_shape& shape,
                                  std::span<const wire_value> parts, std::uint32_t depth, std::size_t most) {
  start(out, most);
  for (const auto& p : parts)
    found_.push_back({p, 0, 0});
  return append(out, shape, {0, found_.size()}, depth);
}

bool message_json::append_repeated(std::string& out, const field_shape& field,
                                   std::span<const wire_value> values, std::uint32_t depth,
                                   std::size_t most) {
  start(out, most);
  for (const auto& v : values)
    found_.push_back({v, 0, 0});
  return append_field(out, field, {0, found_.size()}, depth) && is_short(out);
}

/// Notes all values of known fields in one encoding of a message.
bool message_json::collect(const message_shape& shape, std::string_view bytes, std::size_t oneofs) {
  const auto damaged = each_value(shape, bytes, [&](std::uint32_t index, const wire_value& value) {
    const auto& field = shape.fields[index];
    if (field.closed_enum && !value.packed && !has_number(field, static_cast<std::int32_t>(value.number)))
      return;
    const auto order = static_cast<std::uint32_t>(found_.size());
    if (field.oneof >= 0) {
      auto& state = oneofs_[oneofs + static_cast<std::size_t>(field.oneof)];
      if (state.field != index)
        state = {index, order};
    }
    found_.push_back({value, index, order});
  });
  if (damaged && damaged->field != nullptr)
    path_ = "." + damaged->field->name();
  return !damaged || fail(damaged->why);
}

message_json::range message_json::field_range(range own, std::uint32_t field) const {
  const auto begin = found_.begin();
  const auto [from, to] = std::equal_range(
      begin + static_cast<std::ptrdiff_t>(own.from), begin + static_cast<std::ptrdiff_t>(own.to),
      occurrence{{}, field, 0}, [](const auto& a, const auto& b) { return a.field < b.field; });
  return {static_cast<std::size_t>(from - begin), static_cast<std::size_t>(to - begin)};
}

bool message_json::append(std::string& out, const message_shape& shape, range parts, std::uint32_t depth) {
  if (depth > most_depth)
    return fail(fmt::format("its messages nest deeper than {}", most_depth));
  const auto base = found_.size();
  const auto oneofs = oneofs_.size();
  oneofs_.resize(oneofs + shape.oneofs);
  for (auto i = parts.from; i < parts.to; ++i)
    if (!collect(shape, found_[i].value.bytes, oneofs))
      return false;
  const auto by_field = [](const occurrence& a, const occurrence& b) {
    return a.field != b.field ? a.field < b.field : a.order < b.order;
  };
  const auto begin = found_.begin() + static_cast<std::ptrdiff_t>(base);
  if (!std::is_sorted(begin, found_.end(), by_field))
    std::sort(begin, found_.end(), by_field);
  const range own{base, found_.size()};
  const bool good = shape.known != well_known_type::none ? append_known(out, shape, own, oneofs, depth)
                                                         : append_members(out, shape, own, oneofs, depth);
  found_.resize(base);
  oneofs_.resize(oneofs);
  return good && is_short(out);
}

bool message_json::append_members(std::string& out, const message_shape& shape, range own, std::size_t oneofs,
                                  std::uint32_t depth) {
  out += '{';
  bool is_first = true;
  auto at = own.from;
  for (std::uint32_t index = 0; index < shape.fields.size(); ++index) {
    const auto& field = shape.fields[index];
    range values{at, at};
    while (values.to < own.to && found_[values.to].field == index)
      ++values.to;
    at = values.to;
    if (field.oneof >= 0) {
      const auto state = oneofs_[oneofs + static_cast<std::size_t>(field.oneof)];
      if (state.field != index)
        continue;
      while (values.from < values.to && found_[values.from].order < state.since)
        ++values.from;
    }
    if (values.from == values.to && !field.repeated) {
      if (field.required) {
        path_ = "." + field.name();
        return fail("it is required, and the record has none");
      }
      if (field.presence)
        continue;
    }
    if (!is_first)
      out += ',';
    is_first = false;
    data::append_json_string(out, field.name());
    out += ':';
    if (!append_field(out, field, values, depth))
      return fail_in(field.name());
    if (!is_short(out))
      return false;
  }
  out += '}';
  return true;
}

bool message_json::append_known(std::string& out, const message_shape& shape, range own, std::size_t oneofs,
                                std::uint32_t depth) {
  switch (shape.known) {
  case well_known_type::timestamp:
  case well_known_type::duration: {
    const auto last = [&](std::uint32_t field) {
      const auto r = field_range(own, field);
      return r.from == r.to ? 0 : static_cast<std::int64_t>(found_[r.to - 1].value.number);
    };
    out += '"';
    const bool good = append_time_text(out, shape.known, last(0), last(1), why_);
    out += '"';
    return good;
  }
  case well_known_type::wrapper:
  case well_known_type::structure:
  case well_known_type::list:
    return append_field(out, shape.fields[0], own, depth);
  case well_known_type::value:
    return append_value_of(out, shape, own, oneofs, depth);
  case well_known_type::none:
    break;
  }
  return false;
}

bool message_json::append_value_of(std::string& out, const message_shape& shape, range own,
                                   std::size_t oneofs, std::uint32_t depth) {
  const auto state = oneofs_[oneofs];
  if (state.field == message_shape::unknown) {
    out += "null";
    return true;
  }
  auto values = field_range(own, state.field);
  while (found_[values.from].order < state.since)
    ++values.from;
  return append_field(out, shape.fields[state.field], values, depth);
}

bool message_json::append_field(std::string& out, const field_shape& field, range values,
                                std::uint32_t depth) {
  if (field.is_map)
    return append_map(out, field, values, depth);
  if (field.repeated)
    return append_list(out, field, values, depth);
  if (field.is_message())
    return append(out, *field.message, values, depth + 1);
  return append_scalar(out, field, values.from == values.to ? wire_value() : found_[values.to - 1].value);
}

bool message_json::append_list(std::string& out, const field_shape& field, range values,
                               std::uint32_t depth) {
  out += '[';
  std::size_t count = 0;
  const auto fail_at = [&] {
    path_ = fmt::format("[{}]{}", count - 1, path_);
    return false;
  };
  for (auto i = values.from; i < values.to; ++i) {
    if (!found_[i].value.packed) {
      if (count++ != 0)
        out += ',';
      if (field.is_message() ? !append(out, *field.message, {i, i + 1}, depth + 1)
                             : !append_scalar(out, field, found_[i].value))
        return fail_at();
      if (!is_short(out))
        return false;
      continue;
    }
    wire_reader from(found_[i].value.bytes);
    while (!from.at_end()) {
      wire_value element;
      if (!read_scalar(from, field.type, element.number))
        return fail("its bytes are cut off or damaged");
      if (field.closed_enum && !has_number(field, static_cast<std::int32_t>(element.number)))
        continue;
      if (count++ != 0)
        out += ',';
      if (!append_scalar(out, field, element))
        return fail_at();
      if (!is_short(out))
        return false;
    }
  }
  out += ']';
  return true;
}

/// Finds an entry's key. An entry whose value is no value of a closed enum is dropped.
bool message_json::read_key(const message_shape& entry, std::string_view bytes, map_entry& out,
                            bool& is_dropped) {
  out.bytes = bytes;
  const auto damaged = each_value(entry, bytes, [&](std::uint32_t index, const wire_value& value) {
    const auto& field = entry.fields[index];
    if (field.number == 1) {
      out.text = value.bytes;
      out.number = value.number;
    } else {
      is_dropped |= field.closed_enum && !has_number(field, static_cast<std::int32_t>(value.number));
    }
  });
  return !damaged || fail(damaged->why);
}

bool message_json::append_map(std::string& out, const field_shape& field, range values, std::uint32_t depth) {
  const auto& entry = *field.message;
  const auto& key = entry.fields[0];
  const auto& mapped = entry.fields[1];
  std::vector<map_entry> entries;
  entries.reserve(values.to - values.from);
  for (auto i = values.from; i < values.to; ++i) {
    map_entry read;
    read.order = static_cast<std::uint32_t>(i - values.from);
    bool is_dropped = false;
    if (!read_key(entry, found_[i].value.bytes, read, is_dropped))
      return false;
    if (!is_dropped)
      entries.push_back(read);
  }
  const bool is_text = key.type == FieldDescriptor::TYPE_STRING;
  const bool is_unsigned =
      key.type == FieldDescriptor::TYPE_UINT64 || key.type == FieldDescriptor::TYPE_FIXED64;
  const auto before = [&](const map_entry& a, const map_entry& b) {
    if (is_text)
      return a.text < b.text;
    return is_unsigned ? a.number < b.number
                       : static_cast<std::int64_t>(a.number) < static_cast<std::int64_t>(b.number);
  };
  std::sort(entries.begin(), entries.end(), [&](const map_entry& a, const map_entry& b) {
    return before(a, b) || (!before(b, a) && a.order < b.order);
  });
  out += '{';
  bool is_first = true;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& e = entries[i];
    if (i + 1 < entries.size() && !before(e, entries[i + 1]))
      continue;  // the last entry of a key counts
    if (!is_first)
      out += ',';
    is_first = false;
    if (!is_text)
      out += '"';
    if (!append_scalar(out, key, {e.number, e.text, false}))
      return false;
    if (!is_text)
      out += '"';
    out += ':';
    // The values of the entry's second field; of several the last counts, messages are one.
    const auto base = found_.size();
    if (!collect(entry, e.bytes, oneofs_.size()))  // entries have no oneofs
      return false;
    const auto behind = std::remove_if(found_.begin() + static_cast<std::ptrdiff_t>(base), found_.end(),
                                       [](const occurrence& o) { return o.field != 1; });
    found_.erase(behind, found_.end());
    if (!append_field(out, mapped, {base, found_.size()}, depth + 1)) {
      path_ = fmt::format("[{}]{}",
                          is_text       ? data::excerpt(e.text)
                          : is_unsigned ? std::to_string(e.number)
                                        : std::to_string(static_cast<std::int64_t>(e.number)),
                          path_);
      return false;
    }
    found_.resize(base);
    if (!is_short(out))
      return false;
  }
  out += '}';
  return true;
}

bool message_json::append_scalar(std::string& out, const field_shape& field, const wire_value& value) {
  switch (field.type) {
  case FieldDescriptor::TYPE_STRING:
    if (!data::is_utf8(value.bytes))
      return fail("the text is not UTF-8");
    data::append_json_string(out, value.bytes);
    return true;
  case FieldDescriptor::TYPE_BYTES:
    out += '"';
    out += data::base64(value.bytes);
    out += '"';
    return true;
  case FieldDescriptor::TYPE_BOOL:
    out += value.number != 0 ? "true" : "false";
    return true;
  case FieldDescriptor::TYPE_DOUBLE:
  case FieldDescriptor::TYPE_FLOAT:
    append_number(out, std::bit_cast<double>(value.number), field.type == FieldDescriptor::TYPE_FLOAT);
    return true;
  case FieldDescriptor::TYPE_ENUM: {
    if (field.is_null) {
      out += "null";
      return true;
    }
    std::string digits;
    const auto text = enum_text(field, static_cast<std::int32_t>(value.number), digits);
    if (digits.empty())
      data::append_json_string(out, text);
    else
      out += digits;
    return true;
  }
  case FieldDescriptor::TYPE_UINT64:
  case FieldDescriptor::TYPE_FIXED64:
    fmt::format_to(std::back_inserter(out), "{}", value.number);
    return true;
  default:
    fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(value.number));
    return true;
  }
}

}  // namespace millrace::parser::protobuf
