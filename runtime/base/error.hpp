// Errors are values: every fallible call of millrace returns expected<T>. Third-party exceptions end where
// the library is called. An error says whose fault it is and whether trying again may help; the text is
// complete for the user (what, where, remedy) and never holds a secret.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

enum class ec : std::uint8_t {
  invalid_argument,  // an option, expression or record does not say what it must
  unsupported,       // understood, but not offered
  not_found,         // a file, topic, table or column is missing
  already_exists,    // exclusive create found something
  locked,            // another process holds the state folder, or is about to take a chain over
  mismatch,          // state, table or log differs from what the topology needs
  unavailable,       // a server or device does not answer; trying again may help
  fenced,            // a newer incarnation has taken over
  corrupt,           // bytes fail their checksum or format
  log_trimmed,       // a position is gone from its log
  refused,           // the target refuses a row
  io,                // the operating system refused a read or write
  cancelled,         // a stop was asked for
  internal,          // our own bug
};

enum class fault : std::uint8_t { user, outside, ours };

struct error {
  ec code = ec::internal;
  fault whose = fault::ours;
  bool retry = false;  // the same call may succeed later
  std::string message;
  std::string stage;  // filled in by a caller that knows it
};

template<class T>
using expected = tl::expected<T, error>;

using unexpected = tl::unexpected<error>;

[[nodiscard]] std::string_view to_string(ec code);

/// "stage: message", or the message alone.
[[nodiscard]] std::string describe(const error& e);

/// The user can mend it: configuration, input, state folder.
[[nodiscard]] inline unexpected user_error(ec code, std::string message) {
  return unexpected(error{code, fault::user, false, std::move(message), {}});
}
/// The outside world may mend itself: servers, networks, disks. retry = true.
[[nodiscard]] inline unexpected outside_error(ec code, std::string message) {
  return unexpected(error{code, fault::outside, true, std::move(message), {}});
}
/// An error of the outside that trying again does not mend (fenced, trimmed, mismatch).
[[nodiscard]] inline unexpected fatal_error(ec code, std::string message) {
  return unexpected(error{code, fault::outside, false, std::move(message), {}});
}
[[nodiscard]] inline unexpected our_error(std::string message) {
  return unexpected(error{ec::internal, fault::ours, false, std::move(message), {}});
}

}  // namespace millrace

#define MILLRACE_OUTCOME_OF_LINE(line) outcome_of_line_##line
#define MILLRACE_ASSIGN_OR_RETURN(outcome, declaration, ...)                                                 \
  auto outcome = __VA_ARGS__;                                                                                \
  if (!outcome)                                                                                              \
    return ::millrace::unexpected(std::move(outcome).error());                                               \
  declaration = *std::move(outcome)
#define MILLRACE_ASSIGN_AT(line, ...) MILLRACE_ASSIGN_OR_RETURN(MILLRACE_OUTCOME_OF_LINE(line), __VA_ARGS__)

/// ASSIGN_OR_RETURN(const auto x, f()) declares x with the value of f(), ASSIGN_OR_RETURN(x_, f()) assigns it; or the function
/// returns the error of f(). It expands to several statements, so it needs a block.
#define ASSIGN_OR_RETURN(...) MILLRACE_ASSIGN_AT(__LINE__, __VA_ARGS__)

/// RETURN_IF_ERROR(f()): the function returns the error of f(); a value ends here, a lock too.
#define RETURN_IF_ERROR(...)                                                                                 \
  do {                                                                                                       \
    if (auto outcome_of_call = __VA_ARGS__; !outcome_of_call)                                                \
      return ::millrace::unexpected(std::move(outcome_of_call).error());                                     \
  } while (false)
