#include "actors/stream/sink/row_format.hpp"

#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace millrace::sink {

namespace {

bool holds_raw_json(const data::type& t) {
  if (t.id() == data::type_id::list)
    return holds_raw_json(t.element());
  const auto& members = t.fields();
  return t.id() == data::type_id::json ||
         std::any_of(members.begin(), members.end(),
                     [](const data::field& f) { return holds_raw_json(f.type); });
}

}  // namespace

expected<text_template> parse_template(std::string_view text) {
  text_template t;
  t.literals.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      t.literals.back().push_back(c);
      ++i;
    } else if (c == '{') {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos)
        return user_error(ec::invalid_argument,
                          fmt::format("the brace at character {} is not closed; expected "
                                      "{{column}}, or {{{{ for a brace itself",
                                      i + 1));
      t.columns.emplace_back(text.substr(i + 1, end - i - 1));
      t.literals.emplace_back();
      i = end;
    } else {
      t.literals.back().push_back(c);
    }
  }
  if (t.columns.empty())
    return user_error(
        ec::invalid_argument,
        "it names no column, so that all lines would be the same; expected at least one {column}");
  return t;
}

std::vector<std::size_t> visible_columns(const data::schema& rows) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!rows[i].name.starts_with('_'))
      columns.push_back(i);
  return columns;
}

data::schema_ptr select_columns(const data::schema& rows, const std::vector<std::size_t>& columns) {
  std::vector<data::field> fields;
  fields.reserve(columns.size());
  for (const auto i : columns)
    fields.push_back(rows[i]);
  return std::make_shared<data::schema>(std::move(fields));
}

data::batch select_columns(const data::batch& b, const std::vector<std::size_t>& columns,
                           const data::schema_ptr& selected) {
  data::batch out;
  out.schema = selected;
  for (const auto i : columns)
    out.columns.push_back(b.columns[i]);
  out.rows = b.rows;
  return out;
}

row_format row_format::json(const data::schema& all, const std::vector<std::string>& omitted) {
  row_format f(kind::json);
  f.shown_ = visible_columns(all);
  f.shown_schema_ = select_columns(all, f.shown_);
  const auto& rows = *f.shown_schema_;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    part p;
    data::append_json_string(p.before, rows[i].name);
    p.before.push_back(':');
    p.column = i;
    p.omit_null = std::find(omitted.begin(), omitted.end(), rows[i].name) != omitted.end();
    f.parts_.push_back(std::move(p));
    f.raw_json_ = f.raw_json_ || holds_raw_json(rows[i].type);
  }
  return f;
}

row_format row_format::csv(const data::schema& all) {
  row_format f(kind::csv);
  f.shown_ = visible_columns(all);
  f.shown_schema_ = select_columns(all, f.shown_);
  const auto& rows = *f.shown_schema_;
  data::append_csv_header(f.head_, rows);
  f.head_.push_back('\n');
  return f;
}

row_format row_format::text(const data::schema& rows, const text_template& t) {
  row_format f(kind::text);
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    const auto column = rows.find(t.columns[i]);
    assert(column);
    f.parts_.push_back({t.literals[i], *column, false});
  }
  f.tail_ = t.literals.back() + '\n';
  return f;
}

data::batch row_format::shown(const data::batch& b) const {
  if (kind_ == kind::text || shown_.size() == b.columns.size())
    return b;
  return select_columns(b, shown_, shown_schema_);
}

void row_format::append(std::string& out, const data::batch& b, std::size_t row) const {
  switch (kind_) {
  case kind::csv:
    data::append_csv_row(out, b, row);
    out.push_back('\n');
    return;
  case kind::text:
    for (const auto& p : parts_) {
      out += p.before;
      data::append_text_value(out, *b.columns[p.column], row);
    }
    out += tail_;
    return;
  case kind::json: {
    const auto begin = static_cast<std::ptrdiff_t>(out.size());
    out.push_back('{');
    bool first = true;
    for (const auto& p : parts_) {
      const auto& column = *b.columns[p.column];
      if (p.omit_null && column.is_null(row))
        continue;
      if (!first)
        out.push_back(',');
      first = false;
      out += p.before;
      data::append_json_value(out, column, row);
    }
    // A line break between strings is blank space, and strings have it escaped: a row stays one line.
    if (raw_json_)
      std::replace_if(
          out.begin() + begin, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    out += "}\n";
  }
  }
}

}  // namespace millrace::sink
