// The names of files and folders: of a state's own files, and of actors and values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::snapshot {

/// The folder of a state's own files has this and the state's id for a name.
inline constexpr std::string_view state_begin = "state-";

/// Returns the folder of the state `state_id` in the state folder `folder`.
[[nodiscard]] std::string state_folder_of(std::string_view folder, std::string_view state_id);

/// Keeps letters, digits, '-' and '_' as they are, and writes everything else as %XX; long names are cut and
/// told apart by their hash. Every file also holds its full name, which is checked.
[[nodiscard]] std::string file_name_of(std::string_view name);
/// Returns the name that file_name_of() has written so; nothing where it was cut, or is none of these.
[[nodiscard]] std::optional<std::string> name_of_file(std::string_view file);

}  // namespace millrace::snapshot
