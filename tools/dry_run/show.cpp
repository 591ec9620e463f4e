#include "tools/dry_run/show.hpp"

#include "actors/connectors/console/table.hpp"
#include "actors/deployment/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::dry_run {
namespace {

/// Names the parts of a dead letter that say which record it was, and why.
bool of_dead_letters(const std::string& column) {
  return column == "stage" || column == "partition" || column == "position" || column == "error" ||
         column == "record";
}

/// Whether a row that is kept deletes the one with its key.
bool deletes(const stage_rows& s, std::size_t column) {
  return std::ranges::any_of(s.batches, [&](const data::batch& b) {
    for (std::size_t i = 0; i < b.rows; ++i)
      if (const auto& c = *b.columns[column]; !c.is_null(i) && c.boolean_at(i))
        return true;
    return false;
  });
}

bool is_shown(const stage_rows& s, std::size_t column) {
  const auto& f = (*s.schema)[column];
  if (s.name == deployment::dead_letter_sink)
    return of_dead_letters(f.name);
  if (f.name == config::deletion_column)
    return deletes(s, column);
  return !f.name.starts_with('_') || f.name == config::batch_column;
}

data::batch select(const data::batch& b, const std::vector<std::size_t>& columns,
                   const data::schema_ptr& schema) {
  data::batch out{schema, {}, b.rows};
  for (const auto c : columns)
    out.columns.push_back(b.columns[c]);
  return out;
}

void append_table(std::string& out, const stage_rows& s) {
  std::vector<std::size_t> columns;
  std::vector<data::field> fields;
  for (std::size_t i = 0; i < s.schema->size(); ++i)
    if (is_shown(s, i)) {
      columns.push_back(i);
      fields.push_back((*s.schema)[i]);
    }
  const auto schema = std::make_shared<const data::schema>(std::move(fields));
  sink::wide_table table(schema);
  std::string text;
  std::size_t shown = 0;
  for (const auto& b : s.batches) {
    const auto rows = select(b, columns, schema);
    for (std::size_t i = 0; i < rows.rows && shown < rows_shown; ++i, ++shown)
      table.add(text, rows, i);
  }
  table.end(text);
  if (!text.empty() && text.back() == '\n')
    text.pop_back();  // the blank line after a table
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += "  " + text.substr(at, end - at) + '\n';
    at = end + 1;
  }
  if (s.rows > shown)
    out += fmt::format("  ... {} more\n", s.rows - shown);
}

}  // namespace

std::string show(const std::vector<stage_rows>& stages) {
  std::string out;
  for (const auto& s : stages) {
    out += fmt::format("\n{}: {}\n", s.name,
                       s.rows == 0   ? std::string("no rows")
                       : s.rows == 1 ? std::string("1 row")
                                     : fmt::format("{} rows", s.rows));
    if (s.rows != 0)
      append_table(out, s);
  }
  return out;
}

}  // namespace millrace::dry_run
