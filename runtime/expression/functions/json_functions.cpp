// json: members and elements by -> and its like, what a value is, and json of other values. The text of what
// is found is kept as it came.
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;
using found = std::optional<text_view>;

constexpr text_view no_text = "a string in json holds \\u0000 or a lone surrogate, which no text can";

/// `null` is no text; a string is what it stands for.
text_view as_text(row& r, text_view json) {
  const char head = head_of(json);
  if (head == 'n')
    return r.null();
  if (head != '"')
    return json;
  const auto body = json.substr(json.find('"') + 1, json.rfind('"') - json.find('"') - 1);
  if (body.find('\\') == text_view::npos)
    return body;
  std::string out;
  if (!append_unescaped(out, body))
    return r.fail(std::string(no_text));
  return r.keep(out);
}

template<bool AsText>
text_view given(row& r, found f) {
  if (!f)
    return r.null();
  if (!holds_only_texts(*f))
    return r.fail(std::string(no_text));
  return AsText ? as_text(r, *f) : *f;
}

template<bool AsText>
values by_name(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, text_view name) {
    return given<AsText>(r, member_of(json, name));
  })>(c, args);
}
template<bool AsText>
values by_index(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, std::int64_t i) { return given<AsText>(r, element_of(json, i)); })>(
      c, args);
}

/// A step of a path: a member's name, or an element's index.
found step_into(text_view json, text_view step) {
  const char head = head_of(json);
  if (head == '{')
    return member_of(json, step);
  std::int32_t index = 0;
  const auto* const end = step.data() + step.size();
  const auto [at, failed] = std::from_chars(step.data(), end, index);
  return head == '[' && failed == std::errc{} && at == end ? element_of(json, index) : std::nullopt;
}

template<bool AsText>
values by_path(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, list_value path) -> text_view {
    found at = trim_blanks(json);
    for (std::size_t i = 0; i < path.size && at; ++i)
      at = path.present(i) && path.element == text ? step_into(*at, path.get<text_view>(i)) : std::nullopt;
    return given<AsText>(r, at);
  })>(c, args);
}

values as_text_kernel(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json) { return as_text(r, json); })>(c, args);
}

values type_of(call& c, std::span<const values> args) {
  return each<([](row&, text_view json) -> text_view {
    switch (head_of(json)) {
    case '{':
      return "object";
    case '[':
      return "array";
    case '"':
      return "string";
    case 't':
    case 'f':
      return "boolean";
    case 'n':
      return "null";
    default:
      return "number";
    }
  })>(c, args);
}

values array_length(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json) -> std::int64_t {
    if (const auto n = elements_in(json))
      return *n;
    return r.fail("json_array_length needs an array, and this json is none");
  })>(c, args);
}

void append_json(std::string& out, kind k, const list_value& v, std::size_t i);

void append_list(std::string& out, const list_value& v) {
  out += '[';
  for (std::size_t i = 0; i < v.size; ++i) {
    out += i == 0 ? "" : ",";
    if (v.present(i))
      append_json(out, v.element, v, i);
    else
      out += "null";
  }
  out += ']';
}

/// Values as sinks write them (runtime/data/render.hpp).
void append_json(std::string& out, kind k, const list_value& v, std::size_t i) {
  const auto quoted = [&](const std::string& s) { data::append_json_string(out, s); };
  switch (k) {
  case boolean:
    out += v.get<bool>(i) ? "true" : "false";
    return;
  case bigint:
    out += fmt::format("{}", v.get<std::int64_t>(i));
    return;
  case numeric:
    return append_decimal(out, v.get<decimal>(i));
  case float64: {
    std::string number;
    data::append_double(number, v.get<double>(i));
    if (std::isfinite(v.get<double>(i)))
      out += number;
    else
      quoted(number);
    return;
  }
  case text:
    return data::append_json_string(out, v.get<text_view>(i));
  case timestamptz:
  case timestamp:
    return quoted(format_timestamp(v.get<std::int64_t>(i)));
  case date: {
    std::string day;
    append_date(day, v.get<std::int64_t>(i));
    return quoted(day);
  }
  case list:
    return append_list(out, v.get<list_value>(i));
  case object: {
    const auto o = v.get<object_value>(i);
    return data::append_json_value(out, *o.column, o.row);
  }
  default:
    out += v.get<text_view>(i);
  }
}

template<kind K, class T>
values to_json(call& c, std::span<const values> args) {
  return each<([](row& r, T v) -> text_view {
    std::string out;
    const stored_t<T> one = v;
    if (auto why = far_time(K, &one, 0))
      return r.fail(*std::move(why));
    append_json(out, K, {&one, nullptr, 1, K}, 0);
    if (out.size() > longest_result)
      return r.fail(
          fmt::format("to_json makes a text that is too long; at most {} bytes are allowed", longest_result));
    return r.keep(out);
  })>(c, args);
}

text_view built(row& r, const std::string& json) {
  if (json.size() > longest_result)
    return r.fail(
        fmt::format("this makes a json that is too long; at most {} bytes are allowed", longest_result));
  return r.keep(json);
}

text_view value_or_null(const values& v, std::size_t row) {
  return v.present(row) ? v.get<text_view>(row) : text_view("null");
}

/// Names and values by turns, all of them json; blanks as PostgreSQL has them.
values build_object(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    std::string out = "{";
    for (std::size_t i = 0; i + 1 < args.size(); i += 2) {
      if (!args[i].present(r.index))
        return r.fail("a member's name is null; use coalesce(x, '')");
      const auto name = args[i].get<text_view>(r.index);
      const auto* const quote = name.starts_with('"') ? "" : "\"";
      out.append(i == 0 ? "" : ", ").append(quote).append(name).append(quote);
      out.append(" : ").append(value_or_null(args[i + 1], r.index));
    }
    return built(r, out + "}");
  });
}

values build_array(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    std::string out = "[";
    for (const auto& a : args)
      out.append(out.size() == 1 ? "" : ", ").append(value_or_null(a, r.index));
    return built(r, out + "]");
  });
}

constexpr auto entries = std::to_array<function>({
    entry("->", {json, text}, json, by_name<false>),
    entry("->", {json, bigint}, json, by_index<false>),
    entry("->>", {json, text}, text, by_name<true>, true),
    entry("->>", {json, bigint}, text, by_index<true>, true),
    entry("#>", {json, list}, json, by_path<false>),
    entry("#>>", {json, list}, text, by_path<true>, true),
    entry("json_as_text", {json}, text, as_text_kernel, true),
    entry("json_typeof", {json}, text, type_of),
    entry("jsonb_typeof", {json}, text, type_of),
    entry("json_array_length", {json}, bigint, array_length, true),
    entry("jsonb_array_length", {json}, bigint, array_length, true),
    entry("to_json", {boolean}, json, to_json<boolean, bool>),
    entry("to_json", {bigint}, json, to_json<bigint, std::int64_t>),
    entry("to_json", {numeric}, json, to_json<numeric, decimal>),
    entry("to_json", {float64}, json, to_json<float64, double>),
    entry("to_json", {text}, json, to_json<text, text_view>, true),
    entry("to_json", {timestamptz}, json, to_json<timestamptz, std::int64_t>, true),
    entry("to_json", {timestamp}, json, to_json<timestamp, std::int64_t>, true),
    entry("to_json", {date}, json, to_json<date, std::int64_t>, true),
    entry("to_json", {list}, json, to_json<list, list_value>, true),
    entry("array_to_json", {list}, json, to_json<list, list_value>, true),
    entry("to_json", {object}, json, to_json<object, object_value>, true),
    entry("to_jsonb", {object}, json, to_json<object, object_value>, true),
    entry("row_to_json", {object}, json, to_json<object, object_value>, true),
    of_anything("json_build_object", json, build_object),
    of_anything("jsonb_build_object", json, build_object),
    of_anything("json_build_array", json, build_array),
    of_anything("jsonb_build_array", json, build_array),
});

}  // namespace

std::span<const function> json_functions() { return entries; }

}  // namespace millrace::expression
