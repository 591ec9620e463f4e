#include "actors/node/stores/chain_store.hpp"

#include "actors/node/stores/dir_chain_store.hpp"
#include "actors/node/stores/kafka_chain_store.hpp"
#include "actors/node/stores/postgresql/libpq_connection.hpp"
#include "actors/node/stores/postgresql_chain_store.hpp"

namespace millrace::node {
namespace {

struct store_maker {
  expected<std::shared_ptr<chain_store>> operator()(const dir_address& p) const {
    return std::make_shared<dir_chain_store>(snapshot::posix_file_system(), p.folder);
  }
  expected<std::shared_ptr<chain_store>> operator()(const postgresql_address& p) const {
    return postgresql_chain::libpq_connection::make({.connection = p.uri})
        .map([](std::unique_ptr<postgresql_chain::libpq_connection>&& made) -> std::shared_ptr<chain_store> {
          return std::make_shared<postgresql_chain_store>(std::move(made));
        });
  }
  expected<std::shared_ptr<chain_store>> operator()(const kafka_address& p) const {
    return std::make_shared<kafka_chain_store>(
        kafka_chain::kafka_topic_options{.to = {p.brokers, p.properties}, .topic = p.topic});
  }
};

}  // namespace

expected<std::shared_ptr<chain_store>> make_chain_store(const store_address& where) {
  return std::visit(store_maker{}, where);
}

}  // namespace millrace::node
