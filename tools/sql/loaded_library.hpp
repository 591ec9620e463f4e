// Loads a library while the process runs, which it keeps. `millrace model` loads XGBoost by it, too.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/trusted_library.hpp"

#include <fmt/format.h>

#include <dlfcn.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::duckdb {

/// Returns the functions of the first candidate that can be loaded, or nothing, and then `tried` has a line for each. An
/// error of `functions_of(library, candidate)` ends the search: a library that is another one is not passed over, nor is one that others
/// may change. A bare name is looked for in millrace's own folders, then where the system looks.
template<class Api, class F>
[[nodiscard]] expected<std::optional<Api>> first_loaded(const std::vector<std::string>& candidates,
                                                        F&& functions_of, std::string& tried) {
  for (const auto& candidate : candidates) {
    auto path = library_to_load(candidate);
    if (!path && path.error().code == ec::not_found) {
      tried += fmt::format("\n  {}", path.error().message);
      continue;
    }
    if (!path)
      return unexpected(std::move(path.error()));
    void* const library = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      tried += fmt::format("\n  {}", dlerror());
      continue;
    }
    expected<Api> api = functions_of(library, candidate);
    if (!api)
      return unexpected(std::move(api.error()));
    return std::optional<Api>(std::move(*api));
  }
  return std::optional<Api>();
}

}  // namespace millrace::duckdb
