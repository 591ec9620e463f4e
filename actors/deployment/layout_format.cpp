// A layout as bytes and as text.
#include "actors/deployment/layout.hpp"
#include "runtime/wire/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <type_traits>

namespace millrace::delivery {

template<class Codec, class Limits>
requires std::is_same_v<std::remove_const_t<Limits>, outbox_limits>
void fields(Codec& c, Limits& l) {
  c.field(l.frame_rows);
  c.field(l.memory);
  c.field(l.segment);
  c.field(l.credit);
  c.field(l.retain);
}

}  // namespace millrace::delivery

namespace millrace::deployment {

template<class Codec, class Lane>
requires std::is_same_v<std::remove_const_t<Lane>, lane_layout>
void fields(Codec& c, Lane& l) {
  c.field(l.name);
  c.field(l.plan);
  c.field(l.partitions);
  c.field(l.receivers);
  c.field(l.rate);
  c.field(l.max_drift);
  c.field(l.discover_every);
  c.field(l.credit);
}

template<class Codec, class Shard>
requires std::is_same_v<std::remove_const_t<Shard>, shard_layout>
void fields(Codec& c, Shard& s) {
  c.field(s.name);
  c.field(s.window);
  c.field(s.number);
  c.field(s.log);
  c.field(s.lane_logs);
  c.field(s.found_later);
  c.field(s.upstream);
  c.field(s.receivers);
  c.field(s.allowed_lateness);
  c.field(s.updates);
  c.field(s.tick_every);
  c.field(s.snapshot_every);
  c.field(s.limits);
}

template<class Codec, class Sink>
requires std::is_same_v<std::remove_const_t<Sink>, sink_layout>
void fields(Codec& c, Sink& s) {
  c.field(s.name);
  c.field(s.lane_logs);
  c.field(s.upstream);
  c.field(s.commit_every);
  c.field(s.gives_up_later);
}

template<class Codec, class Layout>
requires std::is_same_v<std::remove_const_t<Layout>, layout>
void fields(Codec& c, Layout& l) {
  c.field(l.topology);
  c.field(l.run);
  c.field(l.sinks);
  c.field(l.shards);
  c.field(l.lanes);
}

namespace {

constexpr std::uint8_t version = 1;

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
  wire::encoder out;
  out.out.fixed(version);
  out.field(l);
  return out.out.take();
}

expected<layout> decode_layout(std::string_view bytes) {
  wire::decoder in{wire::reader(bytes)};
  const auto found = in.in.fixed<std::uint8_t>();
  if (found != version)
    return fatal_error(ec::corrupt,
                       fmt::format("a layout of version {} is not known here ({} is)", found, version));
  layout out;
  in.field(out);
  if (!in.in.ok() || !in.in.at_end())
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
        "shard {}: log {}{}{}{}{}{}{}{}; keeps {} in memory, {} in all, segments of {}, credit {}\n", s.name,
        s.log, part("from", logs_text(s.lane_logs)), part("found later", logs_text(s.found_later)),
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
