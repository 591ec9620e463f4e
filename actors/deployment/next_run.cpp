#include "actors/deployment/next_run.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "runtime/base/earlier_format.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/window/shard_windows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::deployment {
namespace {

constexpr std::uint8_t record_version = 2;
/// The number of the run whose beginning has been put in its place.
constexpr std::string_view placed_name = "run_placed";
/// The number of the last run that has come to its end; none where that is the first, or none has.
constexpr std::string_view ended_name = "run_ended";

expected<std::uint64_t> number_at(const snapshot::value_reader& store, std::string_view name) {
  const auto stored = store.get(name);
  if (!stored && stored.error().code == ec::not_found)
    return 0;
  return stored.map([](const std::string& text) { return std::stoull(text); });
}

class next_run_maker {
public:
  next_run_maker(const config::topology& t, const snapshot::value_reader& values, std::uint64_t present,
                 const left_by_shard& left, std::string_view anew)
      : topology_(t), values_(values), left_(left), anew_(anew) {
    next_.number = present + 1;
  }

  expected<std::optional<run_record>> run() {
    if (std::ranges::any_of(topology_.stages,
                            [](const auto& s) { return config::traits_of(s).is_standard_input; }))
      return std::optional<run_record>{};
    const auto plans = lane::lane_plans(
        std::shared_ptr<const config::topology>(std::shared_ptr<const config::topology>(), &topology_));
    bool any = false;
    for (const auto& plan : plans) {
      ASSIGN_OR_RETURN(const auto added, add(*plan));
      any = any || added;
    }
    if (!any)
      return std::optional<run_record>{};
    for (const auto& s : topology_.stages)
      if (config::has_shards(s.kind))
        RETURN_IF_ERROR(add_window(s));
    return std::optional(std::move(next_));
  }

private:
  /// Returns whether its source has new records.
  expected<bool> add(const lane::lane_plan& plan) {
    ASSIGN_OR_RETURN(const auto stored, values_.get(starts_name(plan.name)));
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

  [[nodiscard]] bool is_decoded(const config::stage& source) const {
    return std::ranges::any_of(topology_.stages, [&](const config::stage& s) {
      return s.options.has("encoding") && s.options.text("encoding") != "utf-8" &&
             std::ranges::count(s.from, source.name, &config::input_ref::stage) > 0;
    });
  }

  /// Looked for once, also where several parsers read a source. Null: it failed.
  const std::optional<source::continuation>* news_of(const config::stage& source) {
    const auto known = news_.find(source.name);
    if (known != news_.end())
      return &known->second;
    std::optional<source::continuation> found;
    if (config::traits_of(source).goes_on) {
      const auto stored = values_.get(identity_name(source.name));
      auto looked = stored ? connector_of(source).news(source.options, *stored, is_decoded(source))
                           : unexpected(stored.error());
      if (!looked) {
        failed_ = looked.error();
        if (failed_->stage.empty())
          failed_->stage = source.name;
        return nullptr;
      }
      next_.identities[source.name] = looked->identity;
      if (!looked->partitions.empty())
        found = std::move(*looked);
    }
    return &news_.emplace(source.name, std::move(found)).first->second;
  }

  expected<void> add_window(const config::stage& s) {
    const auto& plan = std::get<config::window_plan>(s.plan);
    const auto refused = [&](std::string_view why) {
      return unexpected(error{
          ec::mismatch, fault::user, false,
          fmt::format("the topology has come to its end, and its files have got more since, but {}; {}, "
                      "which reads all of them",
                      why, anew_),
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
      ASSIGN_OR_RETURN(auto left, left_(s, n));
      if (!left)
        return refused(
            fmt::format("no snapshot says which windows shard {} has fired (the newest one is damaged)", n));
      last_end = std::max(last_end, left->last_end);
      shards.push_back(std::move(*left));
    }
    for (auto& shard : shards)  // the same for all: which windows have fired is no matter of keys
      shard.last_end = last_end;
    next_.windows[s.name] = std::move(shards);
    return {};
  }

  const config::topology& topology_;
  const snapshot::value_reader& values_;
  const left_by_shard& left_;
  std::string_view anew_;
  run_record next_;
  std::map<std::string, std::optional<source::continuation>> news_;
  std::optional<error> failed_;
};

}  // namespace

delivery::earlier_runs run_record::left_of(const std::string& window, std::uint32_t shard) const {
  const auto known = windows.find(window);
  return known == windows.end() || shard >= known->second.size() ? delivery::earlier_runs{}
                                                                 : known->second[shard];
}

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

left_by_shard left_by(const snapshots_of_shard& of, std::uint64_t run) {
  return [of, run](const config::stage& window, std::uint32_t shard) {
    return of(lasting_name(shard_name{window.name, run, shard}))
        .and_then(
            [&](snapshot::snapshots::chain&& all) { return left_in(window, shard, run, std::move(all)); });
  };
}

std::string encode_run(const run_record& r) {
  wire::writer out;
  out.fixed(record_version);
  out.varint(r.number);
  out.varint(r.identities.size());
  for (const auto& [source, identity] : r.identities) {
    out.string(source);
    out.string(identity);
  }
  out.varint(r.starts.size());
  for (const auto& [plan, partitions] : r.starts) {
    out.string(plan);
    out.string(encode_starts(partitions));
  }
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
    std::string source(in.string());
    r.identities[std::move(source)] = std::string(in.string());
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    std::string plan(in.string());
    ASSIGN_OR_RETURN(auto partitions, decode_starts(in.string()));
    r.starts[std::move(plan)] = std::move(partitions);
  }
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

expected<void> put_beginning(const run_record& r, snapshot::value_store& store) {
  for (const auto& [source, identity] : r.identities)
    if (auto kept = store.put(identity_name(source), identity); !kept)
      return kept;
  for (const auto& [plan, partitions] : r.starts)
    if (auto kept = store.put(starts_name(plan), encode_starts(partitions)); !kept)
      return kept;
  return {};
}

expected<run_record> present_run(snapshot::value_store& store) {
  const auto stored = store.get(run_record_name);
  if (!stored && stored.error().code == ec::not_found)
    return run_record{};
  if (!stored)
    return unexpected(stored.error());
  auto record = decode_run(*stored);
  if (!record)
    return record;
  ASSIGN_OR_RETURN(const auto placed, number_at(store, placed_name));
  if (placed == record->number)
    return record;
  RETURN_IF_ERROR(put_beginning(*record, store));
  RETURN_IF_ERROR(store.put(placed_name, std::to_string(record->number)));
  return record;
}

expected<bool> has_ended(const snapshot::state_store& store) {
  if (!store.id().finished)
    return false;
  const auto stored = store.get(run_record_name);
  if (!stored && stored.error().code == ec::not_found)
    return true;
  if (!stored)
    return unexpected(stored.error());
  ASSIGN_OR_RETURN(const auto record, decode_run(*stored));
  return number_at(store, ended_name).map([&](std::uint64_t n) { return n == record.number; });
}

expected<void> note_end(snapshot::state_store& store) {
  return present_run(store)
      .and_then([&](const run_record& r) {
        return r.number == 0 ? expected<void>() : store.put(ended_name, std::to_string(r.number));
      })
      .and_then([&] { return store.mark_finished(); });
}

expected<std::optional<run_record>> next_run(const config::topology& topology,
                                             const snapshot::value_reader& values, std::uint64_t present,
                                             const left_by_shard& left, std::string_view anew) {
  return next_run_maker(topology, values, present, left, anew).run();
}

expected<std::optional<run_record>>
begin_next_run(const config::topology& topology, snapshot::state_store& store, const snapshots_of_shard& of) {
  ASSIGN_OR_RETURN(const auto present, present_run(store));
  auto next =
      next_run(topology, store, present.number, left_by(of, present.number), "begin anew with --fresh");
  if (next && *next)
    RETURN_IF_ERROR(store.put(run_record_name, encode_run(**next)));
  return next;
}

}  // namespace millrace::deployment
