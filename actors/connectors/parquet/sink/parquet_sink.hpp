// The connector "parquet": its options, and how a writer is made from them.
#pragma once

#include "actors/connector.hpp"
#include "actors/connectors/parquet/storage/table_folder.hpp"
#include "actors/stream/sink/sink.hpp"
#include "runtime/base/time.hpp"
#include "runtime/chain/named_chains.hpp"

#include <filesystem>

namespace millrace::sink {

[[nodiscard]] config::connector parquet_sink_declaration();
[[nodiscard]] connector parquet_sink_connector();

/// `rows`: the schema of the batches it gets. `work`: a folder of this sink's own in the state folder, for a
/// table on another machine. `chains`: the store of a cluster, which then has the record of such a table, and nothing
/// that is acknowledged lies in `work`. The options have passed the connector's check.
[[nodiscard]] expected<std::unique_ptr<writer>>
make_parquet_writer(const config::values& options, const data::schema_ptr& rows,
                    const std::filesystem::path& work, const wall_clock& clock = system_clock(),
                    std::shared_ptr<chain::named_chains> chains = {});

/// Where readers find the table: a path, webhdfs://HOST:PORT/FOLDER, s3://BUCKET/PREFIX; no secret is in it.
/// Empty where the options have not passed the check.
[[nodiscard]] std::string table_location(const config::values& options);
/// The table as its readers see it. Contacts nothing.
[[nodiscard]] expected<std::unique_ptr<storage::table_folder>> table_folder_of(const config::values& options);

}  // namespace millrace::sink
