#include "tools/table/stage_table.hpp"

#include "actors/connectors/parquet/sink/parquet_sink.hpp"
#include "config/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::table {
namespace {

void add_files(const config::stage& s, stage_table& out) {
  const auto& o = s.options;
  if (s.type == "parquet") {
    out.kind = files::parquet;
    if (o.has("connection"))
      out.remote = std::make_shared<const config::stage>(s);
    if (o.has("partition_by"))
      out.partition_by = o.text_list("partition_by");
    if (o.has("compression"))
      out.compression = o.text("compression");
  } else if (s.type == "file" && o.text("format") == "json") {
    out.kind = files::json;
  } else if (s.type == "file" && o.text("format") == "csv") {
    out.kind = files::csv;
  } else {
    return;
  }
  out.path = out.remote ? sink::table_location(o) : o.text("path");
  out.rolled = s.type == "file" && o.has("roll");
}

stage_table make(const config::stage& s) {
  const auto* const sink = std::get_if<config::sink_plan>(&s.plan);
  stage_table out{s.name, s.name, s.type};
  const bool database = s.type == "sql" && sink != nullptr;
  for (const auto& f : sink ? *sink->rows : *s.schema)
    if (database || !f.name.starts_with('_'))  // hidden ones are not written, but into a database
      out.columns.push_back(f);
  if (sink)
    add_files(s, out);
  if (database) {
    out.name = s.options.text("table");
    if (s.options.has("mode") && s.options.text("mode") == "upsert")
      out.key = s.options.text_list("key");
  }
  return out;
}

bool has_columns(const config::stage& s) {
  return s.schema != nullptr || std::holds_alternative<config::sink_plan>(s.plan);
}

}  // namespace

bool stage_table::is_partition(std::string_view column) const {
  return std::find(partition_by.begin(), partition_by.end(), column) != partition_by.end();
}

expected<stage_table> table_of(const config::topology& t, std::string_view stage) {
  std::vector<std::string> known;
  for (const auto& s : t.stages)
    if (has_columns(s))
      known.push_back(s.name);
  const auto* const found = t.find(stage);
  if (!found)
    return user_error(ec::not_found,
                      fmt::format("topology \"{}\" has no stage \"{}\"; expected {}{}", t.name, stage,
                                  config::one_of(known), config::did_you_mean(stage, known)));
  if (!has_columns(*found))
    return user_error(ec::invalid_argument,
                      fmt::format("stage \"{}\" is a source, whose records have no columns yet; expected {}",
                                  stage, config::one_of(known)));
  return make(*found);
}

std::vector<stage_table> tables_to_ask(const config::topology& t) {
  std::vector<stage_table> out;
  for (const auto& s : t.stages) {
    if (!std::holds_alternative<config::sink_plan>(s.plan))
      continue;
    auto made = make(s);
    if (s.type == "sql") {
      made.database = std::make_shared<const config::stage>(s);
      made.kind = files::csv;
    }
    if (made.kind != files::none)
      out.push_back(std::move(made));
  }
  return out;
}

}  // namespace millrace::table
