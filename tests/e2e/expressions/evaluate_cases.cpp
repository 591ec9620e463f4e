// Evaluates every expression of a cases file over its table and prints a JSON line each:
//   {"case": 0, "type": "bigint", "values": ["1", null, {"error": "..."}]}
//   or {"case": 0, "problem": "..."}
// An aggregate has one value, of all rows.
// Values are PostgreSQL's text form. With --manual it prints the examples of the manual instead, a JSON array
// of expression and result each; those of aggregates have the rows that they are over as a third.
// --signatures prints what the binder's tables have, a JSON object an overload, a cast and an aggregate.
// With --patterns and a file of lines "PATTERN<tab>TEXT" it prints a JSON value a line: the timestamp that the pattern
// reads of the text, further text ignored, or null. against_postgres.py and timestamps.py run it.
#include "runtime/data/render.hpp"
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/expression.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"
#include "runtime/expression/functions/functions.hpp"
#include "runtime/expression/functions/list_values.hpp"
#include "runtime/expression/functions/manual.hpp"
#include "tests/e2e/expressions/aggregate_value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace millrace;

std::vector<std::string> split(std::string_view line, std::string_view by) {
  std::vector<std::string> out;
  for (auto at = line.find(by); at != std::string_view::npos; at = line.find(by)) {
    out.emplace_back(line.substr(0, at));
    line.remove_prefix(at + by.size());
  }
  out.emplace_back(line);
  return out;
}

struct cases {
  data::batch table;
  std::vector<std::string> expressions;
};

/// COPY writes a backslash, a tab and a line feed with a backslash before them.
std::string unescaped(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\' || i + 1 == value.size()) {
      out += value[i];
      continue;
    }
    const char c = value[++i];
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return out;
}

void append_value(data::column_builder& out, const std::string& value) {
  switch (out.type().id()) {
  case data::type_id::bigint:
    return out.append_int(std::stoll(value));
  case data::type_id::float64: {
    double v = 0;
    (void)expression::read_double(value, v);
    return out.append_double(v);
  }
  case data::type_id::numeric: {
    decimal v;
    if (read_decimal(value, v) != decimal_reading::ok)
      throw std::runtime_error("no numeric: " + value);
    return out.append_decimal(v);
  }
  case data::type_id::boolean:
    return out.append_boolean(value == "t");
  case data::type_id::timestamp: {
    std::int64_t t = 0;
    if (expression::read_timestamp(value, true, t) != expression::reading::ok)
      throw std::runtime_error("no timestamp: " + value);
    return out.append_int(t);
  }
  case data::type_id::date: {
    std::int64_t days = 0;
    if (expression::read_date(value, days) != expression::reading::ok)
      throw std::runtime_error("no date: " + value);
    return out.append_int(days);
  }
  case data::type_id::list: {
    expression::arena memory;
    expression::list_value list;
    if (!expression::read_list(value, memory, list))
      throw std::runtime_error("no list: " + value);
    for (std::size_t i = 0; i < list.size; ++i)
      if (list.present(i))
        append_value(out.child(0), std::string(list.get<std::string_view>(i)));
      else
        out.child(0).append_null();
    return out.append_list();
  }
  default:
    return out.append_text(value);
  }
}

void append(data::column_builder& out, const std::string& value) {
  if (value == "\\N")
    out.append_null();
  else
    append_value(out, unescaped(value));
}

/// "text", or "text[]" for a list.
data::type type_of(const std::string& name) {
  if (name.ends_with("[]"))
    return data::type::list_of(*data::type_of_name(name.substr(0, name.size() - 2)));
  return *data::type_of_name(name);
}

/// Lines: "column NAME TYPE", "row V<tab>V...", "-- comment", and expressions ("ours ||| postgres |||
/// reason").
cases read_cases(const char* path) {
  std::ifstream in(path);
  if (!in)
    throw std::runtime_error(fmt::format("cannot read {}", path));
  cases out;
  std::vector<data::field> fields;
  std::vector<data::column_builder> builders;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with("-- ")) {
      continue;
    } else if (line.starts_with("column ")) {
      const auto words = split(line, " ");
      fields.push_back({words[1], type_of(words[2])});
      builders.emplace_back(fields.back().type);
    } else if (line.starts_with("row ")) {
      const auto values = split(std::string_view(line).substr(4), "\t");
      for (std::size_t i = 0; i < builders.size(); ++i)
        append(builders[i], values.at(i));
      ++out.table.rows;
    } else {
      out.expressions.push_back(split(line, " ||| ")[0]);
    }
  }
  for (auto& b : builders)
    out.table.columns.push_back(b.finish());
  out.table.schema = std::make_shared<data::schema>(std::move(fields));
  return out;
}

std::string text_of(const data::column& c, std::size_t row);

/// Formats a JSON array of the elements' texts.
std::string list_text(const data::column& elements, std::size_t from, std::size_t to) {
  std::string out = "[";
  for (auto i = from; i < to; ++i) {
    out += i == from ? "" : ", ";
    if (elements.is_null(i))
      out += "null";
    else
      data::append_json_string(out, text_of(elements, i));
  }
  return out + "]";
}

std::string text_of(const data::column& c, std::size_t row) {
  std::string out;
  if (c.type().id() == data::type_id::timestamp)
    expression::write_timestamp(out, c.ints()[row], false);
  else if (c.type().id() == data::type_id::float64)
    expression::write_double(out, c.doubles()[row]);
  else if (c.type().id() == data::type_id::list)
    out = list_text(*c.children()[0], static_cast<std::size_t>(c.offsets()[row]),
                    static_cast<std::size_t>(c.offsets()[row + 1]));
  else
    data::append_text_value(out, c, row);
  return out;
}

/// Reads a text as a parser with this "format" and "trailing": "ignore" does; without a pattern as
/// PostgreSQL's forms.
std::optional<event_micros> read_by_format(const std::string& pattern, const std::string& text,
                                           const expression::zone* zone) {
  day_memory day;
  if (pattern.empty()) {
    const auto t = expression::parse_timestamp(text, day, zone);
    return t ? std::optional(*t) : std::nullopt;
  }
  const auto compiled = expression::timestamp_pattern::compile(pattern);
  if (!compiled)
    throw std::runtime_error(compiled.error().message);
  return compiled->parse(text, true, day, zone);
}

/// A line: a pattern, a text and perhaps the zone whose clocks it shows, with tabs between.
void read_by_patterns(const char* path) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto parts = split(line, "\t");
    const auto* const zone = parts.size() < 3 ? nullptr : expression::find_zone(parts[2]);
    if (parts.size() == 3 && zone == nullptr)
      throw std::runtime_error("tzdata has no zone " + parts[2]);
    std::string out;
    if (const auto t = read_by_format(parts.at(0), parts.at(1), zone))
      expression::write_timestamp(out, *t, false);
    std::cout << (out.empty() ? "null" : '"' + out + '"') << '\n';
  }
}

std::string evaluated(const expression::bound& e, const data::batch& table) {
  std::vector<expression::row_failure> failures;
  const auto result = expression::evaluate(e, table, 1'600'000'000'000'000, failures);
  std::string out = fmt::format("\"type\": \"{}\", \"values\": [", e.type.name());
  std::size_t failed = 0;
  for (std::size_t row = 0; row < table.rows; ++row) {
    out += row == 0 ? "" : ", ";
    if (failed < failures.size() && failures[failed].row == row) {
      out += "{\"error\": ";
      data::append_json_string(out, failures[failed++].message);
      out += "}";
    } else if (result->is_null(row)) {
      out += "null";
    } else {
      data::append_json_string(out, text_of(*result, row));
    }
  }
  return out + "]";
}

/// A JSON value.
std::string aggregated(const expression::bound_aggregate& a, const data::batch& table) {
  const auto [column, failure] = expression::value_of(a, table);
  std::string value = failure.empty() ? "" : "{\"error\": ";
  if (!failure.empty() || !column->is_null(0))
    data::append_json_string(value, failure.empty() ? text_of(*column, 0) : failure);
  else
    value = "null";
  return fmt::format("\"type\": \"{}\", \"values\": [{}{}]", a.result.name(), value,
                     failure.empty() ? "" : "}");
}

/// The members of a case's result.
std::string answer(const std::string& text, const data::batch& table) {
  const expression::scope names{table.schema.get(), {}};
  expression::problems found;
  if (expression::is_one_aggregate(text, names)) {
    if (auto a = expression::bind_aggregate(text, names))
      return aggregated(*a, table);
    else
      found = std::move(a.error());
  } else if (auto e = expression::bind(text, names)) {
    return evaluated(*e, table);
  } else {
    found = std::move(e.error());
  }
  std::string out = "\"problem\": ";
  data::append_json_string(out, found.front().message);
  return out;
}

void print_examples(std::span<const expression::described> of, const std::string& rows) {
  for (const auto& d : of) {
    if (d.example.empty())
      continue;
    std::string line = "[";
    for (const auto part : {d.example, d.result, std::string_view(rows)}) {
      line += line.size() == 1 ? "" : ", ";
      data::append_json_string(line, part);
    }
    std::cout << line << "]\n";
  }
}

void print_manual() {
  for (const auto& c : expression::described_functions())
    print_examples(c.functions, {});
  std::string rows;
  for (const auto& r : expression::example_rows)
    rows += fmt::format("{}({}, {}::bigint, {}::double precision, {}::boolean, {}::timestamptz)",
                        rows.empty() ? "" : ", ", r.name, r.n, r.x, r.ok, r.at);
  print_examples(expression::described_aggregates(), rows);
}

void print_signatures(std::span<const expression::function> of, bool are_casts) {
  for (const auto& f : of) {
    std::string line = "{\"name\": ";
    data::append_json_string(line, f.name);
    line += ", \"takes\": [";
    for (std::size_t i = 0; i < f.arity; ++i) {
      line += i == 0 ? "" : ", ";
      data::append_json_string(line, expression::name_of(f.takes[i]));
    }
    line += "], \"gives\": ";
    data::append_json_string(line, expression::name_of(f.gives));
    std::cout << line << fmt::format(", \"any_types\": {}, \"cast\": {}}}\n", f.any_types, are_casts);
  }
}

void print_catalogue() {
  for (const auto* f : expression::every_function())
    print_signatures({f, 1}, false);
  print_signatures(expression::cast_functions(), true);
  for (const auto name : expression::aggregate_names())
    std::cout << fmt::format("{{\"aggregate\": \"{}\"}}\n", name);
}

}  // namespace

int main(int count, char** arguments) {
  const bool by_patterns = count == 3 && std::string_view(arguments[1]) == "--patterns";
  if (count != 2 && !by_patterns) {
    std::cerr << "usage: expression_cases CASES | --patterns TEXTS | --manual | --signatures\n";
    return 2;
  }
  if (std::string_view(arguments[1]) == "--manual") {
    print_manual();
    return 0;
  }
  if (std::string_view(arguments[1]) == "--signatures") {
    print_catalogue();
    return 0;
  }
  try {
    if (by_patterns) {
      read_by_patterns(arguments[2]);
      return 0;
    }
    const auto all = read_cases(arguments[1]);
    for (std::size_t i = 0; i < all.expressions.size(); ++i)
      std::cout << fmt::format("{{\"case\": {}, {}}}\n", i, answer(all.expressions[i], all.table));
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
