// Decides what of a request may go where a server sends it on to. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace millrace::http {

enum class onward : std::uint8_t {
  all,      // the same scheme, host and port
  bare,     // another origin: without headers, which may be secrets
  nothing,  // a step from https to http, or to neither: all would be readable on the way
};

/// The address that a Location header of an answer from `url` names; the header's own text where it names
/// none.
[[nodiscard]] std::string resolved(const std::string& url, const std::string& location);

[[nodiscard]] onward onward_from(const std::string& url, const std::string& to);

}  // namespace millrace::http
