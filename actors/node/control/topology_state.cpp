#include "actors/node/control/topology_state.hpp"

#include "runtime/snapshot/life_fence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::node {
namespace {

/// The first byte of a value's record. It tells an empty value from none, too.
constexpr char value_version = 1;

std::string encode_stored_value(std::string_view value) {
  std::string out(1, value_version);
  return out.append(value);
}

/// Returns no value where none was put.
expected<std::optional<std::string>> value_in(const chain::contents& found, const cluster::actor_id& whose) {
  if (found.base.empty())
    return std::nullopt;
  if (found.base.front() != value_version)
    return user_error(ec::unsupported,
                      fmt::format("{} of {} was written by a later version of millrace; run that version",
                                  whose.name, whose.topology));
  return found.base.substr(1);
}

}  // namespace

/// No name of a stage has a colon, so values are apart from all actors; none has an '@', so they are apart by runs.
cluster::actor_id topology_state::value_of(std::string_view name) const {
  if (run_ != 0 && decided_.contains(std::string(name)))
    return {chains_, fmt::format("value:{}@{}", name, run_)};
  return {chains_, fmt::format("value:{}", name)};
}

expected<std::unique_ptr<snapshot::snapshots>> topology_state::open_snapshots(std::string_view actor,
                                                                              incarnation life) {
  return store_->open(actor_of(actor), {life, 0}).map([this](opened_chain&& records) {
    return std::unique_ptr<snapshot::snapshots>(
        std::make_unique<snapshot::merged_snapshots>(std::move(records), bases_));
  });
}

expected<snapshot::snapshots::chain> topology_state::look_at_snapshots(const std::string& actor) const {
  return store_->look(actor_of(actor)).map([](found_chain&& found) { return std::move(found.contents); });
}

expected<std::unique_ptr<snapshot::segments>>
topology_state::open_segments(std::string_view actor, incarnation life,
                              const std::vector<segment_id>& needed) {
  return store_->open_segments(actor_of(actor), life, needed);
}

expected<std::string> topology_state::get(std::string_view name) const {
  const auto whose = value_of(name);
  ASSIGN_OR_RETURN(const auto found, store_->look(whose));
  ASSIGN_OR_RETURN(auto value, value_in(found.contents, whose));
  if (const auto decided = decided_.find(std::string(name)); !value && decided != decided_.end())
    return decided->second;
  if (!value)
    return user_error(ec::not_found, fmt::format("there is no value {} of the topology {} in {}", name,
                                                 id_.topology, store_->shown()));
  return std::move(*value);
}

expected<void> topology_state::put_as(std::string_view name, std::string_view value, const life& whose) {
  const auto mine = value_of(name);
  const auto bytes = encode_stored_value(value);
  ASSIGN_OR_RETURN(const auto found, store_->look(mine));
  // R1: an older writer is fenced off by an opening alone, so the same value is passed over only where this
  // term has opened before.
  if (found.highest.term == whose.term && found.contents.base == bytes)
    return {};
  ASSIGN_OR_RETURN(const auto opened, store_->open(mine, whose));
  ASSIGN_OR_RETURN(const auto there, opened->read());
  if (there.base == bytes)
    return snapshot::append_base_if_due(*opened, [&] { return bytes; });
  ASSIGN_OR_RETURN(const auto done, opened->append_base(bytes));
  return done ? expected<void>() : our_error(fmt::format("the value {} was not put", name));
}

expected<void> topology_state::put(std::string_view name, std::string_view value) {
  return store_->look(value_of(name)).and_then([&](const found_chain& found) {
    return put_as(name, value, {std::max<incarnation>(found.highest.term, 1), found.highest.count});
  });
}

}  // namespace millrace::node
