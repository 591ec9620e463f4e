// millrace check: every finding about a topology, or the typed plan. Contacts nothing.
#include "actors/catalog.hpp"
#include "config/plan.hpp"
#include "tools/millrace/subcommands.hpp"

#include <cstdio>
#include <memory>

namespace millrace::cli {
namespace {

int check(const config::load_request& request) {
  const auto result = config::load(request, connectors());
  for (const auto& f : result.findings)
    std::fprintf(stderr, "%s\n", config::to_string(f).c_str());
  if (!result.plan)
    return exit_wrong;
  const auto text = config::describe_plan(*result.plan);
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? exit_done : exit_failed;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto* const sub =
      app.add_subcommand("check", "Finds every mistake in a topology, or prints its typed plan");
  const auto request = std::make_shared<config::load_request>();
  sub->add_option("TOPOLOGY", request->file, "The topology file")->required();
  sub->add_option("--with", request->overlays, "A file laid over it (JSON merge patch); may be repeated")
      ->type_name("OVERLAY")
      ->expected(1)
      ->take_all();
  sub->add_option("--set", request->sets, "One value laid over it, by its path; may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->take_all();
  sub->footer("Example:\n"
              "  millrace check topology.json --with embedded.json --set stages.clicks.rate=10/s\n\n"
              "Prints the columns of each stage, the guarantee of each sink and the bound of each window's "
              "state, and\n"
              "exits with 0; or prints every finding as FILE:LINE:COLUMN: PATH: ... and exits with 2.");
  sub->callback([request, &status] { status = check(*request); });
}

}  // namespace millrace::cli
