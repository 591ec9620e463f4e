// Folders of tests/golden/sample (a topology, a sample, what `check --sample` prints of it) and of
// tests/golden/test (test files, and what `test` says of each). With MILLRACE_WRITE_GOLDEN=1 in the
// environment the expected texts are written anew, to be read before they are committed.
#include "tests/support/scratch.hpp"
#include "tests/unit/dry_run/dry_run_fixture.hpp"
#include "tools/dry_run/judge.hpp"
#include "tools/dry_run/sample_file.hpp"
#include "tools/dry_run/show.hpp"

#include <algorithm>
#include <cstdlib>

using namespace millrace;
using namespace millrace::dry_run;
using namespace millrace::dry_run::test;

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> sorted_entries(const fs::path& root) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(root))
    out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

void compare(const std::string& found, const fs::path& expected) {
  if (std::getenv("MILLRACE_WRITE_GOLDEN") != nullptr)
    std::ofstream(expected, std::ios::binary) << found;
  CHECK(found == millrace::test::contents(expected));
}

std::string without_folder(std::string text, const std::string& folder) {
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

}  // namespace

TEST_CASE("check --sample prints of each golden sample exactly what is expected") {
  const auto folders = sorted_entries("tests/golden/sample");
  REQUIRE(folders.size() >= 3);
  for (const auto& folder : folders) {
    DYNAMIC_SECTION(folder.filename().string()) {
      const auto loaded = config::load({(folder / "topology.json").string(), {}, {}}, connectors());
      REQUIRE(loaded.plan);
      const auto r = make(*loaded.plan, {.keep = rows_shown});
      std::vector<arrival> records;
      for (const auto& s : loaded.plan->stages)
        if (s.kind == config::stage_kind::source) {
          const auto sample = read_sample((folder / (s.name + ".sample")).string(), *loaded.plan, s.name);
          REQUIRE(sample);
          for (const auto& one : *sample)
            records.push_back({s.name, one});
        }
      REQUIRE(r->feed(records));
      REQUIRE(r->end());
      compare(show(r->rows()), folder / "expected.txt");
    }
  }
}

TEST_CASE("test says of each golden test file exactly what is expected") {
  const fs::path root = "tests/golden/test";
  std::size_t files = 0;
  for (const auto& file : sorted_entries(root)) {
    if (!file.string().ends_with(".test.json"))
      continue;
    ++files;
    DYNAMIC_SECTION(file.filename().string()) {
      const auto loaded = load_tests(file.string(), connectors());
      std::string out;
      for (const auto& f : loaded.findings)
        out += config::to_string(f) + "\n";
      if (loaded.tests)
        for (const auto& c : loaded.tests->cases) {
          const auto lines = judge(loaded.tests->topology, c);
          out += (lines.empty() ? "ok     " : "failed ") + c.name + "\n";
          for (const auto& line : lines)
            out += "    " + line + "\n";
        }
      auto expected = file.string();
      expected.replace(expected.size() - std::string("test.json").size(), std::string::npos, "expected.txt");
      compare(without_folder(std::move(out), root.string() + "/"), expected);
    }
  }
  REQUIRE(files >= 4);
}

TEST_CASE("the test files of the shipped pipelines hold") {
  std::size_t cases = 0;
  for (const auto& entry : fs::recursive_directory_iterator("pipelines")) {
    if (!entry.path().string().ends_with(".test.json"))
      continue;
    const auto loaded = load_tests(entry.path().string(), connectors());
    for (const auto& f : loaded.findings)
      UNSCOPED_INFO(config::to_string(f));
    REQUIRE(loaded.tests);
    for (const auto& c : loaded.tests->cases) {
      INFO(entry.path() << ": " << c.name);
      ++cases;
      CHECK(judge(loaded.tests->topology, c) == std::vector<std::string>{});
    }
  }
  CHECK(cases >= 6);
}
