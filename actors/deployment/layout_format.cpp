// A layout as bytes and as text.
#include "actors/deployment/layout.hpp"
#include "runtime/wire/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace millrace::delivery {

void fields(auto& c, wire::like<outbox_limits> auto& l) {
  c.members(l.frame_rows, l.memory, l.segment, l.credit, l.retain);
}

}  // namespace millrace::delivery

namespace millrace::deployment {

void fields(auto& c, wire::like<lane_layout> auto& l) {
  c.members(l.name, l.plan, l.partitions, l.receivers, l.rate, l.max_drift, l.discover_every, l.credit);
}

void fields(auto& c, wire::like<shard_layout> auto& s) {
  c.members(s.name, s.window, s.number, s.lane_logs, s.found_later, s.upstream, s.receivers,
            s.allowed_lateness, s.updates, s.tick_every, s.snapshot_every, s.limits);
}

void fields(auto& c, wire::like<sink_layout> auto& s) {
  c.members(s.name, s.lane_logs, s.upstream, s.commit_every, s.gives_up_later);
}

void fields(auto& c, wire::like<layout> auto& l) { c.members(l.topology, l.run, l.sinks, l.shards, l.lanes); }

namespace {

/// 1 had a shard's log beside its name.
constexpr std::uint8_t version = 2;

std::string logs_text(const std::map<log_id, mark>& logs) {
  std::vector<std::string> out;
  for (const auto& [log, at] : logs)
    out.push_back(at.at == position{} ? log : fmt::format("{} at {}/{}", log, at.at.major, at.at.minor));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string seconds(micros d) { return fmt::format("{} s", static_cast<double>(d.count()) / 1e6); }

/// "; WORD TEXT", or nothing where there is no text.
std::string part(std::string_view word, const std::string& text) {
  return text.empty() ? std::string() : fmt::format("; {} {}", word, text);
}

}  // namespace

std::string encode_layout(const layout& l) {
  wire::writer out;
  out.fixed(version);
  wire::encoder{out}.field(l);
  return out.take();
}

expected<layout> decode_layout(std::string_view bytes) {
  wire::reader in(bytes);
  const auto found = in.fixed<std::uint8_t>();
  if (found != version)
    return fatal_error(ec::corrupt,
                       fmt::format("a layout of version {} is not known here ({} is)", found, version));
  layout out;
  wire::decoder{in}.field(out);
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "a layout is malformed");
  return out;
}

std::string to_text(const layout& l) {
  auto out = fmt::format("topology {}, run {}\n", l.topology, l.run);
  for (const auto& x : l.lanes)
    out += fmt::format("lane {}: reads {}; to {}{}{}{}; credit {}\n", x.name, fmt::join(x.partitions, ", "),
                       fmt::join(x.receivers, ", "), part("rate", x.rate ? fmt::format("{}/s", *x.rate) : ""),
                       part("max_drift", x.max_drift ? seconds(*x.max_drift) : ""),
                       part("discovers every", x.discover_every ? seconds(*x.discover_every) : ""), x.credit);
  for (const auto& s : l.shards)
    out += fmt::format(
        "shard {}: window {}{}{}{}{}{}{}{}; keeps {} in memory, {} in all, segments of {}, credit {}\n",
        s.name, s.window, part("from", logs_text(s.lane_logs)), part("found later", logs_text(s.found_later)),
        part("upstream", fmt::format("{}", fmt::join(s.upstream, ", "))),
        part("to", fmt::format("{}", fmt::join(s.receivers, ", "))),
        part("lateness", s.allowed_lateness.count() != 0 ? seconds(s.allowed_lateness) : ""),
        part("ticks every", s.tick_every ? seconds(*s.tick_every) : ""),
        part("snapshots every", s.snapshot_every ? seconds(*s.snapshot_every) : ""), s.limits.memory,
        s.limits.retain, s.limits.segment, s.limits.credit);
  for (const auto& s : l.sinks)
    out += fmt::format("sink {}: commits every {}{}{}{}\n", s.name, seconds(s.commit_every),
                       part("from", logs_text(s.lane_logs)),
                       part("upstream", fmt::format("{}", fmt::join(s.upstream, ", "))),
                       s.gives_up_later ? "; gives up a target that stays away" : "");
  return out;
}

}  // namespace millrace::deployment
