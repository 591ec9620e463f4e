#include "tools/cli/log_levels.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/layout.hpp"
#include "config/text/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace millrace::cli {
namespace {

using config::stage_kind;
using spdlog::level::level_enum;

constexpr std::array kinds{stage_kind::source, stage_kind::parser, stage_kind::transform,
                           stage_kind::window, stage_kind::join,   stage_kind::sink};

std::optional<level_enum> level_of(std::string_view word) {
  const auto& names = level_names();
  if (std::find(names.begin(), names.end(), word) == names.end())
    return std::nullopt;
  return spdlog::level::from_str(std::string(word));
}

std::string wrong_level(std::string_view word) {
  return fmt::format("\"{}\" is not a level; expected {}, and STAGE=LEVEL behind commas, as in "
                     "info,clicks=debug,kafka=warn{}",
                     word, fmt::join(level_names(), ", "),
                     config::did_you_mean(std::string(word), level_names()));
}

/// Kinds and types, whether or not a topology has such a stage.
std::vector<std::string> words_of_language() {
  std::vector<std::string> out;
  for (const auto kind : kinds) {
    out.emplace_back(config::to_string(kind));
    for (auto& type : config::offered_types(connectors(), kind))
      out.push_back(std::move(type));
  }
  return out;
}

}  // namespace

const std::vector<std::string>& level_names() {
  static const std::vector<std::string> names{"trace", "debug", "info", "warn", "error"};
  return names;
}

expected<log_levels> parse_log_levels(std::string_view text) {
  log_levels out;
  bool others_given = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto item = text.substr(begin, end - begin);
    begin = end + 1;
    const auto equals = item.rfind('=');
    const auto word = equals == std::string_view::npos ? item : item.substr(equals + 1);
    const auto level = level_of(word);
    if (!level)
      return user_error(ec::invalid_argument, wrong_level(word));
    if (equals == std::string_view::npos) {
      if (std::exchange(others_given, true))
        return user_error(
            ec::invalid_argument,
            fmt::format("\"{}\" is the second level for all lines; give one of them a stage, as "
                        "in clicks={}",
                        item, item));
      out.others = *level;
      continue;
    }
    const std::string name(item.substr(0, equals));
    if (name.empty())
      return user_error(ec::invalid_argument,
                        fmt::format("\"{}\" names no stage; expected one, as in clicks{}", item, item));
    if (!out.named.emplace(name, *level).second)
      return user_error(ec::invalid_argument,
                        fmt::format("\"{}\" has two levels; leave one of them out", name));
  }
  return out;
}

expected<std::map<std::string, level_enum>>
levels_of_stages(const log_levels& levels,
                 const std::vector<std::shared_ptr<const config::topology>>& topologies) {
  std::map<std::string, level_enum> out;
  std::vector<std::string> stages;
  const auto set = [&](const std::string& stage, std::string_view kind, const std::string& type) {
    if (std::find(stages.begin(), stages.end(), stage) == stages.end())
      stages.push_back(stage);
    for (const auto& word : {stage, type, std::string(kind)})
      if (const auto at = levels.named.find(word); at != levels.named.end()) {
        out.emplace(stage, at->second);
        return;
      }
  };
  for (const auto& t : topologies) {
    for (const auto& s : t->stages)
      set(s.name, config::to_string(s.kind), s.type);
    set(std::string(deployment::dead_letter_sink), config::to_string(stage_kind::sink),
        t->dead_letters ? t->dead_letters->type : std::string());
  }
  const auto language = words_of_language();
  for (const auto& [name, level] : levels.named) {
    const auto known = [&wanted = name](const std::vector<std::string>& words) {
      return std::find(words.begin(), words.end(), wanted) != words.end();
    };
    if (known(stages) || known(language))
      continue;
    auto all = stages;
    all.insert(all.end(), language.begin(), language.end());
    return user_error(
        ec::invalid_argument,
        fmt::format("--log-level: \"{}\" is not a stage, and no type or kind of stages; the stages "
                    "are {}{}",
                    name, fmt::join(stages, ", "), config::did_you_mean(name, all)));
  }
  return out;
}

}  // namespace millrace::cli
