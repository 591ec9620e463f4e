#include "actors/sink/kafka/bounded_call.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace::sink {

std::optional<kafka::owned<rd_kafka_error_t>> bounded(std::chrono::milliseconds most, kafka_call call) {
  struct shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<kafka::owned<rd_kafka_error_t>> answer;
  };
  auto s = std::make_shared<shared>();
  std::thread([s, call = std::move(call)]() mutable {
    auto answer = call();
    call = nullptr;  // whoever waits may be the last to hold what it used
    const std::scoped_lock lock(s->mutex);
    s->answer = std::move(answer);
    s->changed.notify_one();
  }).detach();
  std::unique_lock lock(s->mutex);
  s->changed.wait_for(lock, most, [&] { return s->answer.has_value(); });
  return std::exchange(s->answer, std::nullopt);
}

}  // namespace millrace::sink
