// Reads what HDFS says over WebHDFS (hadoop.apache.org, "WebHDFS REST API"): refusals, listings, redirects.
// Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::webhdfs {

/// A RemoteException: {"RemoteException":{"exception":...,"message":...}}; its name is empty where the body
/// is none.
struct refusal {
  std::string exception;
  std::string message;  // its first line
};
[[nodiscard]] refusal parse_refusal(std::string_view body);

/// Says what is wrong, whose fault it is, and whether waiting helps. `doing`: "list /plays"; `server` for the
/// text.
[[nodiscard]] unexpected judge(std::string_view server, std::string_view doing, long status,
                               std::string_view body);

struct file_status {
  std::string name;  // its name in its folder; empty for the path that was asked for
  bool is_folder = false;
  std::uint64_t length = 0;
};
/// LISTSTATUS: ordered by name.
[[nodiscard]] expected<std::vector<file_status>> parse_listing(std::string_view body);
/// GETFILESTATUS.
[[nodiscard]] expected<file_status> parse_status(std::string_view body);
/// {"Location":URL}, to which the NameNode at that URL may send a file on: never from https to http.
[[nodiscard]] expected<std::string> parse_location(const std::string& name_node, std::string_view body);
/// {"boolean":true}
[[nodiscard]] bool parse_boolean(std::string_view body);

}  // namespace millrace::webhdfs
