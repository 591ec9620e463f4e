#include "runtime/cluster/proven_epochs.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::proven_epochs_trial {
namespace {

moment after_ms(int ms) { return {std::chrono::milliseconds(ms), std::int64_t{ms} * 1'000}; }

envelope from(const std::string& node, decltype(envelope::what) what) {
  return {"c#1", {node, 1}, 0, std::move(what)};
}
envelope word(const std::string& node, const epoch& of) { return from(node, signs::word{of, 0}); }

constexpr std::uint64_t absurd = 0xffff'ffff;

}  // namespace

TEST_CASE(
    "J4: envelopes that speak of an epoch are those of a leader, who hears one, and who knows a higher one") {
  CHECK(epoch_in(word("a", {3})) == epoch(3));
  CHECK(epoch_in(from("a", signs::heard{{3}})) == epoch(3));
  CHECK(epoch_in(from("a", node_command{{3, 4}, 0, commands::register_again{}})) == epoch(3, 4));
  CHECK(epoch_in(from("a", node_event(epoch_refused{{3}}))) == epoch(3));
  CHECK_FALSE(epoch_in(from("a", signs::alive{1, 2, 3})));
  CHECK_FALSE(epoch_in(from("a", node_event(life_began{}))));
}

TEST_CASE("J4: an envelope waits for a look at control, and what comes behind it keeps its place") {
  proven_epochs p;
  const auto first = p.on_envelope(word("a", {3}), after_ms(0));
  CHECK(first.count.empty());
  CHECK(first.looks);
  const auto second = p.on_envelope(from("a", signs::alive{1, 2, 3}), after_ms(1));
  CHECK(second.count.empty());
  CHECK_FALSE(second.looks);  // one is under way
  CHECK(p.on_envelope(from("b", signs::alive{1, 2, 3}), after_ms(1)).count.size() == 1);
  const auto seen = p.on_seen({3, 7}, after_ms(2));
  CHECK_FALSE(seen.looks);
  REQUIRE(seen.count.size() == 2);
  CHECK(seen.count[0] == word("a", {3}));
  CHECK(seen.count[1] == from("a", signs::alive{1, 2, 3}));
  CHECK(p.on_envelope(word("a", {3}), after_ms(3)).count.size() == 1);
}

TEST_CASE("J4: an epoch that control does not have counts for nobody, and costs one look a second") {
  proven_epochs p;
  p.prove({5});
  int looks = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    auto out = p.on_envelope(word("stranger", {absurd}), after_ms(ms));
    while (out.looks) {
      ++looks;
      CHECK(out.count.empty());
      out = p.on_seen({5}, after_ms(ms));
    }
    CHECK(out.count.empty());
  }
  CHECK(looks == 10);
  CHECK(p.on_envelope(word("a", {5}), after_ms(10'000)).count.size() == 1);
}

TEST_CASE("J4: a leader that has opened control since a look began causes another one") {
  proven_epochs p;
  CHECK(p.on_envelope(word("stranger", {absurd}), after_ms(0)).looks);
  CHECK_FALSE(p.on_envelope(word("a", {6}), after_ms(1)).looks);
  const auto before = p.on_seen({5}, after_ms(2));
  CHECK(before.count.empty());
  CHECK(before.looks);
  const auto after = p.on_seen({6}, after_ms(3));
  REQUIRE(after.count.size() == 1);
  CHECK(after.count[0] == word("a", {6}));
}

TEST_CASE("J4: a store that does not answer proves nothing, and is asked again after a second") {
  proven_epochs p;
  CHECK(p.on_envelope(word("a", {3}), after_ms(0)).looks);
  p.on_not_seen(after_ms(10));
  CHECK_FALSE(p.on_envelope(word("a", {3}), after_ms(1'009)).looks);
  CHECK(p.on_envelope(word("a", {3}), after_ms(1'010)).looks);
  CHECK(p.on_seen({3}, after_ms(1'020)).count.size() == 3);
}

TEST_CASE("J4: envelopes that wait are bounded, and go with their link") {
  proven_epochs p;
  for (int i = 0; i < 10'000; ++i)
    CHECK(p.on_envelope(word("a", {3}), after_ms(i / 100)).count.empty());
  CHECK(p.on_seen({3}, after_ms(200)).count.size() + p.on_seen({3}, after_ms(200)).count.size() == 256);
  CHECK(p.on_envelope(word("a", {4}), after_ms(300)).looks);
  p.forget({"a", 1});
  CHECK(p.on_seen({4}, after_ms(301)).count.empty());
}

}  // namespace millrace::cluster::proven_epochs_trial
