#include "config/text/other_language.hpp"

#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace millrace::config {
namespace {

constexpr std::string_view blanks_of_lines = " \t\r";

std::string_view trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(blanks_of_lines);
  if (begin == std::string_view::npos)
    return {};
  return line.substr(begin, line.find_last_not_of(blanks_of_lines) + 1 - begin);
}

/// Calls `with` for the text's lines, one after the other, until it returns false.
template<class With>
void each_line(std::string_view text, With with) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (!with(text.substr(0, end)))
      return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// The first line that holds more than a comment of YAML, TOML or properties.
std::string_view first_line(std::string_view text) {
  std::string_view found;
  each_line(text, [&](std::string_view line) {
    line = trimmed(line);
    if (!line.empty() && line.front() != '#' && line.front() != ';' && line.front() != '!')
      found = line;
    return found.empty();
  });
  return found;
}

/// The text without the comments of JSON and SQL in front of it.
std::string_view without_comments(std::string_view text) {
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    const auto two = text.substr(0, 2);
    if (two == "--" || two == "//")
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    else if (const auto end = two == "/*" ? text.find("*/", 2) : std::string_view::npos;
             end != std::string_view::npos)
      text.remove_prefix(end + 2);
    else
      return text;
  }
}

bool is_of_a_key(unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; }

/// The key that a line begins with, such as of `key: value`; empty: it begins with none.
std::string_view key_at(std::string_view line) {
  return line.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(line, is_of_a_key) - line.begin()));
}

/// A line of YAML: a map's member, a list's item, the beginning of a document.
bool is_yaml(std::string_view line) {
  if (line == "---" || line.starts_with("--- ") || line.starts_with("%YAML") || line.starts_with("- "))
    return true;
  const auto key = key_at(line);
  const auto rest = line.substr(key.size());
  return !key.empty() && (rest == ":" || rest.starts_with(": ")) && !line.ends_with(',') &&
         !line.ends_with('{');
}

/// `[stages.clicks]`, the head of a table in TOML and INI; a list of JSON has a comma, a text or a number in it.
bool is_heading(std::string_view line) {
  if (!line.starts_with('['))
    return false;
  while (line.size() > 2 && line.front() == '[' && line.back() == ']')
    line = line.substr(1, line.size() - 2);
  return !line.empty() && std::isalpha(static_cast<unsigned char>(line.front())) != 0 &&
         key_at(line).size() == line.size() && line != "true" && line != "false" && line != "null";
}

/// `key = value`; quotes, brackets, numbers and the words of TOML make it TOML, other texts properties.
std::string_view assigned(std::string_view line) {
  const auto key = key_at(line);
  const auto rest = trimmed(line.substr(key.size()));
  if (key.empty() || !rest.starts_with('=') || rest.starts_with("=="))
    return {};
  const auto value = trimmed(rest.substr(1));
  const bool toml = !value.empty() && std::string_view("\"'[{").find(value.front()) != std::string_view::npos;
  return toml ? "TOML" : "a properties file";
}

/// Benthos and Redpanda Connect write their inputs and outputs so.
bool is_benthos(std::string_view text) {
  bool input = false;
  bool output = false;
  each_line(text, [&](std::string_view line) {
    input = input || line.starts_with("input:");
    output = output || line.starts_with("output:");
    return !(input && output);
  });
  return input && output;
}

bool is_sql(std::string_view text) {
  const auto word = key_at(text);
  const auto lower = lower_case(word);
  constexpr std::string_view statements[] = {"create", "select", "insert", "with",   "set",
                                             "drop",   "use",    "alter",  "explain"};
  const auto rest = text.substr(word.size());
  return std::ranges::find(statements, lower) != std::end(statements) && !rest.empty() &&
         std::isspace(static_cast<unsigned char>(rest.front())) != 0 && !trimmed(rest).starts_with('=');
}

/// Which language a text seems to be; empty: one that is not known here.
std::string_view seems(std::string_view text) {
  const auto code = without_comments(text);
  if (code.starts_with('{'))
    return "JSON";
  if (is_sql(code))
    return "SQL";
  if (code.starts_with('<'))
    return "XML";
  const auto line = first_line(text);
  if (is_heading(line))
    return "TOML";
  if (is_yaml(line))
    return is_benthos(text) ? "a configuration of Benthos in YAML" : "YAML";
  return assigned(line);
}

}  // namespace

std::optional<std::string> wrong_encoding(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    return "the file begins with a byte order mark; expected UTF-8 without one (save it as plain UTF-8)";
  // A file without the mark has a zero beside its first letter.
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
      (text.size() > 1 && (text[0] == '\0') != (text[1] == '\0')))
    return "the file is UTF-16; expected UTF-8 (save it as plain UTF-8)";
  using namespace std::string_view_literals;
  static constexpr std::pair<std::string_view, std::string_view> beginnings[] = {
      {"\x1F\x8B"sv, "compressed with gzip"},
      {"\x28\xB5\x2F\xFD"sv, "compressed with zstd"},
      {"BZh"sv, "compressed with bzip2"},
      {"\xFD"
       "7zXZ"sv,
       "compressed with xz"},
      {"PK\x03\x04"sv, "a zip or jar archive"},
      {"PAR1"sv, "a Parquet file"},
      {"Obj\x01"sv, "a file of Avro records"},
      {"\x7F"
       "ELF"sv,
       "a program"},
      {"%PDF"sv, "a PDF document"},
      {"SQLite format 3"sv, "an SQLite database"},
  };
  for (const auto& [bytes, what] : beginnings)
    if (text.starts_with(bytes))
      return fmt::format("the file is {}; expected a text in UTF-8", what);
  return std::nullopt;
}

std::optional<std::string> other_language(std::string_view text, read_as wanted) {
  const auto found = seems(text);
  const std::string_view ours = wanted == read_as::json ? "JSON" : "SQL";
  if (found.empty() || found == ours)
    return std::nullopt;
  if (found == "JSON")
    return "this looks like JSON, but a file whose name ends in .sql is read as SQL; expected a name that "
           "ends in "
           ".json";
  if (found == "SQL")
    return "this looks like SQL, but only a file whose name ends in .sql is read as SQL; expected such a "
           "name, or "
           "JSON, which begins with '{' (docs/topologies_in_sql.md)";
  return fmt::format(
      "this looks like {}; expected {}", found,
      wanted == read_as::json
          ? "JSON, which begins with '{' (docs/reference.md), or SQL in a file whose name ends in "
            ".sql (docs/topologies_in_sql.md)"
          : "SQL (docs/topologies_in_sql.md), or JSON in a file whose name ends in .json "
            "(docs/reference.md)");
}

}  // namespace millrace::config
