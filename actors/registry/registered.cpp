#include "actors/registry/registered.hpp"

#include "actors/registry/client.hpp"
#include "actors/registry/registered_reader.hpp"

#include <limits>

namespace millrace::registry {

using config::option_type;

std::vector<config::option> reader_options() {
  auto out = access_options();
  out.push_back(
      {.name = "subject",
       .doc = "The registry's subject, such as clicks-value, whose newest schema gives the columns and "
              "reads the records, where there is neither \"schema\" nor \"schema_file\". `check` and "
              "each start ask the registry for it; `millrace apply` puts it into the topology's text",
       .plain = true});
  out.push_back(
      {.name = "subject_version",
       .type = option_type::integer,
       .doc = "The version of the subject's schema that gives the columns. Default: the newest. With a "
              "version, all runs have the same columns",
       .minimum = 1,
       .maximum = std::numeric_limits<std::int32_t>::max()});
  out.push_back(key_format_option());
  return out;
}

void check_reader(const config::check_input& in, const config::say& say, std::optional<schema_kind> values) {
  check_access(in, say);
  check_key_format(in, say, values);
  if (in.options.has("subject_version") && !in.options.has("subject"))
    say("subject_version", "is of a subject, and there is none; expected \"subject\" beside it");
}

std::optional<record_registry> of_records(const config::values& options, std::optional<schema_kind> values) {
  auto where = access_of(options);
  const auto keys = key_schemas_of(options);
  if (!where || !(values || keys))
    return std::nullopt;
  return record_registry{std::move(*where), values, keys, parser::prefix_of(options, true)};
}

expected<std::string> subject_schema(const config::values& options, schema_kind kind) {
  const auto where = access_of(options);
  if (where->url.find('@') != std::string::npos)  // a password, perhaps, which no request shall have
    return user_error(ec::invalid_argument, "the registry was not asked: see \"registry\"");
  const auto version =
      options.has("subject_version") ? std::optional(options.integer("subject_version")) : std::nullopt;
  return client(*where, kind).of_subject_whole(options.text("subject"), version);
}

std::unique_ptr<source::reader> registered(std::unique_ptr<source::reader> own, const record_registry& by,
                                           std::shared_ptr<known_schemas> known,
                                           std::shared_ptr<source::awaited> awaited, std::string in_logs) {
  registered_options options{.prefix = by.prefix,
                             .registry = by.where.url,
                             .in_logs = std::move(in_logs),
                             .awaited = std::move(awaited),
                             .parts = {.values = by.values.has_value(), .keys = by.keys.has_value()}};
  const auto kind = by.values ? *by.values : *by.keys;  // of_records() gives one of them
  return std::make_unique<registered_reader>(
      std::move(own), std::move(known),
      [by, kind] { return std::make_unique<client>(by.where, kind, by.keys); }, std::move(options));
}

}  // namespace millrace::registry
