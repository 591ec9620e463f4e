// Hashes and encodings of a text's UTF-8 bytes, as webhooks are signed and URLs are written with them. There is no type of
// bytes: what is decoded is a text, or the row fails.
#include "runtime/base/hex_digits.hpp"
#include "runtime/base/percent.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/data/digest.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::expression {
namespace {

using text_view = std::string_view;

text_view shown_digest(row& r, const data::digest_or_none& digest) {
  if (!digest)
    return r.fail("OpenSSL cannot compute the hash");
  auto* const out = r.c.bytes(2 * digest->size());
  auto* to = out;
  for (const auto byte : *digest)
    to = put_hex(to, byte);
  return {out, 2 * digest->size()};
}

values sha256_of_text(call& c, std::span<const values> args) {
  data::sha256 hash;
  return each_wanted<text_view>(
      c, [&](row& r) { return shown_digest(r, hash.of(args[0].get<text_view>(r.index))); });
}

values hmac_of_text(call& c, std::span<const values> args) {
  data::hmac_sha256 hash;
  return each_wanted<text_view>(c, [&](row& r) {
    return shown_digest(r, hash.of(args[0].get<text_view>(r.index), args[1].get<text_view>(r.index)));
  });
}

text_view kept_unless_long(row& r, text_view function, const std::string& encoded) {
  if (encoded.size() > longest_result)
    return r.fail(fmt::format("{} makes a text that is too long; at most {} bytes are allowed", function,
                              longest_result));
  return r.keep(encoded);
}

values encode_base64(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) { return kept_unless_long(r, "base64_encode", data::base64(s)); })>(
      c, args);
}

values encode_url(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) { return kept_unless_long(r, "url_encode", percent_encoded(s)); })>(
      c, args);
}

/// Keeps the bytes that `function` made of `encoded`, where they are a text.
text_view kept_text(row& r, text_view function, text_view encoded, text_view bytes) {
  if (const auto why = data::why_no_text(bytes); !why.empty())
    return r.fail(fmt::format("{}('{}') {}", function, data::excerpt(encoded), why));
  return r.keep(bytes);
}

values decode_base64(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view {
    auto& compact = r.text();  // without the line ends of mails and certificates
    std::ranges::copy_if(s, std::back_inserter(compact), [](char c) { return !is_blank(c); });
    const auto bytes = data::from_base64(compact);
    if (!bytes)
      return r.fail(fmt::format("'{}' is not base64", data::excerpt(s)));
    return kept_text(r, "base64_decode", s, *bytes);
  })>(c, args);
}

values decode_url(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view {
    const auto bytes = strictly_percent_decoded(s);
    if (!bytes)
      return r.fail(
          fmt::format("'{}' has a % that is not followed by two hexadecimal digits", data::excerpt(s)));
    return kept_text(r, "url_decode", s, *bytes);
  })>(c, args);
}

constexpr auto encoding_entries = std::to_array<function>({
    entry("sha256_hex", {kind::text}, kind::text, sha256_of_text, true),
    entry("hmac_sha256_hex", {kind::text, kind::text}, kind::text, hmac_of_text, true),
    entry("base64_encode", {kind::text}, kind::text, encode_base64, true),
    entry("base64_decode", {kind::text}, kind::text, decode_base64, true),
    entry("url_encode", {kind::text}, kind::text, encode_url, true),
    entry("url_decode", {kind::text}, kind::text, decode_url, true),
});

}  // namespace

std::span<const function> encoding_functions() { return encoding_entries; }

}  // namespace millrace::expression
