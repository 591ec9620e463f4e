#include "actors/source/file/quoted_lines.hpp"

#include <cstdint>

namespace millrace::source {
namespace {

/// How a record stands at the end of a line.
enum class standing : std::uint8_t {
  whole,
  open,       // within quotes
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

}  // namespace

std::optional<std::size_t> end_of_record(std::string_view text, const std::optional<data::csv_dialect>& csv,
                                         bool is_all) {
  const auto first = end_of_line(text, 0);
  if (!csv || !csv->quote || text.substr(0, first).find(*csv->quote) == std::string_view::npos)
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

}  // namespace millrace::source
