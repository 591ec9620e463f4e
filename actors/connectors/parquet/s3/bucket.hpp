// An S3 bucket: the calls that a table's files need, each one signed request. Blocks; one thread. Keys are
// not escaped.
#pragma once

#include "actors/connectors/http/client/exchange.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace millrace::s3 {

class bucket {
public:
  /// `endpoint`: scheme://HOST[:PORT]; empty for Amazon's own of the region. `options` has the signature.
  bucket(std::string endpoint, std::string name, http::exchange_options options);

  struct entry {
    std::string name;  // follows the prefix; without a slash
    bool is_folder = false;
  };
  /// Lists what begins with `prefix` (empty, or ending in a slash), up to the next slash; ordered by name.
  [[nodiscard]] expected<std::vector<entry>> list(const std::string& prefix);
  /// Bytes; nothing where there is no such object.
  [[nodiscard]] expected<std::optional<std::uint64_t>> size_of(const std::string& key);
  /// Visible whole or not at all. Unless `replace`: false where the key is there (If-None-Match).
  [[nodiscard]] expected<bool> put(const std::string& key, const std::filesystem::path& from, bool replace);
  [[nodiscard]] expected<bool> put(const std::string& key, std::string bytes, bool replace);
  /// Copies within the bucket, over any object with that key; visible whole or not at all. ec::unavailable
  /// where `from` is not there.
  [[nodiscard]] expected<void> copy(const std::string& from, const std::string& to);
  /// One that has gone is not an error.
  [[nodiscard]] expected<void> remove(const std::string& key);
  /// Reads at most `length` bytes from `offset`; `length` is not 0.
  [[nodiscard]] expected<std::string> read(const std::string& key, std::uint64_t offset,
                                           std::uint64_t length);

private:
  [[nodiscard]] std::string url(const std::string& key) const;
  [[nodiscard]] expected<bool> put(const std::string& key, http::request content, bool replace);
  [[nodiscard]] unexpected refused(const std::string& doing, const http::answer& a) const;

  std::string name_;
  std::string address_;  // the bucket's
  http::exchange http_;
};

}  // namespace millrace::s3
