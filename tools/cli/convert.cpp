// millrace convert: a topology in JSON as SQL, and one in SQL as JSON. Contacts nothing.
#include "actors/catalog.hpp"
#include "config/sql/read_sql.hpp"
#include "config/sql/write_sql.hpp"
#include "config/text/pretty_json.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/subcommands.hpp"

#include <memory>
#include <string>

namespace millrace::cli {
namespace {

int convert(const std::string& file) {
  config::report found;
  const bool is_sql = config::is_sql_file(file);
  const auto tree = config::read_topology_file(file, connectors(), found);
  std::string text;
  if (tree && found.errors() == 0)
    text =
        is_sql ? config::pretty_json(config::to_json(*tree)) : config::write_sql(*tree, connectors(), found);
  const bool wrong = !tree || found.errors() > 0;
  for (const auto& f : found.take({file}))
    complain(config::to_string(f), f.warning);
  return wrong ? exit_wrong : print(std::move(text));
}

}  // namespace

void add_convert(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("convert", "Print a topology in JSON as SQL, or one in SQL as JSON");
  const auto file = std::make_shared<std::string>();
  sub->add_option("TOPOLOGY", *file,
                  "The topology file: of a name that ends in .sql the JSON is printed, of any "
                  "other the SQL")
      ->required();
  sub->footer("Examples:\n"
              "  millrace convert topology.json > topology.sql\n"
              "  millrace convert topology.sql | less\n\n"
              "Both forms give the same stages by the same names, so a state fits either. Variables "
              "stay as they\n"
              "are written; comments are lost. Stages and options are not checked, which `millrace check` "
              "does. What has\n"
              "no form in SQL is told as FILE:LINE:COLUMN: PATH: ..., and the exit status is 2. Nothing is "
              "contacted.");
  sub->callback([file, &status] { status = convert(*file); });
}

}  // namespace millrace::cli
