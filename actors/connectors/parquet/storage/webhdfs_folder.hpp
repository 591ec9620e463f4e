// A table in a folder of HDFS. A file is uploaded under a hidden name first, because HDFS shows what it has
// of a broken upload, and then renamed.
#pragma once

#include "actors/connectors/http/client/exchange.hpp"
#include "actors/connectors/parquet/storage/table_folder.hpp"
#include "actors/connectors/parquet/storage/table_place.hpp"

namespace millrace::storage {

[[nodiscard]] std::unique_ptr<table_folder> webhdfs_folder(webhdfs_place place,
                                                           http::exchange_options options);

}  // namespace millrace::storage
