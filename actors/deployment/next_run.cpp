#include "actors/deployment/next_run.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/stream/source/kept_schemas.hpp"
#include "runtime/base/earlier_format.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/window/shard_windows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::deployment {
namespace {

constexpr std::uint8_t record_version = 3;

/// Reads what a shard of the window has left at the end of the run from its snapshots; nothing where they do not say.
expected<std::optional<delivery::earlier_runs>> left_in(const config::stage& window, std::uint32_t shard,
                                                        std::uint64_t run,
                                                        snapshot::snapshots::chain snapshots) {
  const auto& definition = std::get<config::window_plan>(window.plan).definition;
  delivery::shard_core::setup setup;
  setup.log = to_string(shard_name{window.name, run, shard});
  setup.allowed_lateness = definition.allowed_lateness;
  setup.run = run;
  delivery::shard_core core(std::move(setup), window::make_shard_windows(definition));
  RETURN_IF_ERROR(core.restore(chain::records_of(std::move(snapshots))));
  return core.left();
}

/// A run with what its sources begin with.
struct next_run {
  run_record record;
  std::map<std::string, std::string> identities;                 // keyed by source
  std::map<std::string, std::vector<started_partition>> starts;  // keyed by the plan's name
};

/// Works out the run behind `present`, if there is something new, and keeps nothing.
class next_run_maker {
public:
  next_run_maker(const config::topology& t, const end_of_run& end, std::uint64_t present)
      : topology_(t), end_(end), present_(present) {
    next_.record.number = present + 1;
  }

  expected<std::optional<next_run>> run() {
    if (std::ranges::any_of(topology_.stages,
                            [](const auto& s) { return config::traits_of(s).is_standard_input; }))
      return std::optional<next_run>{};
    const auto plans = lane::lane_plans(
        std::shared_ptr<const config::topology>(std::shared_ptr<const config::topology>(), &topology_));
    bool any = false;
    for (const auto& plan : plans) {
      ASSIGN_OR_RETURN(const auto added, add(*plan));
      any = any || added;
    }
    if (!any)
      return std::optional<next_run>{};
    for (const auto& s : topology_.stages)
      if (config::has_shards(s.kind))
        RETURN_IF_ERROR(add_window(s));
    return std::optional(std::move(next_));
  }

private:
  /// Returns whether its source has new records.
  expected<bool> add(const lane::lane_plan& plan) {
    ASSIGN_OR_RETURN(const auto stored, end_.values.get(starts_name(plan.name)));
    ASSIGN_OR_RETURN(auto partitions, decode_starts(stored));
    for (auto& p : partitions) {
      p.over = true;
      p.found_later = false;
    }
    const auto* const news = news_of(*plan.source);
    if (news == nullptr)
      return unexpected(*failed_);
    if (*news)
      for (const auto& p : (*news)->partitions) {
        const auto known = std::find_if(partitions.begin(), partitions.end(),
                                        [&](const auto& x) { return x.name == p.name; });
        if (known == partitions.end())
          partitions.push_back({p.name, p.start});
        else
          *known = {p.name, p.start};
      }
    next_.starts[plan.name] = std::move(partitions);
    return news->has_value();
  }

  [[nodiscard]] std::vector<source::wants> readers_of(const config::stage& source) const {
    std::vector<source::wants> out;
    for (const auto& s : topology_.stages)
      if (s.kind == config::stage_kind::parser &&
          std::ranges::count(s.from, source.name, &config::input_ref::stage) > 0)
        out.push_back(wants_of(s));
    return out;
  }

  /// Looked for once, also where several parsers read a source. Null: it failed.
  const std::optional<source::continuation>* news_of(const config::stage& source) {
    const auto known = news_.find(source.name);
    if (known != news_.end())
      return &known->second;
    std::optional<source::continuation> found;
    if (config::traits_of(source).goes_on) {
      const auto stored = end_.values.get(identity_name(source.name));
      auto looked = stored ? connector_of(source).news(source.options, source::without_schemas(*stored),
                                                       readers_of(source))
                           : unexpected(stored.error());
      if (!looked) {
        failed_ = looked.error();
        if (failed_->stage.empty())
          failed_->stage = source.name;
        return nullptr;
      }
      next_.identities[source.name] = looked->identity + source::only_schemas(*stored);
      if (!looked->partitions.empty())
        found = std::move(*looked);
    }
    return &news_.emplace(source.name, std::move(found)).first->second;
  }

  expected<void> add_window(const config::stage& s) {
    const auto& plan = std::get<config::window_plan>(s.plan);
    const auto refused = [&](std::string_view why) {
      return unexpected(
          error{ec::mismatch, fault::user, false,
                fmt::format("the topology has ended, and its files have grown since, but {}; begin "
                            "anew with --fresh, which reads all of them",
                            why),
                s.name});
    };
    if (plan.definition.updates)
      return refused("a window that gives updates has closed all of its groups for good");
    if (plan.definition.kind == window::shape::global)
      return refused("a global window has given its rows for good");
    if (plan.definition.kind == window::shape::interval)
      return refused(fmt::format("\"{}\" has forgotten rows that new ones could meet", s.name));
    std::vector<delivery::earlier_runs> shards;
    auto last_end = no_watermark;
    for (std::uint32_t n = 0; n < plan.definition.shards; ++n) {
      ASSIGN_OR_RETURN(auto snapshots, end_.snapshots_of(lasting_name(shard_name{s.name, present_, n})));
      ASSIGN_OR_RETURN(auto left, left_in(s, n, present_, std::move(snapshots)));
      if (!left)
        return refused(
            fmt::format("no snapshot says which windows shard {} has fired (the newest one is damaged)", n));
      last_end = std::max(last_end, left->last_end);
      shards.push_back(std::move(*left));
    }
    for (auto& shard : shards)  // the same for all: which windows have fired is no matter of keys
      shard.last_end = last_end;
    next_.record.windows[s.name] = std::move(shards);
    return {};
  }

  const config::topology& topology_;
  const end_of_run& end_;
  std::uint64_t present_;
  next_run next_;
  std::map<std::string, std::optional<source::continuation>> news_;
  std::optional<error> failed_;
};

}  // namespace

delivery::earlier_runs run_record::left_of(const std::string& window, std::uint32_t shard) const {
  const auto known = windows.find(window);
  return known == windows.end() || shard >= known->second.size() ? delivery::earlier_runs{}
                                                                 : known->second[shard];
}

std::string encode_run(const run_record& r) {
  wire::writer out;
  out.fixed(record_version);
  out.varint(r.number);
  out.varint(r.windows.size());
  for (const auto& [window, shards] : r.windows) {
    out.string(window);
    out.varint(shards.size());
    for (const auto& s : shards) {
      out.fixed(s.last_end);
      out.varint(s.rows);
      out.varint(s.missed);
      s.counts.encode(out);
    }
  }
  return out.take();
}

expected<run_record> decode_run(std::string_view bytes) {
  const auto damaged = [] {
    return fatal_error(ec::corrupt,
                       "the state folder's record of the present run is malformed; restore it from a "
                       "backup, or start over with --fresh");
  };
  wire::reader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (in.ok() && version > record_version)
    return fatal_error(ec::unsupported,
                       fmt::format("the state folder's record of the present run was written by another "
                                   "version of millrace (format {}, this one reads {}); go on with "
                                   "that version, or start over with --fresh",
                                   version, record_version));
  if (version != 0 && version < record_version)
    return earlier_format("the state folder's record of the present run", version, record_version,
                          "or start over with --fresh");
  if (version == 0)
    return damaged();
  run_record r;
  r.number = in.varint();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    auto& shards = r.windows[std::string(in.string())];
    for (auto s = in.varint(); s > 0 && in.ok(); --s) {
      delivery::earlier_runs left;
      left.last_end = in.fixed<event_micros>();
      left.rows = in.varint();
      left.missed = in.varint();
      RETURN_IF_ERROR(left.counts.decode(in));
      shards.push_back(std::move(left));
    }
  }
  if (!in.ok() || !in.at_end())
    return damaged();
  return r;
}

expected<run_record> present_run(const snapshot::value_reader& store) {
  ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(store, run_record_name));
  return stored ? decode_run(*stored) : run_record{};
}

expected<bool> begin_next_run(const config::topology& topology, snapshot::value_store& store,
                              const end_of_run& end) {
  ASSIGN_OR_RETURN(const auto present, present_run(store));
  ASSIGN_OR_RETURN(const auto next, next_run_maker(topology, end, present.number).run());
  if (!next)
    return false;
  for (const auto& [source, identity] : next->identities)
    RETURN_IF_ERROR(store.put(identity_name(source), identity));
  for (const auto& [plan, partitions] : next->starts)
    RETURN_IF_ERROR(store.put(starts_name(plan), encode_starts(partitions)));
  return store.put(run_record_name, encode_run(next->record)).map([] { return true; });
}

}  // namespace millrace::deployment
