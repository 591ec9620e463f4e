#include "actors/connectors/kafka/sink/bounded_call.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace::sink {

struct bounded_caller::worker {
  std::mutex mutex;
  std::condition_variable changed;
  kafka_call wanted;
  std::optional<kafka::owned<rd_kafka_error_t>> answer;
  bool is_left = false;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return is_left || wanted; });
      if (!wanted)
        return;
      auto call = std::exchange(wanted, nullptr);
      lock.unlock();
      auto came = call();
      call = nullptr;  // the waiting thread may be the last to hold what the call used
      lock.lock();
      answer = std::move(came);
      changed.notify_all();
    }
  }
};

bounded_caller::~bounded_caller() { leave(); }

void bounded_caller::leave() {
  if (!worker_)
    return;
  {
    const std::scoped_lock lock(worker_->mutex);
    worker_->is_left = true;
  }
  worker_->changed.notify_all();
  worker_.reset();
}

std::optional<kafka::owned<rd_kafka_error_t>> bounded_caller::call(std::chrono::milliseconds most,
                                                                   kafka_call wanted) {
  if (!worker_) {
    worker_ = std::make_shared<worker>();
    std::thread([w = worker_] { w->run(); }).detach();
  }
  std::unique_lock lock(worker_->mutex);
  worker_->wanted = std::move(wanted);
  worker_->changed.notify_all();
  worker_->changed.wait_for(lock, most, [&] { return worker_->answer.has_value(); });
  auto answer = std::exchange(worker_->answer, std::nullopt);
  lock.unlock();
  if (!answer)
    leave();
  return answer;
}

}  // namespace millrace::sink
