#include "tools/dry_run/typed_value.hpp"

#include "config/text/reader.hpp"
#include "config/text/report.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::dry_run {
namespace {

namespace json = boost::json;
using config::node;
using data::type_id;

tl::unexpected<misfit> wrong(const node& n, const data::type& type, std::string_view form) {
  return tl::unexpected(
      misfit{n.where, fmt::format("found {} for a {}; expected {}", describe(n), type.name(), form)});
}

tl::expected<json::value, misfit> number(const node& n, const data::type& type) {
  const char* const end = n.text.data() + n.text.size();
  if (type.id() == type_id::bigint) {
    std::int64_t v = 0;
    if (const auto [rest, err] = std::from_chars(n.text.data(), end, v);
        n.what == node::kind::number && err == std::errc{} && rest == end)
      return v;
    return wrong(n, type, "a whole number or null");
  }
  if (n.is_text() && (n.text == "NaN" || n.text == "Infinity" || n.text == "-Infinity"))
    return json::string(n.text);
  double v = 0;
  if (const auto [rest, err] = std::from_chars(n.text.data(), end, v);
      n.what == node::kind::number && err == std::errc{} && rest == end)
    return v;
  return wrong(n, type, "a number, \"NaN\", \"Infinity\", \"-Infinity\" or null");
}

/// A text keeps all digits. It has them without zeros at the end, since 1.5 and 1.50 are one number.
tl::expected<json::value, misfit> exact_number(const node& n, const data::type& type) {
  decimal v;
  if (n.what != node::kind::number || read_decimal(n.text, v) != decimal_reading::ok)
    return wrong(n, type, fmt::format("a number of at most {} digits, or null", most_decimal_digits));
  if (!data::fitted(v, type))
    return wrong(n, type, "a number that it can hold, or null");
  return json::string(text_of(without_end_zeros(v)));
}

tl::expected<json::value, misfit> object(const node& n, const data::type& type) {
  if (!n.is_map())
    return wrong(n, type, "a map or null");
  std::vector<std::string> names;
  for (const auto& f : type.fields())
    names.push_back(f.name);
  for (const auto& m : n.members)
    if (std::find(names.begin(), names.end(), m.name) == names.end())
      return tl::unexpected(
          misfit{m.where, fmt::format("the column has no member \"{}\"; expected {}{}", m.name,
                                      config::one_of(names), config::did_you_mean(m.name, names))});
  json::object out;
  for (const auto& f : type.fields()) {
    const auto* const m = n.find(f.name);
    if (!m)
      return tl::unexpected(misfit{
          n.where, fmt::format("the member \"{}\" is missing; expected all of {}", f.name, type.name())});
    auto v = typed_value(m->value, f.type);
    if (!v)
      return v;
    out[f.name] = std::move(*v);
  }
  return out;
}

}  // namespace

tl::expected<json::value, misfit> typed_value(const node& n, const data::type& type) {
  if (n.what == node::kind::null)
    return nullptr;
  switch (type.id()) {
  case type_id::boolean:
    if (n.what == node::kind::boolean)
      return n.flag;
    return wrong(n, type, "true, false or null");
  case type_id::bigint:
  case type_id::float64:
    return number(n, type);
  case type_id::numeric:
    return exact_number(n, type);
  case type_id::text:
    if (n.is_text())
      return json::string(n.text);
    return wrong(n, type, "text or null");
  case type_id::timestamp:
    if (const auto t =
            n.is_text() ? expression::parse_timestamp(n.text) : expected<event_micros>(user_error({}, {}));
        t)
      return json::string(format_timestamp(*t));
    return wrong(n, type, "a moment such as \"2021-04-24T19:55:00Z\", or null");
  case type_id::date: {
    std::int64_t days = 0;
    if (!n.is_text() || expression::read_date(n.text, days) != expression::reading::ok || !is_date(days))
      return wrong(n, type, "a date such as \"2021-04-24\", or null");
    std::string out;
    append_date(out, days);
    return json::string(out);
  }
  case type_id::json:
    return config::to_json(n);
  case type_id::object:
    return object(n, type);
  case type_id::list: {
    if (n.what != node::kind::list)
      return wrong(n, type, "a list or null");
    json::array out;
    for (const auto& item : n.items) {
      auto v = typed_value(item, type.element());
      if (!v)
        return v;
      out.push_back(std::move(*v));
    }
    return out;
  }
  }
  return nullptr;
}

/// The value goes by way of its text, read as a test file is: Boost.JSON's own numbers may be off by the last
/// bit.
json::value typed_value(const data::column& c, std::size_t row) {
  std::string text = R"({"value":)";
  const auto head = text.size();
  data::append_json_value(text, c, row);
  const auto shown = text.substr(head);
  text += '}';
  config::report ignored;
  const auto read = config::read_json(text, "", ignored);
  if (const auto* const value = read ? read->find("value") : nullptr)
    if (auto v = typed_value(value->value, c.type()))
      return *std::move(v);
  return json::string(shown);
}

void append_json(std::string& out, const node& n) {
  switch (n.what) {
  case node::kind::null:
    out += "null";
    break;
  case node::kind::boolean:
    out += n.flag ? "true" : "false";
    break;
  case node::kind::number:
    out += n.text;
    break;
  case node::kind::text:
    data::append_json_string(out, n.text);
    break;
  case node::kind::list:
    out += '[';
    for (const auto& item : n.items) {
      out += &item == &n.items.front() ? "" : ",";
      append_json(out, item);
    }
    out += ']';
    break;
  case node::kind::map:
    out += '{';
    for (const auto& m : n.members) {
      out += &m == &n.members.front() ? "" : ",";
      data::append_json_string(out, m.name);
      out += ':';
      append_json(out, m.value);
    }
    out += '}';
    break;
  }
}

}  // namespace millrace::dry_run
