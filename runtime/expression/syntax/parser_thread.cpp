#include "runtime/expression/syntax/parser_thread.hpp"

#include <mutex>
#include <optional>
#include <pthread.h>

namespace millrace::expression {
namespace {

/// libpg_query takes a key of thread-specific data in each thread that it runs in, and never gives it back. A process has
/// 1,024 of them, and a library that finds none, such as OpenSSL, crashes.
struct parser_job {
  const std::function<void()>& work;
  std::optional<pthread_key_t> taken = {};
};

/// The key that is taken next, unless another thread takes it.
std::optional<pthread_key_t> next_key() {
  pthread_key_t key{};
  if (pthread_key_create(&key, nullptr) != 0)
    return std::nullopt;
  pthread_key_delete(key);
  return key;
}

void* run_job(void* of) {
  auto& job = *static_cast<parser_job*>(of);
  const auto next = next_key();
  job.work();
  if (next && pthread_getspecific(*next) != nullptr)  // only who took it in this thread can have set it
    job.taken = next;
  return nullptr;
}

}  // namespace

bool run_on_parser_thread(std::size_t stack, const std::function<void()>& work) {
  static std::mutex one_at_a_time;  // libpg_query keeps the newest key in a variable that all threads share
  const std::lock_guard lock(one_at_a_time);
  parser_job job{work};
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0)
    return false;
  pthread_t thread{};
  const bool started = pthread_attr_setstacksize(&attributes, stack) == 0 &&
                       pthread_create(&thread, &attributes, run_job, &job) == 0;
  pthread_attr_destroy(&attributes);
  const bool ended = started && pthread_join(thread, nullptr) == 0;
  if (ended && job.taken)  // its destructor has run
    pthread_key_delete(*job.taken);
  return ended;
}

}  // namespace millrace::expression
