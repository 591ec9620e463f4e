// millrace reference: writes the pages of docs/ that are made of declarations anew. A hidden command, for
// developers.
#include "actors/catalog.hpp"
#include "actors/observe/metric_table.hpp"
#include "actors/observe/openapi.hpp"
#include "config/schema/schema.hpp"
#include "runtime/base/version.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/subcommands.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

namespace millrace::cli {
namespace {

expected<void> write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out)
    return user_error(ec::io, fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
  return {};
}

}  // namespace

void add_reference(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand(
      "reference", "Writes the JSON Schema, the OpenAPI file and the reference pages anew");
  sub->group("");  // hidden in --help of millrace
  const auto folder = std::make_shared<std::string>();
  sub->add_option("FOLDER", *folder, "The folder of the docs")->required();
  sub->footer("Example:\n  millrace reference docs");
  sub->callback([folder, &status] {
    const auto written =
        config::write_references(*folder, connectors())
            .and_then([&] { return write(*folder + "/metrics.md", observe::metrics_page()); })
            .and_then(
                [&] { return write(*folder + "/openapi.json", observe::openapi_text(std::string(version))); })
            .and_then([&] { return write(*folder + "/api.md", observe::api_page()); });
    if (!written)
      complain(describe(written.error()));
    status = written ? exit_done : exit_failed;
  });
}

}  // namespace millrace::cli
