// A model inside the text of a topology, in the place of its file's name: a data URI (RFC 2397) of its bytes,
// packed by gzip. `millrace apply` makes it, since nodes do not have the files of the user who applies a
// topology.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace::model {

inline constexpr std::string_view carried_prefix = "data:application/gzip;base64,";

[[nodiscard]] inline bool is_carried(std::string_view file) { return file.starts_with(carried_prefix); }
/// The same text for the same bytes.
[[nodiscard]] std::string carried(std::string_view bytes);
/// Returns what carried() was given. Errors: the text is cut off or damaged, or inflates to more than most_bytes
/// (read_model.hpp).
[[nodiscard]] expected<std::string> bytes_carried(std::string_view text);
/// A file's name as it is; of a model that is carried what it is, not its thousands of letters.
[[nodiscard]] std::string shown_file(std::string_view file);

}  // namespace millrace::model
