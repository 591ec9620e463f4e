// Judges a library before the process loads it: whoever may write to the file, or to a folder above it, has code run as this user. All
// that load a library while they run ask here.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <vector>

namespace millrace {

/// Returns the file's own path, without links, which is to be loaded. It and all folders above it belong to this user, to root or to the
/// owner of the binary, and nobody else may write to them; a folder of root's with the sticky bit, such as /tmp, may be
/// written to. Who may write to the binary, or to a folder above it, can exchange it anyway: its group and these folders
/// are not judged. User errors: no file (ec::not_found), and others may write (ec::refused), with the place, its owner and the remedy.
[[nodiscard]] expected<std::string> trusted_library(const std::string& path,
                                                    const std::string& binary = "/proc/self/exe");

/// Returns the folders of millrace's own libraries: `lib` beside the binary of a build, and that of an installation.
[[nodiscard]] std::vector<std::string> own_library_folders();

/// Returns what dlopen() is to be given for a name or a path: a bare name is looked for in own_library_folders(), and stays as it is where
/// none has it; all else has to be a trusted_library().
[[nodiscard]] expected<std::string> library_to_load(const std::string& name);

/// Returns where dlopen() would find a bare name first: in these folders, in this order. The name itself where none has it: then the
/// system's folders do.
[[nodiscard]] std::string library_in(const std::vector<std::string>& folders, const std::string& name);

}  // namespace millrace
