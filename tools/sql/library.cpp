#include "tools/sql/library.hpp"

#include "tools/sql/loaded_library.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace millrace::duckdb {
namespace {

constexpr std::string_view file_name = "libduckdb.so";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

expected<duckdb_api> functions_of(void* library, const std::string& file) {
  duckdb_api api;
  const char* missing = nullptr;
#define MILLRACE_DUCKDB_LOOK_UP(result, name, parameters)                                                    \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, "duckdb_" #name));                          \
  if (!api.name)                                                                                             \
    missing = "duckdb_" #name;
  MILLRACE_DUCKDB_FUNCTIONS(MILLRACE_DUCKDB_LOOK_UP)
#undef MILLRACE_DUCKDB_LOOK_UP
  if (missing)
    return user_error(ec::unsupported,
                      fmt::format("{} has no function {}: it is not DuckDB, or not of version 1.2 or "
                                  "later; remedy: tools/duckdb, or MILLRACE_DUCKDB=FILE",
                                  file, missing));
  return api;
}

}  // namespace

library_places library_places_here() {
  library_places p;
  p.chosen = variable("MILLRACE_DUCKDB");
  const auto cache = variable("XDG_CACHE_HOME");
  p.cache = !cache.empty() ? cache : variable("HOME") + "/.cache";
  std::error_code failed;
  p.binary = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  return p;
}

std::vector<std::string> library_candidates(const library_places& places) {
  if (!places.chosen.empty()) {
    std::error_code failed;
    const std::filesystem::path chosen(places.chosen);
    return {std::filesystem::is_directory(chosen, failed) ? (chosen / file_name).string() : chosen.string()};
  }
  return {(places.cache / "millrace" / fmt::format("duckdb-{}", duckdb_release) / file_name).string(),
          (places.binary / file_name).string(), std::string(file_name)};
}

expected<const duckdb_api*> load_duckdb(const library_places& places, std::string_view who) {
  static duckdb_api loaded;
  std::string tried;
  auto candidates = library_candidates(places);
  std::erase_if(candidates, [&](const std::string& candidate) {
    std::error_code failed;
    const bool is_missing =
        candidate.find('/') != std::string::npos && !std::filesystem::exists(candidate, failed);
    if (is_missing)
      tried += fmt::format("\n  {}: not there", candidate);
    return is_missing;
  });
  ASSIGN_OR_RETURN(const auto found, first_loaded<duckdb_api>(candidates, functions_of, tried));
  if (found) {
    loaded = *found;
    return &loaded;
  }
  return user_error(
      ec::not_found,
      fmt::format("{} needs libduckdb.so, and there is none; remedy: run tools/duckdb, which "
                  "fetches DuckDB {} into the cache folder, or set MILLRACE_DUCKDB to the file; tried:{}",
                  who, duckdb_release, tried));
}

}  // namespace millrace::duckdb
