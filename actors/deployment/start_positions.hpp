// Decides where each partition of a source starts: once, by the `start` option. The start is kept in the
// state folder before anything is read, and is the same for every later life. A partition found later starts
// at its beginning.
#pragma once

#include "actors/deployment/pipeline.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/source/written_record.hpp"

namespace millrace::deployment {

/// Connects to the plan's source, checks that it is the log that the state belongs to, and returns all
/// partitions. Decisions of now are put into `store`.
[[nodiscard]] tl::expected<std::vector<started_partition>, preparation_error>
decide_starts(const lane::lane_plan& plan, const pipeline_options& options, snapshot::value_store& store,
              const std::shared_ptr<source::feeds>& feeds);

/// The stored form of the partitions of a plan, and the name that it has in the state folder.
[[nodiscard]] std::string encode_starts(const std::vector<started_partition>& partitions);
[[nodiscard]] expected<std::vector<started_partition>> decode_starts(std::string_view bytes);
[[nodiscard]] std::string starts_name(const std::string& plan);
/// Tells whether the source keeps on a cluster what it receives in the store, and may go to any node: it does not receive from
/// what one machine has, one parser reads it, whose lane's lives write the spool, and no node is named.
[[nodiscard]] bool spools_in_store(const config::topology& t, const config::stage& source);
/// Tells whether the sink has on a cluster its record in the store, and may go to any node: it writes a table on another
/// machine, and no node is named.
[[nodiscard]] bool records_in_store(const config::stage& sink);

/// The parts that a plan's readers may use.
[[nodiscard]] connector_context source_context(const lane::lane_plan& plan, const pipeline_options& options,
                                               const snapshot::value_reader& store,
                                               const std::shared_ptr<source::feeds>& feeds);
/// The hidden columns that need more of a record than its value.
[[nodiscard]] source::wants wants_of(const config::stage& parser);
/// Tells what the source knows of its records.
[[nodiscard]] source::log_shape shape_of(const config::stage& source);
/// The name that a source's identity has in the state folder.
[[nodiscard]] std::string identity_name(const std::string& source);
[[nodiscard]] bool is_identity_name(std::string_view name);
/// The name of the identity that a lane keeps, of a source with `identity_by_lane`.
[[nodiscard]] std::string lane_identity_name(const std::string& lane);
/// Returns the texts that the first `lanes` lanes of a plan have kept, one after the other: a partition may
/// have had another lane before.
[[nodiscard]] expected<std::string> identities_of_lanes(const snapshot::value_reader& store,
                                                        const std::string& plan, std::size_t lanes);

}  // namespace millrace::deployment
