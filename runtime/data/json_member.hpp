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
  /// The value as it is written there, also an object or a list; empty where there is none.
  [[nodiscard]] std::string_view written(std::string_view padded_record, std::string_view member);

private:
  /// False: there is no such value.
  [[nodiscard]] bool locate(std::string_view padded_record, std::string_view member,
                            simdjson::ondemand::document& in, simdjson::ondemand::value& out);

  simdjson::ondemand::parser parser_;
};

}  // namespace millrace::data
