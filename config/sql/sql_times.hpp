// Event times of the stages that statements have given, as far as their text says them. Pure. Joins ask for them: the bounds of a
// BETWEEN must be the event times of both sides.
#pragma once

#include "config/text/node.hpp"
#include "runtime/base/time.hpp"
#include "runtime/expression/syntax/syntax.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// A value of a stage's rows that is their event time and so much more.
struct timed_value {
  expression::syntax value;
  micros later{0};
};

class sql_times {
public:
  /// The values of the rows that come from all of these stages; none where none is known. `all`: the stages so far, in their order.
  [[nodiscard]] std::vector<timed_value> of(const std::vector<node>& from, const std::vector<member>& all);
  /// Stages from the nth on are given up: others take their places.
  void drop_from(std::size_t stages) { read_ = std::min(read_, stages); }

private:
  [[nodiscard]] std::vector<timed_value> of(const node& from) const;
  [[nodiscard]] std::vector<timed_value> given_by(const node& stage) const;

  std::map<std::string, std::vector<timed_value>, std::less<>> known_;
  std::size_t read_ = 0;  // of the stages
};

/// True where a column of the left side that is called so is in the option `key`: alone the name is that of the key.
[[nodiscard]] bool has_key(const node& stage, std::string_view name);

/// A value less the constant intervals that are added to it and taken from it.
struct moved_value {
  const expression::syntax* value;
  micros later;
};
/// It gives nothing where an interval has no constant length, as months have none.
[[nodiscard]] std::optional<moved_value> without_intervals(const expression::syntax& s);

}  // namespace millrace::config
