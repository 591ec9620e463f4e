// Tests where a table lies, and whose it is: the options `connection` and `path`, and the mark.
#include "actors/connectors/parquet/sink/table_mark.hpp"
#include "actors/connectors/parquet/storage/table_place.hpp"

#include <catch2/catch.hpp>

namespace millrace::sink {
namespace {

std::string where(const std::string& connection, const std::string& path) {
  const auto p = storage::place_of(connection, path);
  return p ? shown(*p) : std::string(p.error().option) + " " + p.error().text;
}

}  // namespace

TEST_CASE("Places are read as they are written, and shown without secrets") {
  CHECK(where("", "lake/plays") == "lake/plays");
  CHECK(where("webhdfs://name:9000", "/lake/plays/") == "webhdfs://name:9000/lake/plays");
  CHECK(where("http://name", "/t") == "webhdfs://name:9870/t");
  CHECK(where("https://name", "/t") == "swebhdfs://name:9871/t");
  CHECK(where("s3://KEY:secret@bucket?region=eu-1", "/lake/plays/") == "s3://bucket/lake/plays");
  CHECK(where("s3://bucket", "/") == "s3://bucket");
  const auto hdfs =
      std::get<storage::webhdfs_place>(storage::place_of("swebhdfs://alice@name:1", "/t").value());
  CHECK(hdfs.url == "https://name:1");
  CHECK(hdfs.user == "alice");
  const auto s3 =
      std::get<storage::s3_place>(storage::place_of("s3://K:a%2Fb@b?endpoint=http://h:1/", "t").value());
  CHECK(s3.secret_key == "a/b");
  CHECK(s3.endpoint == "http://h:1");
  CHECK(s3.region.empty());
}

TEST_CASE("What is wrong with a place is said of the option that says it") {
  const auto says = [](const std::string& connection, const std::string& path, const std::string& text) {
    const auto said = where(connection, path);
    CHECK_THAT(said, Catch::Contains(text) && !Catch::Contains("hush"));
  };
  says("", "", "path is empty");
  says("", "hdfs://name/t", "path 'hdfs://name/t' is not a folder of this machine");
  says("name:9870", "/t", "connection is not a URL");
  says("not a url", "/t", "connection is not a URL");
  says("hdfs://name:8020", "/t", "needs a JVM");
  says("gs://bucket", "/t", "scheme 'gs'");
  says("webhdfs://name:1/t", "/t", "the folder goes into `path`");
  says("webhdfs://u:hush@name:1", "/t", "has a password");
  says("webhdfs://name:1", "t", "path 't' is relative");
  says("webhdfs://name:1", "/", "not a folder for a table");
  says("webhdfs://name:1", "/a/../b", "not a folder for a table");
  says("s3://bucket/t", "t", "more than a bucket");
  says("s3://KEY@bucket", "t", "only one of");
  says("s3://K:hush@bucket?regin=x", "t", "parameter 'regin'");
  says("s3://bucket?endpoint=h:1", "t", "endpoint that is not an http://");
  says("s3://bucket", "a//b", "not a prefix for a table");
}

TEST_CASE("A mark is read as it was written; anything else is no mark") {
  const target_owner o{"state-1", "a \"topology\"", "out", 7};
  const auto read = decode_mark(encode_mark(o), "s3://b/t").value();
  CHECK(read.state_id == o.state_id);
  CHECK(read.topology == o.topology);
  CHECK(read.sink == o.sink);
  for (const auto* text : {"", "x", "[]", R"({"state":"s","topology":1,"sink":"o"})", R"({"state":"s"})"}) {
    const auto none = decode_mark(text, "s3://b/t");
    REQUIRE_FALSE(none);
    CHECK_THAT(none.error().message, Catch::StartsWith("s3://b/t/.millrace-table does not say"));
  }
}

TEST_CASE("A marked table goes on for its owner, and is replaced only when that is asked for") {
  const target_owner mark{"a", "t", "out", 0};
  claim who{"a", "t", "out", 3};
  CHECK(judge_mark(mark, who, "x", at_start::append) == ownership::ours);
  who.state_id = "b";
  CHECK_FALSE(judge_mark(mark, who, "x", at_start::append));
  CHECK(judge_mark(mark, who, "x", at_start::empty) == ownership::replaced);
  who.adopt = true;
  CHECK_FALSE(judge_mark(mark, who, "x", at_start::append));
  who.fresh = true;
  CHECK(judge_mark(mark, who, "x", at_start::append) == ownership::replaced);
  who = {"a", "t", "second", 1};
  CHECK_FALSE(judge_mark(mark, who, "x", at_start::empty));
}

}  // namespace millrace::sink
