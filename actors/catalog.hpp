// The one list of connectors: what config needs to check a topology, and how to make readers, parsers and
// writers.
#pragma once

#include "actors/connector.hpp"

namespace millrace {

/// The declarations of all connectors, in the order of the docs.
[[nodiscard]] const config::catalog& connectors();
/// The connector of a source, parser or sink of a plan.
[[nodiscard]] const connector& connector_of(const config::stage& s);

[[nodiscard]] expected<std::unique_ptr<source::reader>>
make_reader(const config::stage& source, const source::wants& wants, const connector_context& context);
[[nodiscard]] expected<std::unique_ptr<parser::record_parser>> make_parser(const config::stage& parser);
[[nodiscard]] expected<std::unique_ptr<sink::writer>> make_writer(const config::stage& sink,
                                                                  const connector_context& context);

/// Makes the connectors of a pipeline: those of the catalog, or those that tests and simulations put in their
/// place.
struct connector_makers {
  std::function<expected<std::unique_ptr<source::reader>>(const config::stage&, const source::wants&,
                                                          const connector_context&)>
      reader = make_reader;
  std::function<expected<std::unique_ptr<parser::record_parser>>(const config::stage&)> parser = make_parser;
  std::function<expected<std::unique_ptr<sink::writer>>(const config::stage&, const connector_context&)>
      writer = make_writer;
};

}  // namespace millrace
