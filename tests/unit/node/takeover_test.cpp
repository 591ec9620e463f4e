// Two processes on real threads, over the stores that there are: one leads, and when it ends the other takes
// over what `control` has.
#include "actors/node/control/node_options.hpp"
#include "runtime/base/random.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/node/stores.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

using namespace node_test;

namespace {

constexpr std::chrono::minutes patience{5};

/// Both posts, in one process.
class two_ends {
public:
  void add(const cluster::process_id& who, node_post post) {
    const std::lock_guard lock(mutex_);
    for (const auto& [other, its] : posts_) {
      caf::anon_send(its, link_up{who});
      caf::anon_send(post, link_up{other});
    }
    posts_.emplace(who, std::move(post));
  }
  void remove(const cluster::process_id& who) {
    const std::lock_guard lock(mutex_);
    posts_.erase(who);
    for (const auto& [other, its] : posts_)
      caf::anon_send(its, process_dead{who});
  }
  void send(const cluster::process_id& from, const cluster::process_id& to, std::string bytes) {
    const std::lock_guard lock(mutex_);
    if (const auto found = posts_.find(to); found != posts_.end())
      caf::anon_send(found->second, bytes_arrived{from, std::move(bytes)});
  }

private:
  std::mutex mutex_;
  std::map<cluster::process_id, node_post> posts_;
};

class end_of final : public node_transport {
public:
  end_of(std::shared_ptr<two_ends> all, cluster::process_id mine)
      : all_(std::move(all)), mine_(std::move(mine)) {}
  void send(const cluster::process_id& to, std::string bytes) override {
    all_->send(mine_, to, std::move(bytes));
  }

private:
  std::shared_ptr<two_ends> all_;
  cluster::process_id mine_;
};

/// Collects the events, for the test's thread to wait for.
class events {
public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(what);
    changed_.notify_all();
  }
  [[nodiscard]] bool wait_for(const std::string& what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return std::ranges::find(all_, what) != all_.end(); });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

class noting_director final : public cluster_director {
public:
  noting_director(events& all, std::string node) : all_(all), node_(std::move(node)) {}
  void leads(const cluster::epoch&, const cluster::control_state&) override { all_.add(node_ + " leads"); }
  void changed(const std::string& topology, const cluster::topology_state&) override {
    all_.add(node_ + " directs " + topology);
  }
  void removed(const std::string& topology) override { all_.add(node_ + " directs no more " + topology); }
  void stepped_down(const std::string&) override { all_.add(node_ + " leads no more"); }

private:
  events& all_;
  std::string node_;
};

/// Lives that only say that they begin and end.
class noting_lives final : public life_factory {
public:
  noting_lives(events& all, std::string node) : all_(all), node_(std::move(node)) {}
  void begin(const cluster::actor_id& actor, std::uint64_t, const life& now,
             const life_listener& tell) override {
    all_.add(node_ + " begins " + actor.name);
    began_[{actor, now}] = tell;
  }
  void end(const cluster::actor_id& actor, const life& last) override {
    if (auto found = began_.extract({actor, last}); !found.empty())
      caf::anon_send(found.mapped(), life_over{actor, last, life_outcome::ended, {}, ""});
  }
  void detach(const std::string&) override {}
  void directed_by(const cluster::process_id&, const cluster::epoch&) override {}

private:
  events& all_;
  std::string node_;
  std::map<std::pair<cluster::actor_id, life>, life_listener> began_;
};

node_actors spawn_one(caf::actor_system& system, const std::string& node, store_under_test& store,
                      events& all, const std::shared_ptr<two_ends>& ends) {
  node_options o;
  o.mine = {node, random_bits()};
  o.cluster = "c";
  o.store = store.reach();
  o.transport = std::make_shared<end_of>(ends, o.mine);
  o.lives = std::make_shared<noting_lives>(all, node);
  o.director = std::make_shared<noting_director>(all, node);
  o.on_over = [&all, ends, mine = o.mine](const std::string& why) {
    ends->remove(mine);
    all.add(mine.node + " is over: " + why);
  };
  const auto mine = o.mine;
  auto actors = spawn_node(system, std::move(o));
  ends->add(mine, actors.post);
  return actors;
}

/// Ends the actors if a check fails: the system would wait for them for ever.
struct ended_at_last {
  explicit ended_at_last(node_actors of) : actors(std::move(of)) {}
  ~ended_at_last() {
    caf::anon_send_exit(actors.post, caf::exit_reason::kill);
    caf::anon_send_exit(actors.coordinator, caf::exit_reason::kill);
    caf::anon_send_exit(actors.agent, caf::exit_reason::kill);
    caf::anon_send_exit(actors.keeper, caf::exit_reason::kill);
  }
  ended_at_last(const ended_at_last&) = delete;
  ended_at_last& operator=(const ended_at_last&) = delete;
  node_actors actors;
};

/// A folder of the machine's, gone afterwards.
class folder_of_machine final : public store_under_test {
public:
  std::shared_ptr<chain_store> reach() override {
    return must(make_chain_store(must(parse_store_address("dir:" + (own_ / "store")))));
  }

private:
  millrace::test::scratch own_;
};

void apply(const caf::scoped_actor& self, const node_actors& to, const std::string& topology) {
  const cluster::records::topology_applied lane{
      topology, "plan", 0, {{"lane0", cluster::actor_kind::lane, "lanes"}}};
  std::optional<error> failure;
  self->request(to.coordinator, patience, ask_cluster{lane})
      .receive([&](const cluster_answered& r) { failure = r.failure; },
               [](const caf::error&) { FAIL("no answer"); });
  CHECK_FALSE(failure);
}

void take_over(store_under_test& store) {
  events all;
  caf::actor_system_config config;
  config.set("scheduler.max-threads", std::size_t{2});
  caf::actor_system system(config);
  const caf::scoped_actor self(system);
  const auto ends = std::make_shared<two_ends>();
  const ended_at_last first(spawn_one(system, "a", store, all, ends));
  REQUIRE(all.wait_for("a leads"));
  apply(self, first.actors, "t");
  REQUIRE(all.wait_for("a directs t"));
  REQUIRE(all.wait_for("a begins lane0"));  // it has joined then, and its departure is recorded

  const ended_at_last second(spawn_one(system, "b", store, all, ends));
  caf::anon_send(first.actors.agent, leave_cluster{});
  REQUIRE(all.wait_for("a is over: it was asked to end"));
  REQUIRE(all.wait_for("b leads"));
  REQUIRE(all.wait_for("b directs t"));
  REQUIRE(all.wait_for("b begins lane0"));
  self->request(second.actors.coordinator, patience, describe_cluster{})
      .receive(
          [&](const cluster_described& d) {
            REQUIRE(d.state);
            INFO(cluster::to_text(*d.state));
            CHECK(d.state->nodes.at("a").is_over);
            CHECK(d.state->topologies.at("t").actors.at("lane0").died_at == std::nullopt);
          },
          [](const caf::error&) { FAIL("no answer"); });
  caf::anon_send(second.actors.agent, leave_cluster{});
  REQUIRE(all.wait_for("b is over: it was asked to end"));
}

}  // namespace

TEST_CASE("over a folder, a coordinator that ends is followed by another, which goes on from control") {
  folder_of_machine store;
  take_over(store);
}

TEST_CASE("over a database, a coordinator that ends is followed by another, which goes on from control") {
  if (std::getenv("POSTGRES_URL") == nullptr) {
    WARN("SKIPPED: POSTGRES_URL is not set; tools/services start postgres prints it");
    return;
  }
  database_schema store;
  take_over(store);
}
