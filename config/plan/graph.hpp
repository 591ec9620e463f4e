// Orders the stages by who reads from whom: in which order they are planned, and which readings cannot be.
#pragma once

#include "config/plan/draft.hpp"

namespace millrace::config {

/// Resolves `from` of every stage, reports wrong ones and rings.
void connect(drafts& all, report& out);
/// It is called where nothing is wrong: a stage may look unread only because of a mistake in its reader.
void warn_of_unread(const drafts& all, report& out);
/// Indices so that every stage comes after those it reads from; order of the file otherwise. Stages of a ring
/// are left out.
[[nodiscard]] std::vector<std::size_t> order_of(const drafts& all);
/// Marks stages whose rows a window takes, at any distance; a select with an event time counts as one.
void mark_before_windows(drafts& all);
/// Tells each parser the selects downstream of it that have an event time.
void mark_timed_selects(drafts& all);
/// Marks selects with `columns` whose rows a stage unites with those of a stage without _event_time.
void mark_left_out_times(drafts& all);
/// The parsers whose rows come to a stage with no window in between, once for each way that they come.
[[nodiscard]] std::vector<std::size_t> parsers_above(const drafts& all, const draft& d);

}  // namespace millrace::config
