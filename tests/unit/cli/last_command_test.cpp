#include "actors/node/host/run_state.hpp"
#include "tests/support/scratch.hpp"
#include "tools/cli/last_command.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace millrace;
using namespace millrace::cli;

namespace {

struct folder {
  millrace::test::scratch own;
  std::string path = own / "state";
  void remember(const topology_arguments& given, const std::vector<std::string>& secrets = {}) const {
    begin({{std::string(command_name), command_text(given, secrets)}});
  }
  void begin(std::map<std::string, std::string> values = {}) const {
    const auto folder = host::run_folder::open(path);
    REQUIRE(folder);
    config::topology t;
    t.name = "t";
    REQUIRE(host::take_state(**folder, t, true, std::move(values)));
  }
};

}  // namespace

TEST_CASE("a state knows with what it was run last, by absolute paths") {
  const folder at;
  at.remember({"first.json", {}, {}});
  at.remember({"sub/t.json", {"/o.json", "p.json"}, {"stages.a.rate=1/s", "stages.b.path=x y"}});
  const auto last = last_command(at.path);
  REQUIRE(last);
  const auto here = std::filesystem::current_path().string();
  CHECK(last->file == here + "/sub/t.json");
  CHECK(last->overlays == std::vector<std::string>{"/o.json", here + "/p.json"});
  CHECK(last->sets == std::vector<std::string>{"stages.a.rate=1/s", "stages.b.path=x y"});
}

TEST_CASE("a value that holds a secret is not kept, and that is told") {
  const folder at;
  at.remember({"t.json", {}, {"stages.a.rate=1/s", "stages.b.connection=mysql://u:hush@h/d"}}, {"", "hush"});
  const auto last = last_command(at.path);
  REQUIRE_FALSE(last);
  CHECK_THAT(last.error().message,
             Catch::Contains("a --set that holds a secret") && Catch::Contains("--topology"));
  for (const auto& file : std::filesystem::recursive_directory_iterator(at.path))
    if (file.is_regular_file()) {
      std::string text(std::filesystem::file_size(file), ' ');
      FILE* f = std::fopen(file.path().c_str(), "rb");
      REQUIRE(std::fread(text.data(), 1, text.size(), f) == text.size());
      std::fclose(f);
      CHECK(text.find("hush") == std::string::npos);
    }
}

TEST_CASE("where no state lies, or of an earlier version, the remedy is told") {
  const folder at;
  CHECK_FALSE(is_state_folder(at.path));
  CHECK_FALSE(last_command(at.path));
  at.begin();
  CHECK(is_state_folder(at.path));
  const auto last = last_command(at.path);
  REQUIRE_FALSE(last);
  CHECK_THAT(last.error().message,
             Catch::Contains("does not say which topology file") && Catch::Contains("--topology"));
}
