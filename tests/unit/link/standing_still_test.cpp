// Counts what a link holds in memory for a peer that stands still, counted with the real limits.
#include "tests/unit/link/two_nodes.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

/// A piece that is all of its owner's bytes. held() sums up the pieces whose owners somebody still holds.
struct seen {
  std::weak_ptr<const void> owner;
  std::size_t bytes = 0;
  explicit seen(const piece& p) : owner(p.owner), bytes(p.bytes.size()) {}
};
std::size_t held(const std::vector<seen>& all) {
  std::size_t bytes = 0;
  for (const auto& s : all)
    bytes += s.owner.expired() ? 0 : s.bytes;
  return bytes;
}

}  // namespace

TEST_CASE("a link holds less than 16 MB for a peer that stands still, whatever 384 edges send") {
  two_nodes n{limits{}};
  n.open();
  std::vector<seen> owners;
  std::vector<pieces> transport;  // CAF's, which holds what it cannot send
  const auto put = [&](message m) {
    owners.emplace_back(m.bytes[0]);
    const auto done = n.a.link.send(std::move(m));
    n.a.link.flush(n.a.done);
    for (auto& p : n.a.done.bytes) {
      owners.emplace_back(p[0]);
      transport.push_back(std::move(p));
    }
    n.a.done = {};
    return done;
  };
  std::size_t refused = 0;
  for (int round = 0; round < 30; ++round)
    for (edge_id edge = 0; edge < 384; ++edge) {
      refused += put(content(edge, std::string(200'000, 'x'))) == taken::no_room;
      static_cast<void>(
          put(of_kind(kind::note, edge, std::to_string(round) + "-" + std::to_string(round + 1))));
      CHECK(put(of_kind(kind::credit, edge, std::to_string(round))) != taken::no_room);
      CHECK(put(of_kind(kind::acknowledgement, edge, std::to_string(round))) != taken::no_room);
    }
  CHECK(refused > 11'000);
  CHECK(n.a.link.unacknowledged() <= limits{}.window);
  CHECK(n.a.link.queued() + n.a.link.unacknowledged() < 16'000'000);
  CHECK(held(owners) < 16'000'000);
  CHECK(held(owners) > 10'000'000);
}
