// Which files a source reads, and how a file is known again: by device and inode, and by a fingerprint of its
// head. The texts made here lie in the state folder, so their form is a contract:
//   one line a file:  NUMBER DEVICE INODE LENGTH HEAD_LENGTH HEAD_HASH PATH   (PATH to the end of the line, %
//   LF CR as %25 %0A %0D)
#pragma once

#include "actors/source/file/byte_stream.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

struct file_identity {
  std::int64_t number = 0;  // ordinal in the list, or generation: a position's major; below 0: not read
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t length = 0;       // bytes in the file; 0 where it may grow
  std::uint32_t head_length = 0;  // how many of the first bytes the hash is of
  std::uint64_t head_hash = 0;
  std::string path;
  friend bool operator==(const file_identity&, const file_identity&) = default;
};

/// Bytes of a file's head that tell it from another.
inline constexpr std::uint32_t head_bytes = 1024;

/// The files of a path or glob, by name (bytes compared). fault::user when there is none, or a folder.
[[nodiscard]] expected<std::vector<std::string>> list_files(const std::string& pattern);
[[nodiscard]] bool is_glob(const std::string& pattern);

/// The head is that of the file's own bytes.
[[nodiscard]] expected<file_identity> identify(const std::string& path);
/// The head is that of the content, inflated: a rotated file that was compressed is still known.
[[nodiscard]] expected<file_identity> identify_content(const std::string& path);
/// Length and hash of the first bytes, up to `size`, of the content.
struct file_head {
  std::uint32_t length = 0;
  std::uint64_t hash = 0;
  friend bool operator==(const file_head&, const file_head&) = default;
};
[[nodiscard]] expected<file_head> content_head(const open_file& file, std::uint32_t size);

[[nodiscard]] std::string format_identities(const std::vector<file_identity>& files);
/// ec::corrupt when the text is none of ours.
[[nodiscard]] expected<std::vector<file_identity>> parse_identities(std::string_view text);
/// What a bounded log's files must be after a restart; the text names the first difference and the remedy.
[[nodiscard]] expected<void> compare_identities(const std::vector<file_identity>& stored,
                                                const std::vector<file_identity>& now);

}  // namespace millrace::source
