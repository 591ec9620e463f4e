// Names of the columns that stages give, as far as the text of their statements says them. Pure. A star over one table of several
// asks for them.
#pragma once

#include "config/text/node.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::config {

class sql_given_columns {
public:
  using names = std::shared_ptr<const std::vector<std::string>>;

  /// The columns of the rows that come from these stages, in their order; null: unknown. `all`: the stages so far.
  [[nodiscard]] names of(const std::vector<node>& from, const std::vector<member>& all);
  /// Stages from the nth on are given up: others take their places.
  void drop_from(std::size_t stages) { read_ = std::min(read_, stages); }

private:
  [[nodiscard]] names of(const node& from) const;
  [[nodiscard]] names given_by(const node& stage) const;

  std::map<std::string, names, std::less<>> known_;
  std::size_t read_ = 0;  // of the stages
};

}  // namespace millrace::config
