// A stage on its way from the file to the plan, and what flows along the graph with it. Internal to config.
#pragma once

#include "config/plan.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::config {

/// The columns of a stage's rows, where a mistake upstream may leave some of them open.
struct known_rows {
  data::schema columns;       // columns whose names are known
  std::vector<bool> untyped;  // one a column: its type is not known
  bool complete = false;      // there are no others but hidden ones
  bool hidden_known = false;  // there are no others among hidden ones either

  /// No column is left open.
  [[nodiscard]] static known_rows all_of(const data::schema& s) {
    return {s, std::vector<bool>(s.size(), false), true, true};
  }
  /// A name that is not among the columns is certainly none.
  [[nodiscard]] bool misses(std::string_view name) const {
    return complete && (hidden_known || name.empty() || name.front() != '_');
  }
};

/// The entry in `checked` that says that the connector's own check has run.
inline constexpr std::string_view connector_check = " connector";

struct draft {
  stage built;
  const node* body = nullptr;
  std::string path;                // stages.NAME, for findings
  std::string what;                // `sink "kafka"`, for findings
  const connector* own = nullptr;  // none for windows and transforms
  bool typed = false;              // kind and type are known and offered
  bool options_good = false;       // each option has a value of its type
  bool broken = false;  // a finding has said so: no more about what depends on all of it (partly_known.hpp)
  std::set<std::string, std::less<>> checked;  // options whose names and expressions were looked at
  std::vector<std::size_t> reads;              // indices of the drafts in built.from

  known_rows rows;  // rows of a parser whose schema has a mistake

  // Known of its rows once it is planned.
  bool timestamps_stored = true;     // every source above stores timestamps
  bool event_time = false;           // its rows have one
  std::vector<std::size_t> windows;  // nearest windows above, unless read late; ascending
  std::vector<std::size_t> late_of;  // windows whose late rows it gets; ascending
  bool records = false;              // some rows are a parser's, with no window's rows in between
  // Known before: what reads its rows.
  bool before_window = false;              // some window, or a select whose event time must not change
  std::vector<std::size_t> timed_selects;  // a parser's: selects with "event_time" and no window in between
  bool leaves_time_out =
      false;  // a select's: _event_time, since a stage unites its rows with some that have none

  [[nodiscard]] const node* member_of(std::string_view name) const {
    const auto* const m = body->find(name);
    return m == nullptr ? nullptr : &m->value;
  }
  [[nodiscard]] location location_of(std::string_view name) const {
    const auto* const n = member_of(name);
    return n == nullptr ? built.where : n->where;
  }
  /// The option that names the stages that it reads, of a join those of one side.
  [[nodiscard]] std::string_view input_option(side s = side::left) const {
    return built.kind == stage_kind::join ? to_string(s) : std::string_view("from");
  }
  void fail(report& out, std::string_view option, std::string message) {
    out.error(location_of(option), join(path, option), std::move(message));
    broken = true;
  }
};

using drafts = std::vector<draft>;

/// A hidden or otherwise reserved name.
[[nodiscard]] inline bool is_reserved(std::string_view name) { return !name.empty() && name.front() == '_'; }
/// Names of the columns that are there without being asked for.
[[nodiscard]] std::vector<std::string> visible_names(const data::schema& s);

}  // namespace millrace::config
