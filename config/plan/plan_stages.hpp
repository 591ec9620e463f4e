// Turns drafts into planned stages: expressions bound, columns typed, one kind of stage a file. Internal to
// config.
#pragma once

#include "config/plan/draft.hpp"

#include <optional>

namespace millrace::config {

/// Gives the schema that a stage reads, a join on one of its sides: the one of all its inputs, null when one is broken
/// or they differ (which is reported). Fills in what flows along the graph (event time, windows above, ...); a join's
/// event_time is then that of this side.
[[nodiscard]] data::schema_ptr schema_of_inputs(draft& d, const drafts& all, report& out,
                                                side of = side::left);

/// The column that an item of a window's `key` names, or a finding. Columns that `rows` leave open give no
/// finding. `whose`: what stands in front of one, such as `the left side: `.
[[nodiscard]] std::optional<std::size_t> find_key(draft& d, const node& item, const known_rows& rows,
                                                  report& out, std::string_view whose = {});
/// The columns that `order_by` and `limit_by` of a sink name, of its rows, and findings about these and about
/// options that are missing beside them.
row_order read_order(draft& d, const known_rows& rows, report& out);
/// The column that `rank` of a sink adds behind these.
[[nodiscard]] std::optional<data::field> read_rank(draft& d, const data::schema& rows, report& out);
/// The row that was first at one tick stays written when another takes its place at a later one. Returns whether
/// a finding was reported; the sink's other options can be judged all the same.
[[nodiscard]] bool refuse_limit_of_updates(draft& d, const drafts& all, report& out);
/// The columns, and one behind them.
[[nodiscard]] data::schema_ptr with_column(const data::schema& columns, data::field last);
/// Says whether a source reads a table at intervals, so that its records have the moment of a reading.
[[nodiscard]] bool reads_table(const draft& source);
/// The items of a text or list.
[[nodiscard]] std::vector<const node*> items_of(const node& n);

/// What is said of a stage that goes by the event time of the rows that it takes from `option`.
struct timed_reader {
  std::string_view option;
  std::string_view of_updates;    // follows "whenever it has changed"
  std::string_view who;           // goes by the event time
  std::string_view other_window;  // what is expected in the place of a window without bounds
  std::string_view rows = "the rows";
};
/// True, with a finding, where one of these windows in front gives updates; where the rows have no event time.
[[nodiscard]] bool refuse_updates(draft& d, const drafts& all, const std::vector<std::size_t>& windows,
                                  const timed_reader& r, report& out);
[[nodiscard]] bool refuse_untimed(draft& d, const drafts& all, const std::vector<std::size_t>& windows,
                                  const timed_reader& r, report& out);
/// Says where a stage whose rows have no event time gets one, to follow "expected".
[[nodiscard]] std::string remedy_without_event_time(const draft& d, const drafts& all);

void plan_source(draft& d);
void plan_parser(draft& d, const drafts& all, report& out);
void plan_transform(draft& d, const drafts& all, report& out);
void plan_model(draft& d, const drafts& all, report& out);
void plan_window(draft& d, const drafts& all, report& out);
void plan_dedup(draft& d, const drafts& all, report& out);
void plan_join(draft& d, const drafts& all, report& out);
void plan_sink(draft& d, const drafts& all, report& out);
/// The sink of dead letters: as any other, but its input is given.
void plan_sink_over(draft& d, const data::schema_ptr& input, report& out);
/// Files that two sinks would write to.
void refuse_shared_files(const drafts& all, report& out);
/// Compares a sink's upsert key with the key of each window upstream: rows that would overwrite each other.
void check_upsert_key(draft& d, const drafts& all, report& out);
/// Decides how a planned sink takes rows that windows upstream take back, and warns where they stay in its target.
void plan_removed_rows(draft& d, const drafts& all, report& out);
/// Warns of a planned window whose rows come from windows that lie across its bounds.
void warn_of_windows_across(const draft& d, const drafts& all, report& out);
/// The connector's own check, once its options are right.
void check_connector(draft& d, const data::schema* input, report& out);

}  // namespace millrace::config
