// The folder of this machine where the hidden files of a table lie while they are being written, with what is
// staged and the record of both: the table's own folder, or one in the state folder where the table is on
// another machine. One thread.
#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::sink {

/// A file that is being written under a hidden name. Dropped without finish(): it stays, part-written.
class new_file {
public:
  virtual ~new_file() = default;
  [[nodiscard]] virtual expected<void> write(std::string_view bytes) = 0;
  /// All that was written is durable (if the folder is), and the file is closed.
  [[nodiscard]] virtual expected<void> finish() = 0;
};

class work_folder {
public:
  /// `durable`: finish() and sync() wait for the disk.
  work_folder(std::filesystem::path path, bool durable) : path_(std::move(path)), durable_(durable) {}

  /// Makes it, where it is missing.
  [[nodiscard]] expected<void> make() const;
  /// A new file; ec::io where one of that name is there.
  [[nodiscard]] expected<std::unique_ptr<new_file>> create(const std::string& name) const;
  /// Names of new files survive a loss of power.
  [[nodiscard]] expected<void> sync() const;
  /// Removes the files whose names begin so.
  [[nodiscard]] expected<void> remove_all(std::string_view beginning) const;
  [[nodiscard]] std::filesystem::path path_of(std::string_view name) const { return path_ / name; }

private:
  std::filesystem::path path_;
  bool durable_;
};

}  // namespace millrace::sink
