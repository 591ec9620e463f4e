// A file as it is on disk at the moment of a look, and the names beside it that a rotation makes. Blocks as the file
// system does.
#pragma once

#include "actors/connectors/file/source/byte_stream.hpp"
#include "runtime/base/error.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// Seconds and nanoseconds.
struct stamp {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  friend auto operator<=>(const stamp&, const stamp&) = default;
};

struct present_file {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  stamp written{};
  bool may_be_new = true;  // else it is looked at for a known one alone
  std::string made_of{};   // the name of a glob's file that its own, which does not match, is made of
};

/// None where no file is there; a folder is none.
[[nodiscard]] std::optional<present_file> look_at(const std::string& path);
/// The same of an open file, whatever has its path now.
[[nodiscard]] std::optional<present_file> look_at(const open_file& file);
[[nodiscard]] inline bool is_same_file(const present_file& a, const present_file& b) {
  return a.device == b.device && a.inode == b.inode;
}

/// The name by which the system knows an open file now: renamed, or behind a link.
[[nodiscard]] std::string present_path(const open_file& file);

/// Returns whether `path` is what a program that rotates makes of a file `name`, by digits: NAME.1, NAME-20260101.gz; or
/// is that name.
[[nodiscard]] bool is_rotated_name(std::string_view path, std::string_view name);

/// That of this thread, by which a look at many files says what it costs.
[[nodiscard]] std::chrono::nanoseconds processor_time();

/// Lists a folder once, however many files are looked for beside each other.
class rotated_names {
public:
  /// The paths of what lies beside `path` and begins with its name and a dot or a dash: NAME.1, NAME.2.gz, NAME-20260101;
  /// sorted.
  [[nodiscard]] expected<std::vector<std::string>> of(const std::string& path);

private:
  std::map<std::string, std::vector<std::string>> folders_;  // sorted names
};

}  // namespace millrace::source
