// Sinks that come to a topology after its end.
#include "actors/node/host/sinks_after_end.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using host::sinks_after_end;

namespace {

config::topology with_sinks(const std::vector<std::string>& names) {
  std::string sinks;
  for (const auto& name : names)
    sinks += ", \"" + name + R"(": { "sink": "file", "from": "parsed", "path": "/tmp/)" + name + "\" }";
  return test::planned_text(R"({ "millrace": 1, "topology": "t", "stages": {
    "lines": { "source": "file", "path": "/tmp/lines" },
    "parsed": { "parser": "json", "from": "lines", "schema": { "n": "bigint" } })" +
                            sinks + "} }");
}

cluster::topology_state state_with(const std::vector<std::string>& sinks) {
  cluster::topology_state t;
  t.status = cluster::topology_status::finished;
  t.actors["parsed/lane0"].spec = {"parsed/lane0", cluster::actor_kind::lane, "parsed"};
  for (const auto& name : sinks)
    t.actors[name].spec = {name, cluster::actor_kind::sink, name};
  return t;
}

}  // namespace

TEST_CASE("a sink that is new to a topology that has ended gets no rows of what was read") {
  const auto state = state_with({"screen"});
  CHECK(sinks_after_end(state, with_sinks({"screen", "kept"})) ==
        "sink 'kept' is new and gets no rows of what was read before, because the topology has ended "
        "(--fresh reads everything again)");
  CHECK(sinks_after_end(state, with_sinks({"kept", "screen", "more"}))
            .starts_with("sinks 'kept', 'more' are new"));
}

TEST_CASE("nothing is said where each sink was there, or the topology has not ended") {
  auto state = state_with({"screen", "gone"});
  CHECK(sinks_after_end(state, with_sinks({"screen"})).empty());
  for (const auto status : {cluster::topology_status::running, cluster::topology_status::stopped,
                            cluster::topology_status::failed}) {
    state.status = status;
    CHECK(sinks_after_end(state, with_sinks({"screen", "kept"})).empty());
  }
}
