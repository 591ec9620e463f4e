// A file inside the text of a topology, in the place of its name: a data URI (RFC 2397) of its bytes, packed by gzip.
// `millrace apply` makes it, since nodes do not have the files of the user who applies a topology.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::data {

inline constexpr std::string_view carried_prefix = "data:application/gzip;base64,";

/// Says of a kind of files what errors tell about one.
struct file_kind {
  std::string_view what;        // "model"
  std::string_view written_by;  // "one that millrace model train or XGBoost has written"
  std::uint64_t most_bytes = 0;
  std::string_view remedy;  // of one that has more: "fewer or less deep trees"
};

[[nodiscard]] inline bool is_carried(std::string_view file) { return file.starts_with(carried_prefix); }
/// The same text for the same bytes.
[[nodiscard]] std::string carried(std::string_view bytes);
/// Returns what carried() was given. Errors: the text is cut off or damaged, or inflates to more than the kind allows.
[[nodiscard]] expected<std::string> bytes_carried(std::string_view text, const file_kind& kind);
/// Reads a file of that name, or what is carried in its place. The caller names the file in front of the error.
[[nodiscard]] expected<std::string> file_or_carried(const std::string& file, const file_kind& kind);
/// Puts the file's name in front of an error about it, or what stands for it.
[[nodiscard]] error about_file(const std::string& file, error e);
/// A file's name as it is; of one that is carried what it is, not its thousands of letters.
[[nodiscard]] std::string shown_file(std::string_view file);

}  // namespace millrace::data
