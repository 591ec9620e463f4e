#include "actors/connectors/parquet/webhdfs/file_system.hpp"

#include "actors/connectors/http/client/statuses.hpp"
#include "actors/connectors/http/client/url.hpp"

#include <fmt/format.h>

namespace millrace::webhdfs {
namespace {

/// A listing of a folder with a million files fits.
constexpr std::uint64_t most_listed = 512 << 20;
constexpr std::uint64_t most_said = 1 << 20;

namespace statuses = http::statuses;

bool says_not_found(const http::answer& a) {
  return a.status == statuses::not_found && parse_refusal(a.body).exception == "FileNotFoundException";
}

bool says_exists(const http::answer& a) {
  const auto r = parse_refusal(a.body);
  return r.exception == "FileAlreadyExistsException" ||
         (r.exception == "IOException" && r.message.find("already exists") != std::string::npos);
}

unexpected of_data_node(std::string_view gives_or_takes, error e) {
  if (e.code == ec::unavailable)
    e.message = fmt::format("a DataNode does not {} the file: {}", gives_or_takes, e.message);
  return unexpected(std::move(e));
}

}  // namespace

std::string file_system::url(const std::string& path, std::string_view op, std::string_view rest) const {
  auto out = fmt::format("{}/webhdfs/v1{}?op={}", at_.url, http::escaped(path, true), op);
  if (!at_.user.empty())
    out += "&user.name=" + http::escaped(at_.user);
  return out.append(rest);
}

unexpected file_system::refused(const std::string& doing, const http::answer& a) const {
  return judge(at_.shown, doing, a.status, a.body);
}

expected<http::answer> file_system::ask(std::string_view method, std::string url, std::uint64_t most) {
  http::request r;
  r.method = method;
  r.url = std::move(url);
  r.most_bytes = most;
  auto a = http_.send(r);
  if (!a)
    a.error().message = "the NameNode does not answer: " + a.error().message;
  return a;
}

expected<std::optional<file_status>> file_system::status_of(const std::string& path) {
  ASSIGN_OR_RETURN(const auto a, ask("GET", url(path, "GETFILESTATUS"), most_said));
  if (says_not_found(a))
    return std::nullopt;
  if (a.status != statuses::ok)
    return refused("tell of " + path, a);
  ASSIGN_OR_RETURN(auto s, parse_status(a.body));
  return s;
}

expected<std::vector<file_status>> file_system::list(const std::string& folder) {
  ASSIGN_OR_RETURN(const auto a, ask("GET", url(folder, "LISTSTATUS"), most_listed));
  if (says_not_found(a))
    return std::vector<file_status>();
  if (a.status != statuses::ok)
    return refused("list " + folder, a);
  return parse_listing(a.body);
}

expected<void> file_system::make_folders(const std::string& folder) {
  const auto doing = "make the folder " + folder;
  ASSIGN_OR_RETURN(const auto a, ask("PUT", url(folder, "MKDIRS"), most_said));
  if (a.status != statuses::ok)
    return refused(doing, a);
  if (!parse_boolean(a.body))
    return user_error(ec::refused, fmt::format("{} does not {}; check `path`", at_.shown, doing));
  return {};
}

/// Takes two steps: the NameNode names a DataNode, which takes the bytes. False where the file exists.
expected<bool> file_system::create(const std::string& to, http::request content, bool replace) {
  const auto doing = "take " + to;
  ASSIGN_OR_RETURN(
      const auto asked,
      ask("PUT", url(to, "CREATE", fmt::format("&overwrite={}&noredirect=true", replace)), most_said));
  if (!replace && says_exists(asked))
    return false;
  if (asked.status != statuses::ok)
    return refused(doing, asked);
  ASSIGN_OR_RETURN(auto where, parse_location(at_.url, asked.body));
  content.method = "PUT";
  content.url = std::move(where);
  content.headers = {"Content-Type: application/octet-stream"};
  const auto done = http_.send(content);
  if (!done)
    return of_data_node("take", done.error());
  if (!replace && says_exists(*done))
    return false;
  if (done->status != statuses::created)
    return refused(doing, *done);
  return true;
}

expected<void> file_system::upload(const std::filesystem::path& from, const std::string& to) {
  http::request content;
  content.file = from;
  RETURN_IF_ERROR(create(to, std::move(content), true));
  return {};
}

expected<bool> file_system::write(const std::string& to, const std::string& bytes, bool replace) {
  http::request content;
  content.body = bytes;
  return create(to, std::move(content), replace);
}

expected<bool> file_system::rename(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const auto a,
                   ask("PUT",
                       url(from, "RENAME", "&renameoptions=NONE&destination=" + http::escaped(to, true)),
                       most_said));
  if (says_exists(a))
    return false;
  if (a.status != statuses::ok)
    return refused(fmt::format("rename {} to {}", from, to), a);
  return true;
}

expected<void> file_system::remove(const std::string& path) {
  ASSIGN_OR_RETURN(const auto a, ask("DELETE", url(path, "DELETE", "&recursive=false"), most_said));
  if (a.status != statuses::ok && !says_not_found(a))
    return refused("remove " + path, a);
  return {};
}

expected<std::string> file_system::read(const std::string& path, std::uint64_t offset, std::uint64_t length) {
  const auto doing = "give " + path;
  ASSIGN_OR_RETURN(const auto asked,
                   ask("GET",
                       url(path, "OPEN", fmt::format("&offset={}&length={}&noredirect=true", offset, length)),
                       most_said));
  if (asked.status != statuses::ok)
    return refused(doing, asked);
  ASSIGN_OR_RETURN(auto where, parse_location(at_.url, asked.body));
  http::request r;
  r.url = std::move(where);
  r.most_bytes = length;
  auto a = http_.send(r);
  if (!a)
    return of_data_node("give", a.error());
  if (a->status != statuses::ok)
    return refused(doing, *a);
  return std::move(a->body);
}

}  // namespace millrace::webhdfs
