// Declares what the parquet sink asks of the place where readers find a table: a folder of this machine, of
// HDFS, or a prefix in an S3 bucket. Only whole files get there. Names are relative to the table, with '/'
// between folders. Calls block; one thread makes them.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::storage {

/// Reads a published file in parts.
class stored_file {
public:
  virtual ~stored_file() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Returns fewer bytes than asked for only at the file's end.
  [[nodiscard]] virtual expected<std::string> read(std::uint64_t offset, std::uint64_t length) = 0;
};

class table_folder {
public:
  virtual ~table_folder() = default;

  struct whole_file_here {
    std::filesystem::path path;
    std::string visible;
  };
  /// Gives whole files of this machine their visible names there, making folders, never over another file;
  /// then they are gone here. One that has gone was published before: not an error. After an error some may
  /// be published, and the call may be repeated, by a later life too.
  [[nodiscard]] virtual expected<void> publish(const std::vector<whole_file_here>& files) = 0;
  /// Lets published names survive a loss of power; `folders` are those that got one ("" is the table itself).
  [[nodiscard]] virtual expected<void> sync(const std::vector<std::string>& folders) = 0;

  struct upload {
    std::filesystem::path path;  // a path on this machine
    std::string hidden;
  };
  /// Copies whole files to another machine, under names that readers leave out. The copies are durable then,
  /// and the files still here.
  [[nodiscard]] virtual expected<void> upload_hidden(const std::vector<upload>& /*files*/) {
    return our_error("this table has no uploads");
  }
  struct hidden_file {
    std::string hidden;
    std::string visible;
  };
  /// Gives uploaded files their visible names, never over another file. One that has gone was revealed before: not an
  /// error. The call may be repeated, by several lives at once too.
  [[nodiscard]] virtual expected<void> reveal_hidden(const std::vector<hidden_file>& /*files*/) {
    return our_error("this table has no uploads");
  }

  struct entry {
    std::string name;
    bool is_folder = false;
  };
  /// Lists a folder of the table, ordered by name; the list is empty where there is no such folder.
  [[nodiscard]] virtual expected<std::vector<entry>> list(const std::string& folder) = 0;
  /// Removes a file, or an empty folder; one that has gone is not an error.
  [[nodiscard]] virtual expected<void> remove(const std::string& name) = 0;
  [[nodiscard]] virtual expected<std::unique_ptr<stored_file>> open(const std::string& name) = 0;
  /// Returns the name as texts show it; no secret is in it.
  [[nodiscard]] virtual std::string shown(const std::string& name) const = 0;

  /// A place on another machine holds a mark that says whose the table is, because the table's record lies
  /// elsewhere; a local one holds none.
  [[nodiscard]] virtual bool has_mark() const { return false; }
  /// Returns the mark; nothing where there is none.
  [[nodiscard]] virtual expected<std::optional<std::string>> mark() { return std::nullopt; }
  /// Stores the mark. `replace`: over one that is there; else ec::already_exists where another was quicker.
  [[nodiscard]] virtual expected<void> set_mark(const std::string&, bool /*replace*/) { return {}; }
};

/// The mark's name, hidden from readers.
inline constexpr std::string_view mark_name = ".millrace-table";
/// A file's name in the table's folder begins so while the file is being sent there; any number, '-' and the
/// visible name follow. An upload that broke off may leave such a file.
inline constexpr std::string_view hidden_upload = ".millrace-upload-";
/// The suffix of an upload that waits to be revealed, after its visible name: readers that take every key
/// *.parquet for data leave it out as well.
inline constexpr std::string_view waiting_upload = ".waiting";

}  // namespace millrace::storage
