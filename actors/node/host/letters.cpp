#include "actors/node/host/letters.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/letters_in_folder.hpp"
#include "actors/node/host/run_state.hpp"
#include "actors/observe/letter_counts.hpp"
#include "actors/observe/own_answers.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/sink/letters/stored_letters.hpp"
#include "runtime/cluster/admission.hpp"
#include "runtime/control/spawn.hpp"

#include <boost/json.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace millrace::host {
namespace {

struct letters_request {
  letters_home from;
  api::request asked;
  std::shared_ptr<const api::reply> to;
};

/// The type of the sink that the topology has for them; empty where it has none. The text alone says it: letters are also
/// shown of a topology that this version does not load.
std::string own_sink_of(const std::string& text) {
  boost::json::error_code failed;
  const auto topology = boost::json::parse(text, failed);
  const auto* const whole = failed ? nullptr : topology.if_object();
  const auto* const letters = whole == nullptr ? nullptr : whole->if_contains("dead_letters");
  const auto* const stage = letters == nullptr ? nullptr : letters->if_object();
  const auto* const type = stage == nullptr ? nullptr : stage->if_contains("sink");
  return type == nullptr || !type->is_string() ? std::string() : std::string(type->get_string());
}

std::vector<std::string> split(std::string_view lines) {
  std::vector<std::string> out;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    if (const auto line = lines.substr(0, end); !line.empty())
      out.emplace_back(line);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return out;
}

using ids = std::unordered_set<std::string>;

/// A letter is shown without the mark rather than not at all.
expected<api::answer> marked_answer(const api::request& r, const expected<ids>& replayed,
                                    const observe::page_of_letters& oldest,
                                    const observe::page_of_letters& newest) {
  if (!replayed)
    spdlog::warn("dead letters are shown without a mark at those that were replayed: {}",
                 replayed.error().message);
  const auto known = replayed.value_or(ids{});
  const auto mark = [&](api::answers::dead_letters&& page) {
    return observe::marked(std::move(page), known);
  };
  return observe::letters_answer(
      r, [&](std::uint64_t page) { return oldest(page).map(mark); },
      [&](std::uint64_t page) { return newest(page).map(mark); });
}

expected<api::answer> answer_of(const std::shared_ptr<node::chain_store>& store, const api::request& r) {
  const auto& topology = *observe::asks_for_letters(r);
  ASSIGN_OR_RETURN(const auto there, find_with_letters(store, topology));
  node::topology_chains chains(store, there.chains);
  return marked_answer(
      r, replay::entries_in(chains).map(replay::ids_of),
      [&](std::uint64_t page) { return letters_page(store, topology, page); },
      [&](std::uint64_t page) { return newest_letters_page(store, topology, page); });
}

/// A folder that holds no state yet has none.
expected<ids> replayed_in(const letters_folder& of) {
  const auto folder = run_folder::look(of.folder);
  if (!folder)
    return folder.error().code == ec::not_found ? expected<ids>(ids()) : unexpected(folder.error());
  ASSIGN_OR_RETURN(const auto found, look_at_run(**folder, of.topology->name));
  return replay::entries_in(*found.chains).map(replay::ids_of);
}

expected<api::answer> answer_of(const letters_folder& of, const api::request& r) {
  return marked_answer(
      r, replayed_in(of), [&](std::uint64_t page) { return letters_page(of, page); },
      [&](std::uint64_t page) { return newest_letters_page(of, page); });
}

letter_reader::behavior_type reader_behaviour(letter_reader::pointer self,
                                              const std::shared_ptr<letters_request>& r) {
  return {[=](const read_letters_now&) {
    try {
      (*r->to)(std::visit([&](const auto& from) { return answer_of(from, r->asked); }, r->from));
    } catch (const std::exception& e) {
      (*r->to)(our_error(fmt::format("the dead letters could not be read: {}", e.what())));
    }
    self->quit();
  }};
}

}  // namespace

expected<with_letters> find_with_letters(const std::shared_ptr<node::chain_store>& store,
                                         const std::string& topology) {
  ASSIGN_OR_RETURN(const auto control, node::control_book(store).look());
  const auto found = control.state.topologies.find(topology);
  if (found == control.state.topologies.end())
    return cluster::no_topology(control.state, topology);
  ASSIGN_OR_RETURN(const auto plan, decode_plan(found->second.plan));
  if (const auto sink = own_sink_of(plan.text); !sink.empty())
    return user_error(ec::not_found,
                      fmt::format("the dead letters of {} are not in the store: its \"dead_letters\" "
                                  "sends them to a sink of the type {}",
                                  topology, sink));
  return with_letters{found->second, cluster::chains_of(topology, found->second.first_generation)};
}

expected<api::answers::dead_letters> letters_page(const std::shared_ptr<node::chain_store>& store,
                                                  const std::string& topology, std::uint64_t page) {
  ASSIGN_OR_RETURN(const auto there, find_with_letters(store, topology));
  node::topology_chains chains(store, there.chains);
  return sink::read_letters(chains, page).map([](const sink::page_of_letters& found) {
    return api::answers::dead_letters{split(found.lines), found.next};
  });
}

expected<api::answers::dead_letters> newest_letters_page(const std::shared_ptr<node::chain_store>& store,
                                                         const std::string& topology, std::uint64_t page) {
  ASSIGN_OR_RETURN(const auto there, find_with_letters(store, topology));
  node::topology_chains chains(store, there.chains);
  ASSIGN_OR_RETURN(const auto kept, sink::kept_letters(chains));
  const auto part = page == 0 ? kept.last : std::min(page, kept.last);
  if (part < kept.first)
    return api::answers::dead_letters{};
  return sink::read_letters(chains, part).map([&](const sink::page_of_letters& found) {
    api::answers::dead_letters out{split(found.lines), {}};
    std::ranges::reverse(out.letters);
    if (part > kept.first)
      out.next = part - 1;
    return out;
  });
}

letter_reader spawn_letter_reader(caf::actor_system& system, letters_home from, api::request asked,
                                  std::shared_ptr<const api::reply> to) {
  return control::spawn_blocking(
      system, reader_behaviour,
      std::make_shared<letters_request>(letters_request{std::move(from), std::move(asked), std::move(to)}));
}

}  // namespace millrace::host
