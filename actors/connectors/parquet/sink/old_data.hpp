// Looks at what lies in a table's folder before a state begins to write to it: finds the files that a reader
// sees, checks whether rows of ours fit beside them, and removes them.
#pragma once

#include "actors/connectors/parquet/sink/partitions.hpp"
#include "actors/connectors/parquet/storage/table_folder.hpp"

#include <functional>
#include <string>
#include <vector>

namespace millrace::sink {

/// Lists the files that a reader takes for the table's data: *.parquet, not hidden, in the folder itself and
/// in folders called name=value. The names are relative.
[[nodiscard]] expected<std::vector<std::string>> data_files(storage::table_folder& folder);
/// Removes what broken-off uploads have left of files whose names `which` accepts.
[[nodiscard]] expected<void> remove_uploads(storage::table_folder& folder,
                                            const std::function<bool(std::string_view)>& which);
/// Removes the files that `which` accepts by their own names without folders, the folders that are empty
/// then, and what is left of uploads of such a file.
[[nodiscard]] expected<void> remove_data(storage::table_folder& folder,
                                         const std::function<bool(std::string_view)>& which);
/// Checks that rows fit beside the files that are there: ec::mismatch where these have other partitions, or
/// one of them other columns.
[[nodiscard]] expected<void> fits_beside(storage::table_folder& folder, const std::vector<std::string>& by,
                                         const data::schema& file_columns);

}  // namespace millrace::sink
