#include "actors/connectors/file/sink/file_record.hpp"
#include "tests/support/side_file_record.hpp"

namespace millrace::sink {

TEST_CASE("Records of file sinks are the golden ones, byte for byte, and read back") {
  auto r = owned_record<file_record>();
  r.length = 1'000'000;
  r.first = 3;
  r.number = 12;
  r.rows = 500;
  r.publish = true;
  const auto back = check_record_format("tests/unit/file_sink/golden/file_record", r, decode_record);
  CHECK(back.number == 12);
  CHECK(back.publish);
}

}  // namespace millrace::sink
