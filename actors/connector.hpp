// A connector: what config checks of it, and how its readers, parsers or writers are made. A folder of
// actors/connectors or actors/parsers gives it, actors/catalog.cpp lists it, and nobody else knows it by name.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/registry/registered.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/sink/sink.hpp"
#include "actors/stream/source/among_readers.hpp"
#include "actors/stream/source/awaited.hpp"
#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "actors/stream/source/spool_options.hpp"
#include "actors/stream/stage/losses.hpp"
#include "config/plan.hpp"
#include "runtime/base/life.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/chain/named_chains.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace millrace {

/// A connector may use this of its surroundings.
struct connector_context {
  std::string topology;
  std::string stage;
  std::string state_folder;
  const wall_clock* clock = &system_clock();
  std::string consumer{};      // a source's: the parser that reads it
  std::string spool_folder{};  // for a source that cannot be asked again: what it receives is kept here
  /// A source's: where its batches of replayed records lie; none: it has none.
  std::optional<replay::place_in_store> replayed{};
  std::shared_ptr<source::feeds> feeds{};  // the feeds of those sources, while the pipeline lives
  /// The store of a cluster, for what such a source receives, in the place of spool_folder, and for the record of a
  /// table on another machine; null: there is none.
  std::shared_ptr<chain::named_chains> chains{};
  life now{};  // the life of the lane that reads
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
  std::shared_ptr<source::among_readers> among_readers =
      std::make_shared<source::among_readers>();  // of that life
  /// A source's: the parser that its records are for, which may name a registry of their schemas; null: none is asked.
  const config::stage* parser = nullptr;
  std::shared_ptr<registry::known_schemas> schemas =
      std::make_shared<registry::known_schemas>();  // of that life
  /// Its reader notes what it waits for in the place of the source.
  std::shared_ptr<source::awaited> awaited = std::make_shared<source::awaited>();
};

/// The place where a source that receives keeps what has come.
[[nodiscard]] inline source::spool_place spool_of(const connector_context& at) {
  return {at.stage, at.consumer, at.spool_folder, at.chains, at.now, name_in_logs(at.topology, at.stage)};
}

/// Options are validated, and have the values of their secrets. A source has a reader, a parser a parser, a sink a writer;
/// the other functions may be empty.
struct connector {
  config::connector declared;
  /// The reader contacts a server, or opens a file, from discover() on. A source that receives calls make_spooled_reader
  /// with spool_of().
  std::function<expected<std::unique_ptr<source::reader>>(const config::values& options, const source::wants&,
                                                          const connector_context&)>
      reader{};
  /// A source that goes on tells what has come since an earlier run read it to its end, which the identity `ended` says.
  /// `readers`: how each of its parsers reads it. Blocks.
  std::function<expected<source::continuation>(const config::values& options, std::string_view ended,
                                               std::span<const source::wants> readers)>
      news{};
  /// A source whose positions are bytes names the file that a partition means, as dead letters name it.
  std::function<std::string(const config::values& options, const std::string& partition)> file_of{};
  /// Such a source reads the line of a file that names its columns, of a container the schema in its head; none where the
  /// file is gone or has none. Blocks.
  std::function<std::optional<std::string>(const std::string& file, const source::wants&)> header_line{};
  std::function<expected<std::unique_ptr<parser::record_parser>>(const config::values& options,
                                                                 parser::parser_options)>
      parser{};
  /// A parser says how its source finds the ends of records, beside the options that all parsers share.
  std::function<void(const config::values& options, source::wants&)> wants{};
  /// A parser says where its records' schemas are; nothing where it has none. Empty: it never has.
  std::function<std::optional<registry::record_registry>(const config::values& options)> registry{};
  /// The writer contacts a server from open() on. `rows`: the schema of the batches that it gets.
  std::function<expected<std::unique_ptr<sink::writer>>(
      const config::values& options, const data::schema_ptr& rows, const connector_context&)>
      writer{};
};

}  // namespace millrace
