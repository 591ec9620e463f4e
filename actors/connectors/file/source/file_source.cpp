#include "actors/connectors/file/source/file_source.hpp"

#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/container_file.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "actors/connectors/file/source/file_list.hpp"
#include "actors/connectors/file/source/file_table.hpp"
#include "actors/connectors/file/source/followed_logs.hpp"
#include "actors/connectors/file/source/present_file.hpp"
#include "actors/connectors/file/source/record_end.hpp"
#include "actors/connectors/file/source/standard_input.hpp"
#include "actors/stream/source/spooled_reader.hpp"
#include "actors/stream/source/table_options.hpp"
#include "runtime/base/url.hpp"

#include <fmt/format.h>

#include <mutex>
#include <span>

namespace millrace::source {
namespace {

bool is_standard_input(const config::values& options) { return options.text("path") == standard_input_path; }

bool is_table(const config::values& options) { return options.has("key"); }

/// A process has one, for all its topologies.
expected<void> take_standard_input(const std::string& stage) {
  static std::mutex mutex;
  static std::string taken;
  const std::scoped_lock lock(mutex);
  if (!taken.empty() && taken != stage)
    return user_error(
        ec::already_exists,
        fmt::format("stage \"{}\" reads standard input already, and it can be read once; let several "
                    "parsers read from that one stage",
                    taken));
  taken = stage;
  return {};
}

std::unique_ptr<reader> make_standard_input_reader(const config::values& options, const wants& wanted,
                                                   const spool_place& at, std::shared_ptr<feeds> running,
                                                   const wall_clock& clock) {
  auto make = [how = standard_input_options{.stage = at.stage, .in_logs = at.in_logs, .wanted = wanted},
               &clock](spool_setup spool) -> expected<std::shared_ptr<feed>> {
    RETURN_IF_ERROR(take_standard_input(how.stage));
    return start_standard_input(how, std::move(spool), clock);
  };
  return make_spooled_reader(options, at, std::move(running), std::move(make),
                             std::string(standard_input_path));
}

std::unique_ptr<reader> make_table_reader(const config::values& options, const wants& wanted,
                                          const spool_place& at, std::shared_ptr<feeds> running,
                                          const wall_clock& clock) {
  auto make = [options, wanted, name = at.in_logs,
               &clock](spool_setup spool) -> expected<std::shared_ptr<feed>> {
    ASSIGN_OR_RETURN(auto how, table_feed_options_of(options, name));
    file_table_options table{options.text("path"), wanted, how.key, how.deleted, how.every};
    ASSIGN_OR_RETURN(how.form, form_of_file_table(table));
    how.longest_record = longest_record(wanted.frame);
    return start_table_feed(std::move(how), make_file_table(std::move(table), clock), std::move(spool),
                            clock);
  };
  return make_spooled_reader(options, at, std::move(running), std::move(make), options.text("path"));
}

/// A container's schema, for its records.
std::optional<std::string> schema_of_container(const std::string& path) {
  const auto present = look_at(path);
  if (!present)
    return std::nullopt;
  const auto file = container_file::open(path, present->size);
  return file ? std::optional(file->head().schema) : std::nullopt;
}

/// None where the file is gone or has no such line, and of standard input, which is read once.
std::optional<std::string> header_line_of(const std::string& file, const wants& wants) {
  if (file == standard_input_path)
    return std::nullopt;
  if (std::holds_alternative<by_container>(wants.frame))
    return schema_of_container(file);
  bounded_reader reader(file, false, wants);
  if (!reader.discover(std::chrono::milliseconds(2'000)) || !reader.assign("0", {}))
    return std::nullopt;
  const std::vector<std::string> wanted{"0"};
  const auto got = reader.read(wanted, 1, std::chrono::milliseconds(2'000));
  if (!got || !*got || !(*got)->header)
    return std::nullopt;
  return (*got)->header->text;
}

/// The files are looked up in discover(); standard input is read from the first reader on, by a feed that all readers of
/// the stage share.
expected<std::unique_ptr<reader>> make_file_reader(const config::values& options, const wants& wanted,
                                                   const connector_context& at) {
  if (is_standard_input(options))
    return make_standard_input_reader(options, wanted, spool_of(at), at.feeds, *at.clock);
  if (is_table(options))
    return make_table_reader(options, wanted, spool_of(at), at.feeds, *at.clock);
  const auto& path = options.text("path");
  const auto order = file_order_of(options.text("order"));
  if (!options.boolean("follow"))
    return std::make_unique<bounded_reader>(path, options.boolean("parallel"), wanted, order);
  const auto late_writes = options.duration("late_writes");
  const auto note_gap = [losses = at.losses, stage = at.stage] { losses->note_gap(stage); };
  if (options.boolean("parallel")) {
    auto files = at.among_readers->get<files_of_logs>(
        [&] { return std::make_shared<files_of_logs>(late_writes, note_gap); });
    return std::make_unique<followed_logs>(path, std::move(files), wanted);
  }
  auto files = at.among_readers->get<generations>(
      [&] { return std::make_shared<generations>(path, order, late_writes, note_gap); });
  return std::make_unique<followed_reader>(path, std::move(files), wanted);
}

/// A table is one file, and what is for tables alone needs a key.
void check_table(const config::values& options, const config::say& say) {
  const auto& path = options.text("path");
  if (is_table(options)) {
    check_table_options(options, say);
    if (is_standard_input(options) || is_glob(path))
      say("path", fmt::format("\"{}\" is not a table; with `key` expected the path of one file", path));
    for (const auto* name : {"follow", "parallel"})
      if (options.boolean(name))
        say(name, "is for logs; a table is read whole when it has changed: leave it out, or `key`");
    return;
  }
  for (const auto& given : options.shown())
    for (const auto& option : table_options(false))
      if (given.name == option.name)
        say(given.name, "is for a table; leave it out, or say with `key` which columns tell its rows apart");
}

}  // namespace

config::connector file_source_declaration() {
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "file";
  c.doc = "Reads the lines of files, plain or gzip, as records";
  c.options = {
      {.name = "path",
       .type = config::option_type::text,
       .doc = "File or glob; gzip is known by its content. \"-\" is standard input, which is spooled in the "
              "state folder and ends when its writer closes it",
       .required = true,
       .plain = true},
      {.name = "follow",
       .type = config::option_type::boolean,
       .doc = "Keeps reading when the file grows or is rotated, or (with a glob) another file grows or "
              "appears; waits for a file that is missing",
       .default_text = "false"},
      {.name = "late_writes",
       .type = config::option_type::duration,
       .doc = "With `follow`: how long the source still reads what is added to a file (also under a new "
              "name) after it was rotated or another file has grown, and how long an unfinished last line "
              "waits for its end. Files that match a glob are always looked at, "
              "and all of them at each start",
       .default_text = "1 minute"},
      {.name = "parallel",
       .type = config::option_type::boolean,
       .doc = "A partition for each file of the glob, with a watermark of its own, instead of one log "
              "in `order`: for files whose times overlap. With `follow`, the files that rotation makes "
              "of a name belong to its partition, and a file that appears later is a new partition",
       .default_text = "false"},
      {.name = "order",
       .type = config::option_type::choice,
       .doc =
           "The order of a glob's files. natural: by name, numbers in names compare as numbers (app.9 before "
           "app.10); name: by name, bytes compare; modified: by the time of modification; files that appear "
           "later are read later, with `follow` in any order",
       .default_text = "natural",
       .choices = {"natural", "name", "modified"}},
      spool_option("standard input or the table is not read; for \"path\": \"-\", and with `key`"),
  };
  for (auto& option :
       table_options(false, "Reads the file (csv with a header, or JSON) as a table: all of it whenever it "
                            "has changed. Each row that is new, changed or deleted becomes a record. "))
    c.options.push_back(std::move(option));
  c.check = [](const config::check_input& in, const config::say& say) {
    if (const auto& path = in.options.text("path"); is_url(path))
      say("path",
          fmt::format("'{}' is a URL, and this source reads files of this machine; expected a path to "
                      "a copy, or to a mounted store; the source \"http_stream\" reads an endless "
                      "HTTP response",
                      path));
    if (is_standard_input(in.options))
      for (const auto* name : {"follow", "parallel"})
        if (in.options.boolean(name))
          say(name,
              "is for files; standard input is one log, and ends when its writer closes it: leave it out");
    if (in.options.duration("late_writes") != default_late_writes && !in.options.boolean("follow"))
      say("late_writes", "is for a followed file; leave it out, or add \"follow\": true");
    if (in.options.text("order") != "natural" &&
        (in.options.boolean("parallel") || is_standard_input(in.options)))
      say("order", "is for the files of a glob that are one log; leave it out");
    check_table(in.options, say);
  };
  c.source = [](const config::values& options) {
    const auto& path = options.text("path");
    const bool followed = options.boolean("follow");
    const bool standard_input = is_standard_input(options);
    if (is_table(options))
      return config::source_traits{.log = path,
                                   .place = path,
                                   .splits_text = true,
                                   .splits_once = true,
                                   .gives_header = true,
                                   .stores_timestamps = true,  // moments of readings, which the spool keeps
                                   .receives = true,
                                   .has_own_files = true};
    return config::source_traits{.log = path,
                                 .place = path,
                                 .bounded = !followed,
                                 .goes_on = !followed && !standard_input,
                                 .by_bytes = true,
                                 .splits_text = true,
                                 .splits_once = standard_input,
                                 .gives_header = true,
                                 .identity_by_lane = followed && options.boolean("parallel"),
                                 .is_standard_input = standard_input,
                                 .has_own_files = true};
  };
  return c;
}

connector file_source_connector() {
  return {.declared = file_source_declaration(),
          .reader = [](const config::values& options, const wants& wanted,
                       const connector_context& at) { return make_file_reader(options, wanted, at); },
          .news =
              [](const config::values& options, std::string_view ended, std::span<const wants> readers) {
                return continue_files(ended, options.text("path"), options.boolean("parallel"),
                                      file_order_of(options.text("order")), readers);
              },
          .file_of =
              [](const config::values& options, const std::string& partition) {
                const auto& path = options.text("path");
                // A letter of a log that was rotated names its generation: which file that is now is not known.
                return is_glob(path) || partition.starts_with(path) ? partition : path;
              },
          .header_line = header_line_of};
}

}  // namespace millrace::source
