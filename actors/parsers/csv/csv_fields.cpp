#include "actors/parsers/csv/csv_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::parser {
namespace {

/// Bytes behind a text that whoever reads numbers may look at.
constexpr std::size_t looked_at = 16;

}  // namespace

csv_fields::csv_fields(const data::csv_dialect& dialect) : dialect_(dialect) {}

bool csv_fields::split(std::string_view record) {
  fields_.clear();
  std::string* unquoted = nullptr;
  std::size_t at = 0;
  for (;;) {
    if (dialect_.quote && at < record.size() && record[at] == *dialect_.quote) {
      if (!quoted(record, at, unquoted))
        return false;
    } else {
      const auto end = std::min(record.find(dialect_.delimiter, at), record.size());
      fields_.emplace_back(record.data() + at, end - at);
      at = end;
    }
    if (at == record.size())
      return true;
    ++at;  // the delimiter; behind it there is a field, if only an empty one
  }
}

bool csv_fields::quoted(std::string_view record, std::size_t& at, std::string*& unquoted) {
  const auto begin = at + 1;
  const auto [close, doubled] = data::find_closing_quote(record, begin, *dialect_.quote);
  if (close == std::string_view::npos) {
    why_ = fmt::format("field {}: its quote at byte {} is not closed; a record of a file or of standard "
                       "input goes on behind line breaks within quotes, for a megabyte",
                       fields_.size() + 1, at);
    return false;
  }
  if (close + 1 < record.size() && record[close + 1] != dialect_.delimiter) {
    why_ = fmt::format(
        "field {}: something follows the closing quote at byte {}; expected the delimiter, and {}{} for "
        "a quote",
        fields_.size() + 1, close, *dialect_.quote, *dialect_.quote);
    return false;
  }
  auto text = record.substr(begin, close - begin);
  if (doubled) {
    if (unquoted == nullptr) {
      unquoted = &unquoted_.emplace_back();
      unquoted->reserve(record.size() + looked_at);  // so that fields can point there
    }
    const auto from = unquoted->size();
    for (std::size_t i = 0; i < text.size(); ++i) {
      *unquoted += text[i];
      i += text[i] == *dialect_.quote;
    }
    text = std::string_view(*unquoted).substr(from);
  }
  fields_.push_back(csv_field::quoted(text));
  at = close + 1;
  return true;
}

}  // namespace millrace::parser
