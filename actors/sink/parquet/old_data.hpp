// What lies in a table's folder before a state begins to write to it: which files a reader sees, whether rows
// of ours fit beside them, and how they are removed.
#pragma once

#include "actors/sink/parquet/partitions.hpp"
#include "actors/sink/parquet/table_folder.hpp"

#include <functional>
#include <string>
#include <vector>

namespace millrace::sink {

/// The files that a reader takes for the table's data: *.parquet, not hidden, in the folder itself and in
/// folders called name=value. Relative names.
[[nodiscard]] expected<std::vector<std::string>> data_files(table_folder& folder);
/// Removes what uploads have left that broke off, of files whose names `which` says.
[[nodiscard]] expected<void> remove_uploads(table_folder& folder,
                                            const std::function<bool(std::string_view)>& which);
/// Removes those that `which` says, by their own name without folders, the folders that are empty then, and
/// what is left of uploads of such a file.
[[nodiscard]] expected<void> remove_data(table_folder& folder,
                                         const std::function<bool(std::string_view)>& which);
/// ec::mismatch where files that are there have other partitions, or one of them other columns.
[[nodiscard]] expected<void> fits_beside(table_folder& folder, const std::vector<std::string>& by,
                                         const data::schema& file_columns);

}  // namespace millrace::sink
