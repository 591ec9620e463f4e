#include "actors/api/node_files.hpp"

#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::api {
namespace {

/// Both files are far shorter.
constexpr std::size_t most_bytes = 4'096;

struct short_file {
  std::string line;     // one line, without its end
  bool is_line = true;  // false: there is more than one, or more than fits
  mode_t mode = 0;
};

expected<short_file> read_short_file(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, read_own_file(path, most_bytes));
  short_file out{std::move(file.bytes), true, file.mode};
  out.is_line = out.line.size() < most_bytes;
  if (out.line.ends_with('\n'))
    out.line.pop_back();
  if (out.line.ends_with('\r'))
    out.line.pop_back();
  out.is_line = out.is_line && !out.line.empty() && out.line.find_first_of("\r\n") == std::string::npos;
  return out;
}

}  // namespace

node_files files_of_node(const std::string& state_folder) {
  return {state_folder + "/http", state_folder + "/token"};
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= max_token &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

expected<std::string> read_node_url(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, read_short_file(path));
  if (!file.is_line)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: it holds no address of a node's API; expected one line", path));
  return std::move(file.line);
}

expected<std::string> read_token(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, read_short_file(path));
  RETURN_IF_ERROR(check_secret_mode(path, file.mode));
  if (!file.is_line || !is_token(file.line))
    return user_error(ec::invalid_argument,
                      fmt::format("{}: it holds no token; expected one line without blanks", path));
  return std::move(file.line);
}

}  // namespace millrace::api
