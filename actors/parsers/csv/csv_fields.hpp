// One CSV record apart into fields (RFC 4180, with any one-byte delimiter and quote). Pure.
#pragma once

#include "runtime/base/byte_block.hpp"
#include "runtime/data/csv_text.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {

/// The text of a field lives in the record, or in the csv_fields that gave it. Nine bytes from its first on are readable.
class csv_field {
public:
  csv_field() = default;
  csv_field(const char* begin, std::size_t size) : begin_(begin), size_and_quoted_(size << 1U) {}
  static csv_field quoted(std::string_view text) {
    csv_field out(text.data(), text.size());
    out.size_and_quoted_ |= 1U;
    return out;
  }

  /// Empty, and not quoted.
  [[nodiscard]] bool is_null() const { return size_and_quoted_ == 0; }
  [[nodiscard]] std::string_view text() const { return {begin_, size_and_quoted_ >> 1U}; }

private:
  const char* begin_ = nullptr;
  std::size_t size_and_quoted_ = 0;
};

class csv_fields {
public:
  explicit csv_fields(const data::csv_dialect& dialect);

  /// Says whether some bytes, 64 behind which are readable, hold a NUL, one beyond ASCII, or a quote. cut() is for records without.
  [[nodiscard]] bool is_unusual(std::string_view bytes) const {
    const char quote = dialect_.quote.value_or('\0');
    std::uint64_t found = 0;
    for (std::size_t at = 0; at < bytes.size(); at += byte_block::size) {
      const auto here = byte_block(bytes.data() + at).equal_or_beyond_ascii('\0', quote);
      const auto left = bytes.size() - at;
      found |= left < byte_block::size ? here << (byte_block::size - left) : here;
    }
    return found != 0;
  }
  /// cut() writes so many fields at most behind those that there is room for.
  static constexpr std::size_t beyond_room = 64;
  /// Cuts a record at its delimiters, as split() does where it has no quote. Returns how many fields it has, also those without
  /// room. 64 bytes behind the record are readable.
  [[nodiscard]] std::size_t cut(std::string_view record, csv_field* out, std::size_t room) const {
    const char* const end = record.data() + record.size();
    const char* from = record.data();
    std::size_t fields = 0;
    for (const char* at = from; at < end; at += byte_block::size) {
      auto delimiters = byte_block(at).equal(dialect_.delimiter);
      if (const auto left = static_cast<std::size_t>(end - at); left < byte_block::size)
        delimiters &= (std::uint64_t{1} << left) - 1;
      if (fields > room) {
        fields += static_cast<std::size_t>(std::popcount(delimiters));
        continue;
      }
      for (; delimiters != 0; delimiters &= delimiters - 1) {
        const auto* const delimiter = at + static_cast<unsigned>(std::countr_zero(delimiters));
        out[fields++] = {from, static_cast<std::size_t>(delimiter - from)};
        from = delimiter + 1;
      }
    }
    if (fields <= room)
      out[fields] = {from, static_cast<std::size_t>(end - from)};
    return fields + 1;
  }
  /// False leaves why() as the error. fields() are of the last record; texts live until start(), and as long as the records.
  [[nodiscard]] bool split(std::string_view record);
  void start() { unquoted_.clear(); }
  [[nodiscard]] const std::vector<csv_field>& fields() const { return fields_; }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  [[nodiscard]] bool quoted(std::string_view record, std::size_t& at, std::string*& unquoted);

  data::csv_dialect dialect_;
  std::vector<csv_field> fields_;
  std::deque<std::string> unquoted_;  // of the fields of each record that held doubled quotes
  std::string why_;
};

}  // namespace millrace::parser
