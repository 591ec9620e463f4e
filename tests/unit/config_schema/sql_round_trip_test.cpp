// Every topology of the golden runs and of the pipelines in SQL and back: the same identity of the state, and the same stages with
// the same columns.
#include "actors/catalog.hpp"
#include "config/plan.hpp"
#include "config/sql/write_sql.hpp"
#include "config/text/reader.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace millrace;

/// Topologies in JSON below these folders; overlays and tests of topologies among the files are left out.
std::vector<fs::path> topologies_in_json() {
  std::vector<fs::path> out;
  for (const auto* const root : {"tests/golden", "pipelines"})
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.path().extension() == ".json") {
        const auto text = test::contents(entry.path().string());
        if (text.find("\"millrace\"") != std::string::npos && text.find("\"stages\"") != std::string::npos)
          out.push_back(entry.path());
      }
  std::ranges::sort(out);
  return out;
}

std::string told(const std::vector<config::finding>& findings) {
  std::string out;
  for (const auto& f : findings)
    if (!f.warning)
      out += config::to_string(f) + "\n";
  return out;
}

}  // namespace

TEST_CASE("a topology in JSON, written in SQL and read again, has the same identity and the same columns") {
  const test::scratch folder;
  ::setenv("CASE", "/case", 1);
  ::setenv("OUT", "/out", 1);
  ::setenv("MILLRACE_GOLDEN_SECRET", "hunter2hunter2", 1);
  const auto files = topologies_in_json();
  REQUIRE(files.size() > 200);
  std::size_t compared = 0;
  std::vector<std::string> without_form;
  for (const auto& file : files) {
    const auto before = config::load({file.string(), {}, {}}, connectors());
    if (!before.plan)  // it is one of those that `check` refuses, or needs an overlay
      continue;
    INFO(file.string());
    config::report found;
    const auto tree = config::read_json_file(file.string(), found);
    REQUIRE(tree);
    const auto sql = config::write_sql(*tree, connectors(), found);
    const auto refused = told(found.take({file.string()}));
    INFO(sql);
    if (!refused.empty()) {
      CHECK_THAT(refused, Catch::Contains("this has no form in SQL"));
      without_form.push_back(file.parent_path().filename().string());
      continue;
    }
    const auto after = config::load({folder.write("topology.sql", sql), {}, {}}, connectors());
    CHECK(told(after.findings) == "");
    if (!after.plan)
      continue;
    ++compared;
    CHECK(after.plan->state_fingerprint == before.plan->state_fingerprint);
    for (const auto& stage : before.plan->stages) {
      INFO(stage.name);
      const auto* const same = after.plan->find(stage.name);
      REQUIRE(same != nullptr);
      CHECK(same->type == stage.type);
      CHECK((same->schema == nullptr) == (stage.schema == nullptr));
      if (same->schema != nullptr && stage.schema != nullptr)
        CHECK(*same->schema == *stage.schema);
    }
  }
  CHECK(compared > 150);
  // All columns of a side of a window join without its bounds, and a side's column with the name of a window's bound.
  CHECK(without_form == std::vector<std::string>{"join_columns_of_sides", "join_behind_windows"});
}
