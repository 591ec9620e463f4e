// Reads what HDFS and S3 say: listings, and whose fault a refusal is.
#include "actors/connectors/parquet/s3/answer.hpp"
#include "actors/connectors/parquet/webhdfs/answer.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace millrace {
namespace {

std::string remote_exception(std::string_view name, std::string_view message) {
  return fmt::format(R"({{"RemoteException":{{"exception":"{}","javaClassName":"x","message":"{}"}}}})", name,
                     message);
}

}  // namespace

TEST_CASE("HDFS: what can pass is waited for, what cannot is the user's to mend") {
  struct {
    long status;
    const char* exception;
    const char* message;
    ec code;
    bool retry;
    const char* says;
  } const cases[] = {
      {403, "SafeModeException", "Cannot create file. Name node is in safe mode.", ec::unavailable, true,
       "-safemode leave"},
      {403, "RetriableException", "Name node is in safe mode", ec::unavailable, true, "safe mode"},
      {403, "StandbyException", "Operation category WRITE is not supported in state standby", ec::unavailable,
       true, "standby"},
      {403, "IOException", "Failed to find datanode, suggest to check cluster health.", ec::unavailable, true,
       "Failed to find datanode"},
      {403, "DSQuotaExceededException", "The DiskSpace quota is exceeded", ec::io, true, "raise the quota"},
      {403, "AccessControlException", "Permission denied: user=nobody", ec::refused, false,
       "webhdfs://USER@HOST:PORT"},
      {403, "ParentNotDirectoryException", "/a (is not a directory)", ec::already_exists, false,
       "another `path`"},
      {400, "IllegalArgumentException", "Invalid path", ec::invalid_argument, false, "check `path`"},
      {500, "RuntimeException", "boom", ec::unavailable, true, "boom"},
  };
  for (const auto& c : cases) {
    const auto e =
        webhdfs::judge("webhdfs://h:1", "take /x", c.status, remote_exception(c.exception, c.message));
    INFO(e.value().message);
    CHECK(e.value().code == c.code);
    CHECK(e.value().retry == c.retry);
    CHECK_THAT(e.value().message,
               Catch::Contains(c.says) && Catch::StartsWith("webhdfs://h:1 does not take /x"));
  }
  CHECK(webhdfs::judge("s", "list /", 404, "<html>").value().code == ec::not_found);
  CHECK(webhdfs::judge("s", "list /", 502, "").value().retry);
}

TEST_CASE("HDFS: only the first line of a message is shown, and not without end") {
  const auto r = webhdfs::parse_refusal(remote_exception("E", "one\\ntwo"));
  CHECK(r.exception == "E");
  CHECK(r.message == "one");
  CHECK(webhdfs::parse_refusal(remote_exception("E", std::string(10'000, 'x'))).message.size() == 300);
  for (const auto* body :
       {"", "[]", "{", R"({"RemoteException":[]})", R"({"RemoteException":{"exception":1}})"})
    CHECK(webhdfs::parse_refusal(body).exception.empty());
}

TEST_CASE("HDFS: a listing is in the order of names; other answers are none") {
  const auto all = webhdfs::parse_listing(
      R"({"FileStatuses":{"FileStatus":[{"pathSuffix":"b=1","type":"DIRECTORY","length":0},{"pathSuffix":"a","type":"FILE","length":70}]}})");
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK(all->at(0).name == "a");
  CHECK(all->at(0).length == 70);
  CHECK_FALSE(all->at(0).is_folder);
  CHECK(all->at(1).is_folder);
  for (const auto* body : {"", "{}", R"({"FileStatuses":{}})", R"({"FileStatuses":{"FileStatus":{}}})"})
    CHECK_FALSE(webhdfs::parse_listing(body));
  CHECK(webhdfs::parse_status(R"({"FileStatus":{"type":"FILE","length":-1,"pathSuffix":""}})")->length == 0);
  CHECK_FALSE(webhdfs::parse_status("{}"));
  CHECK(webhdfs::parse_location("http://n:1", R"({"Location":"http://d:1/x"})").value() == "http://d:1/x");
  CHECK(webhdfs::parse_location("https://n:1", R"({"Location":"https://d:1/x"})"));
  CHECK_FALSE(webhdfs::parse_location("http://n:1", R"({"Location":""})"));
  CHECK_FALSE(webhdfs::parse_location("http://n:1", R"({"Location":"file:///x"})"));
  const auto open =
      webhdfs::parse_location("https://n:1", R"({"Location":"http://d:1/x?delegation=secret"})");
  REQUIRE_FALSE(open);
  CHECK(open.error().whose == fault::user);
  CHECK_THAT(open.error().message, Catch::Contains("http://d:1/x") && !Catch::Contains("secret"));
  CHECK(webhdfs::parse_boolean(R"({"boolean":true})"));
  CHECK_FALSE(webhdfs::parse_boolean(R"({"boolean":false})"));
  CHECK_FALSE(webhdfs::parse_boolean("true"));
}

TEST_CASE("S3: what can pass is waited for, what cannot is the user's to mend") {
  struct {
    long status;
    const char* code;
    ec is;
    bool retry;
    const char* says;
  } const cases[] = {
      {404, "NoSuchBucket", ec::not_found, false, "make the bucket"},
      {403, "SignatureDoesNotMatch", ec::refused, false, "check the keys"},
      {403, "InvalidAccessKeyId", ec::refused, false, "check the keys"},
      {403, "AccessDenied", ec::refused, false, "may not do that"},
      {400, "AuthorizationHeaderMalformed", ec::invalid_argument, false, "check the region"},
      {403, "RequestTimeTooSkewed", ec::unavailable, true, "clock"},
      {503, "SlowDown", ec::unavailable, true, "SlowDown"},
      {500, "InternalError", ec::unavailable, true, "InternalError"},
  };
  for (const auto& c : cases) {
    const auto e = s3::judge(
        "s3://b", "take k", c.status,
        fmt::format("<?xml version=\"1.0\"?>\n<Error><Code>{}</Code><Message>m</Message></Error>", c.code));
    INFO(e.value().message);
    CHECK(e.value().code == c.is);
    CHECK(e.value().retry == c.retry);
    CHECK_THAT(e.value().message, Catch::Contains(c.says) && Catch::StartsWith("s3://b does not take k"));
  }
  CHECK(s3::judge("s", "list", 404, "<html>").value().code == ec::not_found);
  CHECK(s3::judge("s", "list", 502, "").value().retry);
}

TEST_CASE("S3: a page of a listing, its names as they are, and how to go on") {
  const auto page = s3::parse_listing(
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</"
      "NextContinuationToken><EncodingType>url</EncodingType>"
      "<Contents><Key>t/part%20a%2B.parquet</Key></Contents><CommonPrefixes><Prefix>t/d%3D1/</Prefix></"
      "CommonPrefixes>"
      "</ListBucketResult>");
  REQUIRE(page);
  CHECK(page->keys == std::vector<std::string>{"t/part a+.parquet"});
  CHECK(page->prefixes == std::vector<std::string>{"t/d=1/"});
  CHECK(page->next == "t&1");
  const auto plain = s3::parse_listing("<ListBucketResult><EncodingType></EncodingType><Contents><Key>a%20b</"
                                       "Key></Contents></ListBucketResult>");
  REQUIRE(plain);
  CHECK(plain->keys == std::vector<std::string>{"a%20b"});
  CHECK(plain->next.empty());
  CHECK_FALSE(s3::parse_listing("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
  for (const auto* body : {"", "{}", "<Error/>", "<ListBucketResult>"})
    CHECK_FALSE(s3::parse_listing(body));
}

TEST_CASE("What a server says drives no terminal and makes no lines of its own") {
  const auto s3 =
      s3::judge("s3://b", "take k", 500,
                "<Error><Code>A\x1b[31m</Code><Message>x&#10;2021-04-24 error\xc2\x9b</Message></Error>");
  const auto hdfs = webhdfs::judge(
      "webhdfs://n:1", "take k", 500,
      R"({"RemoteException":{"exception":"A\u001b[31m","message":"x\r2021-04-24 error\u009b"}})");
  for (const auto& text : {s3.value().message, hdfs.value().message}) {
    INFO(text);
    CHECK(text.find_first_of("\x1b\r\n") == std::string::npos);
    CHECK(text.find("\xc2\x9b") == std::string::npos);
    CHECK_THAT(text, Catch::Contains("\\u001b[31m"));
  }
}

}  // namespace millrace
