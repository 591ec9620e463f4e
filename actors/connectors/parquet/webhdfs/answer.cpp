#include "actors/connectors/parquet/webhdfs/answer.hpp"

#include "actors/connectors/http/client/origin.hpp"
#include "runtime/base/visible_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::webhdfs {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_message = 300;

/// Returns null for a text that is no JSON object.
json::value parsed(std::string_view body) {
  boost::system::error_code failed;
  auto v = json::parse({body.data(), body.size()}, failed);
  return failed || !v.is_object() ? json::value() : v;
}

const json::object* member(const json::value& of, std::string_view name) {
  const auto* const all = of.if_object();
  const auto* const found = all ? all->if_contains({name.data(), name.size()}) : nullptr;
  return found ? found->if_object() : nullptr;
}

std::string text(const json::object& of, std::string_view name) {
  const auto* const found = of.if_contains({name.data(), name.size()});
  const auto* const value = found ? found->if_string() : nullptr;
  return value ? std::string(value->begin(), value->end()) : std::string();
}

file_status status_in(const json::object& o) {
  const auto* const length = o.if_contains("length");
  return {text(o, "pathSuffix"), text(o, "type") == "DIRECTORY",
          length && length->is_int64()
              ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, length->get_int64()))
              : 0};
}

unexpected no_answer(std::string_view to) {
  return outside_error(ec::unavailable, fmt::format("an answer to {} that is none of WebHDFS", to));
}

bool is_one_of(std::string_view what, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), what) != names.end();
}

}  // namespace

refusal parse_refusal(std::string_view body) {
  const auto v = parsed(body);
  const auto* const e = member(v, "RemoteException");
  if (!e)
    return {};
  refusal r{text(*e, "exception"), text(*e, "message")};
  r.exception.resize(std::min(r.exception.size(), longest_message));
  r.message.resize(std::min({r.message.find('\n'), r.message.size(), longest_message}));
  return r;
}

unexpected judge(std::string_view server, std::string_view doing, long status, std::string_view body) {
  const auto r = parse_refusal(body);
  const auto what = r.exception.empty() ? fmt::format("status {}", status)
                    : r.message.empty() ? r.exception
                                        : fmt::format("{} ({})", r.message, r.exception);
  const auto said = visible(fmt::format("{} does not {}: {}", server, doing, what));
  if (is_one_of(r.exception, {"SafeModeException"}) || r.message.find("safe mode") != std::string::npos)
    return outside_error(ec::unavailable,
                         fmt::format("{} does not {}: it is in safe mode, and leaves it by itself once its "
                                     "DataNodes have told of their blocks, or by `hdfs dfsadmin -safemode "
                                     "leave`",
                                     server, doing));
  if (is_one_of(r.exception, {"DSQuotaExceededException", "NSQuotaExceededException"}))
    return outside_error(ec::io, said + "; raise the quota, or make room");
  if (is_one_of(r.exception, {"AccessControlException", "SecurityException", "AuthorizationException"}) ||
      status == 401)
    return user_error(ec::refused, said + "; give the folder to the user that `connection` names "
                                          "(webhdfs://USER@HOST:PORT)");
  if (is_one_of(r.exception, {"ParentNotDirectoryException", "FileAlreadyExistsException"}))
    return user_error(ec::already_exists, said + "; give another `path`");
  if (is_one_of(r.exception, {"InvalidPathException", "IllegalArgumentException",
                              "PathComponentTooLongException", "UnsupportedOperationException"}))
    return user_error(ec::invalid_argument, said + "; check `path`");
  if (r.exception.empty() && status == 404)
    return user_error(ec::not_found, said + ": no WebHDFS is there; check `connection`, which wants the HTTP "
                                            "address of the NameNode");
  return outside_error(ec::unavailable, said);
}

expected<std::vector<file_status>> parse_listing(std::string_view body) {
  const auto v = parsed(body);
  const auto* const all = member(v, "FileStatuses");
  const auto* const list = all ? all->if_contains("FileStatus") : nullptr;
  if (!list || !list->is_array())
    return no_answer("LISTSTATUS");
  std::vector<file_status> out;
  for (const auto& one : list->get_array())
    if (const auto* const o = one.if_object())
      out.push_back(status_in(*o));
  std::sort(out.begin(), out.end(),
            [](const file_status& a, const file_status& b) { return a.name < b.name; });
  return out;
}

expected<file_status> parse_status(std::string_view body) {
  const auto v = parsed(body);
  const auto* const o = member(v, "FileStatus");
  if (!o)
    return no_answer("GETFILESTATUS");
  return status_in(*o);
}

expected<std::string> parse_location(const std::string& name_node, std::string_view body) {
  const auto v = parsed(body);
  const auto* const o = v.if_object();
  auto location = o ? text(*o, "Location") : std::string();
  if (location.empty())
    return no_answer("a question for a DataNode");
  if (http::onward_from(name_node, location) == http::onward::nothing)
    return user_error(ec::refused,
                      fmt::format("{} sends on to a DataNode where others could read the file: {}; serve "
                                  "HTTPS there, too",
                                  name_node, visible(location.substr(0, location.find('?')))));
  return location;
}

bool parse_boolean(std::string_view body) {
  const auto v = parsed(body);
  const auto* const o = v.if_object();
  const auto* const found = o ? o->if_contains("boolean") : nullptr;
  return found && found->is_bool() && found->get_bool();
}

}  // namespace millrace::webhdfs
