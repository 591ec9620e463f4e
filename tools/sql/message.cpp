#include "tools/sql/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace millrace::duckdb {
namespace {

constexpr std::string_view line_mark = "LINE ";
constexpr std::string_view cut_mark = "...";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0; from <= text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    out.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The byte in `statement` that the caret beneath "LINE n: text" points at. DuckDB shows a part of a long
/// line, with "..." at the cut.
std::optional<std::size_t> pointed_at(std::string_view shown, std::string_view caret_line,
                                      std::string_view statement) {
  const auto colon = shown.find(": ");
  const auto caret = caret_line.find('^');
  if (colon == std::string_view::npos || caret == std::string_view::npos || caret < colon + 2)
    return std::nullopt;
  std::size_t number = 0;
  std::from_chars(shown.data() + line_mark.size(), shown.data() + colon, number);
  const auto lines = lines_of(statement);
  if (number == 0 || number > lines.size())
    return std::nullopt;
  auto text = shown.substr(colon + 2);
  auto ahead = caret - colon - 2;  // columns between the text's begin and the caret
  const auto line = lines[number - 1];
  std::size_t from = 0;
  if (text != line) {
    if (text.starts_with(cut_mark)) {
      text.remove_prefix(cut_mark.size());
      ahead = ahead < cut_mark.size() ? 0 : ahead - cut_mark.size();
    }
    if (text.ends_with(cut_mark))
      text.remove_suffix(cut_mark.size());
    from = line.find(text);
    if (from == std::string_view::npos)
      return std::nullopt;
  }
  for (; ahead > 0 && from < line.size(); --ahead)
    do
      ++from;
    while (from < line.size() && !begins_character(line[from]));
  return static_cast<std::size_t>(line.data() - statement.data()) + from;
}

}  // namespace

std::string with_place(std::string_view message, std::string_view query, std::string_view statement,
                       std::size_t at) {
  std::string text;
  std::optional<std::size_t> place;
  const auto lines = lines_of(message);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with(line_mark) && i + 1 < lines.size()) {
      place = pointed_at(lines[i], lines[i + 1], statement);
      ++i;
    } else if (const auto first = lines[i].find_first_not_of(" \t\r"); first != std::string_view::npos) {
      if (!text.empty())
        text += text.ends_with('!') || text.ends_with('.') || text.ends_with(':') ? " " : "; ";
      text += lines[i].substr(first);
    }
  }
  if (!place)
    return "sql: " + text;
  const auto before = query.substr(0, std::min(at + *place, query.size()));
  const auto newline = before.rfind('\n');
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto column = characters(newline == std::string_view::npos ? before : before.substr(newline + 1)) + 1;
  return fmt::format("sql:{}:{}: {}", line, column, text);
}

}  // namespace millrace::duckdb
