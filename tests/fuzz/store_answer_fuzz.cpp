// Reads what file stores answer: HDFS's JSON, S3's XML, a table's mark; and the URLs that name
// them. Refused, or read; what is read of a mark or a URL comes back the same.
#include "actors/connectors/http/client/url.hpp"
#include "actors/connectors/parquet/s3/answer.hpp"
#include "actors/connectors/parquet/sink/table_mark.hpp"
#include "actors/connectors/parquet/storage/table_place.hpp"
#include "actors/connectors/parquet/webhdfs/answer.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  if (size == 0)
    return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
  case 0:
    (void)webhdfs::judge("server", "do", 400, text);
    (void)webhdfs::parse_listing(text);
    (void)webhdfs::parse_status(text);
    (void)webhdfs::parse_location("https://name.node:9871", text);
    (void)webhdfs::parse_boolean(text);
    break;
  case 1:
    (void)s3::judge("server", "do", 400, text);
    (void)s3::parse_listing(text);
    break;
  case 2:
    if (const auto mark = sink::decode_mark(text, "table")) {
      const auto again = sink::decode_mark(sink::encode_mark(*mark), "table");
      fuzz::require(again && again->state_id == mark->state_id && again->topology == mark->topology &&
                        again->sink == mark->sink,
                    "a mark is read as it was written");
    }
    break;
  case 3:
    (void)storage::place_of(std::string(text), "/a/b");
    (void)storage::place_of("s3://bucket", std::string(text));
    break;
  default:
    fuzz::require(http::unescaped(http::escaped(text)) == text, "what is escaped comes back");
    break;
  }
  return 0;
}
