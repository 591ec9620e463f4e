// An authority, certificates of it, and a folder of the test's own.
#pragma once

#include "runtime/tls/peer.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
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

class own_folder {
public:
  own_folder() {
    auto name = (std::filesystem::temp_directory_path() / "millrace-tls-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~own_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  own_folder(const own_folder&) = delete;
  own_folder& operator=(const own_folder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

inline std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace millrace::tls::test
