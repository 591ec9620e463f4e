#include "actors/connectors/parquet/sink/table_record.hpp"
#include "tests/support/side_file_record.hpp"

namespace millrace::sink {

TEST_CASE("Records of tables are the golden ones, byte for byte, and read back") {
  auto r = owned_record<table_record>();
  r.staged_bytes = 1'000'000;
  r.staged_rows = 5;
  r.row_bytes = 300;
  r.next_number = 12;
  r.to_publish = {{".millrace-part-1", "a=b/part-1"}, {"x", "y"}};
  r.next_rejected = 4;
  r.rejected = {{3, "{}", "why"}};
  const auto back =
      check_record_format("tests/unit/parquet_sink/golden/table_record", r, decode_table_record);
  CHECK(back.to_publish == r.to_publish);
  CHECK(back.rejected[0].error == "why");
}

}  // namespace millrace::sink
