// A select with unnest that gives its rows their event time: checked there as a parser checks its own. Pure;
// for all that run the steps of a lane.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/stage/chain.hpp"

#include <span>
#include <vector>

namespace millrace::lane {

/// The event times of rows that a select with an event time gives.
[[nodiscard]] std::span<const event_micros> times_given(const select_node& n, const stage::rows& rows);

/// Runs the select; one with an event time gives each row the moment of its own index in times_given(). A record fails as
/// a whole where a row's time is null or cannot be trusted (event_time_check.hpp). `records`: by origin, the record's index
/// in the chunk.
[[nodiscard]] stage::step_result run_select(const select_node& n, const config::parser_plan& parsing,
                                            const stage::rows& in, const source::chunk& c,
                                            std::span<const std::uint32_t> records, event_micros now);

/// Returns for each parsed row the latest event time that it gives, its own or that of its elements; no_watermark for none.
[[nodiscard]] std::vector<event_micros> latest_times(const lane_plan& plan, const source::chunk& c,
                                                     const parser::parsed& p, event_micros now);

}  // namespace millrace::lane
