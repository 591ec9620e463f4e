// Reads what ON says of a join: equal columns, and how far the two event times may lie apart. Pure.
#pragma once

#include "config/sql/sql_times.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::config {

/// A column that windows give their rows.
[[nodiscard]] inline bool is_bound(std::string_view column) {
  return column == "window_start" || column == "window_end";
}

/// A column of a table that the stage of a join in front gives on, under a name of its own.
struct carried_column {
  std::string table;  // in front of the column; empty: one of USING, which belongs to all tables
  std::string column;
  std::string name;
};

/// The rows on one side of a join.
struct joined_side {
  std::string called;                     // in front of columns
  std::string shown;                      // in messages
  std::vector<std::string> tables{};      // of a join in front; empty: `called` alone
  std::vector<carried_column> carried{};  // of these tables
  std::string time{};  // the event time of their join, as the query writes it; empty: unknown
  std::vector<timed_value> times{};
  std::optional<lost_time> lost{};
  bool windowed = false;
  bool versions = false;  // of as_of(...)
};

struct pair_condition {
  struct equality {
    std::string left;
    std::string right;
    std::size_t at = 0;
  };
  std::vector<equality> keys{};
  bool same_window = false;     // one of the bounds of both windows is equal
  std::optional<micros> low{};  // of the right row's time less the left one's
  std::optional<micros> high{};
};

class condition_reader {
public:
  using told = std::function<void(std::size_t, std::string)>;
  /// `sides`: the left one, the right one. What cannot be is told to `say`.
  condition_reader(const std::array<joined_side, 2>& sides, told say) : sides_(sides), say_(std::move(say)) {}

  [[nodiscard]] pair_condition read(const expression::syntax& s);
  /// How much later than the event time of its row the value is, and the side; told where that cannot be said.
  [[nodiscard]] std::optional<std::pair<std::size_t, micros>> time_of(const expression::syntax& s) const;
  /// The column of the side's stage as the query writes it, with the name of its table.
  [[nodiscard]] static std::string shown_column(const joined_side& side, const std::string& column);

private:
  void read_one(const expression::syntax& s);
  void read_equality(const expression::syntax& s);
  /// `earlier` is at least `gap` before `later`.
  void read_order(const expression::syntax& earlier, const expression::syntax& later, micros gap);
  void bound(std::optional<micros> low, std::optional<micros> high);
  [[nodiscard]] std::optional<std::pair<std::size_t, micros>> known_time(const expression::syntax& s) const;
  [[nodiscard]] std::optional<std::size_t> side_of(const expression::syntax& column) const;
  /// Makes it an expression over the columns of the side's own stage.
  static void name_as_carried(expression::syntax& s, const joined_side& side);
  [[nodiscard]] std::optional<std::pair<std::size_t, std::string>>
  column_of_side(const expression::syntax& s) const;
  void refuse_time(const expression::syntax& s) const;
  /// Whether a comparison is of columns with constants, or of columns of one side with each other.
  [[nodiscard]] bool is_of_one_side(const expression::syntax& s) const;

  const std::array<joined_side, 2>& sides_;
  told say_;
  pair_condition out_;
};

}  // namespace millrace::config
