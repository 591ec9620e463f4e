#include "tools/sql/output.hpp"

#include "runtime/base/display.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

namespace millrace::duckdb {
namespace {

/// A table without rows has its columns all the same.
void append_header(std::string& out, const data::schema& columns) {
  std::string names;
  std::string rule;
  for (const auto& f : columns) {
    const auto name = visible(f.name);
    names += (names.empty() ? "" : "  ") + name;
    rule += (rule.empty() ? "" : "  ") + std::string(display_width(name), '-');
  }
  out += names + '\n' + rule + '\n';
}

}  // namespace

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names{"table", "csv", "json"};
  return names;
}

void printer::begin(std::string& out, const data::schema_ptr& columns) {
  columns_ = columns;
  rows_ = 0;
  if (results_++ != 0 && format_ != format::json)
    out += '\n';
  if (format_ == format::csv) {
    data::append_csv_header(out, *columns);
    out += '\n';
  }
  if (format_ == format::table)
    table_.emplace(columns);
}

void printer::add(std::string& out, const data::batch& rows) {
  rows_ += rows.rows;
  for (std::size_t i = 0; i < rows.rows; ++i)
    switch (format_) {
    case format::table:
      table_->add(out, rows, i);
      break;
    case format::csv:
      data::append_csv_row(out, rows, i);
      out += '\n';
      break;
    case format::json:
      data::append_json_row(out, rows, i);
      out += '\n';
      break;
    }
}

void printer::end(std::string& out) {
  if (format_ != format::table)
    return;
  table_->flush(out);
  if (rows_ == 0)
    append_header(out, *columns_);
  out += fmt::format("({} {})\n", rows_, rows_ == 1 ? "row" : "rows");
}

}  // namespace millrace::duckdb
