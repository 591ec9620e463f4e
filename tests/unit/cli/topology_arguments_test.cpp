#include "tools/cli/topology_arguments.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace millrace;

TEST_CASE("overlays and values are for all topologies, or for the one whose name stands before them") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("topology-arguments-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto a = (folder / "a.json").string();
  const auto b = (folder / "b.json").string();
  std::ofstream(a) << R"({ "topology": "orders", /* a comment */ })";
  std::ofstream(b) << R"({ "topology": "payments" })";
  const auto given =
      cli::arguments_by_topology({a, b}, {"all.json", "orders:o.json"},
                                 {"payments:stages.x.url=http://y", "snapshot_every=2 s", "other:x=1"});
  REQUIRE(given);
  REQUIRE(given->size() == 2);
  CHECK((*given)[0].overlays == std::vector<std::string>{"all.json", "o.json"});
  CHECK((*given)[1].overlays == std::vector<std::string>{"all.json"});
  CHECK((*given)[0].sets == std::vector<std::string>{"snapshot_every=2 s", "other:x=1"});
  CHECK((*given)[1].sets ==
        std::vector<std::string>{"stages.x.url=http://y", "snapshot_every=2 s", "other:x=1"});

  std::ofstream(b) << R"({ "topology": "orders" })";
  const auto same = cli::arguments_by_topology({a, b}, {}, {});
  REQUIRE_FALSE(same);
  CHECK(same.error().message.find(R"(both hold topology "orders")") != std::string::npos);
  // Topologies that are only looked at may have one name; an overlay for that name is for both.
  const auto looked_at =
      cli::arguments_by_topology({a, b}, {"orders:o.json"}, {}, cli::names_of_topologies::any);
  REQUIRE(looked_at);
  CHECK((*looked_at)[0].overlays == std::vector<std::string>{"o.json"});
  CHECK((*looked_at)[1].overlays == std::vector<std::string>{"o.json"});
  // A file that cannot be read has no name; loading it says why.
  CHECK(cli::arguments_by_topology({"/nowhere/1", "/nowhere/2"}, {}, {}));
  std::filesystem::remove_all(folder);
}
