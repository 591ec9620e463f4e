// A shard's captures and spilled output are written by the life that has opened its snapshots last.
#include "runtime/control/snapshot_writer.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

namespace millrace::control {
namespace {

class counted_snapshots final : public snapshot::snapshots {
public:
  expected<chain> load() override {
    if (is_not_mine)
      return unexpected(*is_not_mine);
    return chain();
  }
  expected<std::uint64_t> append(std::string_view, bool) override { return ++appends; }
  expected<bool> compact(const std::function<expected<std::string>(const chain&)>&) override { return false; }
  [[nodiscard]] std::uint64_t bytes() const override { return 0; }
  std::uint64_t appends = 0;
  std::optional<error> is_not_mine;
};

class counted_segments final : public snapshot::segments {
public:
  expected<void> write(const segment_id&, std::string_view) override {
    ++writes;
    return {};
  }
  expected<std::string> read(const segment_id&) const override { return unexpected(unreadable); }
  expected<void> remove(const std::vector<segment_id>& ids) override {
    removed += ids.size();
    return {};
  }
  std::uint64_t writes = 0;
  std::size_t removed = 0;
  error unreadable = fatal_error(ec::not_found, "it is missing").value();
};

struct two_lives {
  two_lives() : system(config), turns(test::turns_of(system)), writer(spawn_snapshot_writer(system)) {
    for (const auto& l : {former, present})
      caf::anon_send(writer, adopt_snapshots{"window/0/0", l, chain, segments, {}});
  }
  ~two_lives() {
    caf::anon_send(writer, messages::stop{});
    turns.run();
  }

  template<class Answer, class Message>
  std::optional<error> failure_of(Message m) {
    caf::scoped_actor self(system);
    auto asked = self->request(writer, caf::infinite, std::move(m));
    turns.run();
    std::optional<error> out;
    asked.receive([&](const Answer& a) { out = a.failure; }, [](const caf::error&) { FAIL("no answer"); });
    return out;
  }
  std::optional<error> capture(const life& by) {
    return failure_of<messages::capture_written>(
        messages::write_capture{"window/0/0", by, std::make_shared<const std::string>("state"), false});
  }
  std::optional<error> spill(const life& by) {
    return failure_of<messages::segment_written>(messages::write_segment{
        "window/0/0", by, {by.term, 1}, std::make_shared<const std::vector<delivery::output_ptr>>()});
  }
  std::optional<error> read_back(const life& by) {
    return failure_of<messages::segment_read>(
        messages::read_segment{"window/0/0", by, {by.term, 1}, "window/0/0"});
  }
  void remove(const life& by) {
    caf::anon_send(writer, messages::remove_segments{"window/0/0", by, {{by.term, 1}}});
    turns.run();
  }

  const life former = life(7);
  const life present = life(7, 1);
  std::shared_ptr<counted_snapshots> chain = std::make_shared<counted_snapshots>();
  std::shared_ptr<counted_segments> segments = std::make_shared<counted_segments>();
  test::turn_by_turn config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& turns;
  messages::snapshot_writer writer;
};

TEST_CASE("a life whose successor under the same term has the snapshots writes nothing") {
  two_lives s;
  REQUIRE(s.capture(s.former));
  CHECK(s.capture(s.former)->code == ec::fenced);
  CHECK(s.chain->appends == 0);
  CHECK_FALSE(s.capture(s.present));
  CHECK(s.chain->appends == 1);
}

TEST_CASE("such a life neither spills nor removes output") {
  two_lives s;
  REQUIRE(s.spill(s.former));
  s.remove(s.former);
  CHECK(s.segments->writes == 0);
  CHECK(s.segments->removed == 0);
  CHECK_FALSE(s.spill(s.present));
  s.remove(s.present);
  CHECK(s.segments->writes == 1);
  CHECK(s.segments->removed == 1);
}

// The successor opens the chain before it removes what that does not name, and adopts it after that.
TEST_CASE("a life that misses spilled output is over where its successor has opened the chain") {
  two_lives s;
  REQUIRE(s.read_back(s.present));
  CHECK(s.read_back(s.present)->code == ec::not_found);
  s.chain->is_not_mine = fatal_error(ec::fenced, "a newer life has opened").value();
  CHECK(s.read_back(s.present)->code == ec::fenced);
  s.segments->unreadable = fatal_error(ec::corrupt, "it is damaged").value();
  CHECK(s.read_back(s.present)->code == ec::fenced);
}

TEST_CASE("spilled output is read again where the store does not say who has the chain, or does not answer") {
  two_lives s;
  s.chain->is_not_mine = outside_error(ec::io, "it does not answer").value();
  CHECK(s.read_back(s.present)->retry);
  s.segments->unreadable = outside_error(ec::io, "no answer for the segment").value();
  CHECK(s.read_back(s.present)->message == "no answer for the segment");
}

}  // namespace
}  // namespace millrace::control
