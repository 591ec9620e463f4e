// Asks a registry for a sink's schema on a thread of its own, so that a registry that hangs holds up no shutdown: the sink waits
// for a moment, and comes again later for the answer. Its end interrupts the request.
#pragma once

#include "actors/registry/client.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace millrace::sink {

/// A schema that a subject has.
struct schema_in_registry {
  std::uint64_t id = 0;
  std::string text{};  // of the newest one; otherwise it is known
};

class schema_lookup {
public:
  /// Says what is asked for: `what` runs on the other thread, and owns all that it uses.
  using question = std::function<expected<schema_in_registry>(registry::client&)>;

  schema_lookup(const registry::access& where, registry::schema_kind kind, question what);
  schema_lookup(const schema_lookup&) = delete;
  schema_lookup& operator=(const schema_lookup&) = delete;
  ~schema_lookup();

  /// The answer, which is there once; nothing where it has not come within that time.
  [[nodiscard]] std::optional<expected<schema_in_registry>> wait(std::chrono::milliseconds most);

private:
  std::shared_ptr<registry::client> client_;
  std::future<expected<schema_in_registry>> answer_;
  std::thread thread_;
};

}  // namespace millrace::sink
