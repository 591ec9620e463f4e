// A table in a folder of this machine.
#pragma once

#include "actors/connectors/parquet/storage/table_folder.hpp"

namespace millrace::sink {

/// `durable`: sync() waits for the disk.
[[nodiscard]] std::unique_ptr<storage::table_folder> local_folder(std::filesystem::path path, bool durable);

}  // namespace millrace::sink
