#include "actors/connectors/http/server/server_feed.hpp"
#include "actors/stream/spool/folder_segments.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

using namespace millrace;
using namespace millrace::source;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
using boost::asio::ip::tcp;
using snapshot::test::faulty_file_system;

namespace {

constexpr std::chrono::seconds at_the_latest{120};

std::uint16_t free_port() {
  boost::asio::io_context io;
  return tcp::acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)).local_endpoint().port();
}

struct server {
  explicit server(server_options o = {}, spool::spool_options s = {})
      : options(std::move(o)), spooled(std::move(s)) {
    options.in_logs = "api";
    options.listen = "127.0.0.1:" + std::to_string(port);
    options.routes = *routes::from(boost::json::parse(
        R"({"/": {"event": {"event_type": "default"}, "reply": "Hello!\n"}, "/join": {"event": {"n": 1}, "reply": ""},
            "/events": {"body": "json", "event": {"k": 1}, "reply": "taken\n"}, "/lines": {"body": "lines"}})"));
    if (options.timeout == micros(0))
      options.timeout = at_the_latest;
    options.most_header = 4'000;
    if (options.most_body == 0)
      options.most_body = 10'000;
    if (options.most_connections == 0)
      options.most_connections = 100;
    start();
  }
  void start() {
    auto made = started(files, options, spooled);
    REQUIRE(made);
    feed = std::move(*made);
  }
  static expected<std::shared_ptr<source::feed>> started(faulty_file_system& on, server_options options,
                                                         const spool::spool_options& spooled) {
    return start_server_feed(std::move(options),
                             {std::make_unique<spool::folder_segments>(on, "/spool"), spooled},
                             system_clock());
  }
  [[nodiscard]] std::vector<std::string> records() const {
    std::vector<std::string> out;
    spool::cursor c(feed->log());
    for (auto from = feed->log()->first();;) {
      const auto to = c.read(from, 1'000'000, [&](const auto& r) { out.emplace_back(r.bytes); });
      REQUIRE(to);
      if (*to == from)
        return out;
      from = *to;
    }
  }

  std::uint16_t port = free_port();
  faulty_file_system files;
  server_options options;
  spool::spool_options spooled;
  std::shared_ptr<source::feed> feed;
};

/// A client that says exactly these bytes.
class client {
public:
  explicit client(const server& s) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), s.port});
    const timeval patience{at_the_latest.count(), 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void say(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  /// Reads up to the end of the connection.
  std::string rest() {
    std::string out;
    boost::system::error_code ended;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(out), ended);
    return std::exchange(got_, {}) + out;
  }
  /// One answer, by its Content-Length.
  std::string answer() {
    boost::system::error_code failed;
    const auto head = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(got_), "\r\n\r\n", failed);
    if (failed)
      return "(" + failed.message() + ") " + got_;
    const auto at = got_.find("Content-Length: ");
    const auto whole = head + std::stoul(got_.substr(at + 16));
    if (got_.size() < whole)
      boost::asio::read(socket_, boost::asio::dynamic_buffer(got_),
                        boost::asio::transfer_exactly(whole - got_.size()));
    auto out = got_.substr(0, whole);
    got_.erase(0, whole);
    return out;
  }
  /// Reads an answer without a length, and the one after it.
  std::string rest_of_two() {
    boost::asio::read_until(socket_, boost::asio::dynamic_buffer(got_), "\r\n\r\n");
    const auto first = got_.find("\r\n\r\n") + 4;
    const auto begin = got_.substr(0, first);
    got_.erase(0, first);
    return begin + answer();
  }
  [[nodiscard]] bool has_answer() { return socket_.available() != 0; }
  void leave() { socket_.close(); }

private:
  boost::asio::io_context io_;
  tcp::socket socket_{io_};
  std::string got_;
};

std::string asked(const server& s, std::string_view bytes) {
  client c(s);
  c.say(bytes);
  return c.answer();
}

void wait_for(const std::function<bool()>& there) {
  for (const auto until = std::chrono::steady_clock::now() + at_the_latest;
       !there() && std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(1ms);
  REQUIRE(there());
}

/// The server has seen what other clients have said by now.
void wait_until_seen(const server& s) {
  CHECK_THAT(asked(s, "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 404"));
}

std::ptrdiff_t threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

/// The disk of a server: nothing is written for as long as `holds` is set.
struct slow_disk {
  explicit slow_disk(server& s) : of(s) {
    of.files.on_append([this] {
      ++appends;
      while (holds)
        std::this_thread::sleep_for(1ms);
    });
  }
  ~slow_disk() {
    holds = false;
    of.feed.reset();
  }

  server& of;
  std::atomic<bool> holds{true};
  std::atomic<int> appends{0};
};

}  // namespace

TEST_CASE("an answer is the reply, byte for byte, and the record is in the log by then") {
  server s;
  client c(s);
  c.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Catch::EndsWith("\r\n\r\nHello!\n"));
  CHECK(s.records() == std::vector<std::string>{R"({"event_type":"default","Host":"a"})"});
  CHECK(s.feed->gauges()->records == 1);
}

TEST_CASE("HTTP/1.1 keeps the connection, HTTP/1.0 closes it unless asked to keep it") {
  server s;
  client kept(s);
  for (int i = 0; i < 3; ++i) {
    kept.say("GET /join HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_THAT(kept.answer(), Catch::StartsWith("HTTP/1.1 200"));
  }
  kept.say("GET /join HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK_THAT(kept.answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(kept.rest(), Catch::StartsWith("HTTP/1.1 200") && Catch::EndsWith("Hello!\n"));
  client old(s);
  old.say("GET / HTTP/1.0\r\nHost: user1.comcast.com\r\n\r\n");
  CHECK_THAT(old.rest(), Catch::StartsWith("HTTP/1.0 200") && Catch::EndsWith("Hello!\n"));
  client asks(s);
  asks.say("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  CHECK_THAT(asks.answer(), Catch::Contains("keep-alive"));
  asks.say("GET / HTTP/1.0\r\n\r\n");
  CHECK_THAT(asks.rest(), Catch::EndsWith("Hello!\n"));
  CHECK(s.records().size() == 8);
}

TEST_CASE("what is no request to a route is answered clearly and recorded nowhere") {
  server s;
  CHECK_THAT(asked(s, "GET /nowhere?x HTTP/1.1\r\nHost: a\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 404") &&
                 Catch::EndsWith("There is no /nowhere here. There are: /, /events, /join, /lines\n"));
  CHECK_THAT(asked(s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
             Catch::StartsWith("HTTP/1.1 405") && Catch::Contains("Allow: GET, HEAD"));
  CHECK_THAT(asked(s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 413"));
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5'000, 'x') + "\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 431"));
  CHECK_THAT(asked(s, "hello\r\n\r\n"), Catch::StartsWith("HTTP/1.1 400"));
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\nA: x\0y\r\n\r\n"sv), Catch::StartsWith("HTTP/1.1 400"));
  CHECK_THAT(asked(s, "GET / HTTP/9.9\r\n\r\n"), Catch::Contains(" 400 "));
  CHECK(s.records().empty());
}

TEST_CASE("NUL anywhere, and requests that could be read in two ways, are refused and recorded nowhere") {
  server s;
  for (const auto bad :
       {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv, "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
        "GET / HTTP/1.1\0\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nA\0B: x\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n"sv, "\0\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nA B: x\r\n\r\n"sv}) {
    INFO(bad);
    CHECK_THAT(asked(s, bad), Catch::Contains(" 400 ") && Catch::Contains("This is not an HTTP request: "));
  }
  CHECK_THAT(asked(s, "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 404"));
  CHECK(s.records().empty());
}

TEST_CASE("nothing is smuggled: what two readers could take for different requests closes the connection") {
  server s;
  for (const std::string head :
       {"POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 7\r\n\r\n",
        "POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 7\r\n\r\n",
        "POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 7\r\n\r\n",
        "POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\nContent-Length: 7\r\n\r\n",
        "POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\nContent-Length: 7\r\n\r\n",
        "POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 7, 7\r\n\r\n",
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n Host: b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET foo?x://y/join HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    INFO(head);
    client c(s);
    c.say(head + "{\"a\":1}GET /join HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto all = c.rest();
    CHECK_THAT(all,
               Catch::Contains(" 400 Bad Request\r\n") && Catch::Contains("This is not an HTTP request: "));
    CHECK((all.starts_with("HTTP/1.0") || all.find("Connection: close") != std::string::npos));
    CHECK(all.find("HTTP/1.", 5) == std::string::npos);  // one answer
  }
  CHECK(s.records().empty());
}

TEST_CASE("trailers are no headers of a record") {
  server s;
  client c(s);
  c.say("POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n"
        "Host: evil\r\nX-Trailer: 1\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records() == std::vector<std::string>{R"({"a":1,"k":1,"Host":"a","Transfer-Encoding":"chunked"})"});
}

TEST_CASE("credentials of the clients are in no record, unless they are asked for by name") {
  const auto* const request =
      "GET / HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: Basic eA==\r\nproxy-authorization: x\r\n"
      "Cookie: a=b\r\nProxy_Authorization: y\r\nX-A: 1\r\n\r\n";
  server s;
  CHECK_THAT(asked(s, request), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records() == std::vector<std::string>{R"({"event_type":"default","Host":"a","X-A":"1"})"});
  server keeps({.headers = {true, {*credential_name("cookie")}}});
  CHECK_THAT(asked(keeps, request), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(keeps.records() ==
        std::vector<std::string>{R"({"event_type":"default","Host":"a","Cookie":"a=b","X-A":"1"})"});
}

TEST_CASE("what an answer repeats of a request drives no terminal and is no page") {
  server s;
  const auto answer = asked(s, "GET /%1b[2J%0d%0aX:%c2%9b%ff<b> HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_THAT(answer, Catch::Contains("X-Content-Type-Options: nosniff\r\n") &&
                         Catch::Contains("There is no /\\u001b[2J\\r\\nX:"));
  const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
  CHECK(body.find('\x1b') == std::string::npos);
  CHECK(body.find('\r') == std::string::npos);
  CHECK(asked(s, "GET /" + std::string(3'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n").size() < 600);
}

TEST_CASE("a request may have so many headers, and no more") {
  server s;
  std::string most;
  for (int i = 0; i < 99; ++i)
    most += "X-" + std::to_string(i) + ": y\r\n";
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n" + most + "\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n" + most + "X: y\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 431") && Catch::Contains("too many headers"));
  server few({.most_headers = 2});
  CHECK_THAT(asked(few, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nX: y\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 431"));
}

TEST_CASE("a client that asks first is told at once where its body will not be taken") {
  server s;
  for (const auto& [line, status] : std::vector<std::pair<std::string, std::string>>{
           {"POST /nowhere", "404"}, {"POST /join", "405"}, {"POST /events", "413"}}) {
    client c(s);
    const auto length = status == "413" ? "20000" : "7";
    c.say(line + " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " + length + "\r\n\r\n");
    CHECK_THAT(c.rest(), Catch::StartsWith("HTTP/1.1 " + status) && Catch::Contains("Connection: close"));
  }
}

TEST_CASE("a long body becomes records beside the server's thread, and its connection goes on") {
  server s({.most_body = 100'000});
  std::string lines;
  while (lines.size() < 9'900)
    lines += "{\"a\":\"" + std::string(60, 'x') + "\"}\n";
  lines += lines;
  client long_one(s);
  for (int i = 0; i < 2; ++i) {
    long_one.say("POST /lines HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(lines.size()) +
                 "\r\n\r\n" + lines);
    CHECK_THAT(long_one.answer(), Catch::StartsWith("HTTP/1.1 200"));
  }
  CHECK(s.records().size() == 2 * static_cast<std::size_t>(std::ranges::count(lines, '\n')));
  const auto broken = lines + "{";
  long_one.say("POST /lines HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(broken.size()) +
               "\r\n\r\n" + broken);
  CHECK_THAT(long_one.answer(), Catch::StartsWith("HTTP/1.1 400") && Catch::Contains("Nothing was taken"));
}

TEST_CASE("the records of a request are bounded together: each line has its headers") {
  server s({.most_body = 100'000});
  client c(s);
  std::string lines;
  while (lines.size() < 90'000)
    lines += "{}\n";
  c.say("POST /lines HTTP/1.1\r\nHost: a\r\nX: " + std::string(3'000, 'x') +
        "\r\nContent-Length: " + std::to_string(lines.size()) + "\r\n\r\n" + lines);
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 413") && Catch::Contains("fewer lines"));
  CHECK(s.records().empty());
}

TEST_CASE("a request's head is bounded as a whole: one long header, many short ones, a long path") {
  server s;
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += "X-" + std::to_string(i) + ": y\r\n";
  for (const auto& head :
       {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5'000, 'x'), "GET / HTTP/1.1\r\nHost: a\r\n" + many,
        "GET /" + std::string(5'000, 'x') + " HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1'000'000, 'x')})
    CHECK_THAT(asked(s, head + "\r\n\r\n"), Catch::StartsWith("HTTP/1.1 431"));
  CHECK(s.records().empty());
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(3'000, 'x') + "\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("headers that come twice are joined, and none replaces a member of the event, whatever its case") {
  server s;
  client c(s);
  c.say("GET / HTTP/1.1\r\nhost: a\r\nX-Tag: one\r\nEvent-Type: evil\r\nEVENT_TYPE: evil\r\nTimeStamp: 1\r\n"
        "x-tag: two\r\nevent_type: evil\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records() == std::vector<std::string>{
                           R"({"event_type":"default","Host":"a","X-Tag":"one, two","Timestamp":"1"})"});
}

TEST_CASE("the body of what is refused is passed over, and the connection goes on") {
  server s;
  client c(s);
  for (const std::string post :
       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /join HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"}) {
    c.say(post);
    CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 405"));
  }
  c.say("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 404"));
  c.say("GET /join HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records() == std::vector<std::string>{R"({"n":1,"Host":"a","Content-Length":"3"})"});
}

TEST_CASE("a posted body is recorded and answered when it is durable, by POST and PUT alone") {
  server s;
  client c(s);
  for (const auto* method : {"POST", "PUT"}) {
    c.say(std::string(method) + " /events HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
    CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Catch::EndsWith("taken\n"));
  }
  c.say("POST /lines HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n{\"a\":2}\n{\"a\":3}\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
  c.say("POST /lines HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
  const auto taken = s.records();
  REQUIRE(taken.size() == 4);
  CHECK_THAT(taken[0], Catch::StartsWith(R"({"a":1,"k":1,)"));
  CHECK_THAT(taken[3], Catch::StartsWith(R"({"a":3)"));
  c.say("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 405") && Catch::Contains("Allow: POST, PUT\r\n"));
  CHECK(s.records().size() == 4);
}

TEST_CASE(
    "a body that is not what its route takes is refused whole, with the reason, and the connection goes on") {
  server s;
  client c(s);
  c.say("POST /lines HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n{\"a\":2}\n{\"a\"");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 400") && Catch::Contains("Nothing was taken: line 2"));
  c.say("POST /events HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 415"));
  c.say("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n");
  CHECK_THAT(c.answer(), Catch::StartsWith("HTTP/1.1 413"));
  CHECK(s.records().empty());
}

TEST_CASE("a client that asks first is told to send its body") {
  server s;
  client c(s);
  c.say("POST /events HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
  wait_for([&] { return c.has_answer(); });
  c.say("{\"a\":1}");
  CHECK_THAT(c.rest_of_two(), Catch::StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
  CHECK(s.records().size() == 1);
}

TEST_CASE("HEAD is answered without the body, and recorded") {
  server s;
  CHECK_THAT(
      [&] {
        client c(s);
        c.say("HEAD / HTTP/1.0\r\n\r\n");
        return c.rest();
      }(),
      Catch::Contains("Content-Length: 7") && Catch::EndsWith("\r\n\r\n"));
  CHECK(s.records().size() == 1);
}

TEST_CASE("half a request and silence ends at the time-out and holds up nobody", "[clock]") {
  server s({.timeout = 300ms});
  client slow(s);
  slow.say("GET / HTTP/1.1\r\nHos");
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(slow.rest().empty());
  CHECK(s.records().size() == 1);
}

TEST_CASE("more connections than there may be are sent away, until one leaves") {
  server s({.most_connections = 2});
  client a(s), b(s);
  for (auto* c : {&a, &b}) {
    c->say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_THAT(c->answer(), Catch::StartsWith("HTTP/1.1 200"));
  }
  CHECK_THAT(client(s).rest(), Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("Retry-After: 1"));
  a.leave();
  wait_for([&] {
    client c(s);
    c.say("GET / HTTP/1.0\r\n\r\n");
    return c.rest().starts_with("HTTP/1.0 200");
  });
}

TEST_CASE("a full spool answers 503 until some of it is processed") {
  server s({}, {.most_bytes = 2'000, .segment_bytes = 500});
  s.feed->log()->add_consumer("parser");
  std::string last;
  int taken = 0;
  for (; taken < 1'000; ++taken) {
    last = asked(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!last.starts_with("HTTP/1.1 200"))
      break;
  }
  CHECK_THAT(last, Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("Retry-After: 1"));
  CHECK(s.feed->log()->full());
  CHECK(s.records().size() == static_cast<std::size_t>(taken));
  s.feed->log()->acknowledge("parser", s.feed->log()->end());
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_FALSE(s.feed->log()->full());
}

TEST_CASE("nobody is answered 200 before the disk has the record") {
  server s;
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  s.files.fail_next(1'000);
  client waits(s);
  waits.say("GET /join HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([&] { return s.feed->trouble().has_value(); });
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 503"));
  CHECK_FALSE(waits.has_answer());
  CHECK(s.records().size() == 1);
  s.files.fail_next(0);
  CHECK_THAT(waits.answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records() ==
        std::vector<std::string>{R"({"event_type":"default","Host":"a"})", R"({"n":1,"Host":"a"})"});
  CHECK_FALSE(s.feed->trouble());
}

TEST_CASE("while the disk takes its time others are answered, and what comes meanwhile is the next group") {
  server s({.most_body = 100'000});
  slow_disk disk(s);
  std::vector<std::unique_ptr<client>> wait;
  for (int i = 0; i < 5; ++i) {
    wait.push_back(std::make_unique<client>(s));
    wait.back()->say("GET /join HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for([&] { return disk.appends == 1; });
  }
  wait.push_back(std::make_unique<client>(s));
  wait.back()->say("POST /lines HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" +
                   std::string(59'998, ' ') + "{}");
  client other(s);
  other.say("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([&] { return other.has_answer(); });
  for (const auto& c : wait)
    CHECK_FALSE(c->has_answer());
  CHECK(s.records().empty());
  disk.holds = false;
  for (const auto& c : wait)
    CHECK_THAT(c->answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records().size() == 6);
  CHECK(disk.appends <= 3);
}

TEST_CASE("what waits while the disk takes its time is bounded, and all of it is taken in the end") {
  server s({.most_body = 1'000'000});
  slow_disk disk(s);
  std::vector<std::unique_ptr<client>> wait;
  const auto body = "{\"a\":\"" + std::string(900'000, 'x') + "\"}";
  for (int i = 0; i < 6; ++i) {
    for (const auto& text : {body, std::string("{}")}) {
      wait.push_back(std::make_unique<client>(s));
      wait.back()->say("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(text.size()) +
                       "\r\n\r\n" + text);
    }
  }
  wait_until_seen(s);
  CHECK(s.feed->gauges()->bytes < 4'000'000);
  disk.holds = false;
  for (const auto& c : wait)
    CHECK_THAT(c->answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records().size() == 12);
}

TEST_CASE("a disk that refuses lets nobody wait whose records were not taken yet") {
  server s({.most_body = 2'000'000});
  slow_disk disk(s);
  const auto posted = [&](const std::string& text) {
    auto c = std::make_unique<client>(s);
    c->say("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
           text);
    return c;
  };
  const auto large = "{\"a\":\"" + std::string(1'500'000, 'x') + "\"}";
  const auto written = posted("{}");
  wait_for([&] { return disk.appends == 1; });
  const auto gathered = posted(large);
  wait_for([&] { return s.feed->gauges()->records == 2; });
  const auto short_one = posted("{}");
  const auto long_one = posted(large);
  const auto another = posted(large);
  wait_until_seen(s);
  s.files.fail_next(1'000);
  disk.holds = false;
  for (const auto* c : {&short_one, &long_one, &another}) {
    wait_for([&] { return (*c)->has_answer(); });
    CHECK_THAT((*c)->answer(), Catch::StartsWith("HTTP/1.1 503"));
  }
  s.files.fail_next(0);
  CHECK_THAT(written->answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(gathered->answer(), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records().size() == 2);
}

TEST_CASE("a server may end while the disk takes its time and others wait for their turn") {
  server s;
  slow_disk disk(s);
  client first(s);
  client second(s);
  first.say("GET /join HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([&] { return disk.appends == 1; });
  second.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client other(s);
  other.say("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_for([&] { return other.has_answer(); });
  // The server's thread has ended: it answers nobody any more.
  std::thread releases([&, most = threads()] {
    while (threads() > most)
      std::this_thread::sleep_for(1ms);
    disk.holds = false;
  });
  s.feed.reset();
  releases.join();
  CHECK(second.rest().empty());
  s.start();
  CHECK(s.records().front() == R"({"n":1,"Host":"a"})");
}

TEST_CASE("a client that asks without an end keeps nobody's record from the disk") {
  server s;
  std::string questions;
  for (int i = 0; i < 1'000; ++i)
    questions += "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n";
  std::atomic<bool> ends{false};
  std::atomic<int> rounds{0};
  std::thread asks([&] {
    boost::asio::io_context io;
    tcp::socket socket(io);
    socket.connect({boost::asio::ip::address_v4::loopback(), s.port});
    std::thread reads([&] {
      std::vector<char> bytes(1 << 20);
      boost::system::error_code failed;
      while (!failed)
        socket.read_some(boost::asio::buffer(bytes), failed);
    });
    for (; !ends; ++rounds)
      boost::asio::write(socket, boost::asio::buffer(questions));
    socket.shutdown(tcp::socket::shutdown_both);
    reads.join();
  });
  wait_for([&] { return rounds > 5; });
  client c(s);
  c.say("GET /join HTTP/1.1\r\nHost: a\r\n\r\n");
  // However slow the machine is, the other client is answered as slowly.
  for (const int begun = rounds; rounds < begun + 300 && !c.has_answer();)
    std::this_thread::sleep_for(1ms);
  CHECK(c.has_answer());
  ends = true;
  asks.join();
}

TEST_CASE("what was answered is there for the next life, and what comes then stands behind it") {
  server s;
  for (int i = 0; i < 3; ++i)
    CHECK_THAT(asked(s, "GET /join HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  s.feed.reset();
  s.files.restart(true);
  s.start();
  CHECK(s.records().size() == 3);
  CHECK_THAT(asked(s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK(s.records().back() == R"({"event_type":"default","Host":"a"})");
}

TEST_CASE("an address that is taken is told with the remedy") {
  server s;
  faulty_file_system files;
  const auto second = server::started(files, s.options, s.spooled);
  REQUIRE_FALSE(second);
  CHECK(second.error().whose == fault::user);
  CHECK_THAT(second.error().message,
             Catch::Contains("cannot listen on 127.0.0.1:") && Catch::Contains("`listen`"));
}
