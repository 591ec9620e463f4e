// The file sink with `roll`: out.jsonl becomes out-000001.jsonl, out-000002.jsonl ..., each visible only when
// it is whole. Rows go to a hidden file; a commit appends and syncs them, then replaces the record in the
// side file (number, length, progress, "publish"). A file that has reached a limit at a commit is marked for
// publishing by that same record and then renamed; a restart first finishes such a renaming. No commit is
// split over files.
#pragma once

#include "actors/connectors/file/sink/file_record.hpp"
#include "actors/stream/sink/files/data_file.hpp"
#include "actors/stream/sink/files/roll_option.hpp"
#include "actors/stream/sink/row_format.hpp"
#include "runtime/base/time.hpp"

namespace millrace::sink {

class rolled_files final : public writer {
public:
  rolled_files(std::filesystem::path path, row_format format, bool durable, at_start begin, roll_options roll,
               const wall_clock& clock)
      : path_(std::move(path)), format_(std::move(format)), durable_(durable), begin_(begin), roll_(roll),
        clock_(&clock) {}
  /// Publishes what is committed.
  ~rolled_files() override;

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  /// Publishes a file that has become old enough while nothing was written.
  [[nodiscard]] expected<void> keep_alive() override;
  [[nodiscard]] std::optional<micros> keep_alive_in() const override;

private:
  [[nodiscard]] std::filesystem::path hidden(std::uint64_t number) const;
  [[nodiscard]] expected<void> prepare(taken_over<file_record>& t);
  [[nodiscard]] expected<void> resume();
  [[nodiscard]] expected<void> flush();
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] expected<void> store();
  [[nodiscard]] expected<void> end_file();
  [[nodiscard]] expected<void> publish();
  void publish_committed();

  std::filesystem::path path_;
  row_format format_;
  bool durable_;
  at_start begin_;
  roll_options roll_;
  const wall_clock* clock_;
  std::optional<side_file> side_;
  std::optional<data_file> data_;  // the hidden file, once it has rows
  file_record record_;
  std::string buffer_;
  std::uint64_t length_ = 0;  // the hidden file's length, with rows that are written but not committed
  std::uint64_t rows_ = 0;
  bool open_ = false;
};

}  // namespace millrace::sink
