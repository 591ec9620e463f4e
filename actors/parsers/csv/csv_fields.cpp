#include "actors/parsers/csv/csv_fields.hpp"

#include "runtime/base/digits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace millrace::parser {
namespace {

constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
constexpr std::uint64_t tops = ones * 0x80;

constexpr std::uint64_t eight_of(char c) { return ones * static_cast<unsigned char>(c); }

/// The top bit of each byte that is 0.
constexpr std::uint64_t zeros(std::uint64_t eight) { return ~(((eight & ~tops) + ~tops) | eight) & tops; }

}  // namespace

csv_fields::csv_fields(const data::csv_dialect& dialect)
    : dialect_(dialect), delimiters_(eight_of(dialect.delimiter)),
      quotes_(eight_of(dialect.quote.value_or('\0'))) {}

csv_fields::bytes_seen csv_fields::cut(std::string_view record) {
  fields_.clear();
  const char* const text = record.data();
  const auto size = record.size();
  const auto delimiters = delimiters_, quotes = quotes_;
  std::uint64_t odd = 0, quote = 0;  // by their top bits
  std::size_t from = 0;
  const auto look_at = [&](std::size_t at, std::uint64_t of_record) {
    const auto eight = load8(text + at);
    const auto unquoted = eight ^ quotes;
    // One is taken off: that sets the top bit of a first 0. It does of some bytes behind it, too.
    odd |= (eight | (eight - ones)) & of_record;
    quote |= ((unquoted - ones) & ~unquoted) & of_record;
    for (auto ends = zeros(eight ^ delimiters) & of_record; ends != 0; ends &= ends - 1) {
      const auto end = at + static_cast<std::size_t>(std::countr_zero(ends)) / 8;
      fields_.push_back({{text + from, end - from}, false});
      from = end + 1;
    }
  };
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8)
    look_at(at, ~std::uint64_t{0});
  if (at < size)
    look_at(at, (std::uint64_t{1} << (8 * (size - at))) - 1);
  fields_.push_back({{text + from, size - from}, false});
  return {(odd & tops) != 0, (quote & tops) != 0};
}

bool csv_fields::split(std::string_view record) {
  fields_.clear();
  unquoted_.clear();
  unquoted_.reserve(record.size());  // so that fields can point there
  std::size_t at = 0;
  for (;;) {
    if (dialect_.quote && at < record.size() && record[at] == *dialect_.quote) {
      if (!quoted(record, at))
        return false;
    } else {
      const auto end = std::min(record.find(dialect_.delimiter, at), record.size());
      fields_.push_back({record.substr(at, end - at), false});
      at = end;
    }
    if (at == record.size())
      return true;
    ++at;  // the delimiter; behind it there is a field, if only an empty one
  }
}

bool csv_fields::quoted(std::string_view record, std::size_t& at) {
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
    const auto from = unquoted_.size();
    for (std::size_t i = 0; i < text.size(); ++i) {
      unquoted_ += text[i];
      i += text[i] == *dialect_.quote;
    }
    text = std::string_view(unquoted_).substr(from);
  }
  fields_.push_back({text, true});
  at = close + 1;
  return true;
}

}  // namespace millrace::parser
