#include "actors/stream/source/line_splitter.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace millrace;
using namespace millrace::source;

namespace {

using lines = std::vector<std::pair<std::string, bool>>;

struct collected {
  explicit collected(std::size_t longest = 1'000, std::size_t kept = 100) : splitter(longest, kept) {}
  void push(std::string_view bytes) { splitter.push(bytes, take); }
  void end(bool broke) { splitter.end(broke, take); }
  lines got;
  line_splitter::line take = [this](std::string_view r, bool cut) { got.emplace_back(std::string(r), cut); };
  line_splitter splitter;
};

}  // namespace

TEST_CASE("lines are the same however the bytes are cut") {
  const std::string bytes = "\xEF\xBB\xBF\n{\"a\":1}\r\n\n  \n {\"b\":\"\xc3\xa9\"}\n\r\n[1]\r\r\nrest";
  const lines expected{
      {"{\"a\":1}", false}, {" {\"b\":\"\xc3\xa9\"}", false}, {"[1]\r", false}, {"rest", true}};
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    collected c;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto n = random() % 5 + 1;
      c.push(std::string_view(bytes).substr(at, n));
      at += n;
    }
    c.end(true);
    CHECK(c.got == expected);
  }
}

TEST_CASE("a line without an end is a whole record only where its connection ended in good order") {
  collected c;
  c.push("{\"a\":1}");
  c.end(false);
  c.push("{\"b\"");
  c.end(true);
  c.push("{\"c\":1}\n");
  c.end(true);
  CHECK(c.got == lines{{"{\"a\":1}", false}, {"{\"b\"", true}, {"{\"c\":1}", false}});
}

TEST_CASE("a JSON object that lacks only its line end when the connection breaks is a whole record") {
  const std::string deep = "{\"a\":" + std::string(400, '[') + std::string(400, ']') + "}";
  const lines expected{{"{\"n\":240,\"t\":{}}", false},
                       {" {} \t", false},
                       {deep, false},
                       {"{\"t\":{}", true},
                       {"{\"a\":1}}", true},
                       {"{a}", true},
                       {"12", true},
                       {"[1]", true}};
  collected c;
  for (const auto& [record, cut] : expected) {
    c.push(record);
    c.end(true);
  }
  CHECK(c.got == expected);
}

TEST_CASE("of a line that is too long the beginning is given once, and the next line is whole again") {
  for (const std::size_t piece : {1, 7, 64, 5'000}) {
    collected c(200, 50);
    const std::string bytes = std::string(3'000, 'x') + "\nnext\n" + std::string(200, 'y') + "\n";
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      c.push(std::string_view(bytes).substr(at, piece));
    CHECK(c.got == lines{{std::string(50, 'x'), true}, {"next", false}, {std::string(200, 'y'), false}});
  }
}

TEST_CASE("a stream that broke in a line too long gives it once") {
  collected c(20, 5);
  c.push(std::string(30, 'x'));
  c.end(true);
  c.push("a\n");
  CHECK(c.got == lines{{"xxxxx", true}, {"a", false}});
}
