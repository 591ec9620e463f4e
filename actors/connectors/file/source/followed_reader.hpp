// A file that grows and is rotated, or a glob that new files join, as one endless log. Positions are
// (generation, offset). An unterminated last line waits until it is complete; it is a record once its file was
// left for `late_writes`. Zeros that a file begins with are passed over: a writer that goes on at its old offset in a file that
// was cut off leaves them.
#pragma once

#include "actors/connectors/file/source/file_watch.hpp"
#include "actors/connectors/file/source/generations.hpp"
#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/connectors/file/source/recent_bytes.hpp"
#include "actors/stream/source/source.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

class followed_reader final : public reader {
public:
  /// `files`: those of `pattern`; the readers of a life of a lane share them.
  /// `watch`: what its file is watched with, beside those of others.
  followed_reader(std::string pattern, std::shared_ptr<generations> files, const wants& wanted,
                  std::shared_ptr<file_watch> watch = std::make_shared<file_watch>())
      : pattern_(std::move(pattern)), wanted_(wanted), files_(std::move(files)), watch_(std::move(watch)) {}
  explicit followed_reader(const std::string& pattern, file_order order = file_order::natural)
      : followed_reader(pattern, std::make_shared<generations>(pattern, order), {}) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override;
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  /// The same without a wait, of the log if it is assigned.
  expected<std::optional<chunk>> read_now(std::size_t max_bytes);
  void acknowledge(const std::string& partition, position durable) override;
  std::optional<backlog> lag() override;
  std::optional<std::uint64_t> lag_bytes() override;
  void interrupt() override;
  std::string identity() const override { return files_->text(); }
  std::uint64_t identity_version() const override { return files_->text_version(); }
  void note_progress() override { files_->note_progress(); }
  expected<void> check_identity(std::string_view stored) override;

private:
  /// The file that is being read, opened once for reading and once for looking at.
  struct place {
    std::int64_t generation;
    open_file file;
    std::optional<line_reader> lines = std::nullopt;  // once it is opened
    std::optional<std::uint64_t> to = std::nullopt;   // where the generation ends, if it does
    recent_bytes recent{};                            // the bytes before the next line
    bool last_part = false;         // a later generation is known: this one only has to be read to its end
    bool takes_rest = false;        // its unterminated last line is a record
    bool may_be_zeros = false;      // all its bytes so far are zeros
    std::uint64_t zeros = 0;        // the count of zeros
    bool has_begun = false;         // the lines that are no records are there
    bool has_told_returns = false;  // a log tells that its lines end with CR alone
    std::optional<header_line> header = std::nullopt;
  };
  /// All that was there at the last look was read.
  [[nodiscard]] bool is_read_whole() const;
  expected<void> open_place();
  /// Opens the lines from `offset` on.
  [[nodiscard]] expected<void> read_from(place& at, std::uint64_t offset);
  /// Reads those lines of the file that are no records, as far as they are there, and goes on behind those that are skipped.
  [[nodiscard]] expected<void> begin(place& at);
  /// Reads on as line_reader does, after the zeros that the file begins with, and lines that are no records.
  [[nodiscard]] expected<bool> read_lines(place& at, chunk& out, std::size_t max_bytes);
  /// Takes what was read into what is known of the file; false where the generation ends before.
  [[nodiscard]] expected<bool> take(place& at, const chunk& out);
  /// A chunk, nothing for now, or nothing because the place changed (`again`).
  expected<std::optional<chunk>> step(std::size_t max_bytes, bool& again);
  /// No file is there yet: all has been read, which is said once.
  std::optional<chunk> nothing_yet();
  /// `was_at_end`: all that was seen of it before was read, to the end of a line.
  expected<void> was_cut_off(bool was_at_end);
  /// Has the next generation begin: nobody has more of this one.
  [[nodiscard]] expected<void> give_up(std::int64_t generation);
  /// Goes on with the next generation where this one ends here; returns whether it does.
  [[nodiscard]] bool leave(const place& at);

  std::string pattern_;
  wants wanted_;
  std::shared_ptr<generations> files_;
  bool assigned_ = false;
  position next_{};
  position delivered_{};  // `to` of the last chunk: next_, or the end of the generation before
  std::optional<place> place_;
  bool end_said_ = false;  // caught_up was told since the last record

  std::shared_ptr<file_watch> watch_;
  int watched_ = -1;  // its number for the file at place_
};

}  // namespace millrace::source
