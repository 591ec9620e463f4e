// Writes one Parquet file, and reads the columns of one that is there, with Arrow C++ in a module that is loaded by the first
// call (loaded_arrow). Where it is not there every call is an error.
#pragma once

#include "actors/connectors/parquet/sink/arrow_module.hpp"
#include "actors/connectors/parquet/sink/work_folder.hpp"
#include "actors/connectors/parquet/storage/table_folder.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace::sink {

/// Loads Arrow; an error is what `check` and the sink say where there is none.
[[nodiscard]] expected<void> load_parquet();

using parquet_module::compression;

/// Owned and used by one thread. Dropped without finish(), it leaves a file that is no Parquet.
class parquet_file {
public:
  virtual ~parquet_file() = default;
  /// Writes rows of the schema that the file was opened with; their columns are read in place. The rows are
  /// held, encoded, until their row group ends.
  [[nodiscard]] virtual expected<void> write(const data::batch& rows) = 0;
  /// Writes out what is held. A row group ends by itself at a million rows.
  [[nodiscard]] virtual expected<void> end_row_group() = 0;
  /// Writes the footer; then the file is durable and closed.
  [[nodiscard]] virtual expected<void> finish() = 0;
  /// Returns the bytes that rows held since the last row group took in memory, before encoding.
  [[nodiscard]] virtual std::uint64_t held() const = 0;
  /// Returns the bytes written so far.
  [[nodiscard]] virtual std::uint64_t written() const = 0;
};

/// `dictionary` says by column whether values that repeat are stored once. Arrow decides for nested columns.
[[nodiscard]] expected<std::unique_ptr<parquet_file>> open_parquet_file(std::unique_ptr<new_file> to,
                                                                        const data::schema& columns,
                                                                        compression packed,
                                                                        const std::vector<bool>& dictionary);

/// Describes the columns of a file that is there, a line for each. The lines are those of columns_of(columns)
/// where open_parquet_file made the file with `columns`. ec::corrupt, and its name, where it is no Parquet.
[[nodiscard]] expected<std::vector<std::string>> columns_of(storage::stored_file& file,
                                                            const std::string& name);
[[nodiscard]] expected<std::vector<std::string>> columns_of(const data::schema& columns);

/// Tells by column, from rows to come, whether values repeat, so that a dictionary makes the file smaller.
[[nodiscard]] std::vector<bool> repeating(const std::vector<data::batch>& rows, std::size_t columns);

}  // namespace millrace::sink
