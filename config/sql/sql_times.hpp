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

/// A column with the event time that a stage's rows would have, and the stage that leaves it out.
struct lost_time {
  std::string column;
  std::string stage;
};

/// The event time by that value. `column`: the value, as the query writes it.
[[nodiscard]] std::string shown_time(const timed_value& v, std::string column);

class sql_times {
public:
  /// The values of the rows that come from all of these stages; none where none is known. `all`: the stages so far, in their order.
  [[nodiscard]] std::vector<timed_value> of(const std::vector<node>& from, const std::vector<member>& all);
  /// Why no value of the stage's rows is known, where a stage has left the last one out. `of` has read the stages.
  [[nodiscard]] std::optional<lost_time> lost_by(const std::string& stage) const;
  /// Stages from the nth on are given up: others take their places.
  void drop_from(std::size_t stages) { read_ = std::min(read_, stages); }

private:
  [[nodiscard]] std::vector<timed_value> of(const node& from) const;
  [[nodiscard]] std::vector<timed_value> given_by(const node& stage) const;
  void note_lost(const std::string& name, const node& stage);

  std::map<std::string, std::vector<timed_value>, std::less<>> known_;
  std::map<std::string, lost_time, std::less<>> lost_;
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
