// A source actor and the keeper of the state folder, turn by turn under CAF's testing scheduler: who waits
// for what.
#include "actors/stream/source/source_actor.hpp"
#include "tests/support/fake_reader.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <deque>

using namespace millrace;

namespace {

const error disk_full{ec::io, fault::outside, true, "no space left", {}};

/// Gives a chunk of one record at each position; its log has a new identity at every third.
class growing final : public test::fake_reader {
public:
  std::optional<source::chunk> give() override {
    source::chunk c;
    c.partition = "0";
    c.from = {0, at_};
    c.to = {0, ++at_};
    return c;
  }
  [[nodiscard]] std::string identity() const override {
    ++asked;
    return "file " + std::to_string(at_ / 3) + noted_;
  }
  [[nodiscard]] std::uint64_t identity_version() const override {
    return static_cast<std::uint64_t>(at_ / 3) + notes_;
  }
  void note_progress() override {
    noted_ = ", read to " + std::to_string(at_);
    notes_ += 1000;
  }
  expected<void> check_identity(std::string_view stored) override {
    checked = stored;
    return {};
  }
  std::string checked;
  mutable int asked = 0;  // for its identity

private:
  std::string noted_;
  std::uint64_t notes_ = 0;
};

struct heard {
  std::deque<messages::keep_value> to_keep;
  std::deque<source::chunk_read> answers;
};

class running_source : test::turned_system {
public:
  explicit running_source(source::kept_value before = {}, std::string identity = "file 0",
                          bool notes_progress = false) {
    keeper_ = system_.spawn(
        [](caf::event_based_actor*, heard* h) -> caf::behavior {
          return {[=](const messages::keep_value& m) { h->to_keep.push_back(m); }};
        },
        &heard_);
    lane_ = system_.spawn(
        [](caf::event_based_actor*, heard* h) -> caf::behavior {
          return {[=](const source::chunk_read& m) { h->answers.push_back(m); }};
        },
        &heard_);
    source_ =
        caf::actor_cast<caf::actor>(source::spawn_source(system_, 3, reader_,
                                                         {"parsed/lane0",
                                                          7,
                                                          {"source/clicks", std::move(identity)},
                                                          std::move(before),
                                                          caf::actor_cast<messages::state_keeper>(keeper_),
                                                          notes_progress}));
    assign(0);
  }
  ~running_source() { kill_all({source_, lane_, keeper_}); }

  void assign(std::int64_t at) { say(source::assign{"0", {0, at}}); }
  void ask() { say(source::read{++ticket_, {"0"}, 1, {}}); }
  void kept(std::optional<error> failure = std::nullopt) { reply(noted(), std::move(failure)); }
  void reply(const messages::keep_value& what, std::optional<error> failure = std::nullopt) {
    say(messages::value_kept{what.name, std::move(failure)});
  }
  void pass(std::chrono::milliseconds time) { turns_.advance_time(time); }
  void stop() { say(messages::stop{}); }
  [[nodiscard]] messages::keep_value noted() { return take(heard_.to_keep); }
  [[nodiscard]] source::chunk_read answer() {
    auto a = take(heard_.answers);
    CHECK(a.ticket == ticket_);
    return a;
  }
  /// Position of the record that has come, or -1.
  [[nodiscard]] std::int64_t came() {
    const auto a = answer();
    return a.chunk ? a.chunk->from.minor : -1;
  }
  [[nodiscard]] const heard& now() const { return heard_; }
  [[nodiscard]] const growing& reader() const { return *reader_; }

private:
  template<class M>
  void say(M m) {
    caf::send_as(lane_, source_, std::move(m));
    turns_.run();
  }
  template<class T>
  static T take(std::deque<T>& from) {
    REQUIRE(from.size() == 1);
    auto first = std::move(from.front());
    from.clear();
    return first;
  }

  std::shared_ptr<growing> reader_ = std::make_shared<growing>();
  heard heard_;
  caf::actor keeper_;
  caf::actor lane_;
  caf::actor source_;
  std::uint64_t ticket_ = 0;
};

}  // namespace

TEST_CASE("as long as its log is the one that was kept a source asks nobody") {
  running_source s;
  for (const auto at : {0, 1}) {
    s.ask();
    CHECK(s.came() == at);
  }
  CHECK(s.now().to_keep.empty());
  CHECK(s.reader().checked == "file 0");
  CHECK(s.reader().asked == 1);  // it may be long
}

TEST_CASE("what was read comes once the log's identity is durable, and the lane hears of it") {
  running_source s;
  s.assign(2);
  s.ask();
  CHECK(s.now().answers.empty());
  REQUIRE(s.now().to_keep.size() == 1);
  const auto wanted = s.now().to_keep.front();
  CHECK(wanted.actor == "parsed/lane0");
  CHECK(wanted.life == 7);
  CHECK(wanted.name == "source/clicks");
  CHECK(wanted.value == "file 1");
  s.kept();
  const auto a = s.answer();
  REQUIRE(a.chunk);
  CHECK(a.chunk->from == position{0, 2});
  CHECK(a.identity == "file 1");
  s.ask();
  CHECK_FALSE(s.answer().identity);
}

TEST_CASE("where the identity cannot be kept the records that were read come later, none is left out") {
  running_source s;
  s.assign(2);
  for (int i = 0; i < 2; ++i) {
    s.ask();
    s.kept(disk_full);
    const auto failed = s.answer();
    CHECK_FALSE(failed.chunk);
    REQUIRE(failed.failure);
    CHECK(failed.failure->retry);
  }
  s.ask();
  s.kept();
  CHECK(s.came() == 2);
  s.ask();
  CHECK(s.came() == 3);
}

TEST_CASE("what waited is void for a partition that is read from elsewhere") {
  running_source s;
  s.assign(2);
  s.ask();
  s.kept(disk_full);
  CHECK(s.answer().failure);
  s.assign(0);
  s.ask();
  CHECK(s.came() == 0);
}

TEST_CASE("nothing is read before the value that goes before it is durable") {
  running_source s({"fingerprint", "v2"}, {});
  s.ask();
  REQUIRE(s.now().to_keep.size() == 1);
  CHECK(s.now().to_keep.front().value == "v2");
  s.kept(disk_full);
  CHECK(s.answer().failure);
  s.ask();
  s.kept();
  CHECK(s.now().to_keep.front().name == "source/clicks");  // it had none
  s.kept();
  CHECK(s.came() == 0);
  CHECK(s.reader().checked.empty());
  s.ask();
  CHECK(s.came() == 1);
  CHECK(s.now().to_keep.empty());
}

TEST_CASE("how far a log was read is noted with the first chunk, each second and at the end, and nobody "
          "waits for it") {
  running_source s({}, "file 0", true);
  s.ask();
  CHECK(s.came() == 0);
  const auto first = s.noted();
  CHECK(first.value == "file 0, read to 1");
  CHECK(first.name == "source/clicks");
  s.pass(std::chrono::milliseconds(1500));
  s.ask();
  CHECK(s.came() == 1);
  CHECK(s.now().to_keep.empty());  // the first note is not answered yet
  s.reply(first, disk_full);
  s.pass(std::chrono::milliseconds(500));
  s.assign(0);
  s.ask();
  CHECK(s.came() == 0);
  CHECK(s.now().to_keep.empty());
  s.pass(std::chrono::milliseconds(500));
  s.ask();
  CHECK(s.came() == 1);
  const auto second = s.noted();
  CHECK(second.value == "file 0, read to 2");
  s.ask();  // another file, which waits for its own answer
  CHECK(s.now().answers.empty());
  const auto third = s.noted();
  CHECK(third.value == "file 1, read to 2");
  s.reply(second);
  CHECK(s.now().answers.empty());
  s.reply(third);
  CHECK(s.came() == 2);
  s.ask();
  CHECK(s.came() == 3);
  s.stop();
  CHECK(s.noted().value == "file 1, read to 4");
}

TEST_CASE("what was read last is noted at the end, though the keeper has yet to answer an earlier note") {
  running_source s({}, "file 0", true);
  s.ask();
  CHECK(s.came() == 0);
  CHECK(s.noted().value == "file 0, read to 1");
  s.ask();
  CHECK(s.came() == 1);
  SECTION("how far was read") {
    s.stop();
    CHECK(s.noted().value == "file 0, read to 2");
  }
  SECTION("another file") {
    s.ask();
    CHECK(s.now().answers.empty());
    CHECK(s.noted().value == "file 1, read to 1");
    s.stop();
    CHECK(s.noted().value == "file 1, read to 3");
  }
}
