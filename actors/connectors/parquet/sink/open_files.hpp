// The files of a table that are being written, one or none a partition, and the rows that wait to get into
// them. Memory is bounded whatever the number of partitions: rows wait up to a limit, then the partition with
// most of them gets its file; few files are open at a time, and the one that was used longest ago ends early.
#pragma once

#include "actors/connectors/parquet/sink/parquet_file.hpp"
#include "actors/connectors/parquet/sink/partitions.hpp"
#include "actors/connectors/parquet/sink/table_record.hpp"
#include "actors/connectors/parquet/sink/work_folder.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::sink {

/// How a file of a state is called: hidden .millrace-part-NUMBER-LIFE, visible
/// part-NUMBER-TAG.snappy.parquet.
struct file_names {
  std::string tag;       // of the state: two states' files never have one name
  incarnation life = 0;  // two lives never write one hidden file
  compression packed = compression::snappy;
  [[nodiscard]] std::string hidden(std::uint64_t number) const;
  [[nodiscard]] std::string visible(std::uint64_t number) const;
};
inline constexpr std::string_view hidden_part = ".millrace-part-";
/// A name that some state with this tag gave.
[[nodiscard]] bool is_named_by(std::string_view tag, std::string_view name);

struct open_limits {
  std::uint64_t feed = 1 << 20;        // rows of a partition wait until there are as many bytes
  std::uint64_t waiting = 64 << 20;    // bytes of all rows that wait
  std::uint64_t row_group = 64 << 20;  // bytes of rows in a row group, before encoding
  std::uint64_t held = 128 << 20;      // of all open files' row groups
  std::size_t files = 32;              // open at a time
};

class open_files {
public:
  /// Both outlive it.
  open_files(const work_folder& folder, const partitioning& parts, open_limits limits = {})
      : folder_(&folder), parts_(&parts), limits_(limits) {}

  /// Forgets what was written; its hidden files stay. Files are numbered from `next` on.
  void begin(file_names names, std::uint64_t next);
  /// Rows for which no folder can have a name are given back.
  [[nodiscard]] expected<std::vector<partitioning::unnameable>> add(const data::batch& rows);
  /// Everything into files that are whole and durable, under their hidden names.
  [[nodiscard]] expected<std::vector<whole_file>> finish();

  [[nodiscard]] std::uint64_t next_number() const { return next_; }
  /// Files that finish() would give now, at most.
  [[nodiscard]] std::size_t files() const { return whole_.size() + by_folder_.size(); }
  /// Bytes of the files that finish() ended last.
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_; }

private:
  struct partition {
    std::vector<data::batch> waiting;
    std::vector<unsigned> merged;  // of each of them: how often it was put together from smaller ones
    std::uint64_t bytes = 0;       // of what waits
    std::unique_ptr<parquet_file> file;
    whole_file name;
    std::uint64_t used = 0;
  };
  using partitions = std::map<std::string, partition, std::less<>>;

  void wait(partition& p, data::batch rows);
  [[nodiscard]] expected<void> feed(partitions::value_type& p);
  [[nodiscard]] expected<void> open(partitions::value_type& p);
  [[nodiscard]] expected<void> close(partition& p);
  [[nodiscard]] expected<void> make_room();
  [[nodiscard]] expected<void> limit_held(partition& fed);

  const work_folder* folder_;
  const partitioning* parts_;
  open_limits limits_;
  file_names names_;
  std::uint64_t next_ = 1;
  partitions by_folder_;
  std::vector<whole_file> whole_;
  std::uint64_t waiting_ = 0;
  std::uint64_t held_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t turn_ = 0;
  std::size_t open_ = 0;
};

}  // namespace millrace::sink
