#include "actors/node/host/gatherer.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace millrace;

namespace {

/// All actors of the plan, as each node shows them.
observe::figures shown_by(const std::string& node) {
  observe::figures f;
  f.topology = "t";
  for (const auto* name : {"counts/0", "counts/1"}) {
    observe::shard_figures s;
    s.name = name;
    s.node = node;
    f.shards.push_back(s);
  }
  return f;
}

const std::map<std::string, std::string> places{{"counts/0", "a"}, {"counts/1", "b"}};

struct gathered {
  std::optional<observe::figures> all;
  /// Gathers figures as the leader does, on node a.
  host::gatherer<observe::figures> gather(const std::map<std::string, std::string>& at = places) {
    return {shown_by("a"), host::others_of(at, "a"),
            [](observe::figures& sum, observe::figures&& more) { observe::add(sum, std::move(more)); },
            [this, at](observe::figures f) {
              REQUIRE_FALSE(all);
              host::keep_where_they_are(f, at);
              all = std::move(f);
            }};
  }
};

}  // namespace

TEST_CASE("figures are those of the node that has the actor now, once every node has answered") {
  gathered out;
  auto g = out.gather();
  CHECK(g.waits_for() == std::set<std::string>{"b"});
  CHECK_FALSE(out.all);
  g.answered("c", observe::json_of(shown_by("c")));
  CHECK_FALSE(out.all);
  g.answered("b", observe::json_of(shown_by("b")));
  REQUIRE(out.all);
  REQUIRE(out.all->shards.size() == 2);
  CHECK(out.all->shards[0].node == "a");
  CHECK(out.all->shards[1].node == "b");
  CHECK(out.all->missing.empty());
  g.answered("b", observe::json_of(shown_by("b")));  // twice: dropped
}

TEST_CASE("a node that does not answer, or not so that it can be read, is missing") {
  for (const auto& said : {expected<std::string>(outside_error(ec::unavailable, "away")),
                           expected<std::string>("{}"), expected<std::string>("<html>")}) {
    gathered out;
    auto g = out.gather();
    g.answered("b", said);
    REQUIRE(out.all);
    CHECK(out.all->missing == std::vector<std::string>{"b"});
    CHECK(out.all->shards.size() == 1);
  }
}

TEST_CASE("where no other node has actors nobody is asked") {
  gathered out;
  const auto g = out.gather({{"counts/0", "a"}});
  REQUIRE(out.all);
  CHECK(out.all->shards.size() == 1);
}
