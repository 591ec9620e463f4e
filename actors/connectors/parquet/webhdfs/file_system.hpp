// HDFS over WebHDFS: the calls that a table's files need. Blocks; one thread. Paths are absolute, "/" between
// folders, not escaped.
#pragma once

#include "actors/connectors/http/client/exchange.hpp"
#include "actors/connectors/parquet/webhdfs/answer.hpp"

namespace millrace::webhdfs {

struct server {
  std::string url;    // the NameNode: http://HOST:PORT
  std::string user;   // user.name of simple authentication; empty: HDFS decides
  std::string shown;  // a form for texts: webhdfs://HOST:PORT
};

class file_system {
public:
  file_system(server at, http::exchange_options options) : at_(std::move(at)), http_(std::move(options)) {}

  /// Returns nothing where there is none.
  [[nodiscard]] expected<std::optional<file_status>> status_of(const std::string& path);
  /// Returns nothing where there is no such folder.
  [[nodiscard]] expected<std::vector<file_status>> list(const std::string& folder);
  /// Makes the folder, and the folders above it.
  [[nodiscard]] expected<void> make_folders(const std::string& folder);
  /// A file of this machine becomes one there, in place of one that has this name. ec::unavailable leaves
  /// none, a part or all of it.
  [[nodiscard]] expected<void> upload(const std::filesystem::path& from, const std::string& to);
  /// A short text. `replace`: in place of what is there; false where it is not asked for and something is.
  [[nodiscard]] expected<bool> write(const std::string& to, const std::string& bytes, bool replace);
  /// Renames in one step. False where `to` exists.
  [[nodiscard]] expected<bool> rename(const std::string& from, const std::string& to);
  /// A file, or an empty folder; one that has gone is not an error.
  [[nodiscard]] expected<void> remove(const std::string& path);
  /// Reads at most `length` bytes from `offset`.
  [[nodiscard]] expected<std::string> read(const std::string& path, std::uint64_t offset,
                                           std::uint64_t length);

private:
  [[nodiscard]] std::string url(const std::string& path, std::string_view op,
                                std::string_view rest = {}) const;
  [[nodiscard]] expected<http::answer> ask(std::string_view method, std::string url, std::uint64_t most);
  [[nodiscard]] expected<bool> create(const std::string& to, http::request content, bool replace);
  [[nodiscard]] unexpected refused(const std::string& doing, const http::answer& a) const;

  server at_;
  http::exchange http_;
};

}  // namespace millrace::webhdfs
