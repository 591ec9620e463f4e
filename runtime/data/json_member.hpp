// One member of a JSON record as text: for what is not parsed as a whole, such as keys, URLs and marks to go
// on from.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

namespace millrace::data {

/// Finds members of records; one a thread. `record` must have simdjson's padding after it.
class member_finder {
public:
  /// A string's characters, or a number's or literal's digits as they stand; nothing when it is missing or
  /// null, and where the record is no JSON object.
  [[nodiscard]] std::optional<std::string> find(std::string_view padded_record, std::string_view member);

private:
  simdjson::ondemand::parser parser_;
};

}  // namespace millrace::data
