// The files that a followed log is made of: what a path held before and after each rotation, or the files of a glob.
// A file is known by its content (its head, and the bytes in front of the place that was read last), whatever its
// name, inode and device are by now: renamed, copied, packed, or replaced by a longer copy. A name whose file has
// another content is a new file. Numbers its parts as generations, and finds them again.
// All readers of a life of a lane share one, so that a number means the same to each of them: any thread may call.
// Its text lies in the state folder.
#pragma once

#include "actors/connectors/file/source/file_match.hpp"
#include "actors/connectors/file/source/generation_list.hpp"
#include "actors/connectors/file/source/present_file.hpp"
#include "actors/connectors/file/source/recent_bytes.hpp"
#include "runtime/base/ids.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millrace::source {

/// A file that was left is looked at for this long after its last growth, where its name is no longer one of the log's.
inline constexpr std::chrono::microseconds default_late_writes = std::chrono::minutes(1);

class generations {
public:
  using moment = std::chrono::steady_clock::time_point;

  /// `note_gap` is called where lines were lost, or may have been, on the thread that finds it.
  explicit generations(
      std::string pattern, file_order order = file_order::natural,
      std::chrono::microseconds late_writes = default_late_writes, std::function<void()> note_gap = [] {})
      : pattern_(std::move(pattern)), several_(is_glob(pattern_)), order_(order), late_writes_(late_writes),
        note_gap_(std::move(note_gap)) {}

  /// First life, where nothing is known yet: the file at the path (or the first of the glob) is generation 0; what lies
  /// rotated beside it already is not part of the log. first() is below 0 afterwards where no such file is there yet.
  [[nodiscard]] expected<void> begin();
  /// Where no file was there yet: returns whether one is now, which is generation 0.
  [[nodiscard]] expected<bool> has_come();
  /// A later life: as text() said. It counts once, however many readers share this.
  [[nodiscard]] expected<void> restore(std::string_view text);
  /// Changes with each generation that begins or ends, and with note_progress().
  [[nodiscard]] std::string text();
  [[nodiscard]] std::uint64_t text_version() const;
  /// Takes into text() how far was read since. Its user does that now and then only: each text is made durable.
  void note_progress();
  /// The beginning of the first generation that is known; its major is below 0 while there is none.
  [[nodiscard]] position first() const;
  [[nodiscard]] bool is_glob_pattern() const { return several_; }

  struct opened {
    open_file file;
    std::optional<std::uint64_t> to;  // all readers leave the generation here
    bool takes_rest = false;          // its unterminated last line is a record
  };
  /// The file that holds generation `number` now, with at least `offset` bytes. ec::log_trimmed when none
  /// does.
  [[nodiscard]] expected<opened> open(std::int64_t number, std::uint64_t offset);

  enum class next : std::uint8_t {
    none,   // until a writer writes elsewhere, it may still write here
    later,  // there is a later generation
    moved,  // the content goes on in another file: this one is to be opened again
  };
  /// Asked at the end of `current`, which holds generation `number`: looks for files that are new, and for those that
  /// have grown since they were left. The cost of a look over many files bounds how often there is one.
  [[nodiscard]] expected<next> after(std::int64_t number, const open_file& current, moment now);
  /// Returns whether the unterminated last line is a record when the generation is left: nobody will end it.
  [[nodiscard]] bool takes_rest(std::int64_t number, const open_file& current) const;
  /// Returns whether `current` still is generation `number`, which was read up to `offset` and has held
  /// `before`; false when it was cut off and written anew meanwhile. Also takes a longer head where the file
  /// has grown.
  [[nodiscard]] expected<bool> still(std::int64_t number, const open_file& current, std::uint64_t offset,
                                     const recent_bytes& before);
  /// `number` was read up to `end`; `tail`: of the content in front of that, where it is known. False: it ends before,
  /// since another reader has left it.
  [[nodiscard]] bool was_read(std::int64_t number, std::uint64_t end, const std::optional<file_tail>& tail);
  /// Where there is a later generation, ends this one; returns the position from which reading goes on. None: it ends
  /// elsewhere, as another reader has come further or has left it. `seen`: bytes of it that were read, also of a line
  /// that has not ended.
  [[nodiscard]] std::optional<position> leave(std::int64_t number, std::uint64_t end, std::uint64_t seen,
                                              const open_file* current, moment now);
  /// open() has found no file: the one in its place is the one that was read up to there, and was cut off and
  /// written anew when all that was ever seen of it was read. False where anything beside it is unknown: more
  /// was rotated than this.
  [[nodiscard]] bool was_written_anew(position at);
  /// The file of `number` was cut off and written anew: what it holds now is another file of the log, in a later
  /// generation. What it held in front of that may be lost.
  [[nodiscard]] expected<void> cut_off(std::int64_t number);
  /// The position behind a generation that was read to its end, whose file is not needed any more; none where it is.
  [[nodiscard]] std::optional<position> nothing_left(position at) const;
  /// Everything below is durable: files far before it need not be known.
  void forget_below(std::int64_t number);

private:
  struct known_file {
    file_identity id;       // its length is where it was left; number below 0: it is no part of the log
    stamp written{};        // when it was compared last; not kept
    bool is_there = false;  // as the last look has it
    moment watched_to{};    // it was left: growth is looked for until then, wherever it is
    bool rest_is_due = false;
  };
  /// The generations that is_another() compares with: any other file, or later ones.
  enum class beside : std::uint8_t { any, later };

  [[nodiscard]] known_file* file(std::int64_t number);
  [[nodiscard]] const known_file* file(std::int64_t number) const;
  [[nodiscard]] known_file* file_of(std::int64_t generation);
  [[nodiscard]] const known_file* file_of(std::int64_t generation) const;
  /// It is part of the log, and no reader waits for more in it.
  [[nodiscard]] bool is_left(const known_file& k) const;
  [[nodiscard]] static bool is_here(const known_file& k, const present_file& p);

  /// The files that may be parts of the log: those of a glob, or what lies rotated beside a path and, last, the path.
  [[nodiscard]] expected<std::vector<present_file>> present();
  void find_live();
  [[nodiscard]] static expected<std::optional<file_identity>> identified(const std::string& path);
  [[nodiscard]] bool may_be_copy(const known_file& k, const std::string& path) const;
  /// The known files that one at `path` may be a copy of, by its name.
  [[nodiscard]] std::vector<known_file*> candidates(const std::string& path);
  [[nodiscard]] bool is_another(const file_identity& f, std::int64_t number, beside which);
  [[nodiscard]] bool is_known(const file_identity& f);
  /// Returns whether the file still is the one of this inode that is known.
  [[nodiscard]] bool holds(known_file& k, const present_file& p);

  /// A look: files of this inode.
  using by_inode = std::unordered_multimap<std::uint64_t, std::size_t>;
  struct found {
    std::vector<std::size_t> grown;                            // indices of known files
    std::vector<std::pair<std::size_t, file_identity>> fresh;  // by index of the strangers
  };
  [[nodiscard]] expected<void> look(moment now);
  [[nodiscard]] expected<bool> is_quiet(const open_file& current, moment now);
  /// Gives the present files that are none of the known ones by their inode.
  [[nodiscard]] std::vector<present_file> strangers(std::vector<present_file> here, found& out);
  void find_moved(std::vector<present_file>& strange, found& out, moment now);
  [[nodiscard]] expected<void> take_strangers(const std::vector<present_file>& strange, found& out);
  /// The file where it is one that nobody has seen before.
  [[nodiscard]] expected<std::optional<file_identity>> take_stranger(const present_file& p, found& out);
  void is_at(known_file& k, const present_file& p, found& out);
  void note_growth(known_file& k, std::uint64_t size, found& out);
  void note_rests(moment now, found& out);

  [[nodiscard]] const std::string& name_of(const known_file& k) const;
  void moves_to(known_file& k, const std::string& path);
  known_file& add_file(file_identity f);
  /// `is_followed`: another file is added behind it.
  void add(file_identity f, bool is_followed = false);
  [[nodiscard]] static bool ends_with_line(const file_identity& f);
  void changed();
  [[nodiscard]] expected<bool> has_come_now();

  const std::string pattern_;
  const bool several_;  // it is a glob
  std::string live_;    // else the path behind pattern_
  const file_order order_;
  const std::chrono::microseconds late_writes_;
  const std::function<void()> note_gap_;
  mutable std::mutex mutex_;
  std::vector<known_file> files_;  // sorted by number
  std::unordered_multimap<std::string, std::int64_t>
      names_;  // of a glob: the numbers of the files that had this path
  generation_list list_;
  bool is_restored_ = false;
  bool has_progress_ = false;  // since the text before
  std::string text_;           // as it was noted last
  bool is_text_old_ = false;
  std::uint64_t text_version_ = 0;
  moment next_look_{};
  bool is_first_look_ = true;
  file_match match_;
};

}  // namespace millrace::source
