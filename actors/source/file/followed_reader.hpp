// A file that grows and is rotated, or a glob that new files join, as one endless log. Positions are
// (generation, offset). An unterminated last line waits until it is complete; it is a record once its file is
// rotated away.
#pragma once

#include "actors/source/file/file_watch.hpp"
#include "actors/source/file/generations.hpp"
#include "actors/source/file/line_reader.hpp"
#include "actors/source/source.hpp"

#include <optional>
#include <string>

namespace millrace::source {

class followed_reader final : public reader {
public:
  explicit followed_reader(std::string pattern, file_order order = file_order::natural,
                           std::optional<char> csv_delimiter = {})
      : pattern_(pattern), csv_delimiter_(csv_delimiter), files_(std::move(pattern), order) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override;
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string& partition, position durable) override;
  std::optional<std::uint64_t> lag() override;
  std::optional<std::uint64_t> lag_bytes() override;
  void interrupt() override;
  std::string identity() const override { return files_.text(); }
  expected<void> check_identity(std::string_view stored) override { return files_.restore(stored); }

private:
  /// The file that is being read, opened once for reading and once for looking at.
  struct place {
    std::int64_t generation;
    open_file file;
    line_reader lines;
    bool last_part;  // a later generation is known: this one only has to be read to its end
  };
  expected<void> open_place();
  /// A chunk, nothing for now, or nothing because the place changed (`again`).
  expected<std::optional<chunk>> step(std::size_t max_bytes, bool& again);
  expected<void> was_cut_off();

  std::string pattern_;
  std::optional<char> csv_delimiter_;
  generations files_;
  bool assigned_ = false;
  position next_{};
  position delivered_{};  // `to` of the last chunk: next_, or the end of the generation before
  std::optional<place> place_;
  bool end_said_ = false;  // caught_up was told since the last record

  file_watch watch_;  // of the file at place_
};

}  // namespace millrace::source
