// millrace reference: writes the pages of docs/ that are made of declarations anew. For developers, hidden.
#include "actors/catalog.hpp"
#include "actors/inside/openapi.hpp"
#include "config/schema/schema.hpp"
#include "tools/cli/subcommands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>

namespace millrace::cli {
namespace {

expected<void> write(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text << std::flush;
  if (!out)
    return user_error(ec::io, fmt::format("{} cannot be written", file));
  return {};
}

}  // namespace

void add_reference(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand(
      "reference", "Writes the JSON Schema, the OpenAPI file and the reference pages anew");
  sub->group("");  // not in --help of millrace
  const auto folder = std::make_shared<std::string>();
  sub->add_option("FOLDER", *folder, "The folder of the docs")->required();
  sub->footer("Example:\n  millrace reference docs");
  sub->callback([folder, &status] {
    auto written = config::write_references(*folder, connectors());
    if (written)
      written = write(*folder + "/openapi.json", inside::openapi_text(std::string(version)));
    if (written)
      written = write(*folder + "/api.md", inside::api_page());
    if (!written)
      std::fprintf(stderr, "%s\n", describe(written.error()).c_str());
    status = written ? exit_done : exit_failed;
  });
}

}  // namespace millrace::cli
