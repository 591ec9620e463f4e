#include "actors/source/file/quoted_lines.hpp"

#include <cstdint>

namespace millrace::source {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

/// How a record stands at the end of a line.
enum class standing : std::uint8_t {
  whole,
  open,       // within quotes
  malformed,  // something else than the delimiter follows a closing quote
};

/// Walks the fields of one line on, as parser::csv_fields takes them apart.
class quote_walk {
public:
  explicit quote_walk(char delimiter) : delimiter_(delimiter) {}

  [[nodiscard]] standing walk(std::string_view line) {
    std::size_t at = 0;
    for (;;) {
      if (!open_ && (at >= line.size() || line[at] != '"')) {
        at = line.find(delimiter_, at);
        if (at == std::string_view::npos)
          return standing::whole;
        ++at;
        continue;
      }
      at = close(line, open_ ? at : at + 1);
      open_ = at == std::string_view::npos;
      if (open_)
        return standing::open;
      if (at == line.size())
        return standing::whole;
      if (line[at] != delimiter_)
        return standing::malformed;
      ++at;
    }
  }

private:
  /// Behind the closing quote.
  static std::size_t close(std::string_view line, std::size_t at) {
    for (;;) {
      at = line.find('"', at);
      if (at == std::string_view::npos)
        return at;
      if (at + 1 >= line.size() || line[at + 1] != '"')
        return at + 1;
      at += 2;
    }
  }

  char delimiter_;
  bool open_ = false;
};

std::size_t end_of_line(std::string_view text, std::size_t from) {
  const auto feed = text.find('\n', from);
  return feed == std::string_view::npos ? text.size() : feed + 1;
}

}  // namespace

std::optional<std::size_t> end_of_record(std::string_view text, char delimiter, bool is_all) {
  const auto first = end_of_line(text, 0);
  quote_walk quotes(delimiter);
  auto begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : std::size_t{0};
  for (auto end = first;; end = end_of_line(text, begin)) {
    const auto now = quotes.walk(without_line_end(text.substr(begin, end - begin)));
    if (now != standing::open)
      return now == standing::whole && end <= longest_quoted_record ? end : first;
    begin = end;
    if (end > longest_quoted_record)
      return first;
    if (end == text.size())
      return is_all ? std::optional(first) : std::nullopt;
  }
}

}  // namespace millrace::source
