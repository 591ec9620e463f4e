#include "actors/connectors/kafka/sink/schema_lookup.hpp"

#include <utility>

namespace millrace::sink {

schema_lookup::schema_lookup(const registry::access& where, registry::schema_kind kind, question what)
    : client_(std::make_shared<registry::client>(where, kind)) {
  std::packaged_task<expected<schema_in_registry>()> task(
      [c = client_, asked = std::move(what)] { return asked(*c); });
  answer_ = task.get_future();
  thread_ = std::thread(std::move(task));
}

schema_lookup::~schema_lookup() {
  // A request that begins only now, behind one that was interrupted, is interrupted likewise.
  while (answer_.valid() && answer_.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready)
    client_->interrupt();
  thread_.join();
}

std::optional<expected<schema_in_registry>> schema_lookup::wait(std::chrono::milliseconds most) {
  if (answer_.wait_for(most) != std::future_status::ready)
    return std::nullopt;
  return answer_.get();
}

}  // namespace millrace::sink
