#include "tests/simulation/verdict.hpp"

#include "runtime/expression/formats/time_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::simulation {
namespace {

namespace json = boost::json;
using wrong = std::optional<std::string>;

std::string first_few(const std::vector<std::string>& lines) {
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(lines.size(), 4); ++i)
    out += "\n    " + lines[i];
  return out;
}

wrong differ(const std::string& what, std::vector<std::string> have, const std::vector<std::string>& want) {
  std::sort(have.begin(), have.end());
  if (have == want)
    return std::nullopt;
  std::vector<std::string> more, less;
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(), std::back_inserter(more));
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(), std::back_inserter(less));
  return fmt::format("{}: {} rows, expected {}\n  not expected: {}{}\n  missing: {}{}", what, have.size(),
                     want.size(), more.size(), first_few(more), less.size(), first_few(less));
}

struct updated_row {
  std::string row;  // as the window gave it
  std::int64_t batch = 0;
  bool removed = false;
};

updated_row updated_row_of(const std::string& line) {
  auto at = line.rfind(",\"batch\":");
  updated_row out;
  out.batch = std::stoll(line.substr(at + 9));
  if (const auto change = line.rfind(",\"change\":\""); change != std::string::npos) {
    out.removed = line.compare(change + 11, 6, "delete") == 0;
    at = change;
  }
  out.row = line.substr(0, at) + "}";
  return out;
}

std::string group_of(const std::string& row) {
  const auto parsed = json::parse(row);
  const auto& o = parsed.as_object();
  return json::serialize(json::array{o.contains("u") ? o.at("u") : json::value("all"), o.at("window_start"),
                                     o.at("window_end")});
}

wrong judge_updates(const std::string& sink, const memory_target& target,
                    const std::vector<std::string>& want) {
  std::map<std::string, std::string> newest;
  std::map<std::string, std::int64_t> counts;  // grow whenever a row has changed
  std::uint64_t batch = 0;
  for (const auto& c : target.commits) {
    if (c.batch != ++batch)
      return fmt::format("{}: batch {} came where {} was due", sink, c.batch, batch);
    std::set<std::string> groups;
    for (const auto& line : c.rows) {
      const auto [row, number, removed] = updated_row_of(line);
      if (number != static_cast<std::int64_t>(batch))
        return fmt::format("{}: a row of batch {} lies in commit {}: {}", sink, number, batch, row);
      auto group = group_of(row);
      if (removed) {
        if (newest.erase(group) == 0 || !groups.empty())
          return fmt::format("{}: batch {} takes back what is not there, or late: {}", sink, batch, row);
        counts.erase(group);
        continue;
      }
      if (!groups.insert(group).second)
        return fmt::format("{}: batch {} holds {} twice", sink, batch, group);
      const auto n = json::parse(row).at("n").as_int64();
      if (n <= counts[group])
        return fmt::format("{}: batch {} holds a row that has not changed: {}", sink, batch, row);
      counts[group] = n;
      newest[std::move(group)] = row;
    }
  }
  std::vector<std::string> have;
  for (const auto& [group, row] : newest)
    have.push_back(row);
  return differ(sink + ", newest of each group", std::move(have), want);
}

/// Windows in the order of their ends, each in one piece, its rows by n.
wrong judge_order(const std::string& sink, const std::vector<std::string>& rows) {
  json::value before;
  for (const auto& line : rows) {
    auto row = json::parse(line);
    if (!before.is_null() && row.at("window_end").is_string()) {
      const auto& a = before.at("window_end").as_string();
      const auto& b = row.at("window_end").as_string();
      if (expression::parse_timestamp(b).value() < expression::parse_timestamp(a).value())
        return fmt::format("{}: the window that ends at {} comes after the one at {}", sink, b.c_str(),
                           a.c_str());
      if (a == b && row.at("n").as_int64() > before.at("n").as_int64())
        return fmt::format("{}: not in order by n: {}", sink, line);
    }
    before = std::move(row);
  }
  return std::nullopt;
}

/// A shard may leave an idle partition out, or hear of one late; what then comes too late is counted there.
wrong judge_loosely(const std::vector<std::string>& have, const std::vector<std::string>& want,
                    std::uint64_t late_at_shard) {
  std::map<std::string, std::int64_t> most;
  std::int64_t missing = 0;
  for (const auto& line : want) {
    const auto n = json::parse(line).at("n").as_int64();
    most[group_of(line)] = n;
    missing += n;
  }
  std::set<std::string> seen;
  for (const auto& line : have) {
    const auto group = group_of(line);
    const auto n = json::parse(line).at("n").as_int64();
    if (!seen.insert(group).second)
      return "rows: " + group + " came twice";
    if (!most.contains(group) || n > most[group])
      return "rows: more than there is: " + line;
    missing -= n;
    most[group] -= n;
  }
  if (missing == static_cast<std::int64_t>(late_at_shard))
    return std::nullopt;
  auto text =
      fmt::format("rows: {} records are missing, and {} were counted late at shards", missing, late_at_shard);
  for (const auto& [group, n] : most)
    if (n != 0)
      text += fmt::format("\n  {} of {}", n, group);
  return text;
}

wrong judge_dead(const expectation& want, const memory_target& dead) {
  std::set<std::tuple<std::string, std::string, std::int64_t>> have;
  std::vector<std::string> refused;
  for (const auto& line : dead.rows()) {
    const auto row = json::parse(line);
    const std::string stage(row.at("stage").as_string());
    if (stage != "parsed" && stage != "elements") {
      refused.emplace_back(row.at("record").as_string());
      continue;
    }
    const std::string partition(row.at("partition").as_string());
    if (!have.insert({stage, partition, row.at("position").as_int64()}).second)
      return "a dead letter twice: " + line;
  }
  if (have != want.dead) {
    std::string text = fmt::format("{} dead letters, expected {}", have.size(), want.dead.size());
    for (const auto& [stage, partition, position] : have)
      if (!want.dead.contains({stage, partition, position}))
        text += fmt::format("; not expected: {} {} {}", stage, partition, position);
    for (const auto& [stage, partition, position] : want.dead)
      if (!have.contains({stage, partition, position}))
        text += fmt::format("; missing: {} {} {}", stage, partition, position);
    return text;
  }
  return differ("refused rows among the dead letters", std::move(refused), want.refused);
}

wrong judge_ledger(const scenario& s, const expectation& want, const json::object& stages) {
  const auto count = [](const json::object& o, std::string_view name) {
    return o.at(name).to_number<std::uint64_t>();
  };
  for (const auto& [name, entry] : stages) {
    const auto& o = entry.as_object();
    const auto sum = count(o, "out") + count(o, "filtered") + count(o, "late") + count(o, "dead_letters");
    if (count(o, "in") != sum)
      return fmt::format("ledger of {}: {}", std::string_view(name), json::serialize(o));
  }
  for (const auto& [stage, in] : want.in)
    if (count(stages.at(stage).as_object(), "in") != in)
      return fmt::format("ledger: {} took in {}, expected {}", stage,
                         count(stages.at(stage).as_object(), "in"), in);
  auto dead = count(stages.at("parsed").as_object(), "dead_letters");
  if (s.unnests)
    dead += count(stages.at("elements").as_object(), "dead_letters");
  if (dead != want.dead.size())
    return fmt::format("ledger: {} dead letters, expected {}", dead, want.dead.size());
  if (s.window && count(stages.at("window").as_object(), "late") != want.late)
    return fmt::format("ledger: {} late, expected {}", count(stages.at("window").as_object(), "late"),
                       want.late);
  return std::nullopt;
}

}  // namespace

wrong judge(const scenario& s, memory_targets& targets, const config::topology& topology,
            const std::optional<std::string>& report) {
  const auto want = expect(s);
  const auto stages = report ? json::parse(*report).at("stages").as_object() : json::object();
  std::uint64_t late_at_shard = 0;
  for (const auto& [_, entry] : stages)
    if (const auto* const late = entry.as_object().if_contains("late_at_shard"))
      late_at_shard += late->to_number<std::uint64_t>();
  if (late_at_shard != 0 && !s.loose)
    return fmt::format("{} records late at a shard, although nothing can be", late_at_shard);
  const bool updates = s.window && (s.behind ? s.behind->every : s.window->every).has_value();
  for (const auto& stage : topology.stages) {
    if (stage.kind != config::stage_kind::sink)
      continue;
    const auto& target = targets[stage.name];
    const auto found = want.rows.find(stage.name);
    const auto expected = found == want.rows.end() ? std::vector<std::string>{} : found->second;
    const bool of_window = stage.name == "rows" || stage.name == "more";
    wrong difference;
    if (of_window && updates)
      difference = judge_updates(stage.name, target, expected);
    else if (stage.name == "more" && s.loose) {
      std::vector<std::string> many;
      for (const auto& line : targets["rows"].rows())
        if (json::parse(line).at("n").as_int64() >= 2)
          many.push_back(line);
      std::sort(many.begin(), many.end());
      difference = differ("more", target.rows(), many);
    } else if (of_window && s.loose && !report)
      continue;  // the report has the number of records that were late at shards
    else if (of_window && s.loose)
      difference = judge_loosely(target.rows(), expected, late_at_shard);
    else
      difference = differ(stage.name, target.rows(), expected);
    if (!difference && stage.name == "rows" && s.ordered)
      difference = judge_order(stage.name, target.rows());
    if (difference)
      return difference;
  }
  if (auto difference = judge_dead(want, targets["dead_letters"]))
    return difference;
  return report ? judge_ledger(s, want, stages) : std::nullopt;
}

}  // namespace millrace::simulation
