// One schedule: a random interleaving of everything, with crashes, and what must be true at its end.
#include "tests/property/delivery/lane_double.hpp"
#include "tests/property/delivery/scene.hpp"
#include "tests/property/delivery/shard_double.hpp"
#include "tests/property/delivery/sink_double.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::delivery::trial {
namespace {

/// Far more than any schedule needs that gets on.
constexpr int most_steps = 200'000;
constexpr int crash_budgets[] = {0, 3, 10, 40};

void end_lane(scene& s, incarnation id) {
  const auto log = s.lanes[id]->log();
  s.lanes[id]->die();
  s.lanes.erase(id);
  if (s.current[log] == id)
    s.place(log, s.one_in(4));
}

void crash(scene& s) {
  switch (s.random() % 6) {
  case 0:
    return end_lane(s, std::next(s.lanes.begin(), static_cast<int>(s.random() % s.lanes.size()))->first);
  case 1:  // moved: the old lane lives on
    return s.place(s.any_lane().log(), false);
  case 2:
    return s.any_lane().lose_reader();
  case 3:
    return s.any_shard().crash();
  case 4:
    return s.any_sink().crash();
  default:
    return s.any_sink().close();
  }
}

void grow(scene& s, source_log& log) {
  log.there = std::min(log.records.size(), log.there + static_cast<std::size_t>(between(s.random, 1, 5)));
}

/// A shard's other life could decide otherwise, which comes to light only when a sink has a firing that left
/// a partition out, the shard dies before a capture holds it, and the partition has gone on by the next one.
void crash_after_commit(scene& s) {
  for (auto& log : s.logs)
    grow(s, log);
  if (s.one_in(4)) {  // a node takes more with it than one
    for (auto& shard : s.shards)
      if (!s.one_in(4))
        shard->crash();
    return;
  }
  const auto at_stake = std::find_if(s.shards.begin(), s.shards.end(),
                                     [](const auto& shard) { return shard->decision_at_stake(); });
  (at_stake == s.shards.end() ? s.any_shard() : **at_stake).crash();
}

struct crashes_left {
  int anywhere = 0;
  int crashes_after_commit = 0;
};

void step(scene& s, crashes_left& left) {
  if (std::exchange(s.has_committed, false) && left.crashes_after_commit > 0 && s.one_in(2)) {
    --left.crashes_after_commit;
    return crash_after_commit(s);
  }
  const auto act = s.random() % 100;
  if (act < 4) {
    if (left.anywhere > 0) {
      --left.anywhere;
      crash(s);
    }
  } else if (act < 8) {
    if (!s.lagging_captures || s.one_in(8))
      s.any_shard().tick();
  } else if (act < 15) {
    s.any_shard().write_segment();
    if (!s.lagging_captures || s.one_in(8))
      s.any_shard().write_capture();
  } else if (act < 19) {
    const auto log = s.random() % s.logs.size();
    if (!s.logs[log].found && s.one_in(3))
      s.find(log);
    else if (log != s.quiet || s.one_in(6))
      grow(s, s.logs[log]);
  } else if (act < 21) {
    s.tick();
  } else if (act < 33) {
    auto& lane = s.any_lane();
    lane.take_message();
    if (lane.over())
      std::erase_if(s.lanes, [](const auto& l) { return l.second->over(); });
  } else if (act < 47) {
    s.any_lane().read();
  } else if (act < 57) {
    s.any_lane().catch_up();
  } else if (act < 80) {
    s.any_shard().take_message();
  } else if (act < 93) {
    s.any_sink().take_message();
  } else {
    s.any_sink().tick();
  }
}

std::string first_difference(const row_table& have, const row_table& want) {
  for (const auto& [at, row] : want)
    if (const auto found = have.find(at); found == have.end() || found->second != row)
      return fmt::format("window end {} key {}: {} of 1 rows, count {} of {}, sum {} of {}", at.first,
                         at.second, found == have.end() ? 0 : found->second.times,
                         found == have.end() ? 0 : found->second.count, row.count,
                         found == have.end() ? 0 : found->second.sum, row.sum);
  for (const auto& [at, row] : have)
    if (!want.contains(at))
      return fmt::format("window end {} key {} should have no row", at.first, at.second);
  return "none";
}

std::string stuck(const scene& s) {
  std::string out = "stuck:";
  for (std::size_t i = 0; i < s.logs.size(); ++i) {
    if (!s.logs[i].found)
      continue;
    const auto& view = s.lanes.at(s.current[i])->view();
    out +=
        fmt::format("\n  log {}: {} of {} records; lane known {} at {}, attached {}, behind {}, cut {}", i,
                    s.logs[i].there, s.logs[i].records.size(), view.known(), view.at().at.minor,
                    view.attached().size(), view.behind().size(), view.next_cut().value_or(position{}).minor);
    for (std::size_t shard = 0; shard < s.windows.shards; ++shard) {
      const auto& vector = s.shards[shard]->core().in().vector();
      const auto at = vector.find(s.logs[i].name);
      out += at == vector.end() ? "; shard has yet to let it in"
                                : fmt::format("; shard at {}", at->second.at.minor);
    }
  }
  for (const auto& shard : s.shards)
    out += fmt::format(
        "\n  a shard has fired up to {}, sent up to {}, holds {}, retains {} bytes ({} spilled) above "
        "{}, stalled {}",
        shard->core().fired(), shard->core().out().sent().major, shard->core().in().held(),
        shard->core().out().retained_bytes(), shard->core().out().spilled_bytes(),
        shard->core().out().low().major, shard->stalled());
  for (const auto& shard : s.shards)
    for (const auto& [receiver, at] : shard->core().out().acknowledged())
      out += fmt::format("\n  {} has acknowledged {} {}:{}", receiver, shard->core().out().log(), at.major,
                         at.minor == whole ? -1 : at.minor);
  for (const auto& sink : s.sinks)
    out += fmt::format("\n  {}: complete {}", sink->name(), sink->complete());
  for (const auto& sink : s.sinks)
    for (const auto& [log, m] : sink->table().positions)
      out += fmt::format("; {} at {}", log, m.at.major);
  return out;
}

/// Counts what the first level must give by the shards' own account of what they have missed.
std::optional<std::string> settle_missed(const scene& s, expectation& want) {
  stage_counts counts;
  for (std::size_t i = 0; i < s.windows.shards; ++i) {
    const auto& shard = *s.shards[i];
    for (const auto& [at, missed] : shard.windows().missed()) {
      auto& row = want.rows[at];
      row.count -= missed.count;
      row.sum -= missed.sum;
      if (row.count == 0)
        want.rows.erase(at);
    }
    for (const auto& [stage, n] : shard.core().counts().stages())
      counts += n;
    if (shard.core().late_at_shard() != shard.windows().missed_all())
      return fmt::format("late at shard: {} of {}", shard.core().late_at_shard(),
                         shard.windows().missed_all());
  }
  if (counts.late != want.late)
    return fmt::format("ledger differs: late {} of {}", counts.late, want.late);
  return std::nullopt;
}

/// Rows of the first level as the second takes them: of `updates` all that were ever given.
row_table given_to_second(const scene& s, const row_table& first, std::uint64_t& rows,
                          std::uint64_t& filtered) {
  row_table given;
  const auto count = [&](std::int64_t key) {
    ++rows;
    filtered += key == filtered_key;
  };
  if (!s.windows.updates) {
    for (const auto& [at, row] : first)
      count(at.second);
    return first;
  }
  for (const auto& [tick, batch] : s.sinks[0]->table().batches)
    for (const auto& [end, key, n, sum] : batch) {
      count(key);
      auto& row = given[{0, key}];
      row.count += n;
      row.sum += sum;
    }
  return given;
}

std::optional<std::string> check_ledger_of_second(const scene& s, std::uint64_t rows,
                                                  std::uint64_t filtered) {
  ledger counts;
  for (auto [i, end] = s.shards_at(1); i < end; ++i) {
    counts.add(s.shards[i]->core().counts());
    if (s.shards[i]->core().late_at_shard() != 0)
      return "a window's row came too late for the window downstream of it";
  }
  const auto passed = rows - filtered;
  if (counts[select_stage] != stage_counts{.in = rows, .out = passed, .filtered = filtered} ||
      counts[downstream_stage] != stage_counts{.in = passed, .out = passed})
    return fmt::format(
        "ledger differs: {} rows of {} came to the select, {} of {} to the window downstream of it",
        counts[select_stage].in, rows, counts[downstream_stage].in, passed);
  return std::nullopt;
}

std::optional<std::string> check_raw(const scene& s, const target& table) {
  std::uint64_t records = 0;
  for (std::size_t log = 0; log < s.logs.size(); ++log)
    for (std::size_t i = 0; i < s.logs[log].records.size(); ++i, ++records)
      if (const auto at = table.raw.find({static_cast<std::int64_t>(log), static_cast<std::int64_t>(i)});
          at == table.raw.end() || at->second != 1)
        return fmt::format("record {} of log {} is in {} times", i, log,
                           at == table.raw.end() ? 0 : at->second);
  auto counts = table.counts;
  if (counts[raw_stage] != stage_counts{.in = records, .out = records})
    return fmt::format("ledger differs: {} records of {}", counts[raw_stage].in, records);
  return std::nullopt;
}

std::optional<std::string> verdict_of(scene& s) {
  auto want = expected_of(s.windows, s.logs);
  if (auto wrong = settle_missed(s, want))
    return wrong;
  row_table second;
  if (s.behind) {
    std::uint64_t rows = 0;
    std::uint64_t filtered = 0;
    second = expected_downstream(s.behind->plan.definition, given_to_second(s, want.rows, rows, filtered));
    if (auto wrong = check_ledger_of_second(s, rows, filtered))
      return wrong;
  }
  const target* first_of[2] = {};
  for (const auto& sink : s.sinks) {
    const auto& table = sink->table();
    if (&sink - s.sinks.data() == static_cast<std::ptrdiff_t>(s.raw_sink.value_or(s.sinks.size()))) {
      if (auto wrong = check_raw(s, table))
        return wrong;
      continue;
    }
    const auto& rows = sink->level() == 0 ? want.rows : second;
    if (table.rows != rows)
      return fmt::format("{}: {}", sink->name(), first_difference(table.rows, rows));
    auto*& first = first_of[sink->level()];
    first = first ? first : &table;
    if (table.batches != first->batches)
      return fmt::format("{}: its batches are not those of the first sink", sink->name());
  }
  return std::nullopt;
}

bool has_ended(const scene& s) {
  // A shard may have to catch up again with what its sinks have long had, or to learn of a log at all.
  for (std::size_t i = 0; i < s.shards.size(); ++i) {
    const auto& core = s.shards[i]->core();
    if (!core.ended() || (s.level_of(i) == 0 && core.in().vector().size() != s.logs.size()))
      return false;
  }
  return std::all_of(s.sinks.begin(), s.sinks.end(), [](const auto& sink) { return sink->complete(); });
}

}  // namespace

std::optional<std::string> run(std::uint64_t seed, rule broken, interrupted* firings) {
  try {
    scene s(seed, broken);
    crashes_left left{crash_budgets[s.random() % std::size(crash_budgets)],
                      s.idle || s.later ? between(s.random, 0, 6) : 0};
    for (int i = 0; i < most_steps; ++i) {
      step(s, left);
      if (!has_ended(s))
        continue;
      if (firings != nullptr) {
        firings->fired_on += s.fired_on;
        firings->began_amid += s.began_amid;
        firings->ticked_on += s.ticked_on;
        firings->ended_amid_tick += s.ended_amid_tick;
      }
      return verdict_of(s);
    }
    return stuck(s);
  } catch (const fault& f) {
    return f.what();
  }
}

}  // namespace millrace::delivery::trial
