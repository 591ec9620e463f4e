#include "actors/connectors/parquet/sink/loaded_arrow.hpp"

#include <fmt/format.h>

#include <dlfcn.h>
#include <filesystem>

namespace millrace::sink {
namespace {

/// Returns the folders of the binary's run path, as tools/CMakeLists.txt sets it.
std::string looked_in() {
  std::error_code failed;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path().string();
  return fmt::format("{0}/lib, {0}/" MILLRACE_PRIVATE_LIBRARIES " and the system's folders", beside);
}

}  // namespace

expected<const parquet_module::functions*> load_arrow(const std::string& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const std::string why = dlerror();
    return user_error(
        ec::unsupported,
        fmt::format(
            "Parquet needs {}, which cannot be loaded: {} (looked for in {}); remedy: install "
            "millrace whole, or, for a build of your own, run tools/arrow, then configure and build again",
            file, why, looked_in()));
  }
  const auto functions = reinterpret_cast<parquet_module::border*>(dlsym(library, MILLRACE_PARQUET_BORDER));
  if (functions == nullptr)
    return user_error(ec::unsupported,
                      fmt::format("{} is of another millrace than this process: it has no function {}; "
                                  "remedy: start the process again where millrace was upgraded, else "
                                  "install millrace whole",
                                  file, MILLRACE_PARQUET_BORDER));
  return functions();
}

}  // namespace millrace::sink
