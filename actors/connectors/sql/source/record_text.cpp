#include "actors/connectors/sql/source/record_text.hpp"

#include "actors/parsers/number.hpp"
#include "actors/stream/source/record_form.hpp"
#include "runtime/data/render.hpp"

#include <algorithm>

namespace millrace::source {
namespace {

using sink::sql::cell;
using sink::sql::json_form;

/// A number that JSON has none for (NaN, 007) is a text. `is_key`: numbers that are equal are written alike.
void append_cell(std::string& out, const cell& c, bool is_key) {
  if (!c.text) {
    out += "null";
    return;
  }
  const auto text = *c.text;
  switch (c.form) {
  case json_form::boolean:
    if (text == "t" || text == "1" || text == "f" || text == "0") {
      out += text == "t" || text == "1" ? "true" : "false";
      return;
    }
    [[fallthrough]];  // of MySQL's tinyint(1), which takes other numbers
  case json_form::number:
    if (parser::is_number(text))
      out += is_key ? plain_number(text) : text;
    else
      data::append_json_string(out, text);
    return;
  case json_form::json:
    out += text;
    return;
  case json_form::text:
    data::append_json_string(out, text);
    return;
  }
}

}  // namespace

record_text::record_text(const std::vector<std::string>& names, const std::vector<std::string>& key) {
  const auto member_of = [&](std::size_t at) {
    member out{at, ","};
    data::append_json_string(out.begin, names[at]);
    out.begin += ':';
    return out;
  };
  for (const auto& name : key)
    key_.push_back(member_of(static_cast<std::size_t>(std::ranges::find(names, name) - names.begin())));
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::ranges::find(key, names[i]) == key.end())
      rest_.push_back(member_of(i));
  if (!key_.empty())
    key_.front().begin.front() = '{';
}

void record_text::make(std::span<const cell> row) {
  const auto append = [&](std::string& out, const std::vector<member>& members, bool are_keys) {
    out.clear();
    for (const auto& m : members) {
      out += m.begin;
      append_cell(out, row[m.at], are_keys);
    }
  };
  append(key_text_, key_, true);
  append(rest_text_, rest_, false);
  rest_text_ += '}';
}

}  // namespace millrace::source
