// One HTTP request after the other by libcurl, for clients of file stores and of schema registries: a request, perhaps
// with a file as its body, and the whole, bounded answer. Blocks; each object belongs to one thread and keeps its
// connections.
#pragma once

#include "runtime/base/error.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::http {

/// Signs each request as AWS does (Signature Version 4, for S3); libcurl does it.
struct signature {
  std::string region;
  std::string access_key;
  std::string secret_key;
  std::string token;  // a session's; empty for none
};

struct exchange_options {
  std::string ca_file{};  // replaces the system's authorities
  bool verify = true;     // checks the server's certificate and name
  std::optional<signature> sign{};
  /// The time that 64 KiB of a body or an answer may take; a store may work for minutes before it answers.
  std::chrono::milliseconds patience = std::chrono::minutes(10);
  /// Ends a request with ec::cancelled within a second of being set; null: none ends it. Outlives the exchange.
  const std::atomic<bool>* stop = nullptr;
  /// A request that has lasted for so long calls `on_silence`, once, within a second, on the thread that sends it. Empty: none does.
  std::chrono::milliseconds silent_after{0};
  std::function<void()> on_silence{};
};

struct request {
  std::string method = "GET";
  std::string url;                     // escaped, without credentials; it is shown in errors up to its query
  std::vector<std::string> headers;    // "Name: value"
  std::string body;                    // sent unless there is a file
  std::filesystem::path file;          // its bytes are the body
  std::uint64_t most_bytes = 1 << 20;  // limit of the answer's body; more is an error
  bool longer_is_answer = false;       // or an answer that says is_longer, without a body
};

struct answer {
  long status = 0;
  std::string body;
  std::uint64_t length = 0;  // Content-Length, which HEAD gives without a body
  std::string sent_on_to{};  // where a redirect leads, as a whole URL; empty: it is none
  bool is_longer = false;    // its body has more than most_bytes
};

class exchange {
public:
  explicit exchange(exchange_options options);
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Any status is an answer; redirects are not followed. ec::unavailable when no whole one came: the server
  /// may or may not have done what was asked. A transfer may take as long as it goes on: it ends after 30
  /// seconds without a byte, and where bytes only drip, when `patience` is over.
  [[nodiscard]] expected<answer> send(const request& r);

private:
  struct handle;
  exchange_options options_;
  std::unique_ptr<handle> handle_;
};

/// Tells what to do about a server whose certificate is refused for this reason, which is in libcurl's words.
[[nodiscard]] std::string_view certificate_remedy(std::string_view why);

}  // namespace millrace::http
