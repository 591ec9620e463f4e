#include "runtime/base/error.hpp"

namespace millrace {

std::string_view to_string(ec code) {
  switch (code) {
  case ec::invalid_argument:
    return "invalid argument";
  case ec::unsupported:
    return "unsupported";
  case ec::not_found:
    return "not found";
  case ec::already_exists:
    return "already exists";
  case ec::locked:
    return "locked";
  case ec::mismatch:
    return "mismatch";
  case ec::unavailable:
    return "unavailable";
  case ec::fenced:
    return "fenced";
  case ec::corrupt:
    return "corrupt";
  case ec::log_trimmed:
    return "log trimmed";
  case ec::refused:
    return "refused";
  case ec::io:
    return "i/o";
  case ec::cancelled:
    return "cancelled";
  case ec::internal:
    return "internal error";
  }
  return "unknown";
}

std::string describe(const error& e) { return e.stage.empty() ? e.message : e.stage + ": " + e.message; }

}  // namespace millrace
