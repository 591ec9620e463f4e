#include "actors/connectors/kafka/sink/json_for_message.hpp"

#include "actors/connectors/kafka/sink/message_writing.hpp"
#include "actors/connectors/kafka/sink/whole_range.hpp"
#include "actors/parsers/protobuf/message_shape.hpp"
#include "runtime/base/decimal.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/data/whole_digits.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <unordered_set>

namespace millrace::sink {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
using parser::protobuf::well_known_of;
using parser::protobuf::well_known_type;
using pb_field = pb::FieldDescriptor;

constexpr data::json_limits limits_of_json{.most_memory = std::size_t{256} << 20, .most_depth = 128};

std::string_view text_in_json(const json::value& v) { return {v.get_string().data(), v.get_string().size()}; }

bool is_json_number(const json::value& v) { return v.is_number() || data::kept_digits(v).has_value(); }

std::string shown_json(const json::value& v) {
  if (v.is_object())
    return "an object";
  if (v.is_array())
    return "a list";
  if (data::is_text(v))
    return fmt::format("\"{}\"", data::excerpt(text_in_json(v)));
  return data::excerpt(data::json_text(v));
}

/// Whether a double or float holds the number, or the number in a text: whole numbers with all digits, others rounded.
bool is_held(const json::value& v, bool is_short) {
  const auto digits = data::is_text(v) ? std::string(text_in_json(v)) : data::json_text(v);
  double number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec != std::errc::result_out_of_range &&
         !(is_short && std::isfinite(number) && !std::isfinite(static_cast<float>(number))) &&
         !(is_short ? data::is_rounded_in_float(digits) : data::is_rounded_in_double(digits));
}

bool is_null_enum(const pb_field& f) {
  return f.type() == pb_field::TYPE_ENUM && f.enum_type()->full_name() == "google.protobuf.NullValue";
}
bool is_value(const pb_field& f) {
  return f.type() == pb_field::TYPE_MESSAGE && well_known_of(*f.message_type()) == well_known_type::value;
}

/// The message within which members of objects are fields; none: a scalar, or a message with a JSON of its own.
const pb::Descriptor* members_of(const pb_field& f) {
  if (f.type() != pb_field::TYPE_MESSAGE)
    return nullptr;
  if (f.is_map())
    return members_of(*f.message_type()->field(1));
  return well_known_of(*f.message_type()) == well_known_type::none ? f.message_type() : nullptr;
}

std::optional<name_clash> clash_in(const pb::Descriptor& message) {
  std::unordered_map<std::string_view, const pb_field*> in_json;
  for (int i = 0; i < message.field_count(); ++i)
    if (const auto [at, is_new] = in_json.emplace(message.field(i)->json_name(), message.field(i)); !is_new)
      return name_clash{message.field(i), at->second};
  for (int i = 0; i < message.field_count(); ++i)
    if (const auto at = in_json.find(message.field(i)->name());
        at != in_json.end() && at->second != message.field(i))
      return name_clash{message.field(i), at->second};
  return std::nullopt;
}

std::optional<name_clash> clash_from(const pb::Descriptor* first) {
  std::unordered_set<const pb::Descriptor*> seen{first};
  std::vector<const pb::Descriptor*> to_see{first};
  while (!to_see.empty()) {
    const auto& message = *to_see.back();
    to_see.pop_back();
    if (auto clash = clash_in(message))
      return clash;
    for (int i = 0; i < message.field_count(); ++i)
      if (const auto* const within = members_of(*message.field(i));
          within != nullptr && seen.insert(within).second)
        to_see.push_back(within);
  }
  return std::nullopt;
}

}  // namespace

std::optional<name_clash> clash_within(const pb::FieldDescriptor& field) {
  const auto* const first = members_of(field);
  return first == nullptr ? std::nullopt : clash_from(first);
}
std::optional<name_clash> clash_within(const pb::Descriptor& message) { return clash_from(&message); }

bool has_null_value(const pb::FieldDescriptor& field) { return is_value(field) || is_null_enum(field); }

const json_for_message::message_names& json_for_message::names_of(const pb::Descriptor& message) {
  const auto [at, is_new] = names_.try_emplace(&message);
  auto& out = at->second;
  if (!is_new)
    return out;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& f = *message.field(i);
    out.fields.insert_or_assign(f.json_name(), &f);
    out.fields.try_emplace(f.name(), &f);
    if (f.is_required())
      out.required.push_back(&f);
  }
  return out;
}

bool json_for_message::fail(std::string why) {
  why_ = std::move(why);
  path_.clear();
  return false;
}

bool json_for_message::fail_as_too_deep() {
  return fail(fmt::format("it takes messages that nest deeper than {}, which readers of Protobuf refuse",
                          deepest_message));
}

bool json_for_message::misfit(const json::value& v, const pb_field& f) {
  const bool is_message = f.type() == pb_field::TYPE_MESSAGE || f.type() == pb_field::TYPE_GROUP;
  return fail(fmt::format("{} does not fit {}, which is {}{}", shown_json(v), words_of(f),
                          f.is_repeated() && !f.is_map() ? "repeated " : "",
                          f.is_map()                        ? "a map"
                          : is_message                      ? f.message_type()->full_name()
                          : f.type() == pb_field::TYPE_ENUM ? "the enum " + f.enum_type()->full_name()
                                                            : std::string(f.type_name())));
}

bool json_for_message::append_field(std::string& out, std::string_view text, const pb_field& field,
                                    bool is_element, std::uint32_t depth) {
  const auto v = data::read_json_value(text, limits_of_json);
  if (!v)
    return fail(fmt::format("it is not JSON, or nested deeper than {} levels", limits_of_json.most_depth));
  out += '{';
  data::append_json_string(out, field.json_name());
  out += is_element ? ":[" : ":";
  if (is_element ? !append_element(out, *v, field, depth, "a list")
                 : !append_any_count(out, *v, field, depth))
    return false;
  out += is_element ? "]}" : "}";
  return true;
}

bool json_for_message::append_message(std::string& out, std::string_view text,
                                      const pb::Descriptor& message) {
  const auto v = data::read_json_value(text, limits_of_json);
  if (!v)
    return fail(fmt::format("it is not JSON, or nested deeper than {} levels", limits_of_json.most_depth));
  if (!v->is_object())
    return fail(fmt::format("{} is not a message {}; expected an object of its fields", shown_json(*v),
                            data::excerpt(message.full_name())));
  return append_members(out, v->get_object(), message, 0, false);
}

bool json_for_message::append_any_count(std::string& out, const json::value& v, const pb_field& f,
                                        std::uint32_t depth) {
  if (f.is_map())
    return append_map(out, v, f, depth);
  return f.is_repeated() ? append_list(out, v, f, depth) : append_one(out, v, f, depth);
}

bool json_for_message::append_list(std::string& out, const json::value& v, const pb_field& f,
                                   std::uint32_t depth) {
  if (!v.is_array())
    return misfit(v, f);
  const auto begin = out.size();
  std::size_t index = 0;
  for (const auto& item : v.get_array()) {
    out += out.size() == begin ? '[' : ',';
    if (!append_element(out, item, f, depth, "a list")) {
      path_.insert(0, fmt::format("[{}]", index));
      return false;
    }
    ++index;
  }
  out += out.size() == begin ? "[]" : "]";
  return true;
}

bool json_for_message::append_map(std::string& out, const json::value& v, const pb_field& f,
                                  std::uint32_t depth) {
  if (!v.is_object())
    return misfit(v, f);
  if (depth >= deepest_message)  // an entry is a message
    return fail_as_too_deep();
  const auto begin = out.size();
  for (const auto& m : v.get_object()) {
    out += out.size() == begin ? '{' : ',';
    const std::string_view key{m.key().data(), m.key().size()};
    data::append_json_string(out, key);
    out += ':';
    if (!append_element(out, m.value(), *f.message_type()->field(1), depth + 1, "a map")) {
      path_.insert(0, "." + data::excerpt(key));
      return false;
    }
  }
  out += out.size() == begin ? "{}" : "}";
  return true;
}

bool json_for_message::append_element(std::string& out, const json::value& v, const pb_field& f,
                                      std::uint32_t depth, std::string_view around) {
  if (v.is_null() && !has_null_value(f))
    return fail(fmt::format("{} has a null among its elements, and Protobuf's have none", around));
  return append_one(out, v, f, depth);
}

bool json_for_message::append_one(std::string& out, const json::value& v, const pb_field& f,
                                  std::uint32_t depth) {
  switch (f.type()) {
  case pb_field::TYPE_BOOL:
    if (!v.is_bool())
      return misfit(v, f);
    break;
  case pb_field::TYPE_DOUBLE:
  case pb_field::TYPE_FLOAT:
    return append_real(out, v, f);
  case pb_field::TYPE_STRING:
  case pb_field::TYPE_BYTES:
    if (!data::is_text(v))
      return misfit(v, f);
    break;
  case pb_field::TYPE_ENUM:
    return append_symbol(out, v, f);
  case pb_field::TYPE_MESSAGE:
    break;
  case pb_field::TYPE_GROUP:
    return misfit(v, f);
  default:
    return append_whole(out, v, f);
  }
  if (f.type() != pb_field::TYPE_MESSAGE) {
    data::append_json(out, v);
    return true;
  }
  const auto& message = *f.message_type();
  ++depth;
  switch (well_known_of(message)) {
  case well_known_type::none:
    if (v.is_object() && depth <= deepest_message)
      return append_object(out, v, message, depth);
    if (v.is_object())
      return fail_as_too_deep();
    if (!data::is_text(v) || message.full_name() != "google.protobuf.FieldMask")
      return misfit(v, f);
    break;
  case well_known_type::wrapper:
    return append_one(out, v, *message.field(0), depth);
  case well_known_type::timestamp:
  case well_known_type::duration:
    if (!data::is_text(v))
      return misfit(v, f);
    break;
  case well_known_type::structure:
    if (!v.is_object())
      return misfit(v, f);
    // The value that it were a Value of has a level more.
    if (!is_free_value(v, depth - 1))
      return false;
    break;
  case well_known_type::list:
    if (!v.is_array())
      return misfit(v, f);
    if (!is_free_value(v, depth - 1))
      return false;
    break;
  case well_known_type::value:
    if (!is_free_value(v, depth))
      return false;
    break;
  }
  data::append_json(out, v);
  return true;
}

/// Whether the value is a google.protobuf.Value that stands so deep: a list within it takes two levels of messages, an object
/// three, and its numbers are doubles.
bool json_for_message::is_free_value(const json::value& v, std::uint32_t depth) {
  if (depth > deepest_message || ((v.is_array() || v.is_object()) && depth == deepest_message))
    return fail_as_too_deep();
  if (v.is_array()) {
    std::size_t index = 0;
    for (const auto& item : v.get_array()) {
      if (!is_free_value(item, depth + 2)) {
        path_.insert(0, fmt::format("[{}]", index));
        return false;
      }
      ++index;
    }
    return true;
  }
  if (v.is_object()) {
    for (const auto& m : v.get_object())
      if (!is_free_value(m.value(), depth + 3)) {
        path_.insert(0, "." + data::excerpt(std::string_view(m.key().data(), m.key().size())));
        return false;
      }
    return true;
  }
  return !is_json_number(v) || is_held(v, false) ||
         fail(fmt::format("{} is not a double, as numbers of google.protobuf.Value are", shown_json(v)));
}

bool json_for_message::append_whole(std::string& out, const json::value& v, const pb_field& f) {
  if (data::is_text(v)) {  // the library reads digits there, and rounds none
    data::append_json(out, v);
    return true;
  }
  decimal number;
  if (!is_json_number(v) || read_decimal(data::json_text(v), number) != decimal_reading::ok)
    return misfit(v, f);
  const auto whole = at_scale(number, 0);
  const auto range = range_of(f.cpp_type());
  if (!whole || whole->units() < range.least || whole->units() > range.most)
    return misfit(v, f);
  out += text_of(*whole);
  return true;
}

bool json_for_message::append_real(std::string& out, const json::value& v, const pb_field& f) {
  if ((!data::is_text(v) && !is_json_number(v)) || !is_held(v, f.type() == pb_field::TYPE_FLOAT))
    return misfit(v, f);
  data::append_json(out, v);
  return true;
}

bool json_for_message::append_symbol(std::string& out, const json::value& v, const pb_field& f) {
  if (v.is_null() && is_null_enum(f)) {
    out += "\"NULL_VALUE\"";
    return true;
  }
  std::optional<std::int64_t> number;
  if (const auto* const whole = v.if_int64()) {
    number = *whole;
  } else if (!data::is_text(v)) {
    return misfit(v, f);
  } else if (f.enum_type()->FindValueByName(std::string(text_in_json(v))) == nullptr) {
    // Readers give a number without a name as its digits.
    const auto text = text_in_json(v);
    std::int32_t digits = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), digits);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size())
      return misfit(v, f);
    number = digits;
  }
  if (!number) {
    data::append_json(out, v);
    return true;
  }
  const auto short_number = static_cast<std::int32_t>(*number);
  const bool is_open = f.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
  if (*number != short_number || (!is_open && f.enum_type()->FindValueByNumber(short_number) == nullptr))
    return misfit(v, f);
  out += std::to_string(short_number);
  return true;
}

bool json_for_message::append_object(std::string& out, const json::value& v, const pb::Descriptor& message,
                                     std::uint32_t depth) {
  if (message.full_name() == "google.protobuf.Any")
    return append_packed_any(out, v, message, depth);
  return append_members(out, v.get_object(), message, depth, false);
}

/// The message of `@type`, which is one of the schema's.
bool json_for_message::append_packed_any(std::string& out, const json::value& v, const pb::Descriptor& any,
                                         std::uint32_t depth) {
  const auto* const type = v.get_object().if_contains("@type");
  if (type == nullptr || !data::is_text(*type))
    return fail("the member \"@type\" of google.protobuf.Any is missing");
  const auto url = text_in_json(*type);
  const auto* const packed =
      any.file()->pool()->FindMessageTypeByName(std::string(url.substr(url.rfind('/') + 1)));
  if (packed == nullptr || well_known_of(*packed) != well_known_type::none ||
      packed->full_name() == any.full_name())
    return fail(
        fmt::format("\"{}\" is not a message of the schema's that google.protobuf.Any is written with",
                    data::excerpt(url)));
  if (const auto clash = clash_in(*packed))
    return fail(fmt::format("a member \"{}\" may be {} or {}", data::excerpt(clash->named->name()),
                            words_of(*clash->named), words_of(*clash->in_json)));
  if (depth >= deepest_message)
    return fail_as_too_deep();
  return append_members(out, v.get_object(), *packed, depth + 1, true);
}

bool json_for_message::append_members(std::string& out, const json::object& members,
                                      const pb::Descriptor& message, std::uint32_t depth, bool is_any) {
  const auto& names = names_of(message);
  std::unordered_map<const void*, const pb_field*> filled;  // fields, and oneofs by their member
  const char* between = "{";
  if (is_any) {
    out += "{\"@type\":";
    data::append_json(out, members.at("@type"));
    between = ",";
  }
  for (const auto& m : members) {
    const std::string_view key{m.key().data(), m.key().size()};
    if (is_any && key == "@type")
      continue;
    const auto found = names.fields.find(key);
    if (found == names.fields.end())
      return fail(fmt::format("the message {} has no field \"{}\"", data::excerpt(message.full_name()),
                              data::excerpt(key)));
    const auto& f = *found->second;
    const auto fail_at = [&] {
      path_.insert(0, "." + data::excerpt(key));
      return false;
    };
    if (!filled.emplace(&f, &f).second) {
      fail(fmt::format("it is {}, and another member is, too", words_of(f)));
      return fail_at();
    }
    if (m.value().is_null() && (f.is_repeated() || !has_null_value(f))) {
      if (f.is_repeated() || (f.has_presence() && !f.is_required()))
        continue;
      fail(fmt::format("it is null, and {} {}", words_of(f),
                       f.is_required() ? "is required" : "has no presence (`optional`)"));
      return fail_at();
    }
    if (const auto* const oneof = f.real_containing_oneof())
      if (!filled.emplace(oneof, &f).second) {
        fail(fmt::format("it has a value, and another member of the oneof \"{}\" has one, too",
                         oneof->name()));
        return fail_at();
      }
    out += between;
    between = ",";
    data::append_json_string(out, f.json_name());
    out += ':';
    if (!append_any_count(out, m.value(), f, depth))
      return fail_at();
  }
  for (const auto* const f : names.required)
    if (!filled.contains(f))
      return fail(fmt::format("{} is required, and there is no member \"{}\"", words_of(*f), f->name()));
  out += *between == '{' ? "{}" : "}";
  return true;
}

}  // namespace millrace::sink
