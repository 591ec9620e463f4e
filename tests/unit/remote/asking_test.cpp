#include "actors/observe/graph.hpp"
#include "tools/remote/asking.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace millrace;
using Catch::Contains;

namespace {

/// Gives answers in their order, and keeps what was asked.
struct scripted {
  std::deque<expected<api::answer>> answers;
  std::vector<api::request> asked = {};
  int pauses = 0;
  fake_steady_time time = {};

  remote::ask_function function() {
    return [this](const api::request& what) {
      asked.push_back(what);
      REQUIRE_FALSE(answers.empty());
      auto next = std::move(answers.front());
      answers.pop_front();
      return next;
    };
  }
  expected<api::answers::topology> wait() {
    return remote::wait_for_end(
        function(), "t", [this] { ++pauses, time.pass(std::chrono::seconds(1)); }, time);
  }
};

expected<api::answer> waited(bool is_over, api::topology_state state) {
  return api::answers::waited{is_over, {"t", state, {}}};
}
expected<api::answer> away() { return outside_error(ec::unavailable, "nobody listens there"); }

}  // namespace

TEST_CASE("a name that is not known gets a suggestion from what the cluster has") {
  scripted s{{fatal_error(ec::not_found, "no topology clikcs"),
              api::answers::topologies{{{"clicks", api::topology_state::running, {}}}}}};
  const auto stop = remote::ask_by_name(s.function(), api::requests::stop{"clikcs"});
  CHECK_THAT(stop.error().message, Contains("no topology clikcs") && Contains("did you mean \"clicks\"?"));
  CHECK(s.asked.at(1) == api::request(api::requests::list{}));
  s = {{fatal_error(ec::not_found, "no node node-x"),
        api::answers::nodes{{{"node-a", 1, true, api::node_state::up, {}}}}}};
  CHECK_THAT(remote::ask_by_name(s.function(), api::requests::drain{"node-x"}).error().message,
             Contains("did you mean \"node-a\"?"));
  CHECK(s.asked.at(1) == api::request(api::requests::nodes{}));
}

TEST_CASE("apply is asked again until it is over, and tells once for what it waits") {
  const auto waits = [](std::string why) -> expected<api::answer> {
    return api::answers::applied{0, false, std::move(why)};
  };
  scripted s{
      {waits("in: no topic x"), waits("in: no topic x"), waits("two: refused"), api::answers::applied{3}}};
  std::vector<std::string> told;
  const auto tell = [&](const std::string& what) { told.push_back(what); };
  const auto done = remote::ask_until_applied(s.function(), api::requests::apply{"t", "{}"}, tell);
  REQUIRE(done);
  CHECK(done->generation == 3);
  CHECK(told == std::vector<std::string>{"in: no topic x", "two: refused"});
  s = {{waits("in: no topic x"), fatal_error(ec::mismatch, "no topic x")}};
  CHECK_FALSE(remote::ask_until_applied(s.function(), api::requests::start{"t"}, tell));
}

TEST_CASE("a topology runs once no stage of it starts, at two looks") {
  using s = api::topology_state;
  const auto listed = [](s state, std::string reason = {}) -> expected<api::answer> {
    return api::answers::topologies{{{"t", state, std::move(reason)}}};
  };
  const auto graph = [](std::string state) -> expected<api::answer> {
    observe::graph g;
    g.stages.push_back({"table", "sink", "sql", std::move(state), 0, {}, {}, {}, 0, 0});
    return api::answers::document{api::json_of(g)};
  };
  std::vector<std::string> told;
  const auto run = [&](scripted& x) {
    return remote::wait_until_it_runs(
        x.function(), "t", [&] { ++x.pauses, x.time.pass(std::chrono::seconds(1)); }, x.time,
        [&](const std::string& what) { told.push_back(what); });
  };
  scripted good{{listed(s::running), graph("runs"), listed(s::running, "refused"), graph("starts"),
                 listed(s::running, "refused"), graph("starts"), away(), listed(s::running), graph("runs"),
                 listed(s::running), graph("runs")}};
  CHECK(run(good)->state == s::running);
  CHECK(good.pauses == 5);
  CHECK(told == std::vector<std::string>{"table: refused"});
  scripted bad{{listed(s::running), graph("starts"), listed(s::failed, "no such database")}};
  CHECK(run(bad)->reason == "no such database");
  scripted gone{{expected<api::answer>(api::answers::topologies{})}};
  CHECK_FALSE(run(gone));
}

TEST_CASE("names are asked for only where one is not known to the cluster") {
  for (const auto& other : {away(), expected<api::answer>(fatal_error(ec::mismatch, "it does not run")),
                            expected<api::answer>(user_error(ec::not_found, "token: No such file")),
                            expected<api::answer>(api::answers::accepted{})}) {
    scripted s{{other}};
    CHECK(remote::ask_by_name(s.function(), api::requests::stop{"t"}).has_value() == other.has_value());
    CHECK(s.asked.size() == 1);
  }
  scripted s{{fatal_error(ec::not_found, "no topology t"), away()}};
  CHECK(remote::ask_by_name(s.function(), api::requests::stop{"t"}).error().message == "no topology t");
}

TEST_CASE("a wait asks until the topology is over, past nodes that are away for a while") {
  using api::topology_state;
  scripted s{{away(), waited(false, topology_state::running), away(), waited(true, topology_state::failed)}};
  const auto end = s.wait();
  REQUIRE(end);
  CHECK(end->state == topology_state::failed);
  CHECK(s.pauses == 3);
  CHECK(s.asked.size() == 4);
}

TEST_CASE("a wait gives up where nobody comes back, and at once where asking again does not help") {
  scripted s;
  constexpr int failures = std::chrono::seconds(remote::most_failing).count();
  for (int i = 0; i < failures; ++i)
    s.answers.push_back(away());
  s.answers.push_back(waited(false, api::topology_state::running));
  for (int i = 0; i <= failures; ++i)
    s.answers.push_back(away());
  CHECK(s.wait().error().message == "nobody listens there");
  CHECK(s.answers.empty());
  scripted refused{{fatal_error(ec::refused, "the certificate is refused")}};
  CHECK(refused.wait().error().code == ec::refused);
  CHECK(refused.pauses == 0);
}

TEST_CASE("pages of dead letters that have no end are refused") {
  const auto page = [](std::size_t letters, std::uint64_t next) {
    return api::answers::dead_letters{std::vector<std::string>(letters, "{}"), next};
  };
  remote::pages_of_letters pages;
  CHECK(pages.next(0, page(1, 7)).value() == 7);
  CHECK_FALSE(pages.next(7, {{"{}"}, {}}).value());
  CHECK_THAT(pages.next(7, page(1, 7)).error().message, Contains("have no end"));
  for (int i = 1; i < remote::most_empty_pages; ++i)
    CHECK(pages.next(1, page(0, 2)));
  CHECK(pages.next(1, page(1, 2)));
  for (int i = 1; i < remote::most_empty_pages; ++i)
    CHECK(pages.next(1, page(0, 2)));
  CHECK_FALSE(pages.next(1, page(0, 2)));
}
