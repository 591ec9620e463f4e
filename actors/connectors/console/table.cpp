#include "actors/connectors/console/table.hpp"

#include "runtime/base/display.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/render.hpp"

#include <algorithm>

namespace millrace::sink {
namespace {

std::string cell(const data::column& c, std::size_t row, std::string_view null) {
  if (c.is_null(row))
    return std::string(null);
  std::string text;
  data::append_text_value(text, c, row);
  return visible(text);
}

void pad(std::string& out, std::size_t width, std::size_t to) {
  out.append(width < to ? to - width : 0, ' ');
}

bool is_number(const data::type& t) {
  return t.id() == data::type_id::bigint || t.id() == data::type_id::float64 ||
         t.id() == data::type_id::numeric;
}

}  // namespace

wide_table::wide_table(data::schema_ptr rows) : schema_(std::move(rows)) {
  for (const auto& f : *schema_)
    on_the_right_.push_back(is_number(f.type));
}

void wide_table::add(std::string& out, const data::batch& b, std::size_t row) {
  for (const auto& c : b.columns)
    held_.push_back(cell(*c, row, "null"));
  if (!widths_.empty() || held_.size() >= rows_for_widths * std::max<std::size_t>(1, schema_->size()))
    flush(out);
}

void wide_table::flush(std::string& out) {
  const auto n = schema_->size();
  if (held_.empty() || n == 0)
    return;
  if (widths_.empty()) {
    std::vector<std::string> line;
    for (const auto& f : *schema_) {
      line.push_back(visible(f.name));
      widths_.push_back(display_width(line.back()));
    }
    for (std::size_t i = 0; i < held_.size(); ++i)
      widths_[i % n] = std::max(widths_[i % n], display_width(held_[i]));
    put_line(out, line.data());
    for (std::size_t i = 0; i < n; ++i)
      line[i] = std::string(widths_[i], '-');
    put_line(out, line.data());
  }
  for (std::size_t i = 0; i < held_.size(); i += n)
    put_line(out, &held_[i]);
  held_.clear();
}

void wide_table::put_line(std::string& out, const std::string* cells) const {
  const auto n = schema_->size();
  for (std::size_t i = 0; i < n; ++i) {
    if (i != 0)
      out += "  ";
    const auto width = display_width(cells[i]);
    if (on_the_right_[i])
      pad(out, width, widths_[i]);
    out += cells[i];
    if (!on_the_right_[i] && i + 1 < n)  // the last column gets no blanks: none stand at a line's end
      pad(out, width, widths_[i]);
  }
  out.push_back('\n');
}

void wide_table::end(std::string& out) {
  flush(out);
  if (!widths_.empty())
    out.push_back('\n');
  widths_.clear();
}

void short_table::add(const data::batch& b, std::size_t row) {
  if (++rows_ > rows_shown)
    return;
  for (const auto& c : b.columns)
    cells_.push_back(shorten(cell(*c, row, "null"), cell_limit));
}

void short_table::end(std::string& out) {
  if (rows_ == 0)
    return;
  constexpr std::size_t narrowest = 3;  // Spark has the same
  const auto n = schema_->size();
  std::vector<std::string> cells;
  for (const auto& f : *schema_)
    cells.push_back(shorten(visible(f.name), cell_limit));
  cells.insert(cells.end(), std::make_move_iterator(cells_.begin()), std::make_move_iterator(cells_.end()));
  std::vector<std::size_t> widths(n, narrowest);
  for (std::size_t i = 0; i < cells.size(); ++i)
    widths[i % n] = std::max(widths[i % n], display_width(cells[i]));
  std::string rule = "+";
  for (const auto w : widths)
    rule.append(w, '-').push_back('+');
  rule.push_back('\n');
  out += rule;
  for (std::size_t i = 0; i < cells.size(); i += n) {
    out.push_back('|');
    for (std::size_t j = 0; j < n; ++j) {
      pad(out, display_width(cells[i + j]), widths[j]);
      out += cells[i + j];
      out.push_back('|');
    }
    out.push_back('\n');
    if (i == 0)
      out += rule;
  }
  out += rule;
  if (rows_ > rows_shown)
    out += "only showing top 20 rows\n";
  out.push_back('\n');
  cells_.clear();
  rows_ = 0;
}

}  // namespace millrace::sink
