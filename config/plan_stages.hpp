// From drafts to planned stages: expressions bound, columns typed, one kind of stage a file. Internal to
// config.
#pragma once

#include "config/draft.hpp"

namespace millrace::config {

/// What a stage reads: the one schema of all its inputs, null when one of them is broken or they differ
/// (which is reported). Fills in what flows along the graph (event time, windows above, ...).
[[nodiscard]] data::schema_ptr join_inputs(draft& d, const drafts& all, report& out);

void plan_source(draft& d);
void plan_parser(draft& d, const drafts& all, report& out);
void plan_transform(draft& d, const drafts& all, report& out);
void plan_window(draft& d, const drafts& all, report& out);
void plan_sink(draft& d, const drafts& all, report& out);
/// The sink of dead letters: as any other, but its input is given.
void plan_sink_over(draft& d, const data::schema_ptr& input, report& out);
/// The connector's own check, once its options are right.
void check_connector(draft& d, const data::schema* input, report& out);

}  // namespace millrace::config
