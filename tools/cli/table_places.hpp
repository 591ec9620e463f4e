// The tables that `sql` and `model` read, and the folder for their temporary files.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/sql/sources.hpp"

#include <string>
#include <vector>

namespace millrace::cli {

/// Belongs to this user alone, by a name nobody knows before; goes at the end with all in it. If none can be
/// made, its users say so.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
  bool made_ = false;
};

/// The tables of each topology, with its overlays and values as arguments_by_topology() takes them apart. The
/// error has all that is wrong with them, a line each.
[[nodiscard]] expected<std::vector<duckdb::known_topology>>
topologies_as_tables(const std::vector<std::string>& files, const std::vector<std::string>& overlays,
                     const std::vector<std::string>& sets);

}  // namespace millrace::cli
