#include "tools/cli/topology_options.hpp"

#include "actors/catalog.hpp"
#include "actors/connectors/kafka/client/properties.hpp"
#include "config/secrets.hpp"
#include "tools/cli/logging.hpp"

namespace millrace::cli {
namespace {

void add(CLI::App& to, const char* name, std::vector<std::string>& values, const char* doc,
         const char* type) {
  to.add_option(name, values, doc)->type_name(type)->expected(1)->take_all();
}

}  // namespace

void add_property_switch(CLI::App& to) {
  to.add_option_function<std::vector<std::string>>(
        "--allow-kafka-property",
        [](const std::vector<std::string>& names) {
          for (const auto& name : names)
            kafka::allow_property(name);
        },
        "Let topologies set this property of librdkafka, although it loads code, runs a command or opens a "
        "file; may be repeated")
      ->type_name("NAME")
      ->check(CLI::Validator(kafka::problem_of_property, "", "property"))
      ->expected(1)
      ->take_all();
}

void add_secrets_folder(CLI::App& to) {
  to.add_option_function<std::string>(
        "--secrets", [](const std::string& folder) { config::use_secrets_of(folder); },
        "Folder with a file for each NAME of ${secret:NAME} in a topology; other users must have no access")
      ->type_name("DIR");
}

bool has_its_secrets(const config::topology& t) {
  const auto missing = config::missing_secrets(t, connectors());
  for (const auto& f : missing)
    complain(config::to_string(f));
  return missing.empty();
}

expected<void> check_fresh_and_adopt(bool fresh, bool adopt) {
  if (fresh && adopt)
    return user_error(
        ec::invalid_argument,
        "--fresh and --adopt contradict each other: with --fresh everything is computed and "
        "written again, with --adopt sinks go on from what they have committed; give one of them");
  return {};
}

void add_overlay_options(CLI::App& to, config::load_request& request) {
  add(to, "--with", request.overlays, "A file laid over it (JSON merge patch); may be repeated", "OVERLAY");
  add(to, "--set", request.sets, "One value laid over it, by its path; may be repeated", "PATH=VALUE");
  add_property_switch(to);
}

void add_overlay_options_by_name(CLI::App& to, std::vector<std::string>& overlays,
                                 std::vector<std::string>& sets) {
  add(to, "--with", overlays,
      "Overlay file, laid over every topology (JSON merge patch), or NAME:FILE over one; may be repeated",
      "[NAME:]OVERLAY");
  add(to, "--set", sets,
      "One value, such as stages.clicks.rate=10/s, in every topology, or in the one called NAME; may be "
      "repeated",
      "[NAME:]PATH=VALUE");
  add_property_switch(to);
}

}  // namespace millrace::cli
