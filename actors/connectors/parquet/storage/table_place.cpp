#include "actors/connectors/parquet/storage/table_place.hpp"

#include "actors/connectors/http/client/url.hpp"
#include "runtime/base/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::storage {
namespace {

using fault = tl::unexpected<place_fault>;

constexpr std::string_view default_http_port = "9870";  // the port of a NameNode since Hadoop 3
constexpr std::string_view default_https_port = "9871";

fault wrong(std::string_view option, std::string text) { return fault(place_fault{option, std::move(text)}); }

std::string_view without_end_slashes(std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return path;
}

bool has_odd_part(std::string_view path) {
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..")
      return true;
    path.remove_prefix(std::min(part.size() + 1, path.size()));
  }
  return false;
}

tl::expected<table_place, place_fault> in_hdfs(const http::url_parts& u, const std::string& path) {
  if (u.path != "/" || !u.query.empty())
    return wrong("connection", "has more than a server in it; the folder goes into `path`");
  if (!u.password.empty())
    return wrong("connection", "has a password in it, which WebHDFS has no use for; expected "
                               "webhdfs://[USER@]HOST:PORT");
  const bool secure = u.scheme == "swebhdfs" || u.scheme == "https";
  const auto host = fmt::format("{}:{}", u.host,
                                !u.port.empty() ? u.port
                                : secure        ? default_https_port
                                                : default_http_port);
  if (!path.starts_with('/'))
    return wrong("path",
                 fmt::format("'{}' is relative; expected an absolute folder of HDFS, such as /plays", path));
  const auto folder = without_end_slashes(path);
  if (folder.empty() || has_odd_part(folder.substr(1)))
    return wrong(
        "path",
        fmt::format("'{}' is not a folder for a table in HDFS; expected one such as /lake/plays", path));
  return webhdfs_place{fmt::format("{}://{}", secure ? "https" : "http", host), u.user,
                       fmt::format("{}://{}", secure ? "swebhdfs" : "webhdfs", host), std::string(folder)};
}

tl::expected<table_place, place_fault> in_s3(const http::url_parts& u, const std::string& path) {
  s3_place p;
  p.bucket = u.host;
  p.access_key = u.user;
  p.secret_key = u.password;
  if (u.path != "/")
    return wrong("connection", "has more than a bucket in it; the folder goes into `path`");
  if (p.access_key.empty() != p.secret_key.empty())
    return wrong("connection",
                 "has only one of access key and secret key; expected s3://KEY:SECRET@BUCKET, or "
                 "neither, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment");
  for (const auto& [name, value] : u.query) {
    if (name == "region")
      p.region = value;
    else if (name == "endpoint" && (value.starts_with("http://") || value.starts_with("https://")))
      p.endpoint = without_end_slashes(value);
    else if (name == "endpoint")
      return wrong("connection", "has an endpoint that is not an http:// or https:// address");
    else
      return wrong(
          "connection",
          fmt::format("has the parameter '{}', which is unknown; expected region or endpoint", name));
  }
  auto prefix = without_end_slashes(path);
  while (prefix.starts_with('/'))
    prefix.remove_prefix(1);
  if (has_odd_part(prefix))
    return wrong(
        "path", fmt::format("'{}' is not a prefix for a table in S3; expected one such as lake/plays", path));
  p.prefix = prefix;
  return p;
}

}  // namespace

tl::expected<table_place, place_fault> place_of(const std::string& connection, const std::string& path) {
  if (connection.empty()) {
    if (path.empty())
      return wrong("path", "is empty; expected the folder of the table");
    if (is_url(path))
      return wrong("path",
                   fmt::format("'{}' is not a folder of this machine; say where it is in `connection`, such "
                               "as webhdfs://HOST:PORT or s3://BUCKET, and give the folder there as `path`",
                               path));
    return local_place{path};
  }
  const auto u = http::parse_url(connection);
  if (!u || u->host.empty())
    return wrong(
        "connection",
        "is not a URL; expected webhdfs://[USER@]HOST:PORT (or http://, swebhdfs://, https://) for HDFS, "
        "or s3://[KEY:SECRET@]BUCKET?region=REGION&endpoint=URL, with what is special in it as %XX");
  if (u->scheme == "webhdfs" || u->scheme == "swebhdfs" || u->scheme == "http" || u->scheme == "https")
    return in_hdfs(*u, path);
  if (u->scheme == "s3")
    return in_s3(*u, path);
  if (u->scheme == "hdfs")
    return wrong("connection", "speaks of HDFS's own protocol, which needs a JVM; expected its HTTP address, "
                               "webhdfs://HOST:PORT (dfs.namenode.http-address)");
  return wrong("connection",
               fmt::format("has the scheme '{}', which is unknown; expected webhdfs, swebhdfs, http, "
                           "https or s3",
                           u->scheme));
}

std::string shown(const table_place& place) {
  struct {
    std::string operator()(const local_place& p) const { return p.folder.string(); }
    std::string operator()(const webhdfs_place& p) const { return p.server + p.folder; }
    std::string operator()(const s3_place& p) const {
      return fmt::format("s3://{}{}{}", p.bucket, p.prefix.empty() ? "" : "/", p.prefix);
    }
  } const show;
  return std::visit(show, place);
}

}  // namespace millrace::storage
