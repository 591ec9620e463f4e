// Reads files as they were when the run began, as one log in name order or as a log each. All records are
// there at once: it never waits.
#pragma once

#include "actors/connectors/file/source/file_list.hpp"
#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/connectors/file/source/record_reader.hpp"
#include "actors/stream/source/source.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::source {

class bounded_reader final : public reader {
public:
  /// `parallel`: each file is a partition, named by its path. `wanted`: header, frame, skip and encoding
  /// count: the header, the first line after the skipped ones, goes with all chunks of its file.
  bounded_reader(std::string pattern, bool parallel, const wants& wanted = {},
                 file_order order = file_order::natural)
      : pattern_(std::move(pattern)), parallel_(parallel), wanted_(wanted), order_(order) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override { logs_.erase(partition); }
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string&, position) override {}
  std::optional<backlog> lag() override;
  std::optional<std::uint64_t> lag_bytes() override;
  void interrupt() override { interrupted_ = true; }
  std::string identity() const override { return kept_ ? *kept_ : format_identities(files_); }
  std::uint64_t identity_version() const override { return identity_version_; }
  expected<void> check_identity(std::string_view stored) override;

private:
  /// An error: the state is of another `parallel`.
  [[nodiscard]] unexpected read_otherwise() const;
  /// Says where one partition stands: in files_[file], or after the last one's end.
  struct log {
    std::size_t file = 0;
    std::size_t end = 0;               // one past the log's last file
    position next{};                   // the position in `file`, or the end of the one before it
    std::optional<line_reader> lines;  // lines of `file`, opened when first needed; or its records:
    std::unique_ptr<record_reader> records{};
    std::optional<header_line> header;
    bool takes_rest = false;  // an unterminated last line of `file` is a record
    bool ended = false;       // said so
  };
  expected<std::optional<chunk>> next_chunk(log& l, std::size_t max_bytes);
  /// Opens its records from l.next on.
  expected<void> open_records(log& l) const;
  /// The same of lines, behind those that are no records.
  expected<void> open_lines(log& l) const;
  expected<bool> read_records(log& l, chunk& out, std::size_t max_bytes) const;
  /// Whether the unterminated last line at the end of its file is whole: nobody has written on in it. Where the log has its
  /// end there, the identity keeps the answer, and the log ends before a line that is not.
  expected<bool> judge_rest(const log& l);
  expected<void> is_listed_otherwise(const file_identity& now);
  expected<std::unique_ptr<byte_stream>> stream_at(std::size_t file, std::uint64_t offset) const;

  std::string pattern_;
  bool converts_ = false;  // a file that is inflated or decoded has a length of text that is not known before
  bool parallel_;
  wants wanted_;
  file_order order_;
  /// The first discover() fixes these files and their order, which check_identity() brings back; in a run that
  /// goes on after an earlier one's end the kept identity does.
  std::vector<file_identity> files_;
  std::optional<std::string> kept_;  // the identity of such a run: with the files that are done
  std::uint64_t identity_version_ = 0;
  std::map<std::string, log> logs_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace millrace::source
