// Events of a music service whose listeners may leave. Each listener has a hidden chance to leave: adverts,
// songs that are not liked and a short membership raise it. A leaving listener sends `Cancellation
// Confirmation`, and no event after it. So there is a truth that predictions can be compared with, which no
// feed of the real world has.
//
// Listeners come by seasons of 1,200 records a listener. In a season each has one moment at which it would leave, a record
// of its own number, and leaves there with its chance; the next season has other listeners. Everything is a function of seed, epoch and numbers.
#pragma once

#include "actors/connectors/generator/records.hpp"

#include <optional>

namespace millrace::source {

/// Listeners at a time, where the options say nothing else.
inline constexpr std::uint64_t listeners = 448;

/// Logged out events have no registration and an empty userId; userAgent holds escaped quotes, registration comes with and
/// without a fraction.
void append_listening(std::string& out, const generated& g, std::uint64_t number);

struct listener_truth {
  std::uint64_t user = 0;  // the number in userId
  double probability = 0;  // the probability to have left among the records
  bool has_left = false;
  friend bool operator==(const listener_truth&, const listener_truth&) = default;
};
/// Returns how many listeners the first `records` records may be of.
[[nodiscard]] std::uint64_t listeners_among(const generated& g, std::uint64_t records);
/// Returns the truth about one of them, by its number from 0 on.
[[nodiscard]] listener_truth truth_about(const generated& g, std::uint64_t listener, std::uint64_t records);
/// Returns the truth about what is yet to come at record `from`: to leave there or among the further records, given that
/// the listener has not left before. Returns none for one that has.
[[nodiscard]] std::optional<listener_truth> truth_from(const generated& g, std::uint64_t listener,
                                                       std::uint64_t from, std::uint64_t records);

}  // namespace millrace::source
