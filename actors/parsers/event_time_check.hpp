// Decides whether a row's event time can be trusted with a watermark: it is there, and not absurdly far in
// the future. The record alone decides, so that reading it again gives the same answer.
#pragma once

#include "actors/parsers/parser.hpp"

#include <string>
#include <vector>

namespace millrace::parser {

class event_time_check {
public:
  explicit event_time_check(const parser_options& options);
  /// Judges times that come with the record; errors call them `name`.
  event_time_check(std::string name, micros future_skew, std::optional<event_micros> max_event_time);

  /// Returns the record's column that holds the event time, if one does.
  [[nodiscard]] std::optional<std::size_t> column() const { return declared_ ? column_ : std::nullopt; }
  /// `declared` is that column's value, if there is one. False leaves why() as the error.
  [[nodiscard]] bool check(const source::chunk& c, std::size_t record, std::optional<event_micros> declared);
  /// Whether check() asks of the chunk's records for a declared time alone, if at all.
  [[nodiscard]] bool asks_for_time_alone(const source::chunk& c) const {
    return !column_ || (declared_ && !max_event_time_ && c.timestamps.empty());
  }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  std::string name_;
  std::optional<std::size_t> column_;
  bool declared_ = false;  // else `_timestamp`
  micros future_skew_;
  std::optional<event_micros> max_event_time_;
  std::string why_;
};

}  // namespace millrace::parser
