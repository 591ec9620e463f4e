// One CSV record apart into fields (RFC 4180, with any one-byte delimiter and quote). Pure.
#pragma once

#include "runtime/data/csv_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {

struct csv_field {
  std::string_view text;
  bool quoted = false;
};

class csv_fields {
public:
  explicit csv_fields(const data::csv_dialect& dialect);

  struct bytes_seen {
    bool odd = false;  // a NUL, or one beyond ASCII
    bool quote = false;
  };
  /// Cuts a record at its delimiters, as split() does where it has no quote, and looks at all its bytes in the same
  /// pass. 8 bytes behind the record are readable.
  [[nodiscard]] bytes_seen cut(std::string_view record);
  /// False leaves why() as the error. The fields live until the next call, and as long as the record.
  [[nodiscard]] bool split(std::string_view record);
  [[nodiscard]] const std::vector<csv_field>& fields() const { return fields_; }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  [[nodiscard]] bool quoted(std::string_view record, std::size_t& at);

  data::csv_dialect dialect_;
  std::uint64_t delimiters_, quotes_;  // eight of each; none: eight NUL, which no field may hold
  std::vector<csv_field> fields_;
  std::string unquoted_;  // of fields that held doubled quotes; as large as the record from the start
  std::string why_;
};

}  // namespace millrace::parser
