#include "runtime/http/request_reader.hpp"
#include "tests/fuzz/strict_http.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <random>

using namespace millrace;
using namespace millrace::http;
using namespace std::string_view_literals;

namespace {

constexpr request_limits limits{.head = 2'000, .headers = 20, .body = 1'000};

/// "GET /a host=h body=..." of each request, and the status of a refusal.
std::vector<std::string> read(std::string_view bytes, std::size_t piece = 100'000) {
  std::vector<std::string> out;
  request_reader reader(limits);
  while (!bytes.empty()) {
    const auto used = reader.put(bytes.substr(0, piece));
    bytes.remove_prefix(used);
    if (reader.refused()) {
      out.push_back(std::to_string(reader.refused()->status));
      break;
    }
    if (!reader.is_done())
      continue;
    const auto& r = reader.request();
    auto text = std::string(r.method) + " " + std::string(r.target) + " " + r.body;
    for (const auto& [name, value] : r.headers)
      text += "|" + std::string(name) + "=" + std::string(value);
    out.push_back(text);
    if (!r.keep_alive) {
      out.emplace_back("closes");
      break;
    }
    reader.begin_anew();
  }
  return out;
}

using texts = std::vector<std::string>;

/// The head is followed by something that would be a second request if the first one ended earlier.
std::string with(std::string_view headers, std::string_view line = "POST / HTTP/1.1") {
  return std::string(line) + "\r\nHost: a\r\n" + std::string(headers) +
         "\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string why(std::string_view bytes) {
  request_reader reader(limits);
  reader.put(bytes);
  return reader.refused() ? std::to_string(reader.refused()->status) + " " + reader.refused()->why
                          : "nothing";
}

}  // namespace

TEST_CASE("requests are the same whatever pieces they come in") {
  const auto bytes = "GET /a?b=c HTTP/1.1\r\nHost: h:80\r\nX:\t y \r\n\r\n"
                     "POST /b HTTP/1.1\r\nhost: h\r\nContent-Length: 3\r\n\r\nabc"
                     "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                     "2\r\nde\r\n0a ;x=\"y;z\"\r\n0123456789\r\n000\r\nHost: evil\r\nX-Trailer: 1\r\n\r\n"
                     "HEAD http://h/d HTTP/1.0\r\nHost: H\r\n\r\n"sv;
  const texts wanted{"GET /a?b=c |Host=h:80|X=y", "POST /b abc|host=h|Content-Length=3",
                     "POST /c de0123456789|Host=h|Transfer-Encoding=Chunked", "HEAD http://h/d |Host=H",
                     "closes"};
  for (const std::size_t piece : {1, 2, 3, 7, 16, 64, 1'000})
    CHECK(read(bytes, piece) == wanted);
}

TEST_CASE("a body whose end could be read in two ways is refused, and nothing behind it is read") {
  for (const auto* headers : {"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n",
                              "Transfer-Encoding: identity\r\nContent-Length: 0\r\n",
                              "Transfer-Encoding:\r\nContent-Length: 0\r\n",
                              "Transfer-Encoding: \"chunked\"\r\n",
                              "Transfer-Encoding: chunked;q=1\r\n",
                              "Transfer-Encoding: chunked, chunked\r\n",
                              "Transfer-Encoding: gzip, chunked\r\n",
                              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                              "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                              "Transfer-Encoding: chunked,\r\n",
                              "Transfer-Encoding: identity\r\n",
                              "Transfer-Encoding: \x0b"
                              "chunked\r\n",
                              "Content-Length: 3, 3\r\n",
                              "Content-Length: 3\r\nContent-Length: 3\r\n",
                              "Content-Length: +3\r\n",
                              "Content-Length: -1\r\n",
                              "Content-Length: 0x3\r\n",
                              "Content-Length:\r\n",
                              "Content-Length: 3 3\r\n",
                              "Content-Length: 9999999999999999999999\r\n",
                              "Content-Length : 3\r\n",
                              "Transfer-Encoding : chunked\r\n"}) {
    INFO(headers);
    CHECK(read(with(headers)) == texts{"400"});
    CHECK(read(with(headers), 1) == texts{"400"});
  }
  CHECK(read(with("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")) == texts{"400"});
}

TEST_CASE("lines that not every reader ends or joins alike are refused") {
  for (const auto bytes :
       {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n"sv, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\n\tx\r\n\r\n"sv, "GET / HTTP/1.1\nHost: a\n\n"sv,
        "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"sv,
        "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nA B: y\r\n\r\n"sv,
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, "\x16\x03\x01"sv}) {
    INFO(bytes);
    CHECK(read(bytes) == texts{"400"});
    CHECK(read(bytes, 1) == texts{"400"});
  }
}

TEST_CASE("there is one Host, which names what the target names") {
  CHECK(read("GET / HTTP/1.1\r\n\r\n") == texts{"400"});
  CHECK(read("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == texts{"400"});
  CHECK(read("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == texts{"400"});
  for (const auto* bad : {"a b", "a/b", "u@a", "a,b:c", "[::1", "[]", "a:x", "a:123456", "\xe9"})
    CHECK(read(std::string("GET / HTTP/1.1\r\nHost: ") + bad + "\r\n\r\n") == texts{"400"});
  for (const auto* good : {"", "a", "a.b:8080", "127.0.0.1", "[::1]:80", "a_b", "%41"})
    CHECK(read(std::string("GET / HTTP/1.1\r\nHost: ") + good + "\r\n\r\n") ==
          texts{std::string("GET / |Host=") + good});
  CHECK(read("GET / HTTP/1.0\r\n\r\n") == texts{"GET / ", "closes"});
  CHECK(read("GET http://a/b HTTP/1.1\r\nHost: c\r\n\r\n") == texts{"400"});
  CHECK(read("GET http://A:80/b HTTP/1.1\r\nHost: a:80\r\n\r\n").front() == "GET http://A:80/b |Host=a:80");
  CHECK(read("GET http:///b HTTP/1.1\r\nHost:\r\n\r\n") == texts{"400"});
  CHECK(read("GET http://u@a/b HTTP/1.1\r\nHost: u@a\r\n\r\n") == texts{"400"});
}

TEST_CASE("a request line has a method, a path or an address of HTTP, and one of two versions") {
  const auto asked = [](std::string_view line) { return read(std::string(line) + "\r\nHost: a\r\n\r\n"); };
  for (const auto* bad : {"GET foo?x://y/buy HTTP/1.1",
                          "GET foo://a/b HTTP/1.1",
                          "GET a HTTP/1.1",
                          "GET ?x HTTP/1.1",
                          "GET * HTTP/1.1",
                          "GET  / HTTP/1.1",
                          "GET / HTTP/1.1 ",
                          "GET /  HTTP/1.1",
                          " GET / HTTP/1.1",
                          "GET /",
                          "GET / HTTP/2.0",
                          "GET / HTTP/1.2",
                          "GET / http/1.1",
                          "GET / HTTP/1.10",
                          "G(T / HTTP/1.1",
                          "GET /\t HTTP/1.1",
                          "GET /#x HTTP/1.1",
                          "GET /\xc3\xa9 HTTP/1.1",
                          "CONNECT a:80 HTTP/1.1",
                          "/ HTTP/1.1",
                          "GET / HTTP/1.1\t",
                          "GET\t/ HTTP/1.1"}) {
    INFO(bad);
    CHECK(asked(bad) == texts{"400"});
  }
  CHECK(asked("OPTIONS * HTTP/1.1").front() == "OPTIONS * |Host=a");
  CHECK(asked("X-Y /|{}\"<>\\ HTTP/1.1").front() == "X-Y /|{}\"<>\\ |Host=a");
  CHECK(asked("GET HTTP://a HTTP/1.1").front() == "GET HTTP://a |Host=a");
}

TEST_CASE("chunks end where they say") {
  const auto sent = [](std::string_view body) {
    return read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body))
        .front();
  };
  for (const auto* bad :
       {"3\r\nabcd\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabc0\r\n\r\n", "\r\n", ";x\r\n", "0x3\r\n",
        "-1\r\n", "+1\r\n", " 3\r\n", "3 \r\n", "3 x\r\n", "fffffffffffffffff\r\n", "0000000000000003\r\n",
        "3;\x01\r\n", "0\r\n Host: x\r\n\r\n", "0\r\nA B: x\r\n\r\n"}) {
    INFO(bad);
    CHECK(sent(bad) == "400");
  }
  CHECK(sent("3;" + std::string(300, 'x')) == "400");
  std::string extended;
  for (int i = 0; i < 20; ++i)
    extended += "1;" + std::string(200, 'x') + "\r\na\r\n";
  CHECK(sent(extended) == "400");
  CHECK(sent("3e9\r\n") == "413");
  CHECK(sent("0\r\nX: " + std::string(3'000, 'x')) == "431");
}

TEST_CASE("heads and bodies are bounded, however they come") {
  const auto long_header = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2'000, 'x') + "\r\n\r\n";
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 20; ++i)
    many += "A: b\r\n";
  for (const std::size_t piece : {1, 100, 100'000}) {
    CHECK(read(long_header, piece) == texts{"431"});
    CHECK(read("GET /" + std::string(3'000, 'x'), piece) == texts{"431"});
    CHECK(read(many + "\r\n", piece) == texts{"431"});
    CHECK(read(with("Content-Length: 1001\r\n"), piece) == texts{"413"});
  }
  CHECK_THAT(why(many), Catch::Contains("too many headers"));
  const std::string fits = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  CHECK(read(fits + std::string(2'000 - fits.size() - 4, 'x') + "\r\n\r\n").size() == 1);
  CHECK(read(fits + std::string(2'001 - fits.size() - 4, 'x') + "\r\n\r\n") == texts{"431"});
}

TEST_CASE("a body is asked for only where one follows and the client waits") {
  const auto waits = [](std::string_view head) {
    request_reader reader(limits);
    reader.put(head);
    REQUIRE(reader.has_head());
    return reader.request().waits_to_go_on;
  };
  CHECK(waits("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"));
  CHECK(waits("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  CHECK_FALSE(waits("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"));
  CHECK_FALSE(waits("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"));
  CHECK_FALSE(waits("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
  CHECK_FALSE(waits("POST / HTTP/1.1\r\nHost: a\r\nExpect: other\r\nContent-Length: 1\r\n\r\n"));
}

TEST_CASE("a second reader finds the same requests in random changes of good ones") {
  const std::vector<std::string> parts{"\r\n",
                                       "GET /c HTTP/1.1\r\nHost: c\r\n\r\n",
                                       "GET / HTTP/1.1\r\n",
                                       "POST /b HTTP/1.0\r\n",
                                       "Host: a\r\n",
                                       "Host: b\r\n",
                                       "Content-Length: 3\r\n",
                                       "Transfer-Encoding: chunked\r\n",
                                       "Connection: close\r\n",
                                       "Connection: keep-alive\r\n",
                                       "\r\n",
                                       "abc",
                                       "3\r\nabc\r\n",
                                       "0\r\n\r\n",
                                       " x\r\n",
                                       "X: y\r\n",
                                       "0\r\nHost: z\r\n\r\n",
                                       "\n",
                                       "\r",
                                       ":",
                                       ","};
  std::mt19937 random(1);
  std::size_t requests = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = round % 4 != 0 ? "POST / HTTP/1.1\r\nHost: a\r\n" : "";
    for (auto n = random() % 12; n > 0; --n)
      bytes += parts[random() % parts.size()];
    const auto wanted = fuzz::strict_reader(bytes, {limits.head, limits.headers, limits.body}).read();
    auto found = read(bytes, random() % 9 + 1);
    INFO(bytes);
    const bool closes = !wanted.requests.empty() && !wanted.requests.back().keep_alive;
    REQUIRE(found.size() == wanted.requests.size() + (closes || wanted.refused != 0 ? 1 : 0));
    if (wanted.refused != 0)
      REQUIRE(found.back() == std::to_string(wanted.refused));
    for (std::size_t i = 0; i < wanted.requests.size(); ++i)
      REQUIRE(found[i].starts_with(wanted.requests[i].method + " " + wanted.requests[i].target + " " +
                                   wanted.requests[i].body));
    requests += wanted.requests.size();
  }
  CHECK(requests > 1'000);
}
