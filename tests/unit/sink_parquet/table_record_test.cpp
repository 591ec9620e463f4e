// The record in a table's side file: the golden bytes, and nothing shorter or longer taken for one.
#include "actors/sink/parquet/table_record.hpp"
#include "tests/support/golden_file.hpp"

namespace millrace::sink {
namespace {

table_record some_record() {
  table_record r;
  r.owner = {"state", "topology", "sink", 7};
  r.staged_bytes = 1'000'000;
  r.staged_rows = 5;
  r.row_bytes = 300;
  r.next_number = 12;
  r.since = -5;
  r.to_publish = {{".millrace-part-1", "a=b/part-1"}, {"x", "y"}};
  r.next_rejected = 4;
  r.rejected = {{3, "{}", "why"}};
  r.at.emplace();
  r.at->positions["parsed/0"] = {{9, whole}, 9'000'000};
  r.at->counters = "counters";
  r.at->batch = 4;
  return r;
}

}  // namespace

TEST_CASE("Records of tables are the golden ones, byte for byte, and read back") {
  const auto bytes = encode_record(some_record());
  test::check_golden("tests/unit/sink_parquet/golden/table_record_1.bin", bytes);
  test::check_golden("tests/unit/sink_parquet/golden/table_record_empty_1.bin", encode_record({}));
  const auto back = decode_table_record(bytes).value();
  CHECK(encode_record(back) == bytes);
  CHECK(back.to_publish == some_record().to_publish);
  CHECK(back.rejected[0].error == "why");
  CHECK(back.at->batch == 4);
  CHECK_FALSE(decode_table_record(encode_record({})).value().at);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode_table_record(std::string_view(bytes).substr(0, n)));
  CHECK_FALSE(decode_table_record(bytes + "x"));
  const auto later = decode_table_record('\2' + bytes.substr(1));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ec::unsupported);
}

}  // namespace millrace::sink
