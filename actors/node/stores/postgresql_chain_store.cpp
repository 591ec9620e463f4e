#include "actors/node/stores/postgresql_chain_store.hpp"

#include "actors/node/stores/postgresql/database_segments.hpp"
#include "actors/node/stores/postgresql/owner_check.hpp"
#include "actors/node/stores/postgresql/postgresql_chain.hpp"

namespace millrace::node {

using postgresql_chain::database_chain;

expected<opened_chain> postgresql_chain_store::open(const cluster::actor_id& whose, const life& now) {
  return database_chain::open(database_, schema_, {whose.topology, whose.name}, now);
}

expected<opened_chain> postgresql_chain_store::open_chosen(const cluster::actor_id& whose,
                                                           const life& chosen) {
  return database_chain::open_chosen(database_, schema_, {whose.topology, whose.name}, chosen);
}

expected<found_chain> postgresql_chain_store::look(const cluster::actor_id& whose) {
  return database_chain::look(database_, schema_, {whose.topology, whose.name})
      .map([](database_chain::looked&& found) {
        return found_chain{std::move(found.contents), found.highest};
      });
}

expected<std::unique_ptr<snapshot::segments>>
postgresql_chain_store::open_segments(const cluster::actor_id& whose, incarnation term,
                                      const std::vector<segment_id>& needed) {
  return postgresql_chain::database_segments::open(database_, schema_, {whose.topology, whose.name}, term,
                                                   needed);
}

expected<std::vector<std::string>> postgresql_chain_store::openings() {
  return postgresql_chain::statements_for(schema_).and_then([&](const postgresql_chain::statements& texts) {
    return postgresql_chain::check_owners(*database_, texts);
  });
}

expected<std::vector<std::string>> postgresql_chain_store::list(const std::string& chains) {
  return database_chain::list(database_, schema_, chains);
}

expected<std::vector<segment_id>> postgresql_chain_store::list_segments(const cluster::actor_id& whose) {
  return postgresql_chain::database_segments::look(database_, schema_, {whose.topology, whose.name})
      .and_then([](const auto& found) {
        return found ? found->list() : expected<std::vector<segment_id>>(std::vector<segment_id>());
      });
}

expected<std::string> postgresql_chain_store::read_segment(const cluster::actor_id& whose,
                                                           const segment_id& id) {
  return postgresql_chain::database_segments::look(database_, schema_, {whose.topology, whose.name})
      .and_then([&](const auto& found) -> expected<std::string> {
        if (!found)
          return fatal_error(ec::not_found, whose.name + " has no chain");
        return found->read(id);
      });
}

expected<void> postgresql_chain_store::clear(const std::string& chains) {
  return database_chain::clear(database_, schema_, chains);
}

}  // namespace millrace::node
