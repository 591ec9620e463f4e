#include "runtime/control/side_by_side.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace millrace::control {

void side_by_side(std::size_t jobs, std::size_t threads, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next{0};
  std::vector<std::exception_ptr> thrown(jobs);
  const auto work = [&] {
    for (auto i = next++; i < jobs; i = next++) {
      try {
        job(i);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      while (others.size() + 1 < std::min(jobs, threads))
        others.emplace_back(work);
    } catch (const std::system_error&) {
      // The machine gives no more threads: those that there are do the work.
    }
    work();
  }
  for (const auto& e : thrown)
    if (e)
      std::rethrow_exception(e);
}

}  // namespace millrace::control
