// A host on real threads, over a store in a folder: which lives it makes at once.
#include "actors/node/control/control_book.hpp"
#include "actors/node/host/topology_host.hpp"
#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "tests/support/meeting.hpp"
#include "tests/unit/host/applied_here.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace millrace::host::test {
namespace {

/// A folder where each opening of a shard's chain, by which its state is restored, calls `on_restore`.
class watched_store final : public node::chain_store {
public:
  explicit watched_store(const std::string& folder) : inner_(snapshot::posix_file_system(), folder) {}

  expected<node::opened_chain> open(const cluster::actor_id& whose, const life& now) override {
    if (whose.name.starts_with("counts/"))
      on_restore();
    return inner_.open(whose, now);
  }
  expected<node::opened_chain> open_chosen(const cluster::actor_id& whose, const life& chosen) override {
    return inner_.open_chosen(whose, chosen);
  }
  expected<node::found_chain> look(const cluster::actor_id& whose) override { return inner_.look(whose); }
  expected<std::unique_ptr<snapshot::segments>>
  open_segments(const cluster::actor_id& whose, incarnation term,
                const std::vector<segment_id>& needed) override {
    return inner_.open_segments(whose, term, needed);
  }
  expected<void> clear(const std::string& chains) override { return inner_.clear(chains); }
  [[nodiscard]] std::string shown() const override { return inner_.shown(); }

  std::function<void()> on_restore = [] {};

private:
  node::dir_chain_store inner_;
};

/// Collects what the host says, for the test's thread to wait for.
class said_list {
public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
    changed_.notify_all();
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    all_.clear();
  }
  [[nodiscard]] bool has(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(all_, what) != all_.end();
  }
  [[nodiscard]] bool wait_for(const std::string& what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1),
                             [&] { return std::ranges::find(all_, what) != all_.end(); });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

/// A host of a topology with two shards called counts; the test is its director.
class hosted {
  applied_here here_;

public:
  std::shared_ptr<watched_store> store = std::make_shared<watched_store>(here_.folder / "store");
  said_list said;
  std::vector<std::string> shards;

  hosted() {
    control::share_threads(config_, 2);
    system_.emplace(config_);
    auto applied = here_.prepared();
    applied.generation = 1;
    for (const auto& a : applied.actors)
      if (a.name.starts_with("counts/"))
        shards.push_back(a.name);
    REQUIRE(shards.size() == 2);
    node::control_book book(store);
    must(book.open({1, 1}));
    REQUIRE(book.append({1, 1}, {cluster::records::founded{"c#1", 1}, applied}) ==
            cluster::append_outcome::acknowledged);
    host_options o;
    o.node = "here";
    o.topology = "t";
    o.store = store;
    o.plans = std::make_shared<planned_topologies>();
    o.folder = here_.folder / "node";
    o.board =
        caf::actor_cast<switchboard>(system_->spawn([this](caf::event_based_actor* self) -> caf::behavior {
          self->set_default_handler(caf::skip);  // dropping answers with an error, which ends the host
          return {[this](const send_to_director& m) {
            if (const auto* const p = std::get_if<control::prepare_life>(&m.what))
              said.add(p->actor + " asks");
          }};
        }));
    o.on_begun = [this](const std::string& actor, const life&, const caf::actor_addr& who) {
      {
        const std::lock_guard lock(mutex_);
        lives_.push_back(who);
      }
      said.add(actor + " begins");
    };
    o.running = running_;
    board_ = caf::actor_cast<caf::actor>(o.board);
    listener_ = system_->spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const node::life_over& m) { said.add(m.actor.name + " is over"); },
              [](const node::life_recovered&) {}};
    });
    host_ = spawn_host(*system_, std::move(o));
    caf::anon_send(host_, director_is_new{{"here", {1, 1}}});
  }
  ~hosted() {
    {
      const caf::scoped_actor self(*system_);
      caf::anon_send(host_, messages::stop{});
      self->wait_for(host_);
    }
    for (const auto& l : lives_)
      if (const auto a = caf::actor_cast<caf::actor>(l))
        caf::anon_send_exit(a, caf::exit_reason::kill);
    for (const auto& a : {board_, listener_})
      caf::anon_send_exit(a, caf::exit_reason::kill);
  }

  void begin(const std::string& actor, const life& now) {
    caf::anon_send(host_, begin_here{actor, 1, now, caf::actor_cast<node::life_listener>(listener_)});
  }
  void end(const std::string& actor, const life& last) { caf::anon_send(host_, end_here{actor, last}); }
  /// The life that has begun last.
  void fail() {
    const std::lock_guard lock(mutex_);
    caf::anon_send_exit(caf::actor_cast<caf::actor>(lives_.back()), caf::exit_reason::unhandled_exception);
  }
  /// Valid once a life has begun.
  [[nodiscard]] std::map<std::string, std::uint64_t> restarts() const {
    return running_->find("t")->gauges.restarts->all();
  }
  void prepare(const std::string& actor, const life& now) {
    caf::anon_send(host_, order_came{"here", control::life_prepared{"t", actor, now}});
  }

private:
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
  std::mutex mutex_;
  std::vector<caf::actor_addr> lives_;
  std::shared_ptr<observe::running_topologies> running_ = std::make_shared<observe::running_topologies>();
  caf::actor board_, listener_;
  topology_host host_;
};

}  // namespace

TEST_CASE("shards that begin together are restored side by side, once all of them are prepared") {
  millrace::test::meeting both(2);
  std::atomic<int> met{0};
  hosted h;
  h.store->on_restore = [&] { met += both.come() ? 1 : 0; };
  for (const auto& s : h.shards)
    h.begin(s, 1);
  for (const auto& s : h.shards)
    REQUIRE(h.said.wait_for(s + " asks"));
  for (const auto& s : h.shards)
    h.prepare(s, 1);
  for (const auto& s : h.shards)
    REQUIRE(h.said.wait_for(s + " begins"));
  CHECK(met == 2);
}

TEST_CASE("a host counts each failure of a life as a restart, and no life of another term") {
  hosted h;
  const auto& shard = h.shards[0];
  for (const life& now : {life(1), life(1, 1), life(2)}) {
    h.begin(shard, now);
    h.prepare(shard, now);
    REQUIRE(h.said.wait_for(fmt::format("{} begins", shard)));
    CHECK(h.restarts()[shard] == (now.term == 1 ? now.count : 2));
    h.said.clear();
    h.fail();
    REQUIRE(h.said.wait_for(fmt::format("{} is over", shard)));
    CHECK(h.restarts()[shard] == (now.term == 1 ? now.count + 1 : 3));
  }
}

TEST_CASE("a shard that begins alone waits for no other") {
  hosted h;
  h.begin(h.shards[0], 1);
  REQUIRE(h.said.wait_for(h.shards[0] + " asks"));
  h.prepare(h.shards[0], 1);
  REQUIRE(h.said.wait_for(h.shards[0] + " begins"));
}

TEST_CASE("a shard that is ended before it is prepared holds no other up") {
  hosted h;
  for (const auto& s : h.shards)
    h.begin(s, 1);
  for (const auto& s : h.shards)
    REQUIRE(h.said.wait_for(s + " asks"));
  h.prepare(h.shards[0], 1);
  h.end(h.shards[1], 1);
  REQUIRE(h.said.wait_for(h.shards[1] + " is over"));
  REQUIRE(h.said.wait_for(h.shards[0] + " begins"));
}

}  // namespace millrace::host::test
