// The record in a file sink's side file: the golden bytes, and nothing shorter or longer taken for one.
#include "actors/sink/file/file_record.hpp"
#include "tests/support/golden_file.hpp"

namespace millrace::sink {
namespace {

file_record some_record() {
  file_record r;
  r.owner = {"state", "topology", "sink", 7};
  r.length = 1'000'000;
  r.first = 3;
  r.number = 12;
  r.rows = 500;
  r.since = -5;
  r.publish = true;
  r.at.emplace();
  r.at->positions["parsed/0"] = {{9, whole}, 9'000'000};
  r.at->counters = "counters";
  r.at->batch = 4;
  return r;
}

}  // namespace

TEST_CASE("Records of file sinks are the golden ones, byte for byte, and read back") {
  const auto bytes = encode_record(some_record());
  test::check_golden("tests/unit/sink_file/golden/file_record_1.bin", bytes);
  test::check_golden("tests/unit/sink_file/golden/file_record_empty_1.bin", encode_record({}));
  const auto back = decode_record(bytes).value();
  CHECK(encode_record(back) == bytes);
  CHECK(back.number == 12);
  CHECK(back.publish);
  CHECK(back.at->batch == 4);
  CHECK_FALSE(decode_record(encode_record({})).value().at);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode_record(std::string_view(bytes).substr(0, n)));
  CHECK_FALSE(decode_record(bytes + "x"));
  const auto later = decode_record('\2' + bytes.substr(1));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ec::unsupported);
}

}  // namespace millrace::sink
