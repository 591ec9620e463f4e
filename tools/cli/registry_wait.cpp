#include "tools/cli/registry_wait.hpp"

#include "runtime/base/backoff.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace millrace::cli {
namespace {

using clock = std::chrono::steady_clock;

/// A registry that has not answered for so long is told of. The next lines come when twice as much time has passed each time.
constexpr std::chrono::seconds silent_after{3};
constexpr std::chrono::seconds first_interval{5};
constexpr backoff_options between_tries{.longest = std::chrono::seconds(5)};

class registry_wait {
public:
  registry_wait(std::string registry, clock::time_point until)
      : registry_(std::move(registry)), until_(until) {}

  expected<config::written_schema> run(const std::function<expected<config::written_schema>()>& ask) {
    backoff waits(between_tries);
    for (;;) {
      auto got = answer_of(ask);
      if (got || !got.error().retry || got.error().code != ec::unavailable) {
        if (got && told_)
          spdlog::info("the schema registry {} answers", registry_);
        return got;
      }
      if (clock::now() >= until_) {
        got.error().message += fmt::format("; millrace waited for it for {} s (--start-timeout)", waited());
        return got;
      }
      tell(got.error().message);
      std::this_thread::sleep_until(std::min(until_, clock::now() + waits.next()));
    }
  }

private:
  /// Asks on a thread of its own, so that this one can tell of a silence.
  expected<config::written_schema> answer_of(const std::function<expected<config::written_schema>()>& ask) {
    const auto begin = clock::now();
    auto answer = std::async(std::launch::async, ask);
    auto next = silent_after;
    while (answer.wait_until(begin + next) != std::future_status::ready) {
      tell(fmt::format("schema registry {}: no answer has come for {} s", registry_, next.count()));
      next *= 2;
    }
    return answer.get();
  }

  void tell(const std::string& why) {
    const auto now = clock::now();
    if (told_ && now < *told_ + interval_)
      return;
    interval_ = told_ ? interval_ * 2 : first_interval;
    told_ = now;
    const auto left = std::max(clock::duration::zero(), until_ - now);
    spdlog::warn("{}; waiting for it, for {} s more", why,
                 std::chrono::ceil<std::chrono::seconds>(left).count());
  }

  [[nodiscard]] std::int64_t waited() const {
    return std::chrono::round<std::chrono::seconds>(clock::now() - begin_).count();
  }

  std::string registry_;
  clock::time_point begin_ = clock::now();
  clock::time_point until_;
  std::optional<clock::time_point> told_;
  std::chrono::seconds interval_ = first_interval;
};

}  // namespace

config::catalog waiting_for_registries(config::catalog connectors, std::chrono::milliseconds patience) {
  const auto until = clock::now() + patience;
  for (auto& c : connectors)
    if (c.schema_in_file)
      c.schema_in_file = [own = c.schema_in_file,
                          until](const config::values& o) -> expected<config::written_schema> {
        if (o.has("schema_file") || !o.has("registry"))
          return own(o);
        return registry_wait(o.text("registry"), until).run([&] { return own(o); });
      };
  return connectors;
}

}  // namespace millrace::cli
