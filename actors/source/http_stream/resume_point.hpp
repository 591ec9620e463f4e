// Where a stream was left, for servers that can go on from there: the value that the last record has in one
// member, such as Meetup's mtime. Several records may have the same value, so a number is asked for one
// lower, and of what then comes again each record is passed over once. Pure.
#pragma once

#include "runtime/data/json_member.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

class resume_point {
public:
  explicit resume_point(std::string member) : member_(std::move(member)) {}

  /// A record was taken; records of a new life are told first, those that the spool still has.
  void took(std::string_view record);
  /// The value to ask for; nothing before the first record.
  [[nodiscard]] std::optional<std::string> ask();
  /// Whether this one, of the answer, had been taken before ask().
  [[nodiscard]] bool repeats(std::string_view record);

private:
  [[nodiscard]] std::optional<std::string> value_of(std::string_view record);

  std::string member_;
  data::member_finder members_;
  std::string padded_;
  std::string last_;
  bool any_ = false;
  std::map<std::uint64_t, std::uint32_t> same_;     // records with the last value, by checksum, how often
  std::map<std::uint64_t, std::uint32_t> awaited_;  // of them, those that may come again
};

}  // namespace millrace::source
