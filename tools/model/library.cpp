#include "tools/model/library.hpp"

#include "tools/sql/loaded_library.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace millrace::model {
namespace {

// The releases whose C interface and JSON are known here.
constexpr int first_major = 1;
constexpr int first_minor = 6;
constexpr int last_major = 3;

constexpr std::string_view remedy =
    "remedy: apt-get install libxgboost0, or set MILLRACE_XGBOOST to a libxgboost.so";

expected<xgboost_api> functions_of(void* library, const std::string& file) {
  xgboost_api api;
  const char* missing = nullptr;
#define MILLRACE_XGBOOST_LOOK_UP(result, name, parameters)                                                   \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, #name));                                    \
  if (!api.name)                                                                                             \
    missing = #name;
  MILLRACE_XGBOOST_FUNCTIONS(MILLRACE_XGBOOST_LOOK_UP)
#undef MILLRACE_XGBOOST_LOOK_UP
  if (missing)
    return user_error(ec::unsupported,
                      fmt::format("{} has no function {}: it is not XGBoost, or not of version "
                                  "{}.{} or later; {}",
                                  file, missing, first_major, first_minor, remedy));
  int major = 0, minor = 0, patch = 0;
  api.XGBoostVersion(&major, &minor, &patch);
  if (major < first_major || (major == first_major && minor < first_minor) || major > last_major)
    return user_error(ec::unsupported,
                      fmt::format("{} is XGBoost {}.{}.{}; millrace trains with {}.{} to {}; {}", file, major,
                                  minor, patch, first_major, first_minor, last_major, remedy));
  return api;
}

}  // namespace

std::vector<std::string> library_candidates(const std::string& chosen) {
  if (chosen.empty())
    return {"libxgboost.so.0", "libxgboost.so"};
  std::error_code failed;
  const std::filesystem::path path(chosen);
  return {std::filesystem::is_directory(path, failed) ? (path / "libxgboost.so").string() : chosen};
}

expected<const xgboost_api*> load_xgboost(const std::string& chosen) {
  static xgboost_api loaded;
  std::string tried;
  ASSIGN_OR_RETURN(const auto found,
                   duckdb::first_loaded<xgboost_api>(library_candidates(chosen), functions_of, tried));
  if (found) {
    loaded = *found;
    return &loaded;
  }
  return user_error(ec::not_found,
                    fmt::format("millrace model train needs libxgboost.so, and there is none; {}; "
                                "all else works without it; tried:{}",
                                remedy, tried));
}

expected<const xgboost_api*> load_xgboost() {
  const char* const chosen = std::getenv("MILLRACE_XGBOOST");
  return load_xgboost(std::string(chosen ? chosen : ""));
}

}  // namespace millrace::model
