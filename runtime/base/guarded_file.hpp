// Opens the files that millrace writes under names which others may know beforehand: state, side and data
// files. A link is never followed, a named pipe never waited for, a file of another user's never taken for
// millrace's own. All writers of such files open them here.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace millrace {

/// Says what a file must be, beside regular.
struct file_rule {
  mode_t mode;       // the mode of a new file, less the umask
  bool only_ours;    // another user's is refused wherever it lies; else only where everybody may make files
  bool is_narrowed;  // an older one of ours, opened for writing, gets `mode` as well
};
/// The rule for files that may hold raw data, secrets or positions.
inline constexpr file_rule private_file{0600, true, true};
/// The rule for files that a sink writes for others.
inline constexpr file_rule data_file_rule{0644, false, false};

enum class file_refusal : std::uint8_t { none, link, no_file, other_owner };

struct guarded_file {
  int fd = -1;    // the caller closes it
  int error = 0;  // errno, where the system says no
  file_refusal refusal = file_refusal::none;
};

/// `flags` as open() takes them; O_NOFOLLOW, O_NONBLOCK and O_CLOEXEC come by themselves. O_TRUNC acts after
/// the file has been looked at, so that nothing is emptied that is refused.
[[nodiscard]] guarded_file open_guarded(const std::string& path, int flags, const file_rule& rule);

/// The same judgement of a name that somebody else's library opens: none where nothing is there. A change
/// between the two is not seen.
[[nodiscard]] file_refusal refusal_at(const std::string& path, const file_rule& rule);

/// "PATH: it is a symbolic link, ...", without a remedy. Never called with `none`.
[[nodiscard]] std::string text_of(file_refusal refusal, std::string_view path);

struct file_text {
  std::string bytes;
  mode_t mode = 0;
};
/// Reads a file of this user's own, at most so many bytes of it. User errors: no file (ec::not_found, with retry), another user's, a link.
[[nodiscard]] expected<file_text> read_own_file(const std::string& path, std::size_t most);
/// Likewise one with secrets, whole. User errors, too: others may read it, it is longer.
[[nodiscard]] expected<std::string> read_secret_file(const std::string& path, std::size_t most);
/// The user error of a file with secrets whose mode lets others read it.
[[nodiscard]] expected<void> check_secret_mode(const std::string& path, mode_t mode);

/// Files of this user, and of root, who may do everything anyway.
[[nodiscard]] bool is_trusted_owner(uid_t owner);

}  // namespace millrace
