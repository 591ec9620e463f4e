// Asks the system's resolver for a host, which has no time limit of its own, in the time that the caller has.
#pragma once

#include "runtime/base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <netdb.h>
#include <string>

namespace millrace {

/// Holds the addresses of a host for a TCP connection; null where there are none, and then why.
struct host_found {
  std::shared_ptr<const addrinfo> first;
  std::string why = {};
};

/// A question to the resolver that nobody has to wait for. A name is looked up on a thread of its own, which ends when
/// the system's resolver does; an address in digits takes none.
class host_lookup {
public:
  using resolver = std::function<host_found(const std::string& host, std::uint16_t port)>;

  /// Calls `then` once: before it returns, or on that thread. `ask`: the system's; tests have others. At most 64 are
  /// under way in a process, and one more has an answer at once that says so.
  [[nodiscard]] static std::shared_ptr<host_lookup> begin(const std::string& host, std::uint16_t port,
                                                          std::function<void(host_found)> then,
                                                          const resolver& ask = ask_system);
  /// Any thread. `then` is not called any more when it returns.
  void cancel();

  /// Blocks. Errors: gai_strerror's words.
  [[nodiscard]] static host_found ask_system(const std::string& host, std::uint16_t port);

private:
  struct state;
  explicit host_lookup(std::shared_ptr<state> s) : state_(std::move(s)) {}
  std::shared_ptr<state> state_;
};

/// Blocks for `patience` at most.
[[nodiscard]] host_found find_host(const std::string& host, std::uint16_t port, micros patience,
                                   const host_lookup::resolver& ask = host_lookup::ask_system);

}  // namespace millrace
