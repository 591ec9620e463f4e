#include "actors/observe/later_rows.hpp"

#include "actors/observe/explainer.hpp"
#include "actors/observe/topology_walk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace millrace::observe {
namespace {

constexpr std::size_t most_names = 5;

}  // namespace

std::string partition_of_log(const config::topology& t, const std::string& log) {
  const auto slash = log.find('/');
  const auto* const parser = t.find(log.substr(0, slash));
  if (slash == std::string::npos || parser == nullptr || parser->from.empty())
    return log;
  const auto name = log.substr(slash + 1);
  if (parser->from.size() == 1)
    return fmt::format("{} of {}", name, parser->from.front().stage);
  for (const auto& from : parser->from)
    if (name.starts_with(from.stage + ":"))
      return fmt::format("{} of {}", name.substr(from.stage.size() + 1), from.stage);
  return log;
}

std::string partitions_text(std::vector<std::string> names, bool is_cut) {
  std::ranges::sort(names, {}, [](const auto& n) { return std::pair(n.size(), n); });
  const auto shown = std::min(names.size(), most_names);
  const auto more = names.size() - shown;
  return fmt::format("{} {}{}", names.size() == 1 ? "partition" : "partitions",
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     more == 0 ? std::string()
                               : fmt::format(" and {}{} more", is_cut ? "at least " : "", more));
}

event_time record_for(const config::topology& t, const config::stage& window, event_time mark) {
  micros delay{0};
  for (const auto& parser : feeders_of(t, window).parsers)
    delay = std::max(delay, std::get<config::parser_plan>(t.find(parser)->plan).watermark_delay);
  return plus(mark, delay);
}

std::string ways_on(std::size_t partitions, event_time record) {
  const auto* const of = partitions == 1 ? "it" : "each of them";
  return fmt::format("{} lets windows go on, and so does a state as new as the targets, or targets as old as "
                     "the state",
                     record.at == end_of_time
                         ? fmt::format("the end of {}", of)
                         : fmt::format("a record at or after {} on {}", time_text(record), of));
}

}  // namespace millrace::observe
