#include "runtime/base/listen_failure.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace millrace {
namespace {

std::string remedy_of(std::string_view option, int number) {
  switch (number) {
  case EADDRINUSE:
    return fmt::format(
        "another process has it (`ss -ltnp` names it): end that one, or choose another address by {}",
        option);
  case EADDRNOTAVAIL:
    return fmt::format(
        "no network interface of this machine has it (`ip address` lists them): give one that it has by "
        "{}, or bring the interface up",
        option);
  case EACCES:
    return fmt::format(
        "ports below 1024 take the capability CAP_NET_BIND_SERVICE: give it to this process, or choose "
        "another port by {}",
        option);
  default:
    return fmt::format("choose another address by {}", option);
  }
}

}  // namespace

error listen_failure(std::string_view option, std::string_view at, int number) {
  auto text =
      fmt::format("cannot listen on {}: {}; {}", at, std::strerror(number), remedy_of(option, number));
  const bool stays_so = number == EACCES || number == EAFNOSUPPORT;
  return (stays_so ? user_error(ec::refused, std::move(text))
                   : outside_error(ec::unavailable, std::move(text)))
      .value();
}

}  // namespace millrace
