#include "actors/connectors/file/sink/file_sink.hpp"

#include "actors/connectors/file/sink/appended_file.hpp"
#include "actors/connectors/file/sink/rolled_files.hpp"
#include "actors/stream/sink/dead_letters.hpp"
#include "actors/stream/sink/files/roll_option.hpp"
#include "actors/stream/sink/template_option.hpp"
#include "runtime/base/url.hpp"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

/// The default that the option's declaration names.
constexpr std::uint64_t default_part_size = 64'000'000;

using config::option;
using config::option_type;

std::vector<option> options() {
  return {
      {.name = "path", .doc = "The file; missing folders are made", .required = true, .plain = true},
      {.name = "format",
       .type = option_type::choice,
       .doc = "How a row is written",
       .default_text = "json",
       .choices = {"json", "csv", "text"}},
      template_option("format"),
      {.name = "at_start",
       .type = option_type::choice,
       .doc = "What a new state does with the file's content: append keeps it, empty removes it, once; "
              "a restart of the state never removes anything. With roll: what it does with the files "
              "of an earlier state",
       .default_text = "append",
       .choices = {"append", "empty"}},
      {.name = "fsync",
       .type = option_type::boolean,
       .doc = "Waits for the disk at each commit. Without it commits are faster and still survive a "
              "killed process, but not a loss of power",
       .default_text = "true"},
      roll_option("Writes numbered whole files instead of one: out.jsonl becomes out-000001.jsonl and so "
                  "on. A file ends at the first commit at which one of the limits is reached, and at the "
                  "end of the run. The age counts even when no more rows come",
                  "Bytes in the file"),
  };
}

void check(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  if (o.has("path")) {
    const std::filesystem::path path(o.text("path"));
    if (is_url(o.text("path")))
      say("path",
          fmt::format("'{}' is a URL, and this sink writes to this machine; expected a path; the sink "
                      "\"parquet\" writes to S3 and HDFS, by its `connection`",
                      o.text("path")));
    else if (!path.has_filename() || path.filename() == "." || path.filename() == "..")
      say("path",
          fmt::format("'{}' names no file; expected a path that ends with a file's name", path.string()));
    else if (path.filename().string().starts_with(".millrace-"))
      say("path", "names that begin with .millrace- are millrace's own; choose another");
  }
  check_template(in, say, "format");
  if (o.has("roll")) {
    const auto& roll = o.object("roll");
    if (!roll.has("age") && !roll.has("size") && !roll.has("rows"))
      say("roll", "says no limit, so that no file would ever end; expected age, size or rows");
  }
}

std::optional<config::written_table> table_of(const config::values& o) {
  using format = config::written_table::format;
  if (o.text("format") != "json" && o.text("format") != "csv")
    return std::nullopt;
  return config::written_table{.kind = o.text("format") == "json" ? format::json : format::csv,
                               .location = o.text("path"),
                               .rolled = o.has("roll")};
}

config::sink_traits traits(const config::values& o) {
  using config::at_fresh_start;
  config::sink_traits out{.columns_named = template_columns(o),
                          .on_one_disk = true,
                          .fresh = at_fresh_start::gives_again,
                          .table = table_of(o)};
  if (!o.text("path").starts_with("/dev/")) {
    out.own_file = std::filesystem::path(o.text("path")).lexically_normal().string();
    out.fresh = o.has("roll") ? at_fresh_start::removes_own_files : at_fresh_start::empties_file;
  }
  return out;
}

expected<row_format> format_of(const config::values& o, const data::schema& rows) {
  if (o.text("format") == "json")
    return row_format::json(rows);
  if (o.text("format") == "csv")
    return row_format::csv(rows);
  return template_format(o, rows);
}

}  // namespace

config::connector file_sink_declaration() {
  config::connector c;
  c.kind = config::stage_kind::sink;
  c.type = "file";
  c.doc = "Appends rows to a file, or writes numbered whole files";
  c.options = options();
  c.check = check;
  c.guarantee =
      "exactly once (rows and position in one step; after a crash the file is cut back to what is committed)";
  c.sink = traits;
  return c;
}

expected<std::unique_ptr<writer>> make_file_writer(const config::values& options,
                                                   const data::schema_ptr& rows, const wall_clock& clock) {
  ASSIGN_OR_RETURN(auto format, format_of(options, *rows));
  std::filesystem::path path(options.text("path"));
  const bool durable = options.boolean("fsync");
  const auto begin = options.text("at_start") == "empty" ? at_start::empty : at_start::append;
  if (!options.has("roll"))
    return std::make_unique<appended_file>(std::move(path), std::move(format), durable, begin);
  return std::make_unique<rolled_files>(std::move(path), std::move(format), durable, begin, roll_of(options),
                                        clock);
}

std::unique_ptr<writer> make_dead_letter_writer(std::filesystem::path path, const data::schema_ptr& rows,
                                                const config::values& options, const wall_clock& clock) {
  auto parts = parts_of(options);
  if (!options.has("roll"))
    parts.roll.size = default_part_size;
  return std::make_unique<appended_file>(std::move(path), dead_letter_format(*rows), true, at_start::append,
                                         parts, clock, private_file);
}

connector file_sink_connector() {
  return {.declared = file_sink_declaration(),
          .writer = [](const config::values& options, const data::schema_ptr& rows,
                       const connector_context& at) { return make_file_writer(options, rows, *at.clock); }};
}

}  // namespace millrace::sink
