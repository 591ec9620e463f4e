#include "actors/node/postgresql_chain_store.hpp"

#include "actors/client/postgresql_chain/database_segments.hpp"
#include "actors/client/postgresql_chain/place_check.hpp"
#include "actors/client/postgresql_chain/postgresql_chain.hpp"

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
    return postgresql_chain::check_place(*database_, texts);
  });
}

expected<void> postgresql_chain_store::clear(const std::string& chains) {
  return database_chain::clear(database_, schema_, chains);
}

}  // namespace millrace::node
