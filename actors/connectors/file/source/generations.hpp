// The files that a followed log is made of, one after another: what a path held before and after each
// rotation, or the files of a glob by name. Numbers them, and finds them again after they were renamed,
// copied or compressed: by device and inode, by their head and by what lies in front of the place that was read last.
// The followed reader owns it; its text lies in the state folder.
#pragma once

#include "actors/connectors/file/source/file_match.hpp"
#include "actors/connectors/file/source/recent_bytes.hpp"
#include "runtime/base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

class generations {
public:
  explicit generations(std::string pattern, file_order order = file_order::natural)
      : pattern_(std::move(pattern)), order_(order) {}

  /// First life: the file at the path (or the first of the glob) is generation 0; what lies rotated beside it
  /// already is not part of the log. first() is below 0 afterwards where no such file is there yet.
  [[nodiscard]] expected<void> begin();
  /// Where no file was there yet: returns whether one is now, which is generation 0.
  [[nodiscard]] expected<bool> has_come();
  /// A later life: as text() said.
  [[nodiscard]] expected<void> restore(std::string_view text);
  /// Changes with each generation that is found or lost, and with note_progress().
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t text_version() const { return text_version_; }
  /// Takes into text() what was_read() has said since. Its user does that now and then only: each text is made durable.
  void note_progress() {
    text_ = format_identities(known_);
    ++text_version_;
  }
  [[nodiscard]] bool empty() const { return known_.empty(); }
  /// The lowest generation that is known; below 0 while there is none.
  [[nodiscard]] std::int64_t first() const;

  /// The file that holds generation `number` now, with at least `offset` bytes. ec::log_trimmed when none
  /// does.
  [[nodiscard]] expected<open_file> open(std::int64_t number, std::uint64_t offset);
  /// The generation after `number`; found and added if it is new. None while its file is missing or empty:
  /// until the writer writes there, it may still write here.
  [[nodiscard]] expected<std::optional<std::int64_t>> after(std::int64_t number, const open_file& current);
  /// Returns whether `current` still is generation `number`, which was read up to `offset` and has held
  /// `before`; false when it was cut off and written anew meanwhile. Also takes a longer head where the file
  /// has grown.
  [[nodiscard]] expected<bool> still(std::int64_t number, const open_file& current, std::uint64_t offset,
                                     const recent_bytes& before);
  /// `number` was read up to this place.
  void was_read(std::int64_t number, const file_tail& tail);
  /// open() has found no file: the path's file is the one that was read up to there, and was cut off and
  /// written anew when all that was ever seen of it was read. False where anything beside it is unknown: more
  /// was rotated than this.
  [[nodiscard]] bool was_written_anew(position at);
  /// The file of `number` was cut off and written anew: what it holds now is the next generation.
  [[nodiscard]] expected<void> cut_off(std::int64_t number);
  /// Generation `number` gets no more, and was read to `length`.
  void finished(std::int64_t number, std::uint64_t length);
  /// A finished generation that was read to its end: its file is not needed any more.
  [[nodiscard]] bool nothing_left(position at) const;
  /// Everything below is durable: generations far before it need not be known.
  void forget_below(std::int64_t number);

private:
  [[nodiscard]] file_identity* find(std::int64_t number);
  [[nodiscard]] expected<std::vector<std::string>> names() const;
  [[nodiscard]] expected<std::vector<file_identity>> present() const;
  [[nodiscard]] bool is_known(const file_identity& f);
  /// The generations that is_another() compares with: any other one, or later ones.
  enum class beside : std::uint8_t { any, later };
  [[nodiscard]] bool is_another(const file_identity& f, std::int64_t number, beside which);
  /// Returns whether the file `f` may be what `known` has become under another inode.
  [[nodiscard]] bool may_be_copy(const file_identity& known, const file_identity& f) const;
  /// Finds generations up to `number` again: another reader of this log has noted fewer of them, later.
  void find_up_to(std::int64_t number);
  void add(file_identity f);

  std::string pattern_;
  file_order order_;                  // the order of a glob's files
  std::vector<file_identity> known_;  // sorted by number
  std::string text_;                  // known_ as it was noted last
  std::uint64_t text_version_ = 0;
  file_match match_;
};

}  // namespace millrace::source
