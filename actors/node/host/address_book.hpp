// The addresses at which the nodes of a cluster listen: a chain of its own in the store that they share. Each
// process writes its address there before it joins, and looks for the others. So nodes find each other by the
// store alone, and a node that is sent to another one whose address its own store does not have reads another
// store. The chain has the secret, too, by which links without TLS prove that both ends read it
// (runtime/link/proof.hpp). Calls block.
#pragma once

#include "actors/node/host/messages.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::host {

/// Each node has its name as key.
using addresses = std::map<std::string, node_address>;

/// Content of one record of the book, and the sum of all.
struct address_record {
  std::string link_secret;  // link::link_secret_size bytes; the first one that was written counts
  addresses nodes;
  friend bool operator==(const address_record&, const address_record&) = default;
};
[[nodiscard]] std::string encode_addresses(const address_record& r);
/// Never trusts the bytes: ec::corrupt; ec::unsupported for another version.
[[nodiscard]] expected<address_record> decode_addresses(std::string_view bytes);

class address_book {
public:
  explicit address_book(std::shared_ptr<node::chain_store> store) : store_(std::move(store)) {}

  [[nodiscard]] expected<addresses> look();
  // Both are durable when they return. `random` tells processes apart that write at once. ec::fenced, or an error with
  // `retry`: another one may have been faster, and the call may be repeated.
  [[nodiscard]] expected<void> write(const node_address& mine, std::uint32_t random);
  /// Returns the secret of links, which is never logged or shown; makes it where the store has none yet.
  [[nodiscard]] expected<std::string> link_secret(std::uint32_t random);

private:
  /// Returns an empty list where no node has written.
  [[nodiscard]] expected<address_record> read();
  /// Writes these beside what is there, and a secret where there is none.
  [[nodiscard]] expected<address_record> add(const addresses& some, std::uint32_t random);

  std::shared_ptr<node::chain_store> store_;
};

/// The time of the store's last answer, for probes. Any thread may call.
class store_sign {
public:
  using clock = std::chrono::steady_clock;

  void answered(clock::time_point now) { at_ = now; }
  /// The store is asked every second; one that is busy may take a few.
  [[nodiscard]] bool is_silent(clock::time_point now) const {
    return now - at_.load() > std::chrono::seconds(10);
  }

private:
  std::atomic<clock::time_point> at_{clock::now()};
};

/// The actor's own timer.
struct look_at_addresses {};
/// Tells the switchboard every second of all addresses, and the sign that the store has answered; ends by
/// messages::stop.
using address_keeper = caf::typed_actor<caf::reacts_to<messages::stop>>;
[[nodiscard]] address_keeper spawn_address_keeper(caf::actor_system& system,
                                                  std::shared_ptr<node::chain_store> store, switchboard board,
                                                  std::shared_ptr<store_sign> sign);

}  // namespace millrace::host
