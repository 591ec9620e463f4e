// Record: u8 version | secret of links | varint n | n x (node | varint instance | host | varint port). A base has all
// nodes, a later record those that it changes; each has the secret.
#include "actors/node/host/address_book.hpp"

#include "runtime/base/earlier_format.hpp"
#include "runtime/base/random.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/link/proof.hpp"
#include "runtime/wire/bytes.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <limits>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::uint8_t book_version = 2;
constexpr std::size_t records_before_base = 20;
constexpr std::chrono::seconds addresses_every{1};

cluster::actor_id book_of_cluster() { return {"", "addresses"}; }

expected<address_record> sum_up(const chain::contents& records) {
  address_record out;
  for (const auto& r : chain::records_of(records)) {
    auto some = decode_addresses(r);
    if (!some)
      return some;
    if (out.link_secret.empty())
      out.link_secret = std::move(some->link_secret);
    for (auto& [name, a] : some->nodes)
      out.nodes.insert_or_assign(name, std::move(a));
  }
  return out;
}

}  // namespace

std::string encode_addresses(const address_record& r) {
  wire::writer out;
  out.fixed(book_version);
  out.string(r.link_secret);
  out.varint(r.nodes.size());
  for (const auto& [name, a] : r.nodes) {
    out.string(name);
    out.varint(a.instance);
    out.string(a.at.host);
    out.varint(a.at.port);
  }
  return out.take();
}

expected<address_record> decode_addresses(std::string_view bytes) {
  wire::reader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version > book_version)
    return fatal_error(ec::unsupported,
                       "a later version of millrace has written the addresses of nodes; update this node");
  if (version != 0 && version < book_version)
    return earlier_format("the record of the addresses of nodes", version, book_version,
                          "or give the cluster an empty store, and apply its topologies there");
  address_record out;
  out.link_secret = in.string();
  bool is_good = version != 0 && out.link_secret.size() == link::link_secret_size;
  for (auto left = in.varint(); left > 0 && in.ok() && is_good; --left) {
    node_address a;
    a.node = in.string();
    a.instance = in.varint();
    a.at.host = in.string();
    const auto port = in.varint();
    is_good = port <= std::numeric_limits<std::uint16_t>::max();
    a.at.port = static_cast<std::uint16_t>(port);
    if (in.ok())
      out.nodes[a.node] = a;
  }
  if (!is_good || !in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "the addresses of nodes in the store are malformed");
  return out;
}

expected<address_record> address_book::read() {
  ASSIGN_OR_RETURN(const auto found, store_->look(book_of_cluster()));
  return sum_up(found.contents);
}

expected<addresses> address_book::look() {
  return read().map([](address_record&& all) { return std::move(all.nodes); });
}

expected<void> address_book::write(const node_address& mine, std::uint32_t random) {
  return add({{mine.node, mine}}, random).map([](const address_record&) {});
}

expected<std::string> address_book::link_secret(std::uint32_t random) {
  auto all = read();
  if (all && all->link_secret.empty())
    all = add({}, random);
  return std::move(all).map([](address_record&& r) { return std::move(r.link_secret); });
}

expected<address_record> address_book::add(const addresses& some, std::uint32_t random) {
  ASSIGN_OR_RETURN(const auto seen, store_->look(book_of_cluster()));
  ASSIGN_OR_RETURN(auto opened,
                   store_->open_chosen(book_of_cluster(), chain::chosen_above(seen.highest, random)));
  auto& book = *opened;
  ASSIGN_OR_RETURN(const auto records, book.read());
  auto all = sum_up(records);
  if (!all)
    return unexpected(all.error());
  if (all->link_secret.empty())
    all->link_secret = random_id();
  RETURN_IF_ERROR(book.append(encode_addresses({all->link_secret, some}), true));
  for (const auto& [name, a] : some)
    all->nodes.insert_or_assign(name, a);
  // The record counts; a base that cannot be written is tried again by the next process.
  if (records.increments.size() >= records_before_base)
    static_cast<void>(book.append_base(encode_addresses(*all)));
  return all;
}

namespace {

using whole_keeper = address_keeper::extend<caf::reacts_to<look_at_addresses>>;

whole_keeper::behavior_type address_keeper_behaviour(whole_keeper::pointer self,
                                                     const std::shared_ptr<node::chain_store>& store,
                                                     const switchboard& board,
                                                     const std::shared_ptr<store_sign>& sign) {
  self->send(self, look_at_addresses{});
  const auto complaint = std::make_shared<std::string>();
  return {
      [=](const messages::stop&) { self->quit(); },
      [=](const look_at_addresses&) {
        self->delayed_send(self, addresses_every, look_at_addresses{});
        auto all = address_book(store).look();
        if (!all) {
          if (std::exchange(*complaint, all.error().message) != all.error().message)
            spdlog::warn("the addresses of other nodes cannot be read: {}", all.error().message);
          return;
        }
        complaint->clear();
        sign->answered(store_sign::clock::now());
        addresses_known known;
        for (auto& [_, a] : *all)
          known.all.push_back(std::move(a));
        self->send(board, std::move(known));
      },
  };
}

}  // namespace

address_keeper spawn_address_keeper(caf::actor_system& system, std::shared_ptr<node::chain_store> store,
                                    switchboard board, std::shared_ptr<store_sign> sign) {
  return control::spawn_blocking(system, address_keeper_behaviour, std::move(store), std::move(board),
                                 std::move(sign));
}

}  // namespace millrace::host
