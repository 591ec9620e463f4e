#include "tools/cli/node_store.hpp"

#include "actors/node/stores/store_properties.hpp"

#include <spdlog/spdlog.h>

#include <utility>
#include <variant>

namespace millrace::cli {

expected<std::shared_ptr<node::chain_store>> store_of_node(const std::string& store,
                                                           const std::string& properties) {
  ASSIGN_OR_RETURN(auto place, node::parse_store_address(store));
  if (!properties.empty()) {
    auto* const kafka = std::get_if<node::kafka_address>(&place);
    if (kafka == nullptr)
      return user_error(ec::invalid_argument,
                        "--store-properties is for --store kafka:BROKERS[/TOPIC]; leave it out");
    ASSIGN_OR_RETURN(kafka->properties, node::read_store_properties(properties));
  }
  return node::make_chain_store(place);
}

expected<void> tell_openings(node::chain_store& store) {
  const auto found = store.openings();
  if (!found)
    return found.error().whose == fault::user ? unexpected(found.error()) : expected<void>();
  for (const auto& text : *found)
    spdlog::warn("the store is open to others: {}", text);
  return {};
}

}  // namespace millrace::cli
