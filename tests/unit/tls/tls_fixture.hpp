// An authority, certificates of it, and a folder of the test's own.
#pragma once

#include "runtime/tls/peer.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace millrace::tls::test {

inline constexpr event_micros day = 86'400'000'000;
inline constexpr event_micros now = 1'700'000'000'000'000;  // 2023-11-14T22:13:20Z
inline constexpr validity always{now - 10 * day, now + 100 * day};

inline key_and_certificate an_authority(const validity& when = {now - 20 * day, now + 1'000 * day}) {
  auto made = make_authority(when);
  REQUIRE(made);
  return *made;
}
inline certificate read(const key_and_certificate& of) {
  auto out = certificate::from_pem(of.certificate, "test");
  REQUIRE(out);
  return *out;
}
inline certificate signed_by(const key_and_certificate& authority, const subject& of,
                             const validity& when = always) {
  const auto made = make_certificate(authority, of, when);
  REQUIRE(made);
  return read(*made);
}

struct own_folder : millrace::test::scratch {
  [[nodiscard]] std::string path(const std::string& name) const { return *this / name; }
};

using millrace::test::contents;

}  // namespace millrace::tls::test
