#include "tools/cli/node_folder.hpp"

#include "runtime/base/random.hpp"
#include "runtime/tls/key_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace millrace::cli {

expected<std::string> make_node_folder(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return user_error(ec::io,
                      fmt::format("the folder {} cannot be made: {}; give another one with --state DIR",
                                  folder, failed.message()));
  const auto files = api::files_of_node(folder);
  if (std::filesystem::exists(files.token, failed))
    return api::read_token(files.token);
  auto token = random_id() + random_id();
  return tls::write_whole(files.token, token + "\n", tls::key_mode, false).map([&] {
    return std::move(token);
  });
}

expected<void> write_node_files(const std::string& folder, const std::string& url) {
  return tls::write_whole(api::files_of_node(folder).http, url + "\n", tls::key_mode, true);
}

}  // namespace millrace::cli
