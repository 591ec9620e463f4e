// Plain structs as JSON: one function a type names its members and says what they mean, and from that they are
// written, read and documented (openapi.hpp).
//   void members(auto& c, wire::like<mine> auto& x) { c("name", "what it is", x.name); }     beside the type
// A member without a value (an empty optional) is null. The words of an enum stand beside it:
//   constexpr auto words_of(mine) { return std::to_array<std::string_view>({"one", "two"}); }
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/wire/fields.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace millrace::api {

/// Event time: null in JSON before the first watermark, "end" where all has come, else ISO 8601.
struct event_time {
  event_micros at = no_watermark;
  friend auto operator<=>(const event_time&, const event_time&) = default;
};
inline boost::json::value to_value(const event_time& t) {
  if (t.at == no_watermark)
    return nullptr;
  return t.at == end_of_time ? boost::json::value("end") : boost::json::value(format_timestamp(t.at));
}

/// An object that others have written, as it is; one that is nested too deeply says so in its place.
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

inline boost::json::value to_value(const json_object& v) {
  boost::json::error_code failed;
  auto out = boost::json::parse(v.text, failed);
  if (failed)
    out = boost::json::object{{"_not_shown", "it is nested more than 31 levels deep, or is no JSON"}};
  return out;
}
inline boost::json::value to_value(const std::string& v) { return boost::json::string(v); }
template<class T>
requires std::is_enum_v<T> boost::json::value to_value(T v) {
  const auto words = words_of(v);
  return boost::json::string(words[static_cast<std::size_t>(v)]);
}
template<class T>
requires std::is_arithmetic_v<T> boost::json::value to_value(T v) { return v; }
template<class T>
boost::json::value to_value(const std::optional<T>& v);
template<class T>
boost::json::value to_value(const std::vector<T>& v);
template<class T>
boost::json::value to_value(const std::map<std::string, T>& v);
template<class T>
requires std::is_class_v<T> boost::json::object to_value(const T& v);

struct json_writer {
  boost::json::object& out;
  void operator()(std::string_view name, std::string_view, const auto& v) { out.emplace(name, to_value(v)); }
};

template<class T>
boost::json::value to_value(const std::optional<T>& v) {
  return v ? boost::json::value(to_value(*v)) : boost::json::value(nullptr);
}
template<class T>
boost::json::value to_value(const std::vector<T>& v) {
  boost::json::array out;
  out.reserve(v.size());
  for (const auto& one : v)
    out.emplace_back(to_value(one));
  return out;
}
template<class T>
boost::json::value to_value(const std::map<std::string, T>& v) {
  boost::json::object out;
  for (const auto& [name, one] : v)
    out.emplace(name, to_value(one));
  return out;
}
template<class T>
requires std::is_class_v<T> boost::json::object to_value(const T& v) {
  boost::json::object out;
  json_writer w{out};
  members(w, v);
  return out;
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
    boost::json::error_code failed;
    v = from.to_number<T>(failed);
    good = good && !failed;
  }
  void read(const boost::json::value& from, std::string& v) {
    good = good && from.is_string();
    if (from.is_string())
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
  return data::json_text(detail::to_value(v));
}

template<detail::described T>
[[nodiscard]] std::string json_of(const std::vector<T>& v) {
  return data::json_text(detail::to_value(v));
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
