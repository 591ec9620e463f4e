#include "actors/connectors/parquet/sink/parquet_sink.hpp"

#include "actors/connectors/parquet/sink/local_folder.hpp"
#include "actors/connectors/parquet/sink/parquet_writer.hpp"
#include "actors/connectors/parquet/sink/stored_table.hpp"
#include "actors/connectors/parquet/storage/s3_folder.hpp"
#include "actors/connectors/parquet/storage/table_place.hpp"
#include "actors/connectors/parquet/storage/webhdfs_folder.hpp"
#include "actors/stream/sink/files/roll_option.hpp"
#include "config/plan/missing_column.hpp"
#include "config/plan/same_names.hpp"
#include "config/text/references.hpp"
#include "runtime/base/url.hpp"
#include "runtime/data/empty_object.hpp"
#include "runtime/data/plain_numeric.hpp"
#include "runtime/snapshot/file_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::sink {
namespace {

using config::option;
using config::option_type;

constexpr std::uint64_t largest_put = 4'000'000'000;  // S3's 5 GB, with room for a commit's rows
constexpr std::uint64_t default_size = 128'000'000;

std::vector<option> options() {
  return {
      {.name = "path",
       .doc = "The table's folder, on this machine or where `connection` leads; created if it is "
              "missing",
       .required = true,
       .plain = true},
      {.name = "connection",
       .doc = "Where the folder is, if not on this machine. HDFS over WebHDFS: webhdfs://[USER@]HOST:PORT of "
              "the NameNode's HTTP server, or http://; with TLS swebhdfs:// or https://. S3: "
              "s3://[KEY:SECRET@]BUCKET?region=REGION&endpoint=URL, the endpoint for servers that are not "
              "Amazon's; without keys those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
              "AWS_SESSION_TOKEN, AWS_REGION). Committed rows wait in the state folder until their file is "
              "whole",
       .secret = true},
      {.name = "ca_file",
       .doc = "Certificates of the authorities that may have signed the server's, instead of the system's",
       .plain = true},
      {.name = "partition_by",
       .type = option_type::text_list,
       .doc = "Columns whose values become folders, name=value as in Hive; the files do not have these "
              "columns. Null and the empty text become __HIVE_DEFAULT_PARTITION__",
       .plain = true},
      {.name = "compression",
       .type = option_type::choice,
       .doc = "The compression of the files' pages",
       .default_text = "snappy",
       .choices = {"snappy", "zstd", "none"}},
      roll_option("When the files that are being written end and become visible: at the first commit at "
                  "which one of the limits is reached, and at the end of the run. The age counts even when "
                  "no more rows come. Default: after a minute",
                  "Bytes in the files, estimated from how the ones before were compressed", "128 MB"),
      {.name = "at_start",
       .type = option_type::choice,
       .doc = "What a new state does with the table's data: append keeps it, empty drops it (every "
              ".parquet file a reader sees there), once; a restart of the state never drops anything",
       .default_text = "append",
       .choices = {"append", "empty"}},
      {.name = "fsync",
       .type = option_type::boolean,
       .doc = "Waits for the disk at each commit. Without it commits are faster and still survive a "
              "killed process, but not a loss of power",
       .default_text = "true"},
  };
}

tl::expected<storage::table_place, storage::place_fault> place_in(const config::values& o) {
  return storage::place_of(o.has("connection") ? config::protected_references(o.text("connection"))
                                               : std::string(),
                           o.text("path"));
}

/// A variable that is not set stays as it is written, and was told of.
bool is_filled(const config::values& o) {
  return !o.has("connection") ||
         config::protected_references(o.text("connection")).find("${") == std::string::npos;
}

void check_place(const config::values& o, const config::say& say) {
  const auto place = place_in(o);
  if (!place)
    return say(place.error().option, place.error().text);
  if (std::holds_alternative<storage::s3_place>(*place) && roll_of(o).size.value_or(0) > largest_put)
    say("roll",
        "S3 takes at most 5 GB in one put, and a file may exceed `size` by a commit's rows; expected a "
        "size of at most 4 GB");
}

void check_partitions(const config::check_input& in, const config::say& say) {
  const auto& by = in.options.text_list("partition_by");
  std::set<std::string> seen;
  for (const auto& name : by) {
    if (!seen.insert(name).second) {
      say("partition_by", fmt::format("names column '{}' twice; expected each once", name));
      continue;
    }
    if (name.starts_with('.') || name.starts_with('_'))
      say("partition_by",
          fmt::format("a folder called '{}=...' would be hidden from readers; give the column a name that "
                      "begins with neither . nor _",
                      name));
    if (!in.input)
      continue;
    const auto at = in.input->find(name);
    if (!at)
      say("partition_by", config::missing_column(name, *in.input, "this sink"));
    else if (const auto& type = (*in.input)[*at].type; type.is_nested())
      say("partition_by",
          fmt::format("column '{}' is {}, which is not a folder's name; expected a text, number, "
                      "boolean, timestamp or date",
                      name, type.name()));
  }
  if (in.input && seen.size() >= in.input->size())
    say("partition_by", "names every column, so that none would be left for the files; leave one out");
}

/// `what` they are called: columns, or members of a column.
void check_names(const std::vector<data::field>& fields, const std::string& what, const config::say& say) {
  if (const auto same = config::same_without_case(fields))
    say("",
        fmt::format("{} '{}' and '{}' differ by case alone, and readers such as DuckDB and Hive take one for "
                    "the other; rename one in `columns`",
                    what, same->first, same->second));
  for (const auto& f : fields) {
    const auto* inner = &f.type;
    while (inner->id() == data::type_id::list)
      inner = &inner->element();
    check_names(inner->fields(), fmt::format("in column '{}' the members", f.name), say);
  }
}

void check(const config::check_input& in, const config::say& say) {
  if (const auto loaded = load_parquet(); !loaded) {
    say("", loaded.error().message);
    return;
  }
  const auto& o = in.options;
  if (o.has("path") && is_filled(o))
    check_place(o, say);
  if (o.has("ca_file") && is_url(o.text("ca_file")))
    say("ca_file", "is a URL, and certificates are read from a file of this machine; expected a path");
  if (o.has("partition_by"))
    check_partitions(in, say);
  if (o.has("roll")) {
    const auto& roll = o.object("roll");
    if (roll.has("age") && roll.duration("age") == micros(0))
      say("roll", "an age of nothing would make a file of each commit; expected a time such as \"10 s\"");
  }
  if (!in.input)
    return;
  check_names(in.input->fields(), "columns", say);
  for (const auto& f : *in.input)
    if (data::holds_empty_object(f.type))
      say("", fmt::format("column '{}' is an object without members, which Parquet cannot hold; leave it out",
                          f.name));
    else if (data::is_plain_numeric(f.type))
      say("",
          fmt::format(
              "column '{0}' is numeric, of any number of digits behind the point, and a decimal of Parquet "
              "has a fixed one; expected a cast in `columns`, such as \"{0}\": \"(...)::numeric(38, 2)\"",
              f.name));
    else if (data::holds_plain_numeric(f.type))
      say("",
          fmt::format(
              "column '{}' is {}, with a numeric of any number of digits behind the point, and a decimal of "
              "Parquet has a fixed one; expected one such as numeric(38, 2) in the parser's schema",
              f.name, f.type.name()));
}

std::vector<std::string> columns_named(const config::values& o) {
  return o.has("partition_by") ? o.text_list("partition_by") : std::vector<std::string>{};
}

config::written_table table_of(const config::values& o) {
  return {.kind = config::written_table::format::parquet,
          .location = o.has("connection") ? table_location(o)
                      : o.has("path")     ? o.text("path")
                                          : std::string(),
          .remote = o.has("connection"),
          .partition_by = columns_named(o),
          .compression = o.has("compression") ? o.text("compression") : std::string()};
}

compression compression_of(const std::string& name) {
  return name == "zstd" ? compression::zstd : name == "none" ? compression::none : compression::snappy;
}

}  // namespace

config::connector parquet_sink_declaration() {
  config::connector c;
  c.kind = config::stage_kind::sink;
  c.type = "parquet";
  c.doc = "Writes a table of whole Parquet files into a folder, which SQL engines read";
  c.options = options();
  c.check = check;
  c.guarantee =
      "exactly once (rows are staged with their position in one step; files become visible whole, by a "
      "record of their names)";
  c.sink = [](const config::values& o) {
    return config::sink_traits{.columns_named = columns_named(o),
                               .on_one_disk = true,
                               .records_in_store = o.has("connection") && !o.text("connection").empty(),
                               .fresh = o.has("at_start") && o.text("at_start") == "empty"
                                            ? config::at_fresh_start::removes_all_files
                                            : config::at_fresh_start::removes_own_files,
                               .table = table_of(o)};
  };
  return c;
}

expected<std::unique_ptr<writer>> make_parquet_writer(const config::values& options,
                                                      const data::schema_ptr& rows,
                                                      const std::filesystem::path& work,
                                                      const wall_clock& clock,
                                                      std::shared_ptr<chain::named_chains> chains) {
  parquet_options out;
  out.partition_by = columns_named(options);
  out.packed = compression_of(options.text("compression"));
  out.durable = options.boolean("fsync");
  out.begin = options.text("at_start") == "empty" ? at_start::empty : at_start::append;
  out.roll = roll_of(options);
  if (!options.has("roll"))
    out.roll.age = default_age;
  if (!out.roll.size)
    out.roll.size = default_size;
  ASSIGN_OR_RETURN(auto parts, partitioning::make(rows, out.partition_by));
  ASSIGN_OR_RETURN(auto table, table_folder_of(options));
  out.work = table->has_mark() ? work : std::filesystem::path(options.text("path"));
  if (chains && table->has_mark())
    return std::make_unique<stored_table>(std::move(out), std::move(table), std::move(parts),
                                          std::move(chains), clock);
  return std::make_unique<parquet_writer>(std::move(out), std::move(table), std::move(parts), clock);
}

std::string table_location(const config::values& options) {
  const auto place = place_in(options);
  return place ? shown(*place) : std::string();
}

expected<std::unique_ptr<storage::table_folder>> table_folder_of(const config::values& options) {
  const auto place = place_in(options);
  if (!place)
    return user_error(ec::invalid_argument, fmt::format("{} {}", place.error().option, place.error().text));
  http::exchange_options http;
  if (options.has("ca_file"))
    http.ca_file = options.text("ca_file");
  if (const auto* const p = std::get_if<storage::webhdfs_place>(&*place))
    return storage::webhdfs_folder(*p, std::move(http));
  if (const auto* const p = std::get_if<storage::s3_place>(&*place))
    return storage::s3_folder(*p, std::move(http));
  return local_folder(std::get<storage::local_place>(*place).folder, options.boolean("fsync"));
}

connector parquet_sink_connector() {
  return {
      .declared = parquet_sink_declaration(),
      .writer = [](const config::values& options, const data::schema_ptr& rows, const connector_context& at) {
        return make_parquet_writer(options, rows,
                                   std::filesystem::path(at.state_folder) / "tables" /
                                       snapshot::file_name_of(at.stage),
                                   *at.clock, at.chains);
      }};
}

}  // namespace millrace::sink
