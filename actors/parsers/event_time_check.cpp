#include "actors/parsers/event_time_check.hpp"

#include "actors/parsers/hidden_columns.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::parser {

event_time_check::event_time_check(const parser_options& options)
    : column_(options.event_time), future_skew_(options.future_skew),
      max_event_time_(options.max_event_time) {
  if (column_) {
    declared_ = options.timed_by || *column_ < options.declared;
    name_ =
        options.timed_by ? *options.timed_by : fmt::format("column \"{}\"", (*options.schema)[*column_].name);
  }
}

event_time_check::event_time_check(std::string name, micros future_skew,
                                   std::optional<event_micros> max_event_time)
    : name_(std::move(name)), column_(0), declared_(true), future_skew_(future_skew),
      max_event_time_(max_event_time) {}

bool event_time_check::check(const source::chunk& c, std::size_t record,
                             std::optional<event_micros> declared) {
  if (!column_)
    return true;
  const auto stored = stored_timestamp(c, record);
  const auto time = declared_ ? declared : stored;
  if (!time) {
    why_ = declared_ ? fmt::format("no event time in {}: it is null or missing", name_)
                     : fmt::format("no event time in {}: the source stores none with this record", name_);
    return false;
  }
  if (max_event_time_ && *time > *max_event_time_) {
    why_ = fmt::format("the event time {} in {} is later than max_event_time, {}", format_timestamp(*time),
                       name_, format_timestamp(*max_event_time_));
    return false;
  }
  // all are timestamps, so the difference stays far from overflow
  if (declared_ && stored && is_timestamp(*stored) && *time - *stored > future_skew_.count()) {
    why_ =
        fmt::format("the event time {} in {} is more than {} (future_skew) later than the source's "
                    "timestamp, {}; a parser with a longer \"future_skew\", or \"off\", takes such times",
                    format_timestamp(*time), name_, format_duration(future_skew_), format_timestamp(*stored));
    return false;
  }
  return true;
}

}  // namespace millrace::parser
