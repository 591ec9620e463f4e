// Compares the key of an upsert with that of the window whose rows it takes: which rows overwrite each other.
#include "config/plan/plan_stages.hpp"
#include "config/plan/trace.hpp"
#include "config/plan/windows_apart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace millrace::config {
namespace {

/// One window's rows, as the sink's key tells them apart.
class key_over_window {
public:
  key_over_window(const draft& window, const traced_columns& traced)
      : name_(window.built.name), definition_(std::get<window_plan>(window.built.plan).definition),
        traced_(traced), start_(definition_.output->size() - 2) {}

  /// An aggregate may be what a group is known by, such as first(id).
  [[nodiscard]] bool has_aggregate() const { return config::has_aggregate(traced_.made_of, definition_); }

  /// Not one that a condition reads: it may leave one group of several.
  [[nodiscard]] std::vector<std::string> missing_keys() const {
    std::vector<std::string> out;
    for (std::size_t k = 0; k < definition_.keys.size(); ++k)
      if (!traced_.made_of.contains(k) && !traced_.is_filtered(k))
        out.push_back(definition_.keys[k].name);
    return out;
  }

  /// Says which rows the table has where the bounds of windows are not in the key; empty where they are.
  [[nodiscard]] std::string lost_windows() const {
    if (definition_.kind == window::shape::interval)
      return {};  // each of its rows has a window of its own
    if (!definition_.bounded || traced_.made_of.contains(start_ + 1))
      return {};
    if (!traced_.made_of.contains(start_))
      return fmt::format(
          "neither window_start nor window_end of \"{}\" is in the key: one row of each key stays, {}", name_,
          which_stays());
    if (definition_.zone != nullptr && definition_.slide != definition_.size)
      return fmt::format(
          "window_start of \"{}\" is in the key and window_end is not: where the clocks of a zone "
          "skip an hour two windows may begin at one moment, and one row of them stays; expected "
          "window_end",
          name_);
    return {};
  }

  /// `alike`: the begins of two windows.
  [[nodiscard]] std::string lost_windows(const std::pair<event_micros, event_micros>& alike) const {
    return fmt::format(
        "the key does not keep the windows of \"{}\" apart: those that begin at {} and {} have the same; "
        "one row of each key stays, {}",
        name_, format_timestamp(alike.first), format_timestamp(alike.second), which_stays());
  }

  [[nodiscard]] std::string lost_groups(const std::vector<std::string>& missing) const {
    std::string listed;
    for (const auto& name : missing)
      listed += fmt::format("{}\"{}\"", listed.empty() ? "" : ", ", name);
    const bool one = missing.size() == 1;
    return fmt::format(
        "{} {} of the window \"{}\" and not of this upsert: rows of several groups overwrite each other, and "
        "the "
        "one that comes last stays; expected {} here, too, or, where the window's other keys determine {}, "
        "an aggregate such as first(...) in place of {}",
        listed, one ? "is a key" : "are keys", name_, one ? "it" : "them", one ? "it" : "them",
        one ? "that key" : "those keys");
  }

private:
  [[nodiscard]] std::string which_stays() const {
    return fmt::format("that of {}; expected window_end, too, where the row of each window is to stay",
                       definition_.updates ? "the window that has changed last, maybe an older one"
                                           : "the newest window");
  }

  const std::string& name_;
  const window::definition& definition_;
  const traced_columns& traced_;
  std::size_t start_;  // the column window_start; window_end is the next
};

/// True where one row of a window comes to the table for each value of the key, whatever groups the window has.
bool is_one_row(const sink_plan& sink) {
  const auto in_key = [&](std::size_t column) {
    return std::ranges::find(sink.traits.deletes_by, (*sink.rows)[column].name) !=
           sink.traits.deletes_by.end();
  };
  const auto& order = sink.order;
  return (order.limit == 1 || (order.ranked && in_key(sink.rows->size() - 1))) &&
         std::ranges::all_of(order.limit_by, in_key);
}

}  // namespace

void check_upsert_key(draft& d, const drafts& all, report& out) {
  const auto* const sink = std::get_if<sink_plan>(&d.built.plan);
  if (d.broken || sink == nullptr || sink->traits.deletes_by.empty())
    return;
  const auto& columns = sink->traits.deletes_by;
  for (const auto& [window, traced] : trace_to_windows(d, all, columns)) {
    const key_over_window key(all[window], traced);
    if (key.has_aggregate())
      continue;
    const auto missing = key.missing_keys();
    if (!missing.empty() && !is_one_row(*sink))
      d.fail(out, "key", key.lost_groups(missing));
    else if (const auto lost = key.lost_windows(); !lost.empty())
      out.warning(d.location_of("key"), join(d.path, "key"), lost);
    else if (const auto alike = windows_alike(d, all, window, columns))
      out.warning(d.location_of("key"), join(d.path, "key"), key.lost_windows(*alike));
  }
}

}  // namespace millrace::config
