// Asks a node's API, one request a connection, and waits for the answer: for the command line. Every step has
// a time limit, and every failure a reason with its remedy.
#pragma once

#include "actors/api/answers.hpp"
#include "runtime/base/time.hpp"
#include "runtime/tls/folder.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace::api {

/// "http://127.0.0.1:1234" taken apart; the host without brackets.
struct api_url {
  bool is_secure = false;
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] expected<api_url> parse_api_url(const std::string& text);

struct client_options {
  std::string url;
  std::optional<tls::credentials> tls = {};  // needed for https; a client's or a node's
  std::string token = {};                    // empty: it has none
  std::chrono::milliseconds connect = std::chrono::seconds(5);
  std::chrono::milliseconds answer = std::chrono::seconds(60);
};

class client {
public:
  /// User errors: no URL, https without certificates, http beyond this machine. `clock` outlives it.
  [[nodiscard]] static expected<client> make(client_options options,
                                             const wall_clock& clock = system_clock());

  /// Blocks. `retry` of an error: the same request may succeed a little later.
  [[nodiscard]] expected<answer> ask(const request& what) const;

private:
  client(client_options options, api_url at, const wall_clock& clock)
      : options_(std::move(options)), at_(std::move(at)), clock_(&clock) {}

  client_options options_;
  api_url at_;
  const wall_clock* clock_;
};

}  // namespace millrace::api
