// The place of a table, as the options `connection` and `path` say. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::storage {

struct local_place {
  std::filesystem::path folder;
};

struct webhdfs_place {
  std::string url;     // the NameNode: http://HOST:PORT or https://
  std::string user;    // empty: HDFS decides
  std::string server;  // webhdfs://HOST:PORT, for texts
  std::string folder;  // absolute, without a slash at its end
};

struct s3_place {
  std::string endpoint;  // http://HOST:PORT or https://; empty: Amazon's of the region
  std::string region;    // empty: the environment's, or us-east-1
  std::string bucket;
  std::string prefix;  // the prefix of the table's keys, without slashes at its ends; empty: the whole bucket
  std::string access_key;
  std::string secret_key;  // both empty: the environment's
};

using table_place = std::variant<local_place, webhdfs_place, s3_place>;

struct place_fault {
  std::string_view option;  // "connection" or "path"
  std::string text;         // no secret is in it
};

/// `connection` is empty where it is not given.
[[nodiscard]] tl::expected<table_place, place_fault> place_of(const std::string& connection,
                                                              const std::string& path);
/// Formats the place for texts and for SQL engines: a path, webhdfs://HOST:PORT/FOLDER, s3://BUCKET/PREFIX.
[[nodiscard]] std::string shown(const table_place& place);

}  // namespace millrace::storage
