#include "actors/connectors/parquet/s3/bucket.hpp"

#include "actors/connectors/http/client/statuses.hpp"
#include "actors/connectors/http/client/url.hpp"
#include "actors/connectors/parquet/s3/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <openssl/evp.h>

namespace millrace::s3 {
namespace {

constexpr std::uint64_t most_listed = 16 << 20;  // the size of a page of a thousand keys

namespace statuses = http::statuses;
constexpr long past_the_end = 416;

/// Amazon wants the bucket in the host's name, where a certificate can name it; other servers in the path.
std::string address_of(const std::string& endpoint, const std::string& name, const std::string& region) {
  if (!endpoint.empty())
    return fmt::format("{}/{}", endpoint, http::escaped(name));
  if (name.find('.') != std::string::npos)
    return fmt::format("https://s3.{}.amazonaws.com/{}", region, http::escaped(name));
  return fmt::format("https://{}.s3.{}.amazonaws.com", name, region);
}

/// Content-MD5 of what is sent: without it some stores keep the beginning of an object whose connection
/// broke. Empty where this machine's OpenSSL has no MD5, or the file cannot be read, which sending it will
/// tell.
std::string md5_header(const http::request& content) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!digest || EVP_DigestInit_ex(digest.get(), EVP_md5(), nullptr) != 1)
    return {};
  if (content.file.empty()) {
    EVP_DigestUpdate(digest.get(), content.body.data(), content.body.size());
  } else {
    std::ifstream file(content.file, std::ios::binary);
    std::vector<char> piece(std::size_t{256} * 1024);
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
      EVP_DigestUpdate(digest.get(), piece.data(), static_cast<std::size_t>(file.gcount()));
    if (!file.eof())
      return {};
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  if (EVP_DigestFinal_ex(digest.get(), bytes.data(), &length) != 1)
    return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE * 2> text{};
  const auto n = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(length));
  return "Content-MD5: " + std::string(text.begin(), text.begin() + n);
}

}  // namespace

bucket::bucket(std::string endpoint, std::string name, http::exchange_options options)
    : name_(std::move(name)), address_(address_of(endpoint, name_, options.sign ? options.sign->region : "")),
      http_(std::move(options)) {}

std::string bucket::url(const std::string& key) const { return address_ + '/' + http::escaped(key, true); }

unexpected bucket::refused(const std::string& doing, const http::answer& a) const {
  return judge("s3://" + name_, doing, a.status, a.body);
}

expected<std::vector<bucket::entry>> bucket::list(const std::string& prefix) {
  std::vector<entry> out;
  for (std::string token;;) {
    http::request r;
    // The signature wants parameters in this order.
    r.url = fmt::format("{}/?{}delimiter=%2F&encoding-type=url&list-type=2&prefix={}", address_,
                        token.empty() ? "" : fmt::format("continuation-token={}&", http::escaped(token)),
                        http::escaped(prefix));
    r.most_bytes = most_listed;
    ASSIGN_OR_RETURN(const auto a, http_.send(r));
    if (a.status != statuses::ok)
      return refused(fmt::format("list {}", prefix.empty() ? "its objects" : prefix), a);
    ASSIGN_OR_RETURN(auto page, parse_listing(a.body));
    for (const auto& key : page.keys)
      if (key.size() > prefix.size())
        out.push_back({key.substr(prefix.size()), false});
    for (const auto& folder : page.prefixes)
      if (folder.size() > prefix.size() + 1)
        out.push_back({folder.substr(prefix.size(), folder.size() - prefix.size() - 1), true});
    token = std::move(page.next);
    if (token.empty())
      break;
  }
  std::sort(out.begin(), out.end(), [](const entry& a, const entry& b) { return a.name < b.name; });
  return out;
}

expected<std::optional<std::uint64_t>> bucket::size_of(const std::string& key) {
  http::request r;
  r.method = "HEAD";
  r.url = url(key);
  ASSIGN_OR_RETURN(const auto a, http_.send(r));
  if (a.status == statuses::ok)
    return a.length;
  if (a.status != statuses::not_found) {
    // The answer to HEAD has no body that would say why.
    const auto asked = read(key, 0, 1);
    return asked ? refused("tell of " + key, a) : unexpected(asked.error());
  }
  return std::nullopt;
}

expected<bool> bucket::put(const std::string& key, http::request content, bool replace) {
  content.method = "PUT";
  content.url = url(key);
  if (!replace)
    content.headers.emplace_back("If-None-Match: *");
  if (auto md5 = md5_header(content); !md5.empty())
    content.headers.push_back(std::move(md5));
  ASSIGN_OR_RETURN(const auto a, http_.send(content));
  if (!replace && a.status == statuses::precondition_failed)
    return false;
  if (a.status == statuses::conflict)
    return outside_error(ec::unavailable,
                         fmt::format("s3://{}: another writes {} at this moment", name_, key));
  if (a.status != statuses::ok)
    return refused("take " + key, a);
  return true;
}

expected<bool> bucket::put(const std::string& key, const std::filesystem::path& from, bool replace) {
  http::request content;
  content.file = from;
  return put(key, std::move(content), replace);
}

expected<bool> bucket::put(const std::string& key, std::string bytes, bool replace) {
  http::request content;
  content.body = std::move(bytes);
  return put(key, std::move(content), replace);
}

expected<void> bucket::copy(const std::string& from, const std::string& to) {
  http::request r;
  r.method = "PUT";
  r.url = url(to);
  r.headers.push_back(
      fmt::format("x-amz-copy-source: /{}/{}", http::escaped(name_), http::escaped(from, true)));
  ASSIGN_OR_RETURN(const auto a, http_.send(r));
  if (a.status == statuses::not_found)
    return outside_error(ec::unavailable, fmt::format("s3://{}: {} has gone", name_, from));
  // The status is sent before the copy is made, so that the body alone tells how it went.
  if (a.status != statuses::ok || a.body.find("<CopyObjectResult") == std::string::npos)
    return refused("copy " + from, a);
  return {};
}

expected<void> bucket::remove(const std::string& key) {
  http::request r;
  r.method = "DELETE";
  r.url = url(key);
  ASSIGN_OR_RETURN(const auto a, http_.send(r));
  if (a.status != statuses::ok && a.status != statuses::no_content && a.status != statuses::not_found)
    return refused("remove " + key, a);
  return {};
}

expected<std::string> bucket::read(const std::string& key, std::uint64_t offset, std::uint64_t length) {
  http::request r;
  r.url = url(key);
  r.headers.push_back(fmt::format("Range: bytes={}-{}", offset, offset + length - 1));
  r.most_bytes = length;
  ASSIGN_OR_RETURN(auto a, http_.send(r));
  if (a.status == past_the_end)
    return std::string();
  if (a.status != statuses::partial && !(a.status == statuses::ok && offset == 0))
    return refused("give " + key, a);
  return std::move(a.body);
}

}  // namespace millrace::s3
