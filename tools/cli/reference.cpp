// millrace reference: writes docs/topology.schema.json and docs/reference.md anew. For developers, hidden.
#include "actors/catalog.hpp"
#include "config/schema/schema.hpp"
#include "tools/cli/subcommands.hpp"

#include <cstdio>
#include <memory>

namespace millrace::cli {

void add_reference(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("reference", "Writes the JSON Schema and the reference page anew");
  sub->group("");  // not in --help of millrace
  const auto folder = std::make_shared<std::string>();
  sub->add_option("FOLDER", *folder, "The folder of the docs")->required();
  sub->footer("Example:\n  millrace reference docs");
  sub->callback([folder, &status] {
    const auto written = config::write_references(*folder, connectors());
    if (!written)
      std::fprintf(stderr, "%s\n", describe(written.error()).c_str());
    status = written ? exit_done : exit_failed;
  });
}

}  // namespace millrace::cli
