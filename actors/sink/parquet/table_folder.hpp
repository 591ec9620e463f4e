// What the parquet sink asks of the place where a table lies; a local folder here, others may follow. Names
// are relative to the table, with '/' between folders. One thread.
#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// A file that is being written under a hidden name. Dropped without finish(): it stays, part-written.
class new_file {
public:
  virtual ~new_file() = default;
  [[nodiscard]] virtual expected<void> write(std::string_view bytes) = 0;
  /// All that was written is durable (if the folder is), and the file is closed.
  [[nodiscard]] virtual expected<void> finish() = 0;
};

class table_folder {
public:
  virtual ~table_folder() = default;
  /// A new file; ec::io where one of that name is there.
  [[nodiscard]] virtual expected<std::unique_ptr<new_file>> create(const std::string& hidden) = 0;
  /// Gives a finished file its visible name, making folders, never over another file. One that has gone was
  /// published before: not an error.
  [[nodiscard]] virtual expected<void> publish(const std::string& hidden, const std::string& visible) = 0;
  /// Published names survive a loss of power; `folders` are those that got one ("" is the table itself).
  [[nodiscard]] virtual expected<void> sync(const std::vector<std::string>& folders) = 0;

  struct entry {
    std::string name;
    bool is_folder = false;
  };
  /// What lies in a folder of the table, ordered by name; nothing where there is none.
  [[nodiscard]] virtual expected<std::vector<entry>> list(const std::string& folder) = 0;
  /// Removes a file, or an empty folder; one that has gone is not an error.
  [[nodiscard]] virtual expected<void> remove(const std::string& name) = 0;
  /// For texts, and for reading a file where the place is a local one.
  [[nodiscard]] virtual std::filesystem::path path_of(const std::string& name) const = 0;
};

/// `durable`: finish() and sync() wait for the disk.
[[nodiscard]] std::unique_ptr<table_folder> local_folder(std::filesystem::path path, bool durable);

}  // namespace millrace::sink
