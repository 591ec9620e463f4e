// What a reader of records asks a schema registry for: one schema after the other, by its id.
#pragma once

#include "runtime/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace::registry {

/// A schema as parsers take it: one text that holds everything it names. Or none, and why, as a dead letter says it.
struct fetched {
  std::shared_ptr<const std::string> text{};
  std::string why_none{};
};

class schema_store {
public:
  virtual ~schema_store() = default;
  /// Blocks, for half a minute where the registry is slow. ec::unavailable with retry: the registry is away; ec::cancelled
  /// after interrupt(); others are the user's to mend.
  [[nodiscard]] virtual expected<fetched> fetch(std::uint64_t id) = 0;
  /// A fetch() that has no answer after some seconds calls `tell` once, on its own thread. It is set before the first fetch().
  virtual void on_silence(std::function<void(std::chrono::seconds)> tell) = 0;
  /// Makes a fetch() under way return within a second with ec::cancelled, else the next one. Any thread may call.
  virtual void interrupt() = 0;
};

}  // namespace millrace::registry
