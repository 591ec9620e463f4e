#include "actors/deployment/start_positions.hpp"

#include "actors/deployment/layout.hpp"
#include "actors/stream/replay/stored_batches.hpp"
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
    if (!std::exchange(told, true)) {
      spdlog::warn("{}: {}; waiting for it up to {} s", name_in_logs(options.topology->name, stage),
                   found.error().message, timeout.count() / 1000);
      options.on_wait(fmt::format("{}: {}; waiting for it up to {} s", stage, found.error().message,
                                  timeout.count() / 1000));
    }
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
  const auto& traits = config::traits_of(source);
  return {.topic = traits.log, .by_bytes = traits.by_bytes, .has_timestamps = traits.stores_timestamps};
}

constexpr std::string_view identity_begin = "source/";
std::string identity_name(const std::string& source) { return std::string(identity_begin) + source; }
bool is_identity_name(std::string_view name) { return name.starts_with(identity_begin); }

std::string lane_identity_name(const std::string& lane) { return "log/" + lane; }

expected<std::string> identities_of_lanes(const snapshot::value_reader& store, const std::string& plan,
                                          std::size_t lanes) {
  std::string out;
  for (std::size_t i = 0; i < lanes; ++i) {
    ASSIGN_OR_RETURN(const auto kept, snapshot::find_value(store, lane_identity_name(lane_name(plan, i))));
    out += kept.value_or(std::string());
  }
  return out;
}

bool spools_in_store(const config::topology& t, const config::stage& source) {
  const auto reads = [&](const config::stage& s) {
    return std::ranges::any_of(s.from, [&](const auto& edge) { return edge.stage == source.name; });
  };
  const auto& traits = config::traits_of(source);
  return traits.receives && !traits.has_own_files && !source.options.has("node") &&
         std::ranges::count_if(t.stages, reads) == 1;
}

bool records_in_store(const config::stage& sink) {
  return config::sink_traits_of(sink).records_in_store && !sink.options.has("node");
}

source::wants wants_of(const config::stage& parser) {
  const auto& plan = std::get<config::parser_plan>(parser.plan);
  const auto used = [&](std::string_view name) {
    const auto at = parser.schema->find(name);
    return at && plan.used[*at];
  };
  const bool header = parser.options.has("header") && parser.options.boolean("header");
  source::wants out{used("_key"), used("_headers"), header};
  if (const auto& wanted = connector_of(parser).wants)
    wanted(parser.options, out);
  const auto framing = parser.options.has("framing") ? parser.options.text("framing") : std::string();
  if (framing == "values")
    out.frame = source::by_value{};
  else if (framing == "container")
    out.frame = source::by_container{};
  else if (framing == "delimited")
    out.frame = source::by_length{};
  return out;
}

connector_context source_context(const lane::lane_plan& plan, const pipeline_options& options,
                                 const snapshot::value_reader& store,
                                 const std::shared_ptr<source::feeds>& feeds) {
  connector_context c{options.topology->name, plan.source->name, store.folder(), options.clock};
  c.consumer = plan.parser->name;
  c.parser = plan.parser;
  c.spool_folder = fmt::format("{}/spool/{}", snapshot::state_folder_of(store.folder(), store.id().state_id),
                               snapshot::file_name_of(plan.source->name));
  if (options.chains_of_run)
    c.replayed = replay::place_in_store{options.chains_of_run, plan.name, false};
  else if (options.chains)
    c.replayed = replay::place_in_store{options.chains, plan.name, options.runs_sources};
  c.feeds = feeds;
  if (spools_in_store(*options.topology, *plan.source))
    c.chains = options.chains;
  return c;
}

namespace {

/// Where a source that receives begins: its spool is its one partition, and need not be there yet.
std::vector<started_partition> start_of_spool() {
  return {{std::string(source::spooled_reader::partition), {0, 0}}};
}

/// Earlier runs have read the partition, and this one has nothing new of it. `millrace replay` can still give the source
/// some records.
bool is_done(const started_partition& p) {
  return p.over || replay::parse_partition_name(p.name).has_value();
}

bool has(const std::vector<started_partition>& partitions, const std::string& name) {
  return std::ranges::find(partitions, name, &started_partition::name) != partitions.end();
}

/// Decides where one plan's source begins. Its steps run in the order of their declarations.
class start_decision {
public:
  start_decision(const lane::lane_plan& plan, const pipeline_options& options, snapshot::value_store& store)
      : source_(*plan.source), traits_(config::traits_of(source_)), options_(options), store_(store),
        name_(starts_name(plan.name)) {}

  /// Takes what an earlier start has decided.
  expected<void> load() {
    if (options_.nothing_read && traits_.bounded)
      return {};
    ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(store_, name_));
    if (!stored)
      return {};
    ASSIGN_OR_RETURN(partitions_, decode_starts(*stored));
    is_stored_ = true;
    // Files that were read to their end are not looked at: they may be gone.
    all_done_ = !partitions_.empty() && traits_.goes_on && std::ranges::all_of(partitions_, is_done);
    return {};
  }

  /// The partitions that the source has, and whether its log is the one that the state belongs to.
  expected<void> find(source::reader& reader) {
    RETURN_IF_ERROR(look(reader));
    if (const auto warning = reader.warning())
      spdlog::warn("{}: {}", name_in_logs(options_.topology->name, source_.name), *warning);
    return is_stored_ && !all_done_ ? compare(reader) : expected<void>();
  }

  void add_new() {
    for (const auto& p : found_)
      if (!has(partitions_, p.name)) {
        partitions_.push_back({p.name, is_stored_ ? p.first : p.start, is_stored_});
        is_changed_ = true;
      }
  }

  /// A source with an identity has told whether it is the same log.
  [[nodiscard]] expected<void> refuse_missing(const source::reader& reader) const {
    if (!reader.identity().empty())
      return {};
    for (const auto& p : partitions_)
      if (!p.over && std::ranges::find(found_, p.name, &source::partition_info::name) == found_.end())
        return user_error(ec::mismatch,
                          fmt::format("partition {} is not there any more, so this is not the log that the "
                                      "state belongs to: it was made anew; begin anew with --fresh",
                                      p.name));
    return {};
  }

  expected<void> keep(const source::reader& reader) {
    if (const auto identity = reader.identity(); !identity.empty() && !is_stored_)
      RETURN_IF_ERROR(store_.put(identity_name(source_.name), identity));
    return is_stored_ && !is_changed_ ? expected<void>() : store_.put(name_, encode_starts(partitions_));
  }

  std::vector<started_partition> take() {
    std::erase_if(partitions_, [](const auto& p) { return p.over; });
    return std::move(partitions_);
  }

private:
  expected<void> look(source::reader& reader) {
    std::set<std::string> known;
    for (const auto& p : partitions_)
      known.insert(p.name);
    ASSIGN_OR_RETURN(found_, all_done_ ? reader.discover_beside(known, connect_timeout)
                                       : discover(reader, source_.name, options_));
    return {};
  }

  expected<void> compare(source::reader& reader) {
    if (const auto identity = store_.get(identity_name(source_.name)); identity)
      RETURN_IF_ERROR(reader.check_identity(*identity));
    // A log that goes on after an earlier run's end has the partitions that were kept, and no others.
    const bool went_on = traits_.goes_on && std::ranges::any_of(partitions_, [](const auto& p) {
                           return p.over || p.start.major != 0;
                         });
    return went_on ? look(reader) : expected<void>();
  }

  const config::stage& source_;
  const config::source_traits& traits_;
  const pipeline_options& options_;
  snapshot::value_store& store_;
  std::string name_;
  std::vector<started_partition> partitions_;
  std::vector<source::partition_info> found_;
  bool is_stored_ = false;
  bool is_changed_ = false;
  bool all_done_ = false;
};

}  // namespace

tl::expected<std::vector<started_partition>, preparation_error>
decide_starts(const lane::lane_plan& plan, const pipeline_options& options, snapshot::value_store& store,
              const std::shared_ptr<source::feeds>& feeds) {
  const auto& traits = config::traits_of(*plan.source);
  const auto failed = [&](error e) {
    if (e.stage.empty())
      e.stage = plan.source->name;
    return tl::unexpected(preparation_error{std::move(e), traits.asks_server});
  };
  if (!options.runs_sources && traits.receives) {
    auto spool = start_of_spool();
    if (const auto kept = store.put(starts_name(plan.name), encode_starts(spool)); !kept)
      return failed(kept.error());
    return spool;
  }
  auto reader =
      options.make.reader(*plan.source, wants_of(*plan.parser), source_context(plan, options, store, feeds));
  if (!reader)
    return failed(reader.error());
  start_decision decision(plan, options, store);
  if (const auto loaded = decision.load(); !loaded)
    return failed(loaded.error());
  if (const auto found = decision.find(**reader); !found)
    return failed(found.error());
  decision.add_new();
  if (const auto complete = decision.refuse_missing(**reader); !complete)
    return failed(complete.error());
  if (const auto kept = decision.keep(**reader); !kept)
    return failed(kept.error());
  return decision.take();
}

}  // namespace millrace::deployment
