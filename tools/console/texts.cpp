#include "tools/console/texts.hpp"

#include "runtime/base/visible_text.hpp"
#include "tools/remote/tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace millrace::console {
namespace {

using observe::bytes_text;
using remote::table;
using rows = std::vector<std::vector<std::string>>;

/// Newest commits of a stage that are shown.
constexpr std::size_t shown_commits = 20;

std::string time_text(observe::event_time t) {
  if (t.at == no_watermark)
    return "-";
  return t.at == end_of_time ? "end" : format_timestamp(t.at);
}

std::string number_text(const std::optional<std::uint64_t>& n) { return n ? std::to_string(*n) : "-"; }

std::string rate_text(const std::optional<double>& r) { return r ? fmt::format("{:.1f}/s", *r) : "-"; }

std::string seconds_text(double s) {
  return s < 1 ? fmt::format("{:.1f} ms", s * 1e3) : fmt::format("{:.2f} s", s);
}

std::string missing_text(const std::vector<std::string>& nodes) {
  return nodes.empty() ? std::string()
                       : fmt::format("without {}, which did not answer\n",
                                     visible(fmt::format("{}", fmt::join(nodes, ", "))));
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string text_of(const grid& g, std::string_view empty) {
  return g.rows.empty() ? std::string(empty) : table(g.head, g.rows);
}

grid stages_of(const observe::graph& g) {
  rows stages;
  for (const auto& s : g.stages)
    stages.push_back({visible(s.name), s.kind, visible(s.type), s.state, std::to_string(s.records),
                      rate_text(s.per_second), number_text(s.lag), time_text(s.watermark),
                      std::to_string(s.late), std::to_string(s.dead_letters)});
  return {{"STAGE", "KIND", "TYPE", "STATE", "RECORDS", "RATE", "LAG", "WATERMARK", "LATE", "DEAD"},
          std::move(stages)};
}

std::string text_of(const observe::graph& g) {
  auto out = text_of(stages_of(g), "no stages\n");
  rows edges;
  for (const auto& e : g.edges)
    edges.push_back({visible(e.from), visible(e.to), bytes_text(e.held_bytes)});
  if (!edges.empty())
    out += '\n' + table({"FROM", "TO", "HELD"}, edges);
  if (g.held_up_by)
    out += fmt::format("\nheld up by {}: {}\n", visible(g.held_up_by->stage), visible(g.held_up_by->words));
  if (!g.how_it_ended.empty())
    out += fmt::format("\n{}: {}\n", visible(g.topology), visible(g.how_it_ended));
  return out + missing_text(g.missing);
}

std::string text_of(const observe::explanation& e) {
  auto out = visible(e.summary) + '\n';
  for (const auto& c : e.causes) {
    out += fmt::format("- {} ({})\n", visible(c.text), c.code);
    if (!c.remedy.empty())
      out += fmt::format("  {}\n", visible(c.remedy));
  }
  return out + missing_text(e.missing);
}

grid grid_of(const observe::whole_ledger& l) {
  rows all;
  for (const auto& s : l.stages)
    all.push_back({visible(s.stage), std::to_string(s.in), std::to_string(s.out), std::to_string(s.filtered),
                   std::to_string(s.late), std::to_string(s.dead_letters), std::to_string(s.in_flight),
                   !s.holds   ? "?"
                   : *s.holds ? ""
                              : "UNEQUAL"});
  return {{"STAGE", "IN", "OUT", "FILTERED", "LATE", "DEAD", "IN FLIGHT", ""}, std::move(all)};
}

std::string text_of(const observe::whole_ledger& l) {
  const auto stages = text_of(grid_of(l), "no stages\n");
  return l.holds == true ? stages : stages + visible(observe::verdict_of(l)) + '\n';
}

std::string text_of(const api::answers::replayed& r, const std::string& into) {
  const auto left = [](const auto& all, std::string_view what) {
    std::string out;
    for (const auto& n : all)
      out += fmt::format("  {}, {}: {}\n", what, n.letters, visible(n.why));
    return out;
  };
  return fmt::format(
             "{} dead letter{} into {}{}{}\n", r.went_in, r.went_in == 1 ? " goes" : "s go", visible(into),
             r.before == 0 ? ""
                           : fmt::format(", {} {} replayed before", r.before, r.before == 1 ? "was" : "were"),
             r.went_in == 0   ? ""
             : r.is_taken_now ? "; the topology takes them in as it runs"
                              : "; the topology takes them in when it is run, or applied, the next time") +
         left(r.left, "not replayed") + left(r.elsewhere, "left") +
         (r.unknown == 0 ? "" : fmt::format("  {} not among those that are kept\n", r.unknown));
}

std::string text_of(const observe::key_state& s) {
  auto out = fmt::format("{}\n{}: {} on {}\n", visible(s.summary), visible(s.key.text), visible(s.shard),
                         visible(s.node));
  for (const auto& w : s.windows)
    out += fmt::format("- {}{}\n", visible(w.row.text), w.is_passing ? "" : " (having turns it down)");
  for (const auto& w : s.unformed)
    out += fmt::format("- {} would be a dead letter: {}\n", visible(w.row.text), visible(w.error));
  return out + (s.are_all ? "" : "there are more\n");
}

std::string text_of(const observe::trace& t) {
  std::string out;
  for (const auto& s : t.steps)
    out += fmt::format("{} -> {}: {} ({})\n{}", visible(s.from), visible(s.stage), visible(s.text), s.code,
                       s.row ? fmt::format("  {}\n", visible(s.row->text)) : "");
  return out + missing_text(t.missing);
}

grid lanes_of(const observe::figures& f) {
  rows all;
  for (const auto& l : f.lanes)
    for (const auto& p : l.partitions)
      all.push_back({visible(l.name), visible(l.node), visible(p.name), time_text(p.watermark),
                     p.quiet_seconds ? fmt::format("{:.1f} s", *p.quiet_seconds) : "-", number_text(p.lag),
                     std::to_string(l.records),
                     !l.waits_for.empty()            ? "waits for " + visible(l.waits_for)
                     : l.is_away                     ? "source away"
                     : l.is_paused                   ? "paused"
                     : !p.held_by.empty()            ? "waits for " + visible(p.held_by)
                     : !p.is_open                    ? "starts"
                     : p.watermark.at == end_of_time ? "ended"
                     : p.is_idle                     ? "idle"
                     : p.is_caught_up                ? "caught up"
                                                     : "reads"});
  return {{"LANE", "NODE", "PARTITION", "WATERMARK", "QUIET", "LAG", "RECORDS", "STATE"}, std::move(all)};
}

std::string lanes_text(const observe::figures& f) { return text_of(lanes_of(f), "no lanes\n"); }

grid shards_of(const observe::figures& f) {
  rows all;
  for (const auto& s : f.shards)
    all.push_back({visible(s.name), visible(s.node), time_text(s.fired), time_text(s.next_end),
                   fmt::format("{:.0f}/s", s.per_second), fmt::format("{:.0f} %", s.busy * 100),
                   std::to_string(s.windows_open), std::to_string(s.keys), bytes_text(s.bytes),
                   bytes_text(s.retained_bytes), bytes_text(s.spilled_bytes), std::to_string(s.rows),
                   s.is_stalled ? "stalled" : ""});
  return {{"SHARD", "NODE", "FIRED", "NEXT END", "RATE", "BUSY", "OPEN", "KEYS", "STATE", "RETAINED",
           "SPILLED", "ROWS", ""},
          std::move(all)};
}

std::string shards_text(const observe::figures& f) { return text_of(shards_of(f), "no shards\n"); }

/// A call that is as quick as usual need not be told, unless it can be watched.
std::string under_way_text(const observe::sink_figures& s) {
  constexpr double watched_seconds = 1;
  const auto age = s.under_way_seconds.value_or(0);
  if (age < watched_seconds)
    return {};
  const auto usual =
      s.usual_seconds ? fmt::format(" (usually {})", seconds_text(*s.usual_seconds)) : std::string();
  return fmt::format("{}under way for {}{}", s.pace == "usual" ? "" : s.pace + ", ", seconds_text(age),
                     usual);
}

grid sinks_of(const observe::figures& f) {
  rows all;
  for (const auto& s : f.sinks) {
    const bool none = s.newest.empty();
    all.push_back({visible(s.name), visible(s.node), std::to_string(s.rows), std::to_string(s.commits),
                   std::to_string(s.refused), none ? "-" : std::to_string(s.newest.back().batch),
                   none ? "-" : time_text(s.newest.back().at),
                   !s.is_reached ? "not reached"
                   : s.is_away   ? "away"
                                 : under_way_text(s)});
  }
  return {{"SINK", "NODE", "ROWS", "COMMITS", "REFUSED", "BATCH", "LAST COMMIT", ""}, std::move(all)};
}

std::string sinks_text(const observe::figures& f) { return text_of(sinks_of(f), "no sinks\n"); }

grid commits_of(const observe::figures& f) {
  rows commits;
  for (const auto& s : f.sinks)
    for (auto i = s.newest.size() - std::min(s.newest.size(), shown_commits); i < s.newest.size(); ++i) {
      const auto& c = s.newest[i];
      commits.push_back({std::to_string(c.batch), time_text(c.at), std::to_string(c.rows),
                         seconds_text(c.wait_seconds), seconds_text(c.commit_seconds)});
    }
  return {{"BATCH", "COMMITTED", "ROWS", "SCHEDULING DELAY", "PROCESSING TIME"}, std::move(commits)};
}

std::string stage_text(const observe::figures& f) {
  std::string out;
  for (const auto& s : f.sources)
    out += fmt::format("input rate {:.1f} records/s; scheduling delay {}; processing time {}\n",
                       s.records_per_second, seconds_text(s.wait_seconds), seconds_text(s.work_seconds));
  if (!f.lanes.empty())
    out += lanes_text(f);
  if (!f.shards.empty())
    out += shards_text(f);
  if (!f.sinks.empty())
    out += sinks_text(f);
  if (const auto commits = commits_of(f); !commits.rows.empty())
    out += '\n' + text_of(commits, "");
  if (!f.lanes.empty() || !f.sinks.empty())
    out += "records of lanes, rows and commits of sinks are those of the processes that have them now; "
           "the graph counts all\n";
  for (const auto& [stage, l] : observe::all_losses(f))
    out += fmt::format("{} late, {} dead letters\n", l.late, l.dead_letters);
  return (out.empty() ? "it has no actors: the lanes of its parser do its work\n" : out) +
         missing_text(f.missing);
}

}  // namespace millrace::console
