#include "tools/cli/prepared_runs.hpp"

#include "tools/cli/conclusion.hpp"
#include "tools/cli/last_command.hpp"
#include "tools/cli/last_words.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::cli {

expected<void> prepare(prepared_runs& to, const std::shared_ptr<const config::topology>& t,
                       const std::string& folder, const topology_arguments& given,
                       const std::vector<std::string>& secrets, const run_settings& settings) {
  const doing what(fmt::format("opening the state folder {}", folder));
  start begins{given, folder, settings.fresh ? std::nullopt : last_written(folder, t)};
  auto opened = topology_run::open(t, folder, settings);
  if (!opened)
    return unexpected(opened.error());
  if (const auto kept = remember_command(*(*opened)->store(), given, secrets); !kept)
    return unexpected(kept.error());
  if ((*opened)->was_finished()) {
    spdlog::info("topology '{}' has come to its end in {}; nothing {}is left to do (--fresh runs it again)",
                 t->name, folder, files_of(*t).empty() ? "" : "new in " + files_of(*t) + ", nothing ");
    to.status = std::max(to.status, conclude(**opened, to.fail_on));
  } else {
    to.all.push_back(std::move(*opened));
    to.starts.push_back(std::move(begins));
  }
  return {};
}

}  // namespace millrace::cli
