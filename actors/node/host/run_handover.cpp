#include "actors/node/host/run_handover.hpp"

#include "actors/connectors/file/sink/file_record.hpp"
#include "actors/connectors/file/sink/file_sink.hpp"
#include "actors/deployment/layout.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/node/control/control_book.hpp"
#include "actors/node/host/lone_topology.hpp"
#include "actors/stream/sink/files/data_file.hpp"
#include "actors/stream/sink/letters/letter_record.hpp"
#include "actors/stream/sink/letters/stored_letters.hpp"
#include "actors/stream/spool/chain_record.hpp"
#include "actors/stream/spool/folder_segments.hpp"
#include "runtime/base/random.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/cluster/admission.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::host {
namespace {

/// The term that `control` has given last: no chain was opened under a higher one, and all that come are higher.
life life_of_handover(const cluster::control_state& control) {
  return {std::max<incarnation>(control.terms, 1), 0};
}

expected<void> write_base(chain::named_chains& chains, const std::string& name, const life& now,
                          std::string_view base) {
  ASSIGN_OR_RETURN(const auto opened, chains.open_chain(name, now));
  ASSIGN_OR_RETURN(const auto done, opened->append_base(base));
  return done ? expected<void>()
              : outside_error(ec::unavailable, fmt::format("the store did not take {}; try again", name));
}

std::string letters_file(const run_folder& folder) { return folder.folder() + "/dead_letters.jsonl"; }

std::string spool_folder(const run_folder& folder, const std::string& state_id) {
  return snapshot::state_folder_of(folder.folder(), state_id) + "/spool";
}

// --- from files into chains

expected<void> spool_into_chains(const run_folder& folder, const std::string& path, const std::string& source,
                                 chain::named_chains& chains, const life& now) {
  spool::folder_segments files(folder.files(), path);
  ASSIGN_OR_RETURN(const auto bases, files.open());
  ASSIGN_OR_RETURN(auto found, chains.look(spool::name_of_spool(source)));
  ASSIGN_OR_RETURN(const auto there, spool::segments_of(std::move(found)));
  if (there.empty() && !bases.empty()) {
    spool::chain_record all;
    for (std::size_t i = 0; i < bases.size(); ++i) {
      ASSIGN_OR_RETURN(auto bytes, files.read(bases[i]));
      const bool is_newest = i + 1 == bases.size();
      const auto slot = is_newest ? 0 : i + 1;
      if (!is_newest)
        RETURN_IF_ERROR(write_base(chains, spool::name_of_slot(source, slot), now, bytes));
      all.segments.push_back({bases[i], slot, is_newest ? std::move(bytes) : std::string()});
    }
    RETURN_IF_ERROR(write_base(chains, spool::name_of_spool(source), now, spool::encode_record(all)));
  }
  return snapshot::remove_tree(folder.files(), path);
}

/// A node keeps in files of its own what such a source receives, and has no other place for it.
expected<void> check_spool(const config::topology& t, const std::string& source, const std::string& path) {
  const auto* const stage = t.find(source);
  if (stage == nullptr || deployment::spools_in_store(t, *stage))
    return {};
  return user_error(
      ec::unsupported,
      fmt::format("the source {} keeps what it receives on one machine ({}): several stages read it, or it "
                  "names a node or files; no node takes that over; go on with `millrace run`",
                  source, path));
}

expected<void> spools_into_chains(const run_folder& folder, const hosted_plan& plan,
                                  const std::string& topology, chain::named_chains& chains, const life& now) {
  const auto spools = spool_folder(folder, plan.state_id);
  ASSIGN_OR_RETURN(const auto names, names_in(folder.files(), spools));
  std::shared_ptr<const config::topology> loaded;  // null: there is no text
  if (!names.empty() && !plan.text.empty()) {
    ASSIGN_OR_RETURN(loaded, load_plan(plan.text, topology));
  }
  for (const auto& name : names) {
    const auto source = snapshot::name_of_file(name).value_or(name);
    const auto path = spools + "/" + name;
    if (loaded)
      RETURN_IF_ERROR(check_spool(*loaded, source, path));
    RETURN_IF_ERROR(spool_into_chains(folder, path, source, chains, now));
  }
  return {};
}

/// The sink's progress has to be known: the state knows that it has committed.
expected<void> letters_into_chains(const run_folder& folder, const std::string& state_id,
                                   chain::named_chains& chains, const life& now) {
  const auto path = sink::side_path(letters_file(folder));
  if (std::error_code failed; !std::filesystem::exists(path, failed))
    return {};
  ASSIGN_OR_RETURN(auto side, sink::side_file::open(path));
  ASSIGN_OR_RETURN(const auto locked, side.lock());
  ASSIGN_OR_RETURN(const auto stored, side.load());
  if (!stored)
    return {};
  ASSIGN_OR_RETURN(const auto record, sink::decode_record(*stored));
  ASSIGN_OR_RETURN(auto found, chains.look(sink::name_of_open_part()));
  ASSIGN_OR_RETURN(const auto there, sink::open_part_of(std::move(found)));
  if (!record.at || record.owner.state_id != state_id || (there && !there->progress.empty()))
    return {};
  auto begun = there.value_or(sink::letter_record());
  begun.progress = sink::encode_progress(*record.at);
  return write_base(chains, sink::name_of_open_part(), now, sink::encode_letters(begun));
}

/// A sink that keeps what it needs beside the folder's store goes on in `run` alone.
expected<void> check_sinks(const run_folder& folder) {
  ASSIGN_OR_RETURN(const auto names, names_in(folder.files(), folder.folder()));
  for (const auto& name : names)
    if (const std::string_view begin = "console-"; name.starts_with(begin) && name.ends_with(".progress"))
      return user_error(
          ec::unsupported,
          fmt::format("a sink prints on the console of `millrace run` ({}/{}), and no cluster goes on with "
                      "that; go on with `millrace run`",
                      folder.folder(), name));
  ASSIGN_OR_RETURN(const auto tables, names_in(folder.files(), folder.folder() + "/tables"));
  if (!tables.empty())
    return user_error(
        ec::unsupported,
        fmt::format("the sink {} has rows on their way to its table in {}/tables, and no cluster takes "
                    "these over; let `millrace run` bring the topology to its end there",
                    tables.front(), folder.folder()));
  return {};
}

/// Nobody else uses the store, so the node of the run is gone: others need not wait until it has been silent. A node of a cluster
/// may have its name, and then pins.
expected<void> forget_run(const std::shared_ptr<node::dir_chain_store>& store,
                          const node::seen_control& seen) {
  const std::string run(lone_node);
  if (!seen.state.nodes.contains(run) || !cluster::pinned_to(seen.state, run).empty())
    return {};
  node::control_book book(store);
  const auto mine = chain::chosen_above(seen.highest, static_cast<std::uint32_t>(random_bits()));
  RETURN_IF_ERROR(book.open(mine).map([](const auto&) {}));
  return book.append(mine, {cluster::records::node_forgotten{run}}) == cluster::append_outcome::acknowledged
             ? expected<void>()
             : outside_error(ec::io, fmt::format("{} does not take that the run has ended: {}",
                                                 store->shown(), book.last_error()));
}

expected<void> move_into_chains(const std::string& path) {
  auto& files = snapshot::posix_file_system();
  ASSIGN_OR_RETURN(const auto folder, run_folder::look(path, files));
  ASSIGN_OR_RETURN(const auto seen, node::control_book(folder->store()).look());
  const auto now = life_of_handover(seen.state);
  for (const auto& [name, t] : seen.state.topologies) {
    ASSIGN_OR_RETURN(const auto plan, decode_plan(t.plan));
    if (!files.list(snapshot::state_folder_of(path, plan.state_id)))
      continue;  // no run has had it
    RETURN_IF_ERROR(check_sinks(*folder));
    node::topology_chains chains(folder->store(), cluster::chains_of(name, t.first_generation));
    RETURN_IF_ERROR(spools_into_chains(*folder, plan, name, chains, now));
    RETURN_IF_ERROR(letters_into_chains(*folder, plan.state_id, chains, now));
  }
  return forget_run(folder->store(), seen);
}

constexpr std::string_view stop_first = "stop that one first, or name another store";
constexpr std::chrono::seconds move_patience{60};
constexpr std::chrono::milliseconds tries_every{20};

/// One of several nodes that begin at once moves, and the others wait for it. All hold the store, so no run is there.
expected<void> move_in_turn(snapshot::file_system& files, const std::string& path) {
  const auto until = std::chrono::steady_clock::now() + move_patience;
  auto turn = files.lock(path + "/handover.lock", snapshot::lock_kind::exclusive);
  for (; !turn && turn.error().code == ec::locked && std::chrono::steady_clock::now() < until;
       turn = files.lock(path + "/handover.lock", snapshot::lock_kind::exclusive))
    std::this_thread::sleep_for(tries_every);
  if (!turn)
    return unexpected(turn.error());
  return move_into_chains(path);
}

/// Null: the folder is no store, as the store itself says.
expected<std::unique_ptr<snapshot::folder_lock>> enter(const node::store_address& store,
                                                       snapshot::lock_kind kind) {
  const auto* const at = std::get_if<node::dir_address>(&store);
  if (at == nullptr)
    return nullptr;
  auto& files = snapshot::posix_file_system();
  const auto there = files.list(at->folder);
  const bool is_there = there && node::name_of_others(*there).empty() && !node::has_earlier_state(*there);
  if (!is_there && (there || kind == snapshot::lock_kind::exclusive))
    return nullptr;
  RETURN_IF_ERROR(snapshot::make_own_folder(files, at->folder));
  auto lock = snapshot::lock_state_folder(files, at->folder, "lock", stop_first, kind);
  if (!lock && (lock.error().code == ec::locked || kind == snapshot::lock_kind::exclusive))
    return lock;
  if (!lock) {  // the lives of chains fence all the same
    spdlog::warn("a `millrace run` in the store is not kept out: {}", lock.error().message);
    return nullptr;
  }
  RETURN_IF_ERROR(move_in_turn(files, at->folder));
  return lock;
}

// --- from chains into files

expected<void> spool_from_chains(const run_folder& folder, const std::string& path, const std::string& source,
                                 chain::named_chains& chains, const life& now) {
  ASSIGN_OR_RETURN(auto found, chains.look(spool::name_of_spool(source)));
  ASSIGN_OR_RETURN(auto there, spool::segments_of(std::move(found)));
  if (there.empty())
    return {};
  RETURN_IF_ERROR(snapshot::remove_tree(folder.files(), path));
  RETURN_IF_ERROR(snapshot::make_folders(folder.files(), path, folder.folder()));
  spool::folder_segments files(folder.files(), path);
  RETURN_IF_ERROR(files.open().map([](const auto&) {}));
  for (auto& s : there) {
    if (s.slot != 0) {
      ASSIGN_OR_RETURN(auto full, chains.look(spool::name_of_slot(source, s.slot)));
      s.bytes = std::move(full.base);
    }
    RETURN_IF_ERROR(files.begin(s.base, s.bytes));
  }
  return write_base(chains, spool::name_of_spool(source), now, spool::encode_record({}));
}

/// The lines of dead letters as rows again.
expected<data::batch> rows_of(std::string_view lines) {
  const auto schema = config::dead_letter_schema();
  std::vector<data::column_builder> columns;
  for (const auto& f : *schema)
    columns.emplace_back(f.type);
  std::size_t rows = 0;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (line.empty())
      continue;
    boost::json::error_code failed;
    const auto letter = boost::json::parse(line, failed);
    if (failed || !letter.is_object())
      return fatal_error(ec::corrupt, "a dead letter in the store is damaged");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& field = (*schema)[i];
      const auto* const value = letter.get_object().if_contains(field.name);
      const auto* const text = value == nullptr ? nullptr : value->if_string();
      if (value == nullptr || value->is_null())
        columns[i].append_null();
      else if (text == nullptr)
        columns[i].append_int(value->to_number<std::int64_t>(failed));
      else if (field.type.id() == data::type_id::timestamp)
        columns[i].append_int(expression::parse_timestamp(*text).value_or(0));
      else
        columns[i].append_text(*text);
    }
    ++rows;
  }
  data::batch out{schema, {}, rows};
  for (auto& c : columns)
    out.columns.push_back(c.finish());
  return out;
}

/// The file's sink takes what the other one has committed as a commit of its own; one that it has taken is known by its progress.
expected<void> letters_from_chains(const run_folder& folder, const found_run& found,
                                   const config::topology& topology, const life& now) {
  auto& chains = *found.chains;
  ASSIGN_OR_RETURN(auto stored, chains.look(sink::name_of_open_part()));
  ASSIGN_OR_RETURN(const auto open, sink::open_part_of(std::move(stored)));
  if (!open || open->progress.empty())
    return {};
  const auto options = topology.dead_letters && topology.dead_letters->type.empty()
                           ? topology.dead_letters->options
                           : config::values{};
  const auto file =
      sink::make_dead_letter_writer(letters_file(folder), config::dead_letter_schema(), options);
  ASSIGN_OR_RETURN(const auto at, file->open({found.plan.state_id, topology.name,
                                              std::string(deployment::dead_letter_sink), number_of(now)}));
  if (!at || sink::encode_progress(*at) != open->progress) {
    for (auto part = open->first; part <= open->number; ++part) {
      ASSIGN_OR_RETURN(const auto page, sink::read_letters(chains, part));
      ASSIGN_OR_RETURN(const auto rows, rows_of(page.lines));
      RETURN_IF_ERROR(file->write(rows));
    }
    ASSIGN_OR_RETURN(const auto progress, sink::decode_progress(open->progress));
    RETURN_IF_ERROR(file->commit(progress).map([](auto) {}));
  }
  for (auto part = open->first; part < open->number; ++part)
    RETURN_IF_ERROR(write_base(chains, sink::name_of_part(part), now, "\n"));
  return write_base(chains, sink::name_of_open_part(), now,
                    sink::encode_letters({open->number, open->number, 0, 0, {}, {}}));
}

}  // namespace

expected<void> take_from_nodes(const run_folder& folder, const found_run& found,
                               const config::topology& topology) {
  const auto now = life_of_handover(found.control);
  const auto spools = spool_folder(folder, found.plan.state_id);
  for (const auto& stage : topology.stages)
    if (stage.kind == config::stage_kind::source)
      RETURN_IF_ERROR(spool_from_chains(folder, spools + "/" + snapshot::file_name_of(stage.name), stage.name,
                                        *found.chains, now));
  return letters_from_chains(folder, found, topology, now);
}

expected<std::unique_ptr<snapshot::folder_lock>> enter_store(const node::store_address& store) {
  return enter(store, snapshot::lock_kind::shared);
}

expected<std::unique_ptr<snapshot::folder_lock>> enter_store_alone(const node::store_address& store) {
  return enter(store, snapshot::lock_kind::exclusive);
}

}  // namespace millrace::host
