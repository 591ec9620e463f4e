// millrace test: a user's own unit tests. Contacts nothing, writes nothing.
#include "actors/catalog.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/dry_run/judge.hpp"

#include <fmt/format.h>

#include <memory>

namespace millrace::cli {
namespace {

int test(const std::vector<std::string>& files) {
  std::vector<std::pair<std::string, dry_run::test_file>> all;
  bool good = true;
  for (const auto& file : files) {
    auto loaded = dry_run::load_tests(file, connectors());
    for (const auto& f : loaded.findings)
      complain(config::to_string(f), f.warning);
    if (loaded.tests)
      all.emplace_back(file, std::move(*loaded.tests));
    else
      good = false;
  }
  if (!good)
    return exit_wrong;
  std::size_t cases = 0;
  std::size_t failed = 0;
  for (const auto& [file, tests] : all)
    for (const auto& c : tests.cases) {
      const auto lines = dry_run::judge(tests.topology, c);
      ++cases;
      failed += lines.empty() ? 0 : 1;
      auto told = fmt::format("{} {}: {}\n", lines.empty() ? "ok    " : "failed", file, c.name);
      for (const auto& line : lines)
        told += "    " + line + "\n";
      if (const auto printed = print(std::move(told)); printed != exit_done)
        return printed;
    }
  const auto printed = print(fmt::format("{} case{}, {} failed\n", cases, cases == 1 ? "" : "s", failed));
  return failed == 0 ? printed : exit_failed;
}

}  // namespace

void add_test(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("test", "Run a topology's unit tests: input and the rows expected");
  const auto files = std::make_shared<std::vector<std::string>>();
  sub->add_option("FILE.test.json", *files, "Test files")->required();
  add_property_switch(*sub);
  add_secrets_folder(*sub);
  sub->footer(
      "Example:\n"
      "  millrace test pipelines/active_users/active_users.test.json\n\n"
      "  {\n"
      "    \"millrace\": 1,\n"
      "    \"topology\": \"topology.json\",\n"
      "    \"cases\": [\n"
      "      {\n"
      "        \"name\": \"clicks of a user in a window are counted\",\n"
      "        \"input\": { \"clicks\": [{ \"userid\": \"u1\", \"timestamp\": \"2021-04-24 19:55:01\" }] },\n"
      "        \"expect\": { \"counts\": [{ \"userid\": \"u1\", \"click_number\": 1 }] }\n"
      "      }\n"
      "    ]\n"
      "  }\n\n"
      "Prints a line a case, and of a failed one the rows that are missing or unexpected. Exit status: 0 "
      "when all\n"
      "are as expected, 1 when one is not, 2 when a file is wrong. Nothing is written, and nothing "
      "contacted but the registry of a \"subject\" that gives columns.");
  sub->callback([files, &status] { status = test(*files); });
}

}  // namespace millrace::cli
