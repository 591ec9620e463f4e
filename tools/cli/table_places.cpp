#include "tools/cli/table_places.hpp"

#include "actors/catalog.hpp"
#include "config/plan.hpp"
#include "tools/cli/topology_arguments.hpp"
#include "tools/table/stage_table.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace millrace::cli {

temporary_folder::temporary_folder() {
  const char* const among = std::getenv("TMPDIR");
  path_ = fmt::format("{}/millrace-sql-XXXXXX", among && *among ? among : "/tmp");
  made_ = ::mkdtemp(path_.data()) != nullptr;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  if (made_)
    std::filesystem::remove_all(path_, ignored);
}

expected<std::vector<duckdb::known_topology>> topologies_as_tables(const std::vector<std::string>& files,
                                                                   const std::vector<std::string>& overlays,
                                                                   const std::vector<std::string>& sets) {
  ASSIGN_OR_RETURN(const auto given, arguments_by_topology(files, overlays, sets));
  std::vector<duckdb::known_topology> out;
  for (const auto& one : given) {
    const auto loaded = config::load({one.file, one.overlays, one.sets}, connectors());
    std::string errors;
    for (const auto& f : loaded.findings)
      if (!f.warning)
        errors += (errors.empty() ? "" : "\n") + config::to_string(f);
    if (!loaded.plan)
      return user_error(ec::invalid_argument, errors);
    out.push_back({loaded.plan->name, table::tables_to_ask(*loaded.plan)});
  }
  return out;
}

}  // namespace millrace::cli
