// The place at which a stream was left, for servers that can go on from there: the greatest value that a
// record had in one member, such as Meetup's mtime, and the records that came since it came first. Several
// may have the same value, and older ones may come late, so the next request asks for a number one lower, and
// each record that comes again is passed over once. Pure.
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

  /// A record is durable.
  void took(std::string_view record);
  /// The value to ask for; nothing before the first record. Later records may repeat taken ones.
  [[nodiscard]] std::optional<std::string> ask();
  /// Returns whether this record of the answer had been taken before ask().
  [[nodiscard]] bool repeats(std::string_view record);

  /// All of this as bytes, and back; false for bytes that are none.
  [[nodiscard]] std::string note() const;
  [[nodiscard]] bool restore(std::string_view note);

private:
  [[nodiscard]] std::optional<std::string> value_of(std::string_view record);

  std::string member_;
  data::member_finder members_;
  std::string padded_;
  std::string greatest_;
  bool any_ = false;
  std::map<std::uint64_t, std::uint32_t> since_;    // records since then, by checksum, how often
  std::map<std::uint64_t, std::uint32_t> awaited_;  // taken records that may come again
};

}  // namespace millrace::source
