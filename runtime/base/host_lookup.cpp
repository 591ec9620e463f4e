#include "runtime/base/host_lookup.hpp"

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <mutex>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

namespace millrace {
namespace {

/// A resolver that hangs keeps a thread for each question; repeated questions must not take all of them.
constexpr int most_under_way = 64;

std::atomic<int>& under_way() {
  static std::atomic<int> count{0};
  return count;
}

host_found look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (const auto failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found))
    return {nullptr, fmt::format("{}: {}", host, gai_strerror(failed))};
  return {std::shared_ptr<const addrinfo>(found,
                                          [](const addrinfo* a) { freeaddrinfo(const_cast<addrinfo*>(a)); })};
}

}  // namespace

struct host_lookup::state {
  std::mutex mutex;
  std::function<void(host_found)> then;

  void tell(host_found found) {
    const std::lock_guard lock(mutex);
    if (const auto tell_once = std::exchange(then, nullptr))
      tell_once(std::move(found));
  }
};

host_found host_lookup::ask_system(const std::string& host, std::uint16_t port) {
  return look_up(host, port, 0);
}

std::shared_ptr<host_lookup> host_lookup::begin(const std::string& host, std::uint16_t port,
                                                std::function<void(host_found)> then, const resolver& ask) {
  const auto s = std::make_shared<state>();
  s->then = std::move(then);
  std::shared_ptr<host_lookup> out(new host_lookup(s));
  if (auto digits = look_up(host, port, AI_NUMERICHOST); digits.first) {
    s->tell(std::move(digits));
    return out;
  }
  if (under_way().fetch_add(1) >= most_under_way) {
    --under_way();
    s->tell({nullptr, fmt::format("{}: the resolver does not answer; look after /etc/resolv.conf", host)});
    return out;
  }
  try {
    std::thread([s, host, port, ask] {
      s->tell(ask(host, port));
      --under_way();
    }).detach();
  } catch (const std::system_error& e) {
    --under_way();
    s->tell({nullptr, fmt::format("{}: no thread can be started to look it up: {}", host, e.what())});
  }
  return out;
}

void host_lookup::cancel() {
  const std::lock_guard lock(state_->mutex);
  state_->then = nullptr;
}

host_found find_host(const std::string& host, std::uint16_t port, micros patience,
                     const host_lookup::resolver& ask) {
  const auto answer = std::make_shared<std::promise<host_found>>();
  auto found = answer->get_future();
  const auto lookup = host_lookup::begin(
      host, port, [answer](host_found f) { answer->set_value(std::move(f)); }, ask);
  if (found.wait_for(patience) == std::future_status::ready)
    return found.get();
  lookup->cancel();
  return {nullptr, fmt::format("{}: its name is not resolved in time; look after /etc/resolv.conf", host)};
}

}  // namespace millrace
