// Runs one DuckDB in memory: statements go in, batches of rows come out. Hides all of DuckDB.
#pragma once

#include "runtime/data/batch.hpp"
#include "tools/sql/read_only.hpp"
#include "tools/sql/row_function.hpp"
#include "tools/sql/values.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace::duckdb {

struct engine_settings {
  std::uint64_t memory = 1'000'000'000;  // bytes that DuckDB may take; beyond it spills, or fails
  unsigned threads = 0;                  // 0: one a core
  std::string spill_folder;              // made when it is needed, and removed
};

/// Gives the rows of one statement as they are computed: a chunk of some thousand at a time.
class row_stream {
public:
  virtual ~row_stream() = default;
  /// Returns null for a statement that gives none.
  [[nodiscard]] virtual const data::schema_ptr& columns() const = 0;
  /// Returns nothing at the end. Errors are DuckDB's own words.
  [[nodiscard]] virtual expected<std::optional<data::batch>> next() = 0;
};

/// Runs one statement at a time; a stream must go before the next. One thread uses it, but for interrupt().
class engine {
public:
  virtual ~engine() = default;
  /// Runs our own statements, without a guard.
  [[nodiscard]] virtual expected<void> set_up(const std::string& sql) = 0;
  /// Lets statements call `name('TEXT', t.*)`.
  [[nodiscard]] virtual expected<void> add_function(const std::string& name, row_function f) = 0;
  /// Locks the settings: no statement may change them from now on.
  [[nodiscard]] virtual expected<void> lock() = 0;
  /// Runs one statement. Errors that `prepare` gives (parser, binder, guard) have fault::user and code
  /// invalid_argument, unsupported or refused; those of its execution ec::io.
  [[nodiscard]] virtual expected<std::unique_ptr<row_stream>> run(const std::string& sql, const guard& g) = 0;
  /// Ends what runs with an error; any thread may call it.
  virtual void interrupt() = 0;
};

[[nodiscard]] expected<std::unique_ptr<engine>> open_engine(const duckdb_api& api,
                                                            const engine_settings& settings);

}  // namespace millrace::duckdb
