// A source that makes its records itself: one partition, positions are record numbers. Event times begin at
// the moment of the first start, which is kept with the state, so that a later life makes the same records.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/source/source.hpp"

#include <memory>

namespace millrace::source {

[[nodiscard]] config::connector generator_source_declaration();
[[nodiscard]] connector generator_source_connector();
/// Lives as long as `clock`.
[[nodiscard]] expected<std::unique_ptr<reader>> make_generator_reader(const config::values& options,
                                                                      const wall_clock& clock);

}  // namespace millrace::source
