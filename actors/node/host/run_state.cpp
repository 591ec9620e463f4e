#include "actors/node/host/run_state.hpp"

#include "actors/connectors/file/sink/file_record.hpp"
#include "actors/node/host/lone_topology.hpp"
#include "actors/stream/sink/files/data_file.hpp"
#include "actors/stream/sink/letters/letter_record.hpp"
#include "actors/stream/spool/chain_record.hpp"
#include "actors/stream/spool/folder_segments.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace millrace::host {
namespace {

unexpected for_reading(const std::string& folder) {
  return user_error(
      ec::mismatch,
      fmt::format("{0} is the state folder of `millrace run`, and no node runs in it; copy it into the "
                  "store of a cluster first: millrace state copy dir:{0} STORE",
                  folder));
}

/// The names of the folders in `folder`; none where it is not there.
expected<std::vector<std::string>> folders_in(snapshot::file_system& files, const std::string& folder) {
  std::vector<std::string> out;
  const auto entries = files.list(folder);
  if (!entries)
    return entries.error().code == ec::not_found ? expected<std::vector<std::string>>(out)
                                                 : unexpected(entries.error());
  for (const auto& e : *entries)
    if (e.is_folder)
      out.push_back(e.name);
  std::ranges::sort(out);
  return out;
}

}  // namespace

bool is_run_state(snapshot::file_system& files, const std::string& folder) {
  const auto entries = files.list(folder);
  return entries &&
         std::ranges::any_of(*entries, [](const auto& e) { return e.name.starts_with("identity."); });
}

expected<std::shared_ptr<run_state>> run_state::open(snapshot::file_system& files,
                                                     const std::string& folder) {
  std::shared_ptr<run_state> out(new run_state(files, folder));
  RETURN_IF_ERROR(out->read());
  return out;
}

expected<void> run_state::read() {
  ASSIGN_OR_RETURN(lock_, snapshot::lock_state_folder(files_, folder_, "lock", "stop that one first"));
  const auto store = snapshot::open_dir_store({folder_, {}, false, true}, files_);
  if (!store)
    return unexpected(store.error());
  const auto state = snapshot::state_folder_of(folder_, (*store)->id().state_id);
  ASSIGN_OR_RETURN(const auto entries, files_.list(folder_));
  for (const auto& e : entries)
    if (const std::string_view begin = "console-"; e.name.starts_with(begin) && e.name.ends_with(".progress"))
      return user_error(
          ec::unsupported,
          fmt::format("a sink prints on the console of `millrace run` ({}/{}), and no cluster goes on with "
                      "that; go on with `millrace run`",
                      folder_, e.name));
  ASSIGN_OR_RETURN(const auto tables, folders_in(files_, folder_ + "/tables"));
  if (!tables.empty())
    return user_error(
        ec::unsupported,
        fmt::format("the sink {} has rows on their way to its table in {}/tables, and no cluster takes "
                    "these over; let `millrace run` bring the topology to its end there",
                    tables.front(), folder_));
  inner_ = std::make_shared<node::dir_chain_store>(files_, (*store)->chains());
  return read_control(**store).and_then([&] { return find_spools(state); }).and_then([&] {
    return find_progress_of_letters((*store)->id().state_id);
  });
}

/// Shows the control of the one node as that of a cluster whose nodes have all left.
expected<void> run_state::read_control(const snapshot::state_store& store) {
  ASSIGN_OR_RETURN(auto found, look_at_run(store));
  ASSIGN_OR_RETURN(const auto terms, terms_kept(store));
  const auto& id = store.id();
  if (!found.has_read)
    return user_error(ec::not_found,
                      fmt::format("the state of {} in {} has read nothing yet, so there is nothing to "
                                  "copy; apply the topology to the cluster",
                                  id.topology, folder_));
  auto& state = found.control;
  auto& t = state.topologies.at(id.topology);
  found.plan.lanes = 0;
  t.plan = encode_plan(found.plan);
  t.is_paused = false;
  t.begins_anew = !id.previous_state_id.empty();
  if (t.is_active())
    t.status = cluster::topology_status::stopped;
  for (auto& [_, actor] : t.actors) {
    actor.spec.is_pinned = false;
    actor.spec.node.clear();
  }
  state.terms = std::max(state.terms, terms);
  chains_ = cluster::chains_of(id.topology, t.first_generation);
  control_.contents.base = cluster::encode_base(state);
  control_.contents.sequence = 1;
  control_.highest = found.highest;
  return {};
}

expected<void> run_state::find_spools(const std::string& state_folder) {
  ASSIGN_OR_RETURN(const auto sources, folders_in(files_, state_folder + "/spool"));
  for (const auto& file : sources) {
    const auto source = snapshot::name_of_file(file).value_or(file);
    const auto segments =
        std::make_shared<spool::folder_segments>(files_, fmt::format("{}/spool/{}", state_folder, file));
    ASSIGN_OR_RETURN(const auto bases, segments->open());
    if (bases.empty())
      continue;
    spool::chain_record all;
    for (std::size_t i = 0; i + 1 < bases.size(); ++i) {
      all.segments.push_back({bases[i], i + 1, {}});
      in_files_[spool::name_of_slot(source, i + 1)] = [segments, base = bases[i]] {
        return segments->read(base);
      };
    }
    in_files_[spool::name_of_spool(source)] = [segments, all, newest = bases.back()] {
      return segments->read(newest).map([&](std::string&& bytes) {
        auto record = all;
        record.segments.push_back({newest, 0, std::move(bytes)});
        return spool::encode_record(record);
      });
    };
  }
  return {};
}

/// The letters themselves stay in their file. The sink's progress has to be known: the state knows that it has committed.
expected<void> run_state::find_progress_of_letters(const std::string& state_id) {
  const auto path = sink::side_path(folder_ + "/dead_letters.jsonl");
  if (std::error_code failed; !std::filesystem::exists(path, failed))
    return {};
  ASSIGN_OR_RETURN(auto side, sink::side_file::open(path));
  ASSIGN_OR_RETURN(const auto locked, side.lock());
  ASSIGN_OR_RETURN(const auto stored, side.load());
  if (!stored)
    return {};
  ASSIGN_OR_RETURN(const auto record, sink::decode_record(*stored));
  if (record.at && record.owner.state_id == state_id) {
    sink::letter_record begun;
    begun.progress = sink::encode_progress(*record.at);
    in_files_[sink::name_of_open_part()] = [begun]() -> expected<std::string> {
      return sink::encode_letters(begun);
    };
  }
  return {};
}

expected<node::found_chain> run_state::look(const cluster::actor_id& whose) {
  if (whose == node::control_of_cluster())
    return control_;
  const auto own = whose.topology == chains_ ? in_files_.find(whose.name) : in_files_.end();
  if (own == in_files_.end())
    return inner_->look(whose);
  return own->second().map([](std::string&& base) {
    node::found_chain out;
    out.contents.base = std::move(base);
    out.contents.sequence = 1;
    return out;
  });
}

expected<std::vector<std::string>> run_state::list(const std::string& chains) {
  auto out = inner_->list(chains);
  if (out && chains == chains_)
    for (const auto& [name, _] : in_files_)
      out->push_back(name);
  return out;
}

expected<std::vector<segment_id>> run_state::list_segments(const cluster::actor_id& whose) {
  return inner_->list_segments(whose);
}

expected<std::string> run_state::read_segment(const cluster::actor_id& whose, const segment_id& id) {
  return inner_->read_segment(whose, id);
}

expected<node::opened_chain> run_state::open(const cluster::actor_id&, const life&) {
  return for_reading(folder_);
}
expected<node::opened_chain> run_state::open_chosen(const cluster::actor_id&, const life&) {
  return for_reading(folder_);
}
expected<std::unique_ptr<snapshot::segments>> run_state::open_segments(const cluster::actor_id&, incarnation,
                                                                       const std::vector<segment_id>&) {
  return for_reading(folder_);
}
expected<void> run_state::clear(const std::string&) { return for_reading(folder_); }

}  // namespace millrace::host
