#include "actors/deployment/start_positions.hpp"

#include "actors/deployment/layout.hpp"
#include "actors/parsers/csv/csv_parser.hpp"
#include "actors/stream/replay/replay_log.hpp"
#include "actors/stream/source/spooled_reader.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/snapshot/file_names.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

namespace millrace::deployment {
namespace {

constexpr std::chrono::milliseconds try_again_after{200};
constexpr std::chrono::milliseconds connect_timeout{2'000};

/// Has one partition, whose records it receives and keeps in a spool of its own.
bool receives(const config::stage& source) {
  return source.type == "http_server" || source.type == "http_stream";
}

/// Returns the connector's declaration; null where there is none.
const config::connector* declaration_of(const config::stage& source) {
  const auto& all = connectors();
  const auto c = std::find_if(all.begin(), all.end(), [&](const auto& one) {
    return one.kind == config::stage_kind::source && one.type == source.type;
  });
  return c == all.end() ? nullptr : &*c;
}

expected<std::vector<source::partition_info>> discover(source::reader& reader, const std::string& stage,
                                                       const pipeline_options& options) {
  const auto timeout = options.start_timeout;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  bool told = false;
  for (;;) {
    auto found = reader.discover(std::min(timeout, connect_timeout));
    if (found || !found.error().retry || std::chrono::steady_clock::now() >= deadline)
      return found;
    if (options.cancelled())
      return unexpected(
          error{ec::cancelled, fault::user, false, "stopped before its source answered", stage});
    if (!std::exchange(told, true))
      spdlog::warn("{}: {}; waiting for it up to {} s", name_in_logs(options.topology->name, stage),
                   found.error().message, timeout.count() / 1000);
    std::this_thread::sleep_for(try_again_after);
  }
}

}  // namespace

std::string encode_starts(const std::vector<started_partition>& partitions) {
  wire::writer out;
  out.varint(partitions.size());
  for (const auto& p : partitions) {
    out.string(p.name);
    out.put(p.start);
  }
  // They are kept in the order in which they were found.
  out.varint(static_cast<std::uint64_t>(
      std::count_if(partitions.begin(), partitions.end(), [](const auto& p) { return !p.found_later; })));
  std::vector<std::size_t> over;
  for (std::size_t i = 0; i < partitions.size(); ++i)
    if (partitions[i].over)
      over.push_back(i);
  out.varint(over.size());
  for (const auto i : over)
    out.varint(i);
  return out.take();
}

expected<std::vector<started_partition>> decode_starts(std::string_view bytes) {
  wire::reader in(bytes);
  std::vector<started_partition> partitions;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    std::string name(in.string());
    partitions.push_back({std::move(name), in.read_position()});
  }
  const auto from_the_first = in.varint();
  for (auto i = from_the_first; i < partitions.size(); ++i)
    partitions[i].found_later = true;
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    if (const auto i = in.varint(); i < partitions.size())
      partitions[i].over = true;
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt,
                       "the state folder's start positions are malformed; start over with --fresh");
  return partitions;
}

std::string starts_name(const std::string& plan) { return "starts/" + plan; }

source::log_shape shape_of(const config::stage& source) {
  source::log_shape out;
  for (const auto* const name : {"topic", "path", "url", "listen"})
    if (out.topic.empty() && source.options.has(name))
      out.topic = source.options.text(name);
  out.by_bytes = source.type == "file";
  const auto* const c = declaration_of(source);
  out.has_timestamps = c != nullptr && c->stores_timestamps;
  return out;
}

std::string identity_name(const std::string& source) { return "source/" + source; }

bool keeps_identity_by_lane(const config::stage& source) {
  const auto* const c = declaration_of(source);
  return c != nullptr && c->identity_by_lane;
}

std::string lane_identity_name(const std::string& lane) { return "log/" + lane; }

expected<std::string> identities_of_lanes(const snapshot::value_reader& store, const std::string& plan,
                                          std::size_t lanes) {
  std::string out;
  for (std::size_t i = 0; i < lanes; ++i) {
    const auto kept = store.get(lane_identity_name(lane_name(plan, i)));
    if (!kept && kept.error().code != ec::not_found)
      return unexpected(kept.error());
    out += kept.value_or(std::string());
  }
  return out;
}

bool is_standard_input(const config::stage& stage) {
  return stage.kind == config::stage_kind::source && stage.type == "file" &&
         stage.options.text("path") == "-";
}

bool spools_in_store(const config::topology& t, const config::stage& source) {
  const auto reads = [&](const config::stage& s) {
    return std::ranges::any_of(s.from, [&](const auto& edge) { return edge.stage == source.name; });
  };
  return receives(source) && !source.options.has("node") && std::ranges::count_if(t.stages, reads) == 1;
}

bool records_in_store(const config::stage& sink) {
  return sink.kind == config::stage_kind::sink && sink.type == "parquet" && !sink.options.has("node") &&
         sink.options.has("connection") && !sink.options.text("connection").empty();
}

bool takes_what_is_new(const config::stage& source) {
  return source.type == "file" && !source.options.boolean("follow") && !is_standard_input(source);
}

source::wants wants_of(const config::stage& parser) {
  const auto& plan = std::get<config::parser_plan>(parser.plan);
  const auto used = [&](std::string_view name) {
    const auto at = parser.schema->find(name);
    return at && plan.used[*at];
  };
  const bool header = parser.options.has("header") && parser.options.boolean("header");
  source::wants out{used("_key"), used("_headers"), header};
  if (parser.type == "csv") {
    out.frame = parser::csv_dialect_of(parser.options);
    out.skip = static_cast<std::size_t>(parser.options.integer("skip"));
    out.encoding = data::encoding_of(parser.options.text("encoding"));
  }
  if (parser.options.has("framing") && parser.options.text("framing") == "values")
    out.frame = source::by_value{};
  return out;
}

connector_context source_context(const lane::lane_plan& plan, const pipeline_options& options,
                                 const snapshot::value_reader& store,
                                 const std::shared_ptr<source::feeds>& feeds) {
  connector_context c{options.topology->name, plan.source->name, store.folder(), options.clock};
  c.consumer = plan.parser->name;
  c.spool_folder = fmt::format("{}/spool/{}", snapshot::state_folder_of(store.folder(), store.id().state_id),
                               snapshot::file_name_of(plan.source->name));
  c.replay_folder =
      replay::folder_of_plan(replay::folder_of_state(store.folder(), store.id().state_id), plan.name);
  if (options.chains)
    c.replayed = replay::place_in_store{options.chains, plan.name, options.runs_sources};
  c.feeds = feeds;
  if (spools_in_store(*options.topology, *plan.source))
    c.chains = options.chains;
  return c;
}

tl::expected<std::vector<started_partition>, preparation_error>
decide_starts(const lane::lane_plan& plan, const pipeline_options& options, snapshot::value_store& store,
              const std::shared_ptr<source::feeds>& feeds) {
  const bool local = plan.source->type == "file" || plan.source->type == "generator";
  const auto failed = [&](error e) {
    if (e.stage.empty())
      e.stage = plan.source->name;
    return tl::unexpected(preparation_error{std::move(e), !local});
  };
  const auto name = starts_name(plan.name);
  if (!options.runs_sources && receives(*plan.source)) {
    const std::vector<started_partition> spool{{std::string(source::spooled_reader::partition), {0, 0}}};
    if (const auto kept = store.put(name, encode_starts(spool)); !kept)
      return failed(kept.error());
    return spool;
  }
  auto reader =
      options.make.reader(*plan.source, wants_of(*plan.parser), source_context(plan, options, store, feeds));
  if (!reader)
    return failed(reader.error());
  std::vector<started_partition> partitions;
  const bool bounded = std::get<config::source_plan>(plan.source->plan).bounded;
  const auto stored = options.nothing_read && bounded
                          ? unexpected(error{ec::not_found, fault::user, false, {}, {}})
                          : store.get(name);
  if (stored) {
    auto decoded = decode_starts(*stored);
    if (!decoded)
      return failed(decoded.error());
    partitions = std::move(*decoded);
  } else if (stored.error().code != ec::not_found) {
    return failed(stored.error());
  }
  // Files that an earlier run has read, and this one has nothing new of: they are not looked at, and may be
  // gone. `millrace replay` can still give their source some records.
  const auto is_over = [](const started_partition& p) {
    return p.over || replay::parse_partition_name(p.name).has_value();
  };
  const bool all_over = !partitions.empty() && takes_what_is_new(*plan.source) &&
                        std::all_of(partitions.begin(), partitions.end(), is_over);
  std::set<std::string> known_names;
  for (const auto& p : partitions)
    known_names.insert(p.name);
  auto found = all_over ? (*reader)->discover_beside(known_names, connect_timeout)
                        : discover(**reader, plan.source->name, options);
  if (!found)
    return failed(found.error());
  if (const auto warning = (*reader)->warning())
    spdlog::warn("{}: {}", name_in_logs(options.topology->name, plan.source->name), *warning);
  if (stored && !all_over) {
    if (const auto identity = store.get(identity_name(plan.source->name)); identity)
      if (const auto same = (*reader)->check_identity(*identity); !same)
        return failed(same.error());
    // A log that goes on after an earlier run's end has the partitions that were kept, and no others.
    if (takes_what_is_new(*plan.source) &&
        std::any_of(partitions.begin(), partitions.end(),
                    [](const auto& p) { return p.over || p.start.major != 0; }))
      found = discover(**reader, plan.source->name, options);
    if (!found)
      return failed(found.error());
  }
  bool changed = !stored;
  for (const auto& p : *found) {
    const bool known =
        std::any_of(partitions.begin(), partitions.end(), [&](const auto& x) { return x.name == p.name; });
    if (known)
      continue;
    partitions.push_back({p.name, stored ? p.first : p.start, stored.has_value()});
    changed = true;
  }
  // A source with an identity has already told whether it is the same log.
  for (const auto& p : partitions)
    if ((*reader)->identity().empty() && !p.over &&
        std::none_of(found->begin(), found->end(), [&](const auto& x) { return x.name == p.name; }))
      return failed(
          error{ec::mismatch,
                fault::user,
                false,
                fmt::format("partition {} is not there any more, so this is not the log that the state "
                            "belongs to: it was made anew; begin anew with --fresh",
                            p.name),
                {}});
  if (const auto identity = (*reader)->identity(); !identity.empty() && !stored)
    if (const auto kept = store.put(identity_name(plan.source->name), identity); !kept)
      return failed(kept.error());
  if (changed)
    if (const auto kept = store.put(name, encode_starts(partitions)); !kept)
      return failed(kept.error());
  std::erase_if(partitions, [](const auto& p) { return p.over; });
  return partitions;
}

}  // namespace millrace::deployment
