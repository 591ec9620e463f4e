#include "tools/cli/prepared_runs.hpp"

#include "actors/catalog.hpp"
#include "runtime/base/version.hpp"
#include "tools/cli/conclusion.hpp"
#include "tools/cli/last_command.hpp"
#include "tools/cli/last_words.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/remote/resolved.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace millrace::cli {
namespace {

namespace json = boost::json;

std::string files_of(const topology_arguments& given) {
  auto out = given.file;
  for (const auto& o : given.overlays)
    out += " with " + o;
  return out;
}

}  // namespace

std::string start_text(const config::topology& t, const start& s) {
  std::string sources;
  for (const auto& stage : t.stages)
    if (stage.kind == config::stage_kind::source)
      sources += fmt::format("{}{} ({} {})", sources.empty() ? "" : ", ", stage.name, stage.type,
                             config::traits_of(stage).place);
  return fmt::format("'{}' starts (millrace {}): {}; state in {}, {}; reads {}{}", t.name, version,
                     files_of(s.given), s.folder,
                     s.resumed ? "resumed from " + format_timestamp(*s.resumed) : "new", sources,
                     s.http.empty() ? "" : fmt::format("; status at {}", s.http));
}

json::object start_members(const config::topology& t, const start& s) {
  json::array sources;
  for (const auto& stage : t.stages)
    if (stage.kind == config::stage_kind::source)
      sources.push_back(json::object{
          {"stage", stage.name}, {"type", stage.type}, {"place", config::traits_of(stage).place}});
  json::object out{{"version", version},      {"file", s.given.file}, {"state", s.folder},
                   {"resumed_from", nullptr}, {"http", nullptr},      {"sources", std::move(sources)}};
  if (s.resumed)
    out["resumed_from"] = format_timestamp(*s.resumed);
  if (!s.http.empty())
    out["http"] = s.http;
  return out;
}

std::optional<event_micros> last_written(const std::string& folder) {
  if (!is_state_folder(folder))
    return std::nullopt;
  std::optional<event_micros> newest;
  std::error_code failed;
  for (auto at = std::filesystem::recursive_directory_iterator(folder, failed);
       !failed && at != std::filesystem::recursive_directory_iterator(); at.increment(failed)) {
    std::error_code gone;
    const auto written = at->last_write_time(gone);
    if (gone)
      continue;
    const auto since = std::chrono::file_clock::to_sys(written).time_since_epoch();
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
    newest = newest ? std::max<event_micros>(*newest, micros) : micros;
  }
  return newest;
}

expected<void> prepare(prepared_runs& to, const std::shared_ptr<const config::topology>& t,
                       const std::string& folder, const topology_arguments& given,
                       const std::vector<std::string>& secrets, const run_settings& settings) {
  const noted_work what(fmt::format("opening the state folder {}", folder));
  const auto written = settings.fresh ? std::nullopt : last_written(folder);
  given_topology of{t, {}, command_text(given, secrets)};
  if (auto text = remote::resolved_text({given.file, given.overlays, given.sets}, connectors(), *t))
    of.text = std::move(*text);
  ASSIGN_OR_RETURN(auto opened, topology_run::open(std::move(of), folder, settings));
  // A start that found no input leaves a folder, too.
  start begins{given, folder, opened->goes_on() ? written : std::nullopt};
  if (opened->was_finished()) {
    spdlog::info("topology '{}' has ended in {}; nothing {}is left to do (--fresh runs it again)", t->name,
                 folder, files_of(*t).empty() ? "" : "new in " + files_of(*t) + ", nothing ");
    to.status = std::max(to.status, conclude(*opened, to.fail_on));
  } else {
    to.all.push_back(std::move(opened));
    to.starts.push_back(std::move(begins));
  }
  return {};
}

}  // namespace millrace::cli
