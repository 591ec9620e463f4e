// Lists the files that a source reads, and knows a file again: by device and inode, and by fingerprints of its head
// and of what lies in front of a place in it. The texts made here lie in the state folder, so their form is a contract:
//   one line a file:  NUMBER DEVICE INODE LENGTH HEAD_LENGTH HEAD_HASH SEEN TAIL_END TAIL_HASH PATH   (PATH to the end
//   of the line, % tab LF CR as %25 %09 %0A %0D; behind a tab the NAME that it had first, if that is another), and
//   "done " before it where an earlier run has read it to its end
#pragma once

#include "actors/connectors/file/source/byte_stream.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// Names the partition of a source whose files are one log.
inline constexpr std::string_view whole_log = "0";

/// The bytes in front of a place in the content: they tell files from each other that begin alike.
struct file_tail {
  std::uint64_t end = 0;   // the place; 0: nothing is known
  std::uint64_t hash = 0;  // the hash of the last `tail_bytes` before the end, or of all where it has fewer
  friend bool operator==(const file_tail&, const file_tail&) = default;
};

struct file_identity {
  std::int64_t number = 0;  // ordinal in the list, or generation: a position's major; below 0: not read
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t length = 0;       // bytes in the file; 0 where it may grow
  std::uint32_t head_length = 0;  // the number of first bytes that are hashed
  std::uint64_t head_hash = 0;
  std::uint64_t seen = 0;  // bytes that a followed file had when it was last looked at
  file_tail tail;          // the bytes before the file's end; in a followed file later before the read place
  std::string path;
  std::string name{};  // the path by which it became known, where it has another one by now
  bool done = false;   // an earlier run has read it to its end; a later entry for the same file goes on from
                       // there
  friend bool operator==(const file_identity&, const file_identity&) = default;
};

struct file_head {
  std::uint32_t length = 0;
  std::uint64_t hash = 0;
  friend bool operator==(const file_head&, const file_head&) = default;
};

/// This many bytes of a file's head tell it from another.
inline constexpr std::uint32_t head_bytes = 1024;
/// This many bytes in front of a place tell one content from another: the last lines of a log mostly have a time or a number.
inline constexpr std::uint32_t tail_bytes = 1024;

/// The order in which the files of a glob are one log.
enum class file_order : std::uint8_t {
  natural,   // order of names; numbers in names compare as numbers, so that app.9 comes before app.10
  name,      // order of names; bytes compare
  modified,  // order of modification times, then as natural; a file that appears later is read later
};
/// `text`: one of the option's choices.
[[nodiscard]] file_order file_order_of(std::string_view text);
/// Returns whether a file of name `a` comes before one of name `b`; never by `modified`, where names say
/// nothing.
[[nodiscard]] bool comes_before(std::string_view a, std::string_view b, file_order order);
/// Lists what a glob matches, folders too, in no order; or the path, whether it is there or not.
[[nodiscard]] expected<std::vector<std::string>> names_of(const std::string& pattern);
/// Lists the files of a path or glob, in this order. fault::user when there is none, or a folder.
[[nodiscard]] expected<std::vector<std::string>> list_files(const std::string& pattern, file_order order);
[[nodiscard]] bool is_glob(const std::string& pattern);

/// Identifies a file by the head and the end of its own bytes.
[[nodiscard]] expected<file_identity> identify(const std::string& path);
/// Returns length and hash of the file's own first bytes, up to `size`.
[[nodiscard]] expected<file_head> own_head(const open_file& file, std::uint32_t size);
/// Tells whether the file begins with what was there: it is not shorter than that, its head is the same, and so is
/// what lies in front of where it ended.
[[nodiscard]] expected<bool> goes_on_from(const file_identity& stored, const open_file& file,
                                          std::uint64_t length);
/// Identifies a file by the head of its content, inflated: a rotated file that was compressed is still known. One that
/// is not compressed has its end, too.
[[nodiscard]] expected<file_identity> identify_content(const std::string& path);
/// Returns length and hash of the first bytes, up to `size`, of the content.
[[nodiscard]] expected<file_head> content_head(const open_file& file, std::uint32_t size);

[[nodiscard]] std::string format_identities(const std::vector<file_identity>& files);
/// Reads what format_identities() gave; ec::corrupt when the text is none of ours.
[[nodiscard]] expected<std::vector<file_identity>> parse_identities(std::string_view text);
/// Checks after a restart that a first run's files are what they were, in any order of the lists; the text
/// names the first difference and the remedy.
[[nodiscard]] expected<void> compare_identities(std::vector<file_identity> stored,
                                                std::vector<file_identity> now);

/// Checks likewise for a run that goes on after an earlier one's end: each file holds at least what the run
/// began with. Later bytes are left to the next run.
[[nodiscard]] expected<void> check_still_there(const file_identity& stored);

}  // namespace millrace::source
