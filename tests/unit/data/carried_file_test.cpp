#include "runtime/data/carried_file.hpp"
#include "runtime/data/text_encoding.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace millrace;

namespace {

constexpr data::file_kind some_files{"model", "one that somebody has written", 100'000'000, "a smaller one"};

std::string some_text() {
  std::string out;
  for (int i = 0; i < 1000; ++i)
    out += std::to_string(i * i) + ",";
  return out;
}

}  // namespace

TEST_CASE("a file that is carried is the one that was packed, to the byte") {
  for (const auto& bytes :
       {std::string(), std::string("\0\xFF", 2), some_text(), std::string(1'000'000, 'x')}) {
    const auto text = data::carried(bytes);
    CHECK(data::is_carried(text));
    CHECK(data::carried(bytes) == text);
    const auto back = data::bytes_carried(text, some_files);
    REQUIRE(back);
    CHECK(*back == bytes);
  }
  CHECK_FALSE(data::is_carried("churn.model.json"));
  CHECK(data::shown_file("churn.model.json") == "churn.model.json");
  CHECK(data::shown_file(data::carried("x")) == "in the topology's text");
}

TEST_CASE("text that is cut off, damaged or without end is refused") {
  const auto whole = data::carried(some_text());
  const auto is_refused = [](const std::string& text) {
    const auto found = data::bytes_carried(text, some_files);
    return !found && found.error().whose == fault::user &&
           found.error().message.starts_with("is not a model packed by gzip");
  };
  const std::string prefix(data::carried_prefix);
  auto bytes = *data::from_base64(whole.substr(prefix.size()));
  CHECK(is_refused(""));
  CHECK(is_refused("churn.model.json"));
  CHECK(is_refused(prefix));
  CHECK(is_refused(prefix + "!"));
  CHECK(is_refused(prefix + data::base64("no gzip")));
  for (const auto size : {std::size_t{1}, std::size_t{12}, bytes.size() / 2, bytes.size() - 1})
    CHECK(is_refused(prefix + data::base64(bytes.substr(0, size))));
  CHECK(is_refused(prefix + data::base64(bytes + "x")));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  CHECK(is_refused(prefix + data::base64(bytes)));
  CHECK(data::bytes_carried(data::carried(std::string(some_files.most_bytes + 1, '\0')), some_files)
            .error()
            .message.find("more than 100 MB") != std::string::npos);
}
