#include "actors/stream/sink/keep_alive_clock.hpp"

#include <algorithm>

namespace millrace::sink {
namespace {

constexpr std::chrono::seconds every{60};
/// A call that could not be made when it fell due (rows wait for their commit) is tried again after this
/// time.
constexpr std::chrono::milliseconds again{100};

}  // namespace

std::optional<keep_alive_clock::clock::duration>
keep_alive_clock::next(clock::time_point now, clock::time_point used, std::optional<micros> due_in) {
  auto at = std::max<clock::time_point>(used + every, now + again);
  if (due_in)
    at = std::min<clock::time_point>(at, now + std::max<clock::duration>(*due_in, again));
  if (at >= at_)
    return std::nullopt;
  at_ = at;
  return at - now;
}

bool keep_alive_clock::arrived(clock::time_point now) {
  if (now < at_)
    return false;
  at_ = clock::time_point::max();
  return true;
}

bool keep_alive_clock::is_due(clock::time_point now, clock::time_point used, std::optional<micros> due_in) {
  return (due_in && *due_in <= micros(0)) || now - used >= every;
}

}  // namespace millrace::sink
