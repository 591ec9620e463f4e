#include "actors/api/complaints.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::api {

std::optional<std::string> complaints::on_fault(client_fault kind, const std::string& what, micros now) {
  auto& k = kinds_[static_cast<std::size_t>(kind)];
  if (k.told && now - *k.told < told_again_after) {
    ++k.silent;
    return std::nullopt;
  }
  k.told = now;
  const auto silent = std::exchange(k.silent, 0);
  return silent == 0 ? what : fmt::format("{} ({} more such since the last line)", what, silent);
}

}  // namespace millrace::api
