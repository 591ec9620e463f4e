// The parquet sink's writer on a cluster, for a table on another machine: nothing that is acknowledged lies on the disk of
// a node. A commit ends all files, uploads them under hidden names, appends one record with their names and the progress
// to the sink's chain, and reveals them once that counts. So it commits as seldom as `roll` says, and the senders keep
// the rows until then. docs/design/parquet.md says why a former life does no harm.
#pragma once

#include "actors/connectors/parquet/sink/open_files.hpp"
#include "actors/connectors/parquet/sink/parquet_options.hpp"
#include "actors/connectors/parquet/sink/table_record.hpp"
#include "runtime/base/time.hpp"
#include "runtime/chain/named_chains.hpp"

namespace millrace::sink {

class stored_table final : public writer {
public:
  /// `options.work`: a folder for files that are being written; what a crash leaves there is worth nothing.
  stored_table(parquet_options options, std::unique_ptr<storage::table_folder> table, partitioning parts,
               std::shared_ptr<chain::named_chains> chains, const wall_clock& clock)
      : options_(std::move(options)), parts_(std::move(parts)), clock_(&clock), work_(options_.work, false),
        table_(std::move(table)), chains_(std::move(chains)), files_(work_, parts_, options_.limits) {}

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  [[nodiscard]] std::optional<micros> commit_in() const override;
  [[nodiscard]] expected<std::vector<rejected_row>> rejected(std::uint64_t after, std::size_t limit) override;
  void forget_rejected(std::uint64_t up_to) override;

private:
  [[nodiscard]] expected<void> take_over(const claim& who, chain::actor_chain& chain);
  [[nodiscard]] expected<void> remove_unnamed();
  [[nodiscard]] expected<void> end_files(table_record& next);
  [[nodiscard]] expected<void> append(chain::actor_chain& chain);
  [[nodiscard]] expected<void> reveal(chain::actor_chain& chain);
  [[nodiscard]] expected<void> begin_files();

  parquet_options options_;
  partitioning parts_;
  const wall_clock* clock_;
  work_folder work_;
  std::unique_ptr<storage::table_folder> table_;
  std::shared_ptr<chain::named_chains> chains_;
  std::unique_ptr<chain::actor_chain>
      chain_;  // null after an error: what was half done is found by the next open
  open_files files_;
  table_record record_;
  std::vector<rejected_row> refused_;  // since the last commit
  std::uint64_t rows_ = 0;             // in the open files
  std::uint64_t row_bytes_ = 0;
  std::int64_t since_ = 0;  // when the first of them came
  double packed_to_ = 1;    // bytes in files for each byte of rows, as the last files had it
  bool fits_ = false;       // beside what is there: looked at once
};

/// No name of a stage has a colon, so this is apart from all actors.
[[nodiscard]] std::string name_of_table(std::string_view sink);

}  // namespace millrace::sink
