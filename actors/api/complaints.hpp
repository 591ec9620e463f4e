// Decides which faults of clients are logged: the first of each kind at once, a flood as one line now and
// then, with a count. Pure.
#pragma once

#include "runtime/base/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace::api {

enum class client_fault : std::uint8_t { handshake, no_http, refused, too_slow, too_many };
inline constexpr std::size_t client_faults = 5;

class complaints {
public:
  /// The line, where one is due; its end says how many of the kind were not told.
  [[nodiscard]] std::optional<std::string> on_fault(client_fault kind, const std::string& what, micros now);

private:
  struct kind_state {
    std::optional<micros> told = {};
    std::uint64_t silent = 0;
  };
  std::array<kind_state, client_faults> kinds_;
};

/// A line of a kind comes at most as often.
inline constexpr micros told_again_after = std::chrono::seconds(10);

}  // namespace millrace::api
