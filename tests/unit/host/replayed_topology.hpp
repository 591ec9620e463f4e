// A topology whose dead letters are in the store of a cluster, for tests that replay them.
#pragma once

#include "actors/deployment/start_positions.hpp"
#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/host/replays.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/sink/dead_letters.hpp"
#include "actors/stream/sink/letters/stored_letters.hpp"
#include "config/plan.hpp"
#include "tests/unit/node/stores.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::host::test {

/// A topology that receives posts, in a cluster whose store holds letters of it.
class replaying {
public:
  explicit replaying(std::shared_ptr<node::chain_store> at, std::int64_t letters = 0)
      : store(std::move(at)), chains(std::make_shared<node::topology_chains>(store, "t")), book_(store) {
    node_test::must(book_.open({1, 1}));
    cluster::records::topology_applied r;
    r.topology = "t";
    r.plan = host::encode_plan({R"({"millrace": 1, "topology": "t", "stages": {
      "posted": {"source": "http_server", "listen": "127.0.0.1:1", "routes": {"/": {"body": "lines", "event": {}}}},
      "parsed": {"parser": "json", "from": "posted", "schema": {"k": "text"}},
      "other": {"parser": "json", "from": "posted", "schema": {"k": "text"}},
      "rows": {"sink": "console", "from": "parsed"}, "more": {"sink": "console", "from": "other"}}})",
                                "0123",
                                1,
                                {{deployment::starts_name("parsed"), deployment::encode_starts({})},
                                 {deployment::starts_name("other"), deployment::encode_starts({})}}});
    r.generation = 1;
    r.actors = {{"parsed/lane0", cluster::actor_kind::lane, "parsed"},
                {"other/lane0", cluster::actor_kind::lane, "other"}};
    record(r);
    if (letters != 0)
      write(letters);
  }
  void record(cluster::record r) {
    REQUIRE(book_.append({1, 1}, {std::move(r)}) == cluster::append_outcome::acknowledged);
  }
  void write(std::int64_t count) const {
    sink::stored_letters box(chains, sink::dead_letter_format(*config::dead_letter_schema()),
                             {{{}, sink::largest_stored_part, 2}, {}});
    node_test::must(box.open({"0123", "t", "dead_letters", number_of({1, 1}), false, false, false}));
    for (std::int64_t i = 0; i < count; ++i) {
      delivery::dead_letters one;
      one.push_back(
          {i % 5 == 4 ? "other" : "parsed", "spool", {0, i}, "no JSON", "record " + std::to_string(i)});
      node_test::must(box.write(sink::dead_letter_rows(one, 0)));
      sink::progress p;
      p.positions["lane"] = {{0, i + 1}, no_watermark};
      node_test::must(box.commit(p));
    }
  }
  [[nodiscard]] host::left_batches_found unread() const { return host::unread_batches(store, *plans); }
  [[nodiscard]] host::replay_result replay(std::vector<std::string> ids = {},
                                           const std::string& into = "parsed") const {
    return host::replay_in_store(store, {store, {"t", into, std::move(ids)}, nullptr, plans});
  }
  /// Counts how often each record went in.
  [[nodiscard]] std::map<std::string, int> went_in() const {
    std::map<std::string, int> out;
    for (const auto& e : node_test::must(replay::entries_in(*chains)))
      for (const auto& r : node_test::must(replay::read_batch(*chains, e.number)).records)
        ++out[r.bytes];
    return out;
  }

  std::shared_ptr<node::chain_store> store;
  std::shared_ptr<node::topology_chains> chains;
  std::shared_ptr<planned_topologies> plans = std::make_shared<planned_topologies>();

private:
  node::control_book book_;
};

}  // namespace millrace::host::test
