// millrace table: the definition of a stage's table for another product. Contacts nothing.
#include "actors/catalog.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/table/definition.hpp"

#include <cstdio>
#include <memory>

namespace millrace::cli {
namespace {

struct table_arguments {
  config::load_request request;
  std::string stage;
  std::string ddl;
  std::string name;
};

int table(const table_arguments& a) {
  const auto result = config::load(a.request, connectors());
  for (const auto& f : result.findings)
    if (f.warning == false)
      complain(config::to_string(f));
  if (!result.plan)
    return exit_wrong;
  const auto of_stage = table::table_of(*result.plan, a.stage);
  if (!of_stage)
    return refuse(of_stage.error());
  const auto text = table::definition(*of_stage, *table::product_of(a.ddl), a.name);
  if (!text)
    return refuse(text.error());
  return print(*text);
}

}  // namespace

void add_table(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("table", "Print a stage's table as another product defines it");
  const auto a = std::make_shared<table_arguments>();
  sub->add_option("TOPOLOGY", a->request.file, "The topology file")->required();
  sub->add_option("STAGE", a->stage, "A sink, or any stage that has columns")->required();
  sub->add_option("--ddl", a->ddl, "The product: hive, trino, duckdb, postgresql or mysql")
      ->required()
      ->check(CLI::IsMember(table::product_names()));
  sub->add_option("--name", a->name,
                  "The table's name; for hive, trino and duckdb also SCHEMA.TABLE or CATALOG.SCHEMA.TABLE "
                  "(default: the stage's, of a sql sink its option `table`)");
  add_overlay_options(*sub, a->request);
  sub->footer(
      "Example:\n"
      "  millrace table topology.json sword_purchases --ddl trino --name hive.web.sword_purchases\n\n"
      "Of a parquet sink: for hive and trino an external table over its folder, for duckdb a view of its "
      "files.\n"
      "Of a file sink (json, csv): for duckdb a view of its files. Of a sql sink: for postgresql and mysql "
      "the very\n"
      "statement with which it makes its table. Of every other stage, a table of its columns, to be filled "
      "by others.\n"
      "Nothing is contacted.");
  sub->callback([a, &status] { status = table(*a); });
}

}  // namespace millrace::cli
