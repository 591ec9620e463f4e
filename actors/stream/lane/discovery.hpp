// Knows the partitions of a lane's parser, and when the lane looks for others. One lane of a parser looks;
// the supervisor makes the start of what it finds durable, and tells all lanes which one reads it. Pure.
#pragma once

#include "runtime/base/time.hpp"

#include <optional>
#include <set>
#include <string>

namespace millrace::lane {

class discovery {
public:
  /// `every`: nothing if another lane looks. `known`: partitions that some lane of the parser reads.
  discovery(std::optional<micros> every, std::set<std::string> known)
      : every_(every), known_(std::move(known)) {}

  /// The wait before the first look, and after each.
  [[nodiscard]] std::optional<micros> wait() const { return every_; }
  /// A look is for partitions beside these.
  [[nodiscard]] const std::set<std::string>& known() const { return known_; }
  /// Some lane reads it from now on.
  void started(const std::string& partition) { known_.insert(partition); }

private:
  std::optional<micros> every_;
  std::set<std::string> known_;
};

}  // namespace millrace::lane
