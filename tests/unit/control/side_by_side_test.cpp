#include "runtime/control/side_by_side.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/control/supervisor.hpp"
#include "tests/support/meeting.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace millrace;
using namespace millrace::control;
using millrace::test::meeting;

namespace {

using namespace std::chrono_literals;

caf::behavior idle(caf::event_based_actor* self, const life& now, const messages::supervisor& supervisor,
                   const std::string& name) {
  return {[=](const messages::collect_report&) {
            messages::report_part part;
            part.actor = name;
            part.life = now;
            self->send(supervisor, std::move(part));
          },
          [=](const messages::stop&) {
            self->send(supervisor, messages::stopped{name, now});
            self->quit();
          }};
}

}  // namespace

TEST_CASE("every job is done once, with as many threads at once as there may be") {
  std::vector<int> done(7);
  side_by_side(done.size(), 3, [&](std::size_t i) { ++done[i]; });
  CHECK(done == std::vector<int>(7, 1));
  meeting all(3);
  std::vector<int> met(3);
  side_by_side(3, 3, [&](std::size_t i) { met[i] = all.come() ? 1 : 0; });
  CHECK(met == std::vector<int>(3, 1));
}

TEST_CASE("with one thread jobs run in order, on the caller's") {
  for (const std::size_t threads : {0U, 1U}) {
    std::vector<std::size_t> order;
    const auto me = std::this_thread::get_id();
    side_by_side(5, threads, [&](std::size_t i) {
      CHECK(std::this_thread::get_id() == me);
      order.push_back(i);
    });
    CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
  }
  side_by_side(0, 4, [](std::size_t) { FAIL("there is no job"); });
}

TEST_CASE("a job that throws keeps no other from running, and the first exception comes out") {
  std::vector<int> done(6);
  CHECK_THROWS_WITH(side_by_side(done.size(), 2,
                                 [&](std::size_t i) {
                                   ++done[i];
                                   if (i == 2 || i == 4)
                                     throw std::runtime_error("job " + std::to_string(i));
                                 }),
                    "job 2");
  CHECK(done == std::vector<int>(6, 1));
}

TEST_CASE("at the start the shards of a process are restored side by side") {
  caf::actor_system_config config;
  share_threads(config, 2);
  caf::actor_system system(config);
  meeting both(2);
  std::atomic<int> met{0};
  supervisor_options options;
  options.next_term = [next = incarnation(1)]() mutable -> expected<incarnation> { return next++; };
  for (const std::string name : {"counts/0/0", "counts/0/1"})
    options.shards.push_back({name,
                              name,
                              {},
                              [&, name](const life& now, const auto&,
                                        const messages::supervisor& supervisor) -> expected<messages::shard> {
                                met += both.come() ? 1 : 0;
                                return caf::actor_cast<messages::shard>(
                                    system.spawn(idle, now, supervisor, name));
                              }});
  caf::scoped_actor self(system);
  const auto supervisor =
      spawn_supervisor(system, std::move(options), caf::actor_cast<control::run_owner>(self));
  self->send(supervisor, end_run{});
  self->receive([&](const run_ended& m) { CHECK_FALSE(m.failure); },
                caf::after(60s) >> [] { FAIL("the run does not end"); });
  CHECK(met == 2);
}

TEST_CASE("a shard that cannot be restored ends the run, the ones beside it too") {
  caf::actor_system_config config;
  share_threads(config, 2);
  caf::actor_system system(config);
  supervisor_options options;
  options.next_term = [next = incarnation(1)]() mutable -> expected<incarnation> { return next++; };
  for (const std::string name : {"counts/0/0", "counts/0/1", "counts/0/2"})
    options.shards.push_back({name,
                              name,
                              {},
                              [&, name](const life& now, const auto&,
                                        const messages::supervisor& supervisor) -> expected<messages::shard> {
                                if (name == "counts/0/1")
                                  return user_error(ec::corrupt, "its snapshots are damaged");
                                return caf::actor_cast<messages::shard>(
                                    system.spawn(idle, now, supervisor, name));
                              }});
  caf::scoped_actor self(system);
  const auto supervisor =
      spawn_supervisor(system, std::move(options), caf::actor_cast<control::run_owner>(self));
  self->receive(
      [&](const run_ended& m) {
        REQUIRE(m.failure);
        CHECK(m.failure->stage == "counts/0/1");
        CHECK(m.failure->message == "its snapshots are damaged");
        CHECK(m.parts.size() == 2);  // those that live have been asked, and stopped
      },
      caf::after(60s) >> [] { FAIL("the run does not end"); });
}
