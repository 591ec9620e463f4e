#include "actors/connectors/parquet/sink/loaded_arrow.hpp"

#include "runtime/base/trusted_library.hpp"

#include <fmt/format.h>

#include <dlfcn.h>
#include <utility>

namespace millrace::sink {
namespace {

std::string looked_in() {
  return fmt::format("{} and the system's folders", fmt::join(own_library_folders(), ", "));
}

}  // namespace

expected<const parquet_module::functions*> load_arrow(const std::string& file) {
  ASSIGN_OR_RETURN(auto path, library_to_load(file));
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const std::string why = dlerror();
    return user_error(
        ec::unsupported,
        fmt::format(
            "Parquet needs {}, which cannot be loaded: {} (looked for in {}); remedy: install "
            "millrace whole; beside a copied binary put a copy of the folder lib of its build; a build that "
            "has no such folder needs tools/arrow, then configure and build again",
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
