// SHA-256 and HMAC-SHA-256 by OpenSSL, of one message after another: what OpenSSL looks up and allocates, it does once
// an object. An object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_mac_ctx_st;

namespace millrace::data {

using sha256_digest = std::array<std::uint8_t, 32>;
/// None where OpenSSL fails, which happens without memory alone.
using digest_or_none = std::optional<sha256_digest>;

class sha256 {
public:
  sha256();
  [[nodiscard]] digest_or_none of(std::string_view message);

private:
  struct freed {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, freed> context_;
};

class hmac_sha256 {
public:
  hmac_sha256();
  /// A key that is the one of the call before is not prepared again.
  [[nodiscard]] digest_or_none of(std::string_view key, std::string_view message);

private:
  struct freed {
    void operator()(evp_mac_ctx_st* context) const;
  };
  [[nodiscard]] bool begin(std::string_view key);

  std::unique_ptr<evp_mac_ctx_st, freed> context_;
  std::optional<std::string> key_;
};

}  // namespace millrace::data
