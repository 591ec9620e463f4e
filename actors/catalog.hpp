// The one list of connectors: what config needs to check a topology, and how to make readers, parsers and
// writers.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/sink/sink.hpp"
#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "config/plan.hpp"
#include "runtime/base/life.hpp"
#include "runtime/chain/named_chains.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace millrace {

/// All connectors, windows and transforms, in the order of the docs.
[[nodiscard]] const config::catalog& connectors();

/// A connector may use this of its surroundings.
struct connector_context {
  std::string topology;
  std::string stage;
  std::string state_folder;
  const wall_clock* clock = &system_clock();
  std::string consumer{};       // a source's: the parser that reads it
  std::string spool_folder{};   // for a source that cannot be asked again: what it receives is kept here
  std::string replay_folder{};  // a source's: batches of `millrace replay`; empty: none
  /// It takes the place of replay_folder on a cluster: a source has its batches in the store, under this plan.
  std::optional<replay::place_in_store> replayed{};
  std::shared_ptr<source::feeds> feeds{};  // the feeds of those sources, while the pipeline lives
  /// The store of a cluster, for what such a source receives, in the place of spool_folder, and for the record of a
  /// table on another machine; null: there is none.
  std::shared_ptr<chain::named_chains> chains{};
  life now{};  // the life of the lane that reads
};

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
