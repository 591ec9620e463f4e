#include "runtime/avro/json_datum.hpp"

#include "runtime/avro/bytes_of_value.hpp"
#include "runtime/avro/clock_text.hpp"
#include "runtime/avro/datum.hpp"
#include "runtime/avro/json_forms.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/data/whole_digits.hpp"

#include <fmt/format.h>

#include <optional>
#include <unordered_set>

namespace millrace::avro {
namespace {

namespace json = boost::json;

constexpr data::json_limits value_limits{.most_memory = std::size_t{256} << 20, .most_depth = 128};
// A value that fits takes a step for itself and each of its parts; unions may try several types for one.
constexpr std::size_t steps_at_least = 100'000;
constexpr std::size_t steps_a_byte = 16;
// Defaults of records multiply.
constexpr std::size_t most_bytes_of_json = std::size_t{64} << 20;

std::string shown_value(const json::value& v) {
  if (v.is_object())
    return "an object";
  if (v.is_array())
    return "a list";
  if (data::is_text(v))
    return fmt::format("\"{}\"", data::excerpt(text_in(v)));
  return data::excerpt(data::json_text(v));
}

/// How well a branch goes with a value, before its contents are looked at: 0 as the value is, 1 as another form of it.
std::optional<int> rank_of(const json::value& v, const type& t) {
  const bool has_meaning = t.means != meaning::none;
  switch (t.is) {
  case kind::null:
    return v.is_null() ? std::optional(0) : std::nullopt;
  case kind::boolean:
    return v.is_bool() ? std::optional(0) : std::nullopt;
  case kind::record:
  case kind::map:
    return v.is_object() ? std::optional(0) : std::nullopt;
  case kind::array:
    return v.is_array() ? std::optional(0) : std::nullopt;
  case kind::int32:
  case kind::int64:
    if (has_meaning)
      return data::is_text(v) ? std::optional(0) : std::nullopt;
    return v.is_int64() ? std::optional(0) : std::nullopt;
  case kind::float32:
  case kind::float64:
    return is_json_number(v)  ? std::optional(v.is_int64() || t.is == kind::float32 ? 1 : 0)
           : data::is_text(v) ? std::optional(1)
                              : std::nullopt;
  case kind::string:
  case kind::enumeration:
    return data::is_text(v) ? std::optional(0) : std::nullopt;
  case kind::bytes:
  case kind::fixed:
    if (t.means == meaning::decimal)
      return is_json_number(v) ? std::optional(v.is_int64() ? 1 : 0) : std::nullopt;
    return data::is_text(v) ? std::optional(1) : std::nullopt;
  case kind::one_of:
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool json_datum::append(std::string& out, std::string_view text, type_index of) {
  why_.clear();
  path_.clear();
  const auto v = data::read_json_value(text, value_limits);
  if (!v)
    return fail(fmt::format("it is not JSON, or nested deeper than {} levels", value_limits.most_depth));
  steps_left_ = steps_at_least + steps_a_byte * text.size();
  most_ = out.size() + most_bytes_of_json;
  return append_value(out, *v, of, 0);
}

bool json_datum::fail(std::string why) {
  why_ = std::move(why);
  path_.clear();
  return false;
}

bool json_datum::misfit(const json::value& v, type_index of) {
  return fail(fmt::format("{} is not a value of the type {}", shown_value(v), describe(*schema_, of)));
}

bool json_datum::append_value(std::string& out, const json::value& v, type_index of, std::uint32_t depth) {
  const auto& t = (*schema_)[of];
  if (steps_left_ == 0 || out.size() > most_ || depth > deepest_value) {
    steps_left_ = 0;
    return fail("the value takes too many steps, or becomes too long, by this schema");
  }
  --steps_left_;
  switch (t.is) {
  case kind::null:
    return v.is_null() || misfit(v, of);
  case kind::boolean:
    return append_boolean(out, v) || misfit(v, of);
  case kind::int32:
  case kind::int64:
    return t.means == meaning::none ? append_number(out, v, of) : append_text(out, v, of);
  case kind::float32:
  case kind::float64:
    return append_number(out, v, of);
  case kind::bytes:
  case kind::fixed:
    return t.means == meaning::decimal ? append_decimal(out, v, of) : append_text(out, v, of);
  case kind::string:
  case kind::enumeration:
    return append_text(out, v, of);
  case kind::record:
    return append_record(out, v, of, depth);
  case kind::array:
  case kind::map:
    return append_items(out, v, of, depth);
  case kind::one_of:
    return append_branch(out, v, of, depth);
  }
  return false;
}

bool json_datum::append_number(std::string& out, const json::value& v, type_index of) {
  const auto& t = (*schema_)[of];
  if (t.is == kind::int32 || t.is == kind::int64)
    return append_whole(out, v, t) || misfit(v, of);
  const auto number = real_in(v);
  if (!number)
    return misfit(v, of);
  // A whole number keeps its digits, as one of a column does.
  if (is_json_number(v)) {
    const auto digits = data::json_text(v);
    if (t.is == kind::float64 ? data::is_rounded_in_double(digits) : data::is_rounded_in_float(digits))
      return misfit(v, of);
  }
  return append_real_as(out, *number, t) || misfit(v, of);
}

/// Values that JSON has as a text.
bool json_datum::append_text(std::string& out, const json::value& v, type_index of) {
  const auto& t = (*schema_)[of];
  if (t.is == kind::enumeration)
    return append_symbol(out, v, t) || misfit(v, of);
  if (!data::is_text(v))
    return misfit(v, of);
  const auto text = text_in(v);
  std::optional<std::int64_t> number;
  constexpr std::int64_t micros_of_milli = 1'000;
  switch (t.means) {
  case meaning::uuid: {
    std::string bytes;
    if (!append_uuid(bytes, text))
      return misfit(v, of);
    if (t.is == kind::fixed)
      out += bytes;
    else
      append_bytes(out, text);
    return true;
  }
  case meaning::date:
    number = date_in(text);
    break;
  case meaning::time_millis:
  case meaning::time_micros:
    number = time_of_day_in(text);
    break;
  case meaning::timestamp_millis:
  case meaning::timestamp_micros:
    number = timestamp_in(text);
    break;
  default:
    break;
  }
  if (t.is == kind::int32 || t.is == kind::int64) {
    if (!number)
      return misfit(v, of);
    if (t.means == meaning::time_millis || t.means == meaning::timestamp_millis)
      number = *number / micros_of_milli - (*number % micros_of_milli < 0 ? 1 : 0);
    append_long(out, *number);
    return true;
  }
  if (t.is == kind::string) {
    append_bytes(out, text);
    return true;
  }
  const auto bytes = data::from_base64(text);
  if (!bytes || (t.is == kind::fixed && bytes->size() != t.size))
    return misfit(v, of);
  if (t.is == kind::bytes)
    append_bytes(out, *bytes);
  else
    out += *bytes;
  return true;
}

bool json_datum::append_decimal(std::string& out, const json::value& v, type_index of) {
  const auto& t = (*schema_)[of];
  decimal number;
  if (!is_json_number(v) || read_decimal(data::json_text(v), number) != decimal_reading::ok ||
      !append_as_decimal(out, number, t))
    return misfit(v, of);
  return true;
}

bool json_datum::append_record(std::string& out, const json::value& v, type_index of, std::uint32_t depth) {
  const auto& t = (*schema_)[of];
  if (!v.is_object())
    return misfit(v, of);
  const auto& members = v.get_object();
  std::size_t used = 0;
  for (const auto& f : t.fields) {
    if (const auto* const member = members.if_contains(json::string_view(f.name.data(), f.name.size()))) {
      ++used;
      if (!append_value(out, *member, f.of, depth + 1)) {
        path_.insert(0, "." + data::excerpt(f.name));
        return false;
      }
    } else if (f.default_datum) {
      out += *f.default_datum;
      if (steps_left_ == 0 || out.size() > most_)
        return fail("the value takes too many steps, or becomes too long, by this schema");
      --steps_left_;
    } else if (const json::value null; !append_value(out, null, f.of, depth + 1)) {
      return fail(fmt::format("the member \"{}\" of the record {} is missing", data::excerpt(f.name),
                              data::excerpt(t.name)));
    }
  }
  if (used == members.size())
    return true;
  std::unordered_set<std::string_view> known;
  for (const auto& f : t.fields)
    known.insert(f.name);
  for (const auto& m : members) {
    const std::string_view key{m.key().data(), m.key().size()};
    if (!known.contains(key))
      return fail(
          fmt::format("the record {} has no field \"{}\"", data::excerpt(t.name), data::excerpt(key)));
  }
  return true;
}

bool json_datum::append_items(std::string& out, const json::value& v, type_index of, std::uint32_t depth) {
  const auto& t = (*schema_)[of];
  const bool is_map = t.is == kind::map;
  if (is_map ? !v.is_object() : !v.is_array())
    return misfit(v, of);
  const auto count = is_map ? v.get_object().size() : v.get_array().size();
  if (count != 0)
    append_long(out, static_cast<std::int64_t>(count));
  if (is_map) {
    for (const auto& member : v.get_object()) {
      const std::string_view key{member.key().data(), member.key().size()};
      append_bytes(out, key);
      if (!append_value(out, member.value(), t.of.front(), depth + 1)) {
        path_.insert(0, "." + data::excerpt(key));
        return false;
      }
    }
  } else {
    std::size_t index = 0;
    for (const auto& item : v.get_array()) {
      if (!append_value(out, item, t.of.front(), depth + 1)) {
        path_.insert(0, fmt::format("[{}]", index));
        return false;
      }
      ++index;
    }
  }
  append_long(out, 0);
  return true;
}

/// The first branch that fits; types that have the value as it is are tried before those that have another form of it.
bool json_datum::append_branch(std::string& out, const json::value& v, type_index of, std::uint32_t depth) {
  const auto& t = (*schema_)[of];
  const auto begin = out.size();
  std::size_t tried = 0;
  for (const int wanted : {0, 1})
    for (std::size_t i = 0; i < t.of.size(); ++i) {
      if (rank_of(v, (*schema_)[t.of[i]]) != wanted)
        continue;
      ++tried;
      append_long(out, static_cast<std::int64_t>(i));
      if (append_value(out, v, t.of[i], depth + 1))
        return true;
      out.resize(begin);
      if (steps_left_ == 0)
        return false;
    }
  return tried == 1 ? false : misfit(v, of);  // the only one has said why
}

}  // namespace millrace::avro
