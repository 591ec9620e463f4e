// The files of a table on another machine, copied into a folder here, for readers that know folders alone.
#pragma once

#include "actors/connectors/parquet/storage/table_folder.hpp"

namespace millrace::sink {

/// Every file that a reader of the table would see, under its name. Files that are published meanwhile may be
/// among them.
[[nodiscard]] expected<void> copy_table(storage::table_folder& from, const std::filesystem::path& to);

}  // namespace millrace::sink
