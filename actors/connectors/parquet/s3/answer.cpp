#include "actors/connectors/parquet/s3/answer.hpp"

#include "actors/connectors/http/client/url.hpp"
#include "config/secrets.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

namespace millrace::s3 {
namespace {

constexpr std::size_t longest_message = 300;

bool is_one_of(std::string_view what, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), what) != names.end();
}

}  // namespace

unexpected judge(std::string_view server, std::string_view doing, long status, std::string_view body) {
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const auto e = document.child("Error");
  const std::string code = e.child_value("Code");
  const auto message = config::without_secrets(e.child_value("Message")).substr(0, longest_message);
  const auto said = visible(
      fmt::format("{} does not {}: {}", server, doing,
                  code.empty()      ? fmt::format("status {}", status)
                  : message.empty() ? code.substr(0, longest_message)
                                    : fmt::format("{} ({})", message, code.substr(0, longest_message))));
  if (code == "NoSuchBucket")
    return user_error(ec::not_found, said + "; make the bucket, or name another in `connection`");
  if (is_one_of(code, {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}))
    return user_error(ec::refused, said + "; check the keys in `connection` or in the environment");
  if (is_one_of(code, {"AuthorizationHeaderMalformed", "PermanentRedirect",
                       "IllegalLocationConstraintException"}) ||
      status == 301)
    return user_error(ec::invalid_argument, said + "; check the region in `connection`");
  if (code == "RequestTimeTooSkewed")
    return outside_error(ec::unavailable, said + "; set this machine's clock");
  if (status == 401 || status == 403)
    return user_error(ec::refused, said + "; these keys may not do that with this bucket");
  if (is_one_of(code, {"EntityTooLarge", "KeyTooLongError", "InvalidBucketName", "InvalidURI"}))
    return user_error(ec::invalid_argument, said);
  if (code.empty() && (status == 404 || status == 405))
    return user_error(ec::not_found, said + ": no S3 is there; check `connection`");
  return outside_error(ec::unavailable, said);
}

expected<listing> parse_listing(std::string_view body) {
  pugi::xml_document document;
  const auto loaded = document.load_buffer(body.data(), body.size());
  const auto all = document.child("ListBucketResult");
  if (!loaded || !all)
    return outside_error(ec::unavailable, "an answer to ListObjectsV2 that is none of S3");
  const bool encoded = std::string_view(all.child_value("EncodingType")) == "url";
  const auto name = [&](const char* text) { return encoded ? http::unescaped(text) : std::string(text); };
  listing out;
  for (const auto& one : all.children("Contents"))
    out.keys.push_back(name(one.child_value("Key")));
  for (const auto& one : all.children("CommonPrefixes"))
    out.prefixes.push_back(name(one.child_value("Prefix")));
  if (std::string_view(all.child_value("IsTruncated")) == "true") {
    out.next = all.child_value("NextContinuationToken");
    if (out.next.empty())
      return outside_error(ec::unavailable, "a part of ListObjectsV2 that does not say how to go on");
  }
  return out;
}

}  // namespace millrace::s3
