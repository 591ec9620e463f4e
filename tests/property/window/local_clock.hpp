// The clocks of a zone as the C library shows them, and the windows that go by them as docs/design/windows.md
// describes them, one by one. An oracle for runtime/window and the calendar, neither of which asks the C
// library for a zone.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::window::oracle {

class local_clock {
public:
  struct stretch {  // a time of one distance from UTC
    event_micros begin = 0;
    event_micros end = 0;
    event_micros offset = 0;
  };

  /// Knows the years from 1899 to 2101.
  explicit local_clock(const std::string& zone);
  /// The same each time that a zone is asked for.
  [[nodiscard]] static const local_clock& of(const std::string& zone);

  [[nodiscard]] const std::vector<stretch>& stretches() const { return stretches_; }
  [[nodiscard]] event_micros wall(event_micros instant) const;
  /// The latest wall time up to an instant.
  [[nodiscard]] event_micros furthest(event_micros instant) const;
  /// The first instant at which the clock shows a wall time or a later one.
  [[nodiscard]] event_micros first(event_micros wall) const;
  /// The windows that a time lies in: end to start. Labels are the anchor and whole slides from there; a
  /// window goes from where its label is first shown to where the one a size later is. The longest of those
  /// with the same end is the window. Those below an hour count from the beginning of a day.
  [[nodiscard]] std::map<event_micros, event_micros> windows(event_micros time, micros size, micros slide,
                                                             micros anchor) const;

private:
  [[nodiscard]] std::map<event_micros, event_micros> short_windows(event_micros time, micros size,
                                                                   micros slide, micros anchor) const;
  using iterator = std::vector<stretch>::const_iterator;
  /// The first stretch that may matter for what is shown at an instant, or for when a wall time is.
  [[nodiscard]] iterator around(event_micros time) const;

  std::vector<stretch> stretches_;
};

}  // namespace millrace::window::oracle
