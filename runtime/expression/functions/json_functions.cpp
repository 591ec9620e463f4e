// json and jsonb: members and elements by -> and its like, what a value is, and json of other values. The text of what
// is found is kept as it came. A constant that is looked into has an index (formats/json_index.hpp).
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/json_index.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/jsonb_edits.hpp"
#include "runtime/expression/formats/jsonb_order.hpp"
#include "runtime/expression/formats/jsonb_text.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"

#include <fmt/format.h>

#include <algorithm>
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

/// Which of the two types a kernel looks into.
enum class form { of_json, of_jsonb };

/// A jsonb holds texts alone.
template<form Form, bool AsText>
text_view given(row& r, found f) {
  if (!f)
    return r.null();
  if (Form == form::of_json && !holds_only_texts(*f))
    return r.fail(std::string(no_text));
  return AsText ? as_text(r, *f) : *f;
}

prepared_or index_of_constant(constant_texts texts) { return texts[0] ? index_of_json(*texts[0]) : nullptr; }

/// Looks into a value, by its index where it is a constant that has one.
template<form Form>
class looking {
public:
  looking(const row& r, text_view json)
      : index_(r.prepared<json_index>()), at_(index_ ? index_->text() : json) {}

  [[nodiscard]] text_view whole() const { return Form == form::of_json ? trim_blanks(at_) : at_; }
  [[nodiscard]] found member(text_view within, text_view name) const {
    return index_                  ? index_->member(within, name)
           : Form == form::of_json ? member_of(within, name)
                                   : jsonb_member(within, name);
  }
  [[nodiscard]] found element(text_view within, std::int64_t i) const {
    return index_ ? index_->element(within, i) : element_of(within, i);
  }
  /// A step of a path: a member's name, or an element's index.
  [[nodiscard]] found step(text_view within, text_view name) const {
    const char head = head_of(within);
    if (head == '{')
      return member(within, name);
    const auto i = head == '[' ? index_of_step(name) : std::nullopt;
    return i ? element(within, *i) : std::nullopt;
  }

private:
  const json_index* index_;
  text_view at_;
};

template<form Form, bool AsText>
values by_name(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, text_view name) {
    const looking<Form> in(r, json);
    return given<Form, AsText>(r, in.member(in.whole(), name));
  })>(c, args);
}
template<form Form, bool AsText>
values by_index(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, std::int64_t i) {
    const looking<Form> in(r, json);
    if (Form == form::of_jsonb && (i == 0 || i == -1) && is_jsonb_scalar(in.whole()))
      return given<Form, AsText>(r, in.whole());  // to PostgreSQL a scalar is a list of itself here
    return given<Form, AsText>(r, in.element(in.whole(), i));
  })>(c, args);
}

template<form Form, bool AsText>
values by_path(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, list_value path) -> text_view {
    const looking<Form> in(r, json);
    found at = in.whole();
    for (std::size_t i = 0; i < path.size && at; ++i)
      at = path.present(i) && path.element == text ? in.step(*at, path.get<text_view>(i)) : std::nullopt;
    return given<Form, AsText>(r, at);
  })>(c, args);
}

/// The same path as arguments.
template<form Form, bool AsText>
values by_steps(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    if (std::ranges::any_of(args, [&](const values& a) { return !a.present(r.index); }))
      return r.null();
    const looking<Form> in(r, args[0].get<text_view>(r.index));
    found at = in.whole();
    for (std::size_t i = 1; i < args.size() && at; ++i)
      at = in.step(*at, args[i].get<text_view>(r.index));
    return given<Form, AsText>(r, at);
  });
}

values has_name(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json, text_view name) -> bool {
    const looking<form::of_jsonb> in(r, json);
    return in.whole()[0] == '{' ? in.member(in.whole(), name).has_value() : jsonb_has(in.whole(), name);
  })>(c, args);
}

values same(call&, std::span<const values> args) { return args[0]; }

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

template<form Form>
values array_length(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json) -> std::int64_t {
    if (const auto n = elements_in(json))
      return *n;
    constexpr text_view type = Form == form::of_json ? "json" : "jsonb";
    return r.fail(fmt::format("{0}_array_length needs an array, and this {0} is none", type));
  })>(c, args);
}

void append_json(std::string& out, kind k, const list_value& v, std::size_t i);

void append_list(std::string& out, const list_value& v, text_view divider = ",") {
  out += '[';
  for (std::size_t i = 0; i < v.size; ++i) {
    out += i == 0 ? "" : divider;
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
  case time: {
    std::string written;
    write_time(written, v.get<std::int64_t>(i));
    return quoted(written);
  }
  case interval: {
    std::string written;
    write_interval(written, v.get<interval_value>(i));
    return quoted(written);
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

text_view bounded(row& r, const std::string& json) {
  if (json.size() > longest_result)
    return r.fail(
        fmt::format("to_json makes a text that is too long; at most {} bytes are allowed", longest_result));
  return r.keep(json);
}

template<kind K, class T>
values to_json(call& c, std::span<const values> args) {
  return each<([](row& r, T v) -> text_view {
    std::string out;
    const stored_t<T> one = v;
    if (auto why = far_time(K, &one, 0))
      return r.fail(*std::move(why));
    append_json(out, K, {&one, nullptr, 1, K}, 0);
    return bounded(r, out);
  })>(c, args);
}

/// Each element on a line of its own, but none of the lists in a list.
values array_to_lines(call& c, std::span<const values> args) {
  return each<([](row& r, list_value v, bool pretty) -> text_view {
    if (auto why = far_time(list, &v, 0))
      return r.fail(*std::move(why));
    std::string out;
    append_list(out, v, pretty ? ",\n " : ",");
    return bounded(r, out);
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

/// The jsonb of what a kernel has made as json.
template<kernel Json>
values as_jsonb(call& c, std::span<const values> args) {
  auto inner = c;
  const auto made = Json(inner, args);
  c.own_valid = inner.own_valid;
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    if (!made.present(r.index))
      return {};
    auto& out = r.text();
    if (const auto how = append_jsonb(out, made.get<text_view>(r.index), longest_result);
        how != jsonb_reading::ok)
      return r.fail(why_no_jsonb(how, made.get<text_view>(r.index)));
    return r.keep(out);
  });
}

template<form Form>
values without_nulls(call& c, std::span<const values> args) {
  return each<([](row& r, text_view json) -> text_view {
    if (Form == form::of_json && !holds_only_texts(json))
      return r.fail(std::string(no_text));
    auto& out = r.text();
    append_without_nulls(out, json, Form == form::of_jsonb);
    return r.keep(out);
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("->", {json, text}, json, by_name<form::of_json, false>, true, index_of_constant),
    entry("->", {json, bigint}, json, by_index<form::of_json, false>, true, index_of_constant),
    entry("->>", {json, text}, text, by_name<form::of_json, true>, true, index_of_constant),
    entry("->>", {json, bigint}, text, by_index<form::of_json, true>, true, index_of_constant),
    entry("#>", {json, list}, json, by_path<form::of_json, false>, true, index_of_constant),
    entry("#>>", {json, list}, text, by_path<form::of_json, true>, true, index_of_constant),
    entry("->", {jsonb, text}, jsonb, by_name<form::of_jsonb, false>, false, index_of_constant),
    entry("->", {jsonb, bigint}, jsonb, by_index<form::of_jsonb, false>, false, index_of_constant),
    entry("->>", {jsonb, text}, text, by_name<form::of_jsonb, true>, false, index_of_constant),
    entry("->>", {jsonb, bigint}, text, by_index<form::of_jsonb, true>, false, index_of_constant),
    entry("#>", {jsonb, list}, jsonb, by_path<form::of_jsonb, false>, false, index_of_constant),
    entry("#>>", {jsonb, list}, text, by_path<form::of_jsonb, true>, false, index_of_constant),
    entry("?", {jsonb, text}, boolean, has_name, false, index_of_constant),
    of_anything("json_extract_path", json, by_steps<form::of_json, false>, index_of_constant),
    of_anything("json_extract_path_text", text, by_steps<form::of_json, true>, index_of_constant),
    of_anything("jsonb_extract_path", jsonb, by_steps<form::of_jsonb, false>, index_of_constant),
    of_anything("jsonb_extract_path_text", text, by_steps<form::of_jsonb, true>, index_of_constant),
    entry("json_as_text", {json}, text, as_text_kernel, true),
    entry("json_typeof", {json}, text, type_of),
    entry("jsonb_typeof", {jsonb}, text, type_of),
    entry("json_array_length", {json}, bigint, array_length<form::of_json>, true),
    entry("jsonb_array_length", {jsonb}, bigint, array_length<form::of_jsonb>, true),
    entry("json_strip_nulls", {json}, json, without_nulls<form::of_json>, true),
    entry("jsonb_strip_nulls", {jsonb}, jsonb, without_nulls<form::of_jsonb>),
    entry("to_json", {boolean}, json, to_json<boolean, bool>),
    entry("to_json", {bigint}, json, to_json<bigint, std::int64_t>),
    entry("to_json", {numeric}, json, to_json<numeric, decimal>),
    entry("to_json", {float64}, json, to_json<float64, double>),
    entry("to_json", {text}, json, to_json<text, text_view>, true),
    entry("to_json", {timestamptz}, json, to_json<timestamptz, std::int64_t>, true),
    entry("to_json", {timestamp}, json, to_json<timestamp, std::int64_t>, true),
    entry("to_json", {date}, json, to_json<date, std::int64_t>, true),
    entry("to_json", {list}, json, to_json<list, list_value>, true),
    entry("to_json", {time}, json, to_json<time, std::int64_t>, true),
    entry("to_json", {interval}, json, to_json<interval, interval_value>, true),
    entry("array_to_json", {list}, json, to_json<list, list_value>, true),
    entry("array_to_json", {list, boolean}, json, array_to_lines, true),
    entry("to_json", {object}, json, to_json<object, object_value>, true),
    entry("to_jsonb", {jsonb}, jsonb, same),
    entry("row_to_json", {object}, json, to_json<object, object_value>, true),
    of_anything("json_build_object", json, build_object),
    of_anything("jsonb_build_object", jsonb, as_jsonb<build_object>),
    of_anything("json_build_array", json, build_array),
    of_anything("jsonb_build_array", jsonb, as_jsonb<build_array>),
});

}  // namespace

std::span<const function> json_functions() { return entries; }

}  // namespace millrace::expression
