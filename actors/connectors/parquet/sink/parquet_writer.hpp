// The parquet sink's writer: a table in a folder, here or elsewhere. Rows go into hidden Parquet files, which
// nobody can read before they are whole, and are staged beside them; a commit makes what is staged durable,
// then replaces the record in the side file. The commit at which a limit of `roll` is reached ends the files
// instead, names them in that record, and gives them their visible names. A restart finishes such a renaming,
// and makes the files anew from what is staged. docs/design/parquet.md says why.
#pragma once

#include "actors/connectors/parquet/sink/open_files.hpp"
#include "actors/connectors/parquet/sink/parquet_options.hpp"
#include "actors/connectors/parquet/sink/staged_rows.hpp"
#include "actors/connectors/parquet/sink/table_record.hpp"
#include "actors/stream/sink/files/side_file.hpp"
#include "runtime/base/time.hpp"

namespace millrace::sink {

class parquet_writer final : public writer {
public:
  parquet_writer(parquet_options options, std::unique_ptr<storage::table_folder> table, partitioning parts,
                 const wall_clock& clock)
      : options_(std::move(options)), parts_(std::move(parts)), clock_(&clock),
        work_(options_.work, options_.durable), table_(std::move(table)),
        staged_(work_.path_of(".millrace-staged")), files_(work_, parts_, options_.limits) {}
  /// Publishes what is committed.
  ~parquet_writer() override;

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  [[nodiscard]] expected<std::vector<rejected_row>> rejected(std::uint64_t after, std::size_t limit) override;
  void forget_rejected(std::uint64_t up_to) override;
  /// Publishes files that have become old enough while nothing was written.
  [[nodiscard]] expected<void> keep_alive() override;
  [[nodiscard]] std::optional<micros> keep_alive_in() const override;

private:
  [[nodiscard]] expected<void> take_over(const claim& who);
  [[nodiscard]] expected<void> resume();
  [[nodiscard]] expected<void> add(const data::batch& rows);
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] expected<void> store();
  [[nodiscard]] expected<void> roll();
  [[nodiscard]] expected<void> publish();
  [[nodiscard]] bool has_uncommitted() const { return rows_ != record_.staged_rows; }
  void publish_committed();
  void begin_files();

  parquet_options options_;
  partitioning parts_;
  const wall_clock* clock_;
  work_folder work_;
  std::unique_ptr<storage::table_folder> table_;
  std::optional<side_file> side_;
  staged_rows staged_;
  open_files files_;
  table_record record_;
  std::vector<rejected_row> refused_;  // since the last commit
  std::uint64_t rows_ = 0;             // staged, with what is written but not committed
  std::uint64_t row_bytes_ = 0;        // of the rows that were staged when it was opened
  double packed_to_ = 1;               // bytes in files for each staged one, as the last files had it
  bool fits_ = false;                  // beside what is there: looked at once
  bool open_ = false;                  // false after an error: what was half done is cleared by the next open
};

}  // namespace millrace::sink
