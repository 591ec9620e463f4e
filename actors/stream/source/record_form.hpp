// How the log of a table writes its records: the key first, then whether the row is gone, then the rest. Pure.
#pragma once

#include "runtime/data/csv_text.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

struct record_form {
  std::string is_there;  // what follows the key, in front of the rest of a row
  std::string is_gone;   // the same of a row that is gone
  /// Returns the length of a record's key; nothing where it is none of this form.
  std::function<std::optional<std::size_t>(std::string_view record)> length_of_key;
};

/// {"id":7,"deleted":false,"name":"a"}, and {"id":7,"deleted":true} for a row that is gone. `keys`: how many members the key has.
[[nodiscard]] record_form form_of_json(std::string_view deleted, std::size_t keys);
/// 7,false,a and 7,true, with as many fields.
[[nodiscard]] record_form form_of_csv(const data::csv_dialect& dialect, std::size_t keys);

/// Returns the number without zeros at the end of its fraction: as keys, 1.50 and 1.5 are one.
[[nodiscard]] std::string_view plain_number(std::string_view number);

/// Takes the fields of a csv record apart, as they are written.
[[nodiscard]] std::vector<std::string_view> csv_fields_of(std::string_view record,
                                                          const data::csv_dialect& dialect);
/// Returns what a field says, without its quotes.
[[nodiscard]] std::string csv_text_of(std::string_view field, const data::csv_dialect& dialect);
/// Appends a field, quoted where it has to be.
void append_csv_field(std::string& out, std::string_view field, const data::csv_dialect& dialect);

}  // namespace millrace::source
