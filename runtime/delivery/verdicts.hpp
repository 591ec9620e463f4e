// Records that were given up because a stage failed on them again and again. Lanes make dead letters of them
// without running anything on them, live and catching up, in this life and in all later ones. A plain value; the
// chain `control` keeps it.
#pragma once

#include "runtime/base/ids.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::delivery {

struct verdict {
  log_id log;
  position at{};      // the record's position
  std::string error;  // the error in its dead letter
  friend bool operator==(const verdict&, const verdict&) = default;
};

class verdicts {
public:
  /// One that is there already stays as it is: its letter may have been sent.
  void add(const verdict& v);
  /// The error of the record at exactly this position; null where it was not given up.
  [[nodiscard]] const std::string* find(const log_id& log, position at) const;
  /// The first one in [from, to).
  [[nodiscard]] std::optional<position> next(const log_id& log, position from, position to) const;
  /// Forgets those below: every receiver has that durable, so nobody reads there again.
  void trim(const log_id& log, position below);
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<verdict> all() const;

private:
  std::map<log_id, std::map<position, std::string>> by_log_;
};

}  // namespace millrace::delivery
