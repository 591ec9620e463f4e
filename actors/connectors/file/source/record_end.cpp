#include "actors/connectors/file/source/record_end.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace millrace::source {
namespace {

/// The state of a record at the end of a line.
enum class standing : std::uint8_t {
  whole,
  open,       // ends within quotes
  malformed,  // something else than the delimiter follows a closing quote
};

/// Walks the fields of one line on, as parser::csv_fields takes them apart.
class quote_walk {
public:
  quote_walk(char delimiter, char quote) : delimiter_(delimiter), quote_(quote) {}

  [[nodiscard]] standing walk(std::string_view line) {
    std::size_t at = 0;
    for (;;) {
      if (!open_ && (at >= line.size() || line[at] != quote_)) {
        at = line.find(delimiter_, at);
        if (at == std::string_view::npos)
          return standing::whole;
        ++at;
        continue;
      }
      const auto close = data::find_closing_quote(line, open_ ? at : at + 1, quote_).at;
      open_ = close == std::string_view::npos;
      if (open_)
        return standing::open;
      at = close + 1;
      if (at == line.size())
        return standing::whole;
      if (line[at] != delimiter_)
        return standing::malformed;
      ++at;
    }
  }

private:
  char delimiter_;
  char quote_;
  bool open_ = false;
};

std::size_t end_of_line(std::string_view text, std::size_t from) {
  const auto feed = text.find('\n', from);
  return feed == std::string_view::npos ? text.size() : feed + 1;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string_view beginning_of(std::string_view longer_line) {
  auto size = std::min(longer_line.size(), kept_of_longer_line);
  // A character has at most three bytes after its first; more are no text anyway.
  for (int back = 0;
       back < 3 && size > 0 && size < longer_line.size() && continues_character(longer_line[size]); ++back)
    --size;
  return longer_line.substr(0, size);
}

std::size_t longest_record(const framing& frame) { return is_by_value(frame) ? longest_value : longest_line; }

std::optional<std::size_t> end_of_record(std::string_view text, const framing& frame, bool is_all) {
  if (is_by_value(frame))
    return end_of_value(text, is_all);
  const auto first = end_of_line(text, 0);
  const auto* const csv = std::get_if<data::csv_dialect>(&frame);
  if (csv == nullptr || !csv->quote || text.substr(0, first).find(*csv->quote) == std::string_view::npos)
    return first;
  quote_walk quotes(csv->delimiter, *csv->quote);
  auto begin = text.size() - data::without_byte_order_mark(text).size();
  for (auto end = first;; end = end_of_line(text, begin)) {
    const auto now = quotes.walk(data::without_line_end(text.substr(begin, end - begin)));
    if (now != standing::open)
      return now == standing::whole && end <= longest_quoted_record ? end : first;
    begin = end;
    if (end > longest_quoted_record)
      return first;
    if (end == text.size())
      return is_all ? std::optional(first) : std::nullopt;
  }
}

std::string why_no_lines(std::string_view all, const framing& frame, std::string_view what,
                         std::string_view file) {
  if (is_by_value(frame) || all.find('\n') != std::string_view::npos)
    return {};
  const auto* const csv = std::get_if<data::csv_dialect>(&frame);
  bool is_quoted = false;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    is_quoted ^= csv != nullptr && csv->quote == all[i];
    if (all[i] == '\r' && !is_quoted)
      return fmt::format(
          "{} has lines that end with CR alone; records end with LF or CR LF. Turn them into these: "
          "tr '\\r' '\\n' < {} | millrace run ..., with \"path\": \"-\"",
          what, file);
  }
  return {};
}

rest_of_record::rest_of_record(const framing& frame, std::string_view so_far)
    : is_value_(is_by_value(frame) && (so_far.starts_with('{') || so_far.starts_with('['))),
      is_behind_feed_(so_far.ends_with('\n')) {}

std::optional<std::size_t> rest_of_record::end(std::string_view more) {
  if (more.empty())
    return std::nullopt;
  if (!is_value_) {
    const auto feed = more.find('\n');
    return feed == std::string_view::npos ? std::nullopt : std::optional(feed + 1);
  }
  if (is_behind_feed_ && (more.front() == '{' || more.front() == '['))
    return 0;
  is_behind_feed_ = more.back() == '\n';
  const auto line = next_line_of_value(more);
  return line == std::string_view::npos ? std::nullopt : std::optional(line);
}

}  // namespace millrace::source
