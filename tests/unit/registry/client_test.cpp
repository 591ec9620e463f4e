// A client against a server that answers as registries do, byte by byte.
#include "actors/registry/client.hpp"
#include "tests/support/loopback_listener.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

namespace millrace::registry {
namespace {

/// Answers each request for a path with the same bytes; one that is not known, as a registry without that schema.
class small_server {
public:
  explicit small_server(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {}
  ~small_server() {
    listener_.stop();
    thread_.join();
  }

  [[nodiscard]] const std::string& url() const { return listener_.url(); }
  [[nodiscard]] std::vector<std::string> heads() {
    const std::scoped_lock lock(mutex_);
    return heads_;
  }

  static std::string answer(int status, const std::string& body, const std::string& header = {}) {
    return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                       body.size(), header, body);
  }
  static std::string schema(const std::string& text, const std::string& more = {}) {
    return answer(200,
                  fmt::format("{{\"schema\":{}{}}}", boost::json::serialize(boost::json::value(text)), more));
  }

private:
  void serve() {
    for (;;) {
      const int peer = listener_.accept();
      if (peer < 0)
        return;
      const auto head = test::read_head(peer);
      const auto begin = std::min(head.find(' '), head.size() - 1) + 1;
      const auto path = head.substr(begin, head.find(' ', begin) - begin);
      {
        const std::scoped_lock lock(mutex_);
        heads_.push_back(head);
      }
      const auto at = answers_.find(path);
      const auto bytes = at == answers_.end()
                             ? answer(404, R"({"error_code":40403,"message":"Schema not found"})")
                             : at->second;
      std::size_t sent = 0;
      while (sent < bytes.size()) {
        const auto n = ::send(peer, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0)
          break;
        sent += static_cast<std::size_t>(n);
      }
      ::close(peer);
    }
  }

  std::map<std::string, std::string> answers_;
  std::mutex mutex_;
  std::vector<std::string> heads_;
  test::loopback_listener listener_;
  std::thread thread_{[this] { serve(); }};
};

expected<fetched> fetch(const std::string& url, std::uint64_t id, schema_kind kind = schema_kind::avro) {
  client c({.url = url, .headers = {{"Authorization", "Basic dTpw"}}}, kind);
  return c.fetch(id);
}

}  // namespace

TEST_CASE("A schema is fetched below the path of the registry's URL, with its headers") {
  small_server s({{"/apis/v7/schemas/ids/1", small_server::schema("\"long\"")}});
  const auto got = fetch(s.url() + "/apis/v7", 1);
  REQUIRE(got);
  REQUIRE(got->text);
  CHECK(*got->text == "\"long\"");
  REQUIRE(s.heads().size() == 1);
  CHECK_THAT(s.heads()[0],
             Catch::Contains("Authorization: Basic dTpw\r\n") &&
                 Catch::Contains("User-Agent: millrace\r\n") &&
                 Catch::Contains("Accept: application/vnd.schemaregistry.v1+json, application/json\r\n"));
}

TEST_CASE("An id that is not there and a schema of another kind are told as reasons") {
  small_server s({{"/schemas/ids/2", small_server::schema("syntax", R"(,"schemaType":"PROTOBUF")")}});
  const auto none = fetch(s.url(), 9);
  REQUIRE(none);
  CHECK_FALSE(none->text);
  CHECK(none->why_none == "schema 9 of the registry " + s.url() + ": Schema not found");
  const auto other = fetch(s.url(), 2);
  REQUIRE(other);
  CHECK_THAT(other->why_none, Catch::Contains("it is of the type PROTOBUF; expected AVRO"));
  CHECK(*fetch(s.url(), 2, schema_kind::protobuf)->text == "syntax");
}

TEST_CASE("Schemas of two kinds are fetched where values have one and keys another") {
  small_server s({{"/schemas/ids/1", small_server::schema("\"long\"")},
                  {"/schemas/ids/2", small_server::schema("syntax", R"(,"schemaType":"PROTOBUF")")},
                  {"/schemas/ids/3", small_server::schema("{}", R"(,"schemaType":"JSON")")}});
  client c({.url = s.url()}, schema_kind::protobuf, schema_kind::avro);
  const auto text_of = [&](std::uint64_t id) {
    const auto got = c.fetch(id);
    REQUIRE(got);
    return got->text ? *got->text : got->why_none;
  };
  CHECK(text_of(1) == "\"long\"");
  CHECK(text_of(2) == "syntax");
  CHECK_THAT(text_of(3), Catch::Contains("it is of the type JSON; expected PROTOBUF or AVRO"));
}

TEST_CASE("What a schema references is fetched, once each, and put into it") {
  small_server s(
      {{"/schemas/ids/1",
        small_server::schema(
            R"({"type":"record","name":"S","fields":[{"name":"x","type":"a.R"},{"name":"y","type":"a.E"}]})",
            R"(,"references":[{"name":"a.R","subject":"r/1","version":2},{"name":"a.E","subject":"e","version":1}])")},
       {"/subjects/r%2F1/versions/2",
        small_server::schema(R"({"type":"record","name":"a.R","fields":[{"name":"e","type":"E"}]})",
                             R"(,"references":[{"name":"a.E","subject":"e","version":1}])")},
       {"/subjects/e/versions/1", small_server::schema(R"({"type":"enum","name":"a.E","symbols":["u"]})")}});
  const auto got = fetch(s.url(), 1);
  REQUIRE(got);
  REQUIRE(got->text);
  CHECK(
      boost::json::parse(*got->text) ==
      boost::json::parse(
          R"({"type":"record","name":"S","fields":[{"name":"x","type":{"type":"record","name":"a.R","fields":[
          {"name":"e","type":{"type":"enum","name":"a.E","symbols":["u"]}}]}},{"name":"y","type":"a.E"}]})"));
  CHECK(s.heads().size() == 3);
}

TEST_CASE("References without end, too many of them, or to nothing, are reasons") {
  std::map<std::string, std::string> answers;
  for (int i = 0; i < 30; ++i)
    answers[fmt::format("/subjects/c/versions/{}", i)] = small_server::schema(
        "\"long\"", fmt::format(R"(,"references":[{{"name":"n","subject":"c","version":{}}}])", i + 1));
  answers["/schemas/ids/1"] =
      small_server::schema("\"long\"", R"(,"references":[{"name":"n","subject":"c","version":0}])");
  std::string many;
  for (int i = 0; i < 65; ++i)
    many += fmt::format(R"({}{{"name":"n","subject":"m","version":{}}})", i == 0 ? "" : ",", i);
  answers["/schemas/ids/2"] = small_server::schema("\"long\"", ",\"references\":[" + many + "]");
  answers["/schemas/ids/3"] =
      small_server::schema("\"long\"", R"(,"references":[{"name":"n","subject":"gone","version":4}])");
  answers["/schemas/ids/4"] = small_server::schema(
      "x", R"(,"schemaType":"PROTOBUF","references":[{"name":"a.proto","subject":"p","version":1}])");
  // It references itself.
  answers["/schemas/ids/5"] =
      small_server::schema("\"long\"", R"(,"references":[{"name":"n","subject":"self","version":1}])");
  answers["/subjects/self/versions/1"] =
      small_server::schema("\"int\"", R"(,"references":[{"name":"n","subject":"self","version":1}])");
  small_server s(std::move(answers));
  CHECK_THAT(fetch(s.url(), 1)->why_none, Catch::Contains("more than 16 deep"));
  CHECK_THAT(fetch(s.url(), 2)->why_none, Catch::Contains("more than 64 schemas"));
  CHECK_THAT(fetch(s.url(), 3)->why_none,
             Catch::Contains("version 4 of the subject \"gone\": Schema not found"));
  CHECK_THAT(fetch(s.url(), 4, schema_kind::protobuf)->why_none,
             Catch::Contains("imports \"a.proto\"") && Catch::Contains("\"schema_file\""));
  CHECK(fetch(s.url(), 5)->text);
}

TEST_CASE("A schema that is longer than any may be is a reason, and not waited for") {
  small_server s({{"/schemas/ids/1", small_server::schema(std::string(7'000'000, 'x'))},
                  {"/schemas/ids/2", small_server::schema(std::string(13'000'000, 'x'))},
                  {"/schemas/ids/3", small_server::schema(std::string(5'000'000, 'x'))}});
  CHECK_THAT(fetch(s.url(), 1)->why_none, Catch::Contains("more than 6 MB"));
  CHECK_THAT(fetch(s.url(), 2)->why_none, Catch::Contains("longer than any schema"));
  CHECK(fetch(s.url(), 3)->text->size() == 5'000'000);
}

TEST_CASE("A redirect is followed within the origin, and nowhere else") {
  small_server other({});
  small_server s(
      {{"/schemas/ids/1", small_server::answer(301, "", "Location: /new/1\r\n")},
       {"/new/1", small_server::schema("\"long\"")},
       {"/schemas/ids/2", small_server::answer(307, "", "Location: " + other.url() + "/x?token=1\r\n")},
       {"/schemas/ids/3", small_server::answer(302, "", "Location: /schemas/ids/3\r\n")}});
  CHECK(*fetch(s.url(), 1)->text == "\"long\"");
  const auto away = fetch(s.url(), 2);
  REQUIRE_FALSE(away);
  CHECK(away.error().code == ec::refused);
  CHECK_THAT(away.error().message,
             Catch::Contains(other.url() + "/x; give that address") && !Catch::Contains("token"));
  CHECK(other.heads().empty());
  CHECK_THAT(fetch(s.url(), 3).error().message, Catch::Contains("more than 5 redirects"));
}

TEST_CASE("A registry that is not there is away, and an answer that breaks off is none") {
  const auto nobody = fetch("http://127.0.0.1:1", 1);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ec::unavailable);
  CHECK(nobody.error().retry);
  CHECK_THAT(nobody.error().message, Catch::StartsWith("schema registry http://127.0.0.1:1/schemas/ids/1: "));
  small_server s({{"/schemas/ids/1", std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")}});
  CHECK(fetch(s.url(), 1).error().code == ec::unavailable);
}

TEST_CASE("An interruption ends a request that waits", "[clock]") {
  const test::loopback_listener silent;
  client c({.url = silent.url()}, schema_kind::avro);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    c.interrupt();
  });
  const auto began = std::chrono::steady_clock::now();
  const auto got = c.fetch(1);
  later.join();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  REQUIRE_FALSE(got);
  CHECK(got.error().code == ec::cancelled);
  c.interrupt();
  CHECK(c.fetch(1).error().code == ec::cancelled);
}

}  // namespace millrace::registry
