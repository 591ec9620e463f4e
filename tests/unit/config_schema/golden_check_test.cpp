// Every folder of tests/golden/check: a topology in JSON or SQL, and exactly what `check` says of it. With
// MILLRACE_WRITE_GOLDEN=1 in the environment the expected texts are written anew, to be read before they are
// committed.
#include "actors/catalog.hpp"
#include "actors/connectors/parquet/sink/parquet_file.hpp"
#include "config/plan.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace millrace;

const fs::path root = "tests/golden/check";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string checked(const fs::path& folder) {
  const auto* const name = fs::exists(folder / "topology.sql") ? "topology.sql" : "topology.json";
  config::load_request request{(folder / name).string(), {}, {}};
  if (fs::exists(folder / "overlay.json"))
    request.overlays.push_back((folder / "overlay.json").string());
  std::istringstream sets(test::contents(folder / "sets.txt"));
  for (std::string line; std::getline(sets, line);)
    request.sets.push_back(line);
  const auto result = config::load(request, connectors());
  std::string out;
  for (const auto& f : result.findings)
    out += config::to_string(f) + "\n";
  if (result.plan)
    out += config::describe_plan(*result.plan);
  // Files are named as they lie in the case's folder, and any machine's tzdata will do.
  return replaced(replaced(std::move(out), folder.string() + "/", ""),
                  "(tzdata " + expression::zone_version() + ")", "(tzdata VERSION)");
}

}  // namespace

TEST_CASE("check says of each golden topology exactly what is expected") {
  ::setenv("MILLRACE_GOLDEN_SECRET", "hunter2hunter2", 1);
  ::unsetenv("MILLRACE_GOLDEN_UNSET");
  ::unsetenv("MILLRACE_GOLDEN_UNSET2");
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root))
    folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  REQUIRE(folders.size() >= 40);
  for (const auto& folder : folders) {
    if (!sink::load_parquet() && folder.filename().string().starts_with("parquet")) {
      WARN("SKIPPED: " << folder.filename().string() << ", because this build has no Arrow; run tools/arrow");
      continue;
    }
    DYNAMIC_SECTION(folder.filename().string()) {
      const auto found = checked(folder);
      CHECK(found.find("hunter2") == std::string::npos);
      if (std::getenv("MILLRACE_WRITE_GOLDEN") != nullptr)
        std::ofstream(folder / "expected.txt", std::ios::binary) << found;
      CHECK(found == test::contents(folder / "expected.txt"));
    }
  }
}
