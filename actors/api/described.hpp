// Plain structs as JSON: one function a type names its members and says what they mean, and from that they are
// written, read and documented (openapi.hpp).
//   void members(auto& c, wire::like<mine> auto& x) { c("name", "what it is", x.name); }     beside the type
// A member without a value (an empty optional) is null. The words of an enum stand beside it:
//   constexpr auto words_of(mine) { return std::to_array<std::string_view>({"one", "two"}); }
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/wire/fields.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::api {

/// Event time: null in JSON before the first watermark, "end" where all has come, else ISO 8601.
struct event_time {
  event_micros at = no_watermark;
  friend auto operator<=>(const event_time&, const event_time&) = default;
};
[[nodiscard]] inline boost::json::value to_value(const event_time& t) {
  if (t.at == no_watermark)
    return nullptr;
  return t.at == end_of_time ? boost::json::value("end") : boost::json::value(format_timestamp(t.at));
}

/// An object that others have written, with the digits of its numbers; one that is nested too deeply says so in its place.
struct json_object {
  std::string text = "{}";
  friend bool operator==(const json_object&, const json_object&) = default;
};

namespace detail {

struct json_writer;
struct json_reader;

template<class T>
concept described = requires(json_writer& w, const T& x) {
  members(w, x);
};

inline void append(std::string& out, const event_time& v) { data::append_json(out, to_value(v)); }
inline void append(std::string& out, const json_object& v) {
  if (const auto read = data::read_json_value(v.text))
    data::append_json(out, *read);
  else
    out += R"({"_not_shown":"it is nested more than 31 levels deep, or is no JSON"})";
}
inline void append(std::string& out, const std::string& v) { data::append_json_string(out, v); }
template<class T>
requires std::is_enum_v<T>
void append(std::string& out, T v) {
  data::append_json_string(out, words_of(v)[static_cast<std::size_t>(v)]);
}
template<class T>
requires std::is_arithmetic_v<T>
void append(std::string& out, T v) { data::append_json(out, v); }
template<class T>
void append(std::string& out, const std::optional<T>& v);
template<class T>
void append(std::string& out, const std::vector<T>& v);
template<class T>
void append(std::string& out, const std::map<std::string, T>& v);
template<described T>
void append(std::string& out, const T& v);

struct json_writer {
  std::string& out;
  std::string_view before = "{";
  void operator()(std::string_view name, std::string_view, const auto& v) {
    out += std::exchange(before, ",");
    data::append_json_string(out, name);
    out.push_back(':');
    append(out, v);
  }
};

template<class T>
void append(std::string& out, const std::optional<T>& v) {
  if (v)
    append(out, *v);
  else
    out += "null";
}
template<class T>
void append(std::string& out, const std::vector<T>& v) {
  std::string_view before = "[";
  for (const auto& one : v) {
    out += std::exchange(before, ",");
    append(out, one);
  }
  out += v.empty() ? "[]" : "]";
}
template<class T>
void append(std::string& out, const std::map<std::string, T>& v) {
  json_writer to{out};
  for (const auto& [name, one] : v)
    to(name, {}, one);
  out += v.empty() ? "{}" : "}";
}
template<described T>
void append(std::string& out, const T& v) {
  json_writer to{out};
  members(to, v);
  out += to.before == "{" ? "{}" : "}";
}

/// Never trusts what it reads: the first member that is missing or of another form is remembered.
struct json_reader {
  const boost::json::object& in;
  bool& good;
  void operator()(std::string_view name, std::string_view, auto& v) {
    const auto* const found = in.if_contains(name);
    if (found == nullptr)
      good = false;
    else
      read(*found, v);
  }

  void read(const boost::json::value& from, bool& v) {
    good = good && from.is_bool();
    v = from.is_bool() && from.get_bool();
  }
  template<class T>
  requires std::is_arithmetic_v<T>
  void read(const boost::json::value& from, T& v) {
    if (const auto digits = data::kept_digits(from)) {
      const auto* const end = digits->data() + digits->size();
      const auto read = std::from_chars(digits->data(), end, v);
      good = good && read.ec == std::errc() && read.ptr == end;
      return;
    }
    boost::json::error_code failed;
    v = from.to_number<T>(failed);
    good = good && !failed;
  }
  void read(const boost::json::value& from, std::string& v) {
    good = good && data::is_text(from);
    if (data::is_text(from))
      v = from.get_string();
  }
  template<class T>
  requires std::is_enum_v<T>
  void read(const boost::json::value& from, T& v) {
    std::string text;
    read(from, text);
    const auto words = words_of(v);
    const auto at = std::find(words.begin(), words.end(), text);
    good = good && at != words.end();
    v = at == words.end() ? T{} : static_cast<T>(at - words.begin());
  }
  void read(const boost::json::value& from, json_object& v) {
    good = good && from.is_object();
    if (from.is_object())
      v.text = data::json_text(from);
  }
  void read(const boost::json::value& from, event_time& v) {
    v.at = no_watermark;
    if (from.is_null())
      return;
    std::string text;
    read(from, text);
    if (text == "end") {
      v.at = end_of_time;
      return;
    }
    const auto at = expression::parse_timestamp(text);
    good = good && at.has_value();
    v.at = at.value_or(no_watermark);
  }
  template<class T>
  void read(const boost::json::value& from, std::optional<T>& v) {
    v.reset();
    if (!from.is_null())
      read(from, v.emplace());
  }
  template<class T>
  void read(const boost::json::value& from, std::vector<T>& v) {
    v.clear();
    good = good && from.is_array();
    if (from.is_array())
      for (const auto& one : from.get_array())
        read(one, v.emplace_back());
  }
  template<class T>
  void read(const boost::json::value& from, std::map<std::string, T>& v) {
    v.clear();
    good = good && from.is_object();
    if (from.is_object())
      for (const auto& [name, one] : from.get_object())
        read(one, v[std::string(name)]);
  }
  template<described T>
  void read(const boost::json::value& from, T& v) {
    good = good && from.is_object();
    if (!from.is_object())
      return;
    json_reader one{from.get_object(), good};
    members(one, v);
  }
};

}  // namespace detail

/// One line, without its end.
template<detail::described T>
[[nodiscard]] std::string json_of(const T& v) {
  std::string out;
  detail::append(out, v);
  return out;
}

template<detail::described T>
[[nodiscard]] std::string json_of(const std::vector<T>& v) {
  std::string out;
  detail::append(out, v);
  return out;
}

/// Returns nothing where the text is not what json_of() gives; T is described, or a list of such.
template<class T>
[[nodiscard]] std::optional<T> read_json(std::string_view text) {
  const auto root = data::read_json_value(text);
  if (!root)
    return std::nullopt;
  T out;
  bool good = true;
  const boost::json::object nothing;
  detail::json_reader{nothing, good}.read(*root, out);
  return good ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace millrace::api
