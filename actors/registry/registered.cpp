#include "actors/registry/registered.hpp"

#include "actors/registry/client.hpp"
#include "actors/registry/registered_reader.hpp"

namespace millrace::registry {

std::vector<config::option> reader_options() {
  auto out = access_options();
  out.push_back(
      {.name = "subject",
       .doc = "The registry's subject, such as clicks-value, whose newest schema gives the columns, and by "
              "which records are read, where neither \"schema\" nor \"schema_file\" is given. `check` and "
              "each start ask for it; `millrace apply` puts it into the topology's text",
       .plain = true});
  return out;
}

std::optional<record_registry> of_records(const config::values& options, schema_kind kind) {
  auto where = access_of(options);
  if (!where)
    return std::nullopt;
  return record_registry{std::move(*where), kind, parser::prefix_of(options, true)};
}

expected<std::string> newest_schema(const config::values& options, schema_kind kind) {
  const auto where = access_of(options);
  if (where->url.find('@') != std::string::npos)  // a password, perhaps, which no request shall have
    return user_error(ec::invalid_argument, "the registry was not asked: see \"registry\"");
  return client(*where, kind).newest_of(options.text("subject"));
}

std::unique_ptr<source::reader> registered(std::unique_ptr<source::reader> own, const record_registry& by,
                                           std::shared_ptr<known_schemas> known, std::string in_logs) {
  registered_options options{.prefix = by.prefix, .registry = by.where.url, .in_logs = std::move(in_logs)};
  return std::make_unique<registered_reader>(
      std::move(own), std::move(known), [by] { return std::make_unique<client>(by.where, by.kind); },
      std::move(options));
}

}  // namespace millrace::registry
