// A table under a prefix of an S3 bucket. An object is visible whole or not at all, so that a file is one
// conditional put.
#pragma once

#include "actors/connectors/http/client/exchange.hpp"
#include "actors/connectors/parquet/storage/table_folder.hpp"
#include "actors/connectors/parquet/storage/table_place.hpp"

namespace millrace::storage {

/// Keys and region that the place does not say are the environment's, as for Amazon's own tools.
[[nodiscard]] std::unique_ptr<table_folder> s3_folder(s3_place place, http::exchange_options options);

}  // namespace millrace::storage
