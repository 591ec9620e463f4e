// The names in a state folder: the folders of a state and of its contents, and names of actors and values as
// file names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::snapshot {

/// The folder of a state has this and the state's id for a name.
inline constexpr std::string_view state_begin = "state-";

/// Returns the folder of the state `state_id` in the state folder `folder`.
[[nodiscard]] std::string state_folder_of(std::string_view folder, std::string_view state_id);
/// Returns the folder that the store of its chains lies in; `contents` is folder_record::contents.
[[nodiscard]] std::string contents_folder_of(std::string_view folder, std::string_view state_id,
                                             std::string_view contents);

/// Keeps letters, digits, '-' and '_' as they are, and writes everything else as %XX; long names are cut and
/// told apart by their hash. Every file also holds its full name, which is checked.
[[nodiscard]] std::string file_name_of(std::string_view name);
/// Returns the name that file_name_of() has written so; nothing where it was cut, or is none of these.
[[nodiscard]] std::optional<std::string> name_of_file(std::string_view file);

}  // namespace millrace::snapshot
