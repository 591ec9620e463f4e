// A table in a folder of HDFS. A file is uploaded under a hidden name first, because HDFS shows what it has
// of a broken upload, and then renamed.
#pragma once

#include "actors/client/http/exchange.hpp"
#include "actors/sink/parquet/table_folder.hpp"
#include "actors/sink/parquet/table_place.hpp"

namespace millrace::sink {

[[nodiscard]] std::unique_ptr<table_folder> webhdfs_folder(webhdfs_place place,
                                                           http::exchange_options options);

}  // namespace millrace::sink
