// A file that rows are appended to, and that is cut back to what was committed. Used under the side file's
// lock. It looks at its path before it writes: a file that was removed, replaced or shortened by others is an
// error, never a silent loss.
#pragma once

#include "actors/stream/sink/files/side_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace millrace::sink {

/// Rows are gathered up to this size before they are written; a commit writes what there is.
inline constexpr std::size_t write_size = 1 << 20;

/// The hidden file beside a target: FOLDER/.millrace-NAME.
[[nodiscard]] std::filesystem::path side_path(const std::filesystem::path& target);
/// Makes the folders above the target.
[[nodiscard]] expected<void> make_folder_of(const std::filesystem::path& target);
/// Gives a finished file its visible name, but never over another file: ec::already_exists.
[[nodiscard]] expected<void> reveal(const std::filesystem::path& from, const std::filesystem::path& to);
/// An error, which names `path`, may leave a part of it there.
[[nodiscard]] expected<void> write_all(const descriptor& to, std::string_view bytes,
                                       const std::filesystem::path& path);

class data_file {
public:
  data_file() = default;
  /// Opens it; makes it where it is missing. `made` says which. A link is refused, and so is what another
  /// user has laid there.
  [[nodiscard]] static expected<data_file> open(std::filesystem::path path, bool& made,
                                                const file_rule& rule = data_file_rule);

  /// Its length now. ec::not_found or mismatch when the path leads to another file or none.
  [[nodiscard]] expected<std::uint64_t> length() const;
  /// Appends everything. An error may leave a part of it there.
  [[nodiscard]] expected<void> append(std::string_view bytes);
  [[nodiscard]] expected<void> cut(std::uint64_t length);
  [[nodiscard]] expected<void> sync() const;
  /// The byte before `length` ends a line, or there is none.
  [[nodiscard]] bool ends_line(std::uint64_t length) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
  descriptor fd_;
};

}  // namespace millrace::sink
