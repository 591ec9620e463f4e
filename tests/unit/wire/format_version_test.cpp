#include "runtime/base/earlier_format.hpp"
#include "runtime/wire/format_version.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("a version that is read is taken, and bytes without one are left to the caller") {
  wire::reader in(std::string_view("\3x", 2));
  CHECK(wire::read_format_version(in, "spilled output", 3));
  CHECK(in.fixed<char>() == 'x');
  wire::reader nothing("");
  CHECK(wire::read_format_version(nothing, "spilled output", 3));
  CHECK_FALSE(nothing.ok());
}

TEST_CASE("another version is refused by name, an earlier one with the build that reads it") {
  for (const char version : {0, 1, 2, 4}) {
    wire::reader in({&version, 1});
    const auto read = wire::read_format_version(in, "spilled output", 3);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ec::unsupported);
    const auto& text = read.error().message;
    CHECK(text.starts_with("spilled output has format " + std::to_string(version) + ", "));
    CHECK((text.find(build_of_earlier_formats) != std::string::npos) == (version == 1 || version == 2));
  }
}
