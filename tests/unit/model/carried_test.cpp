#include "runtime/data/text_encoding.hpp"
#include "runtime/model/carried.hpp"
#include "runtime/model/read_model.hpp"
#include "tests/unit/model/small_models.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace millrace;

TEST_CASE("a model that is carried is the one that was packed, to the byte") {
  for (const auto& bytes :
       {std::string(), std::string("\0\xFF", 2), millrace::test::two_trees(), std::string(1'000'000, 'x')}) {
    const auto text = model::carried(bytes);
    CHECK(model::is_carried(text));
    CHECK(model::carried(bytes) == text);
    const auto back = model::bytes_carried(text);
    REQUIRE(back);
    CHECK(*back == bytes);
  }
  CHECK_FALSE(model::is_carried("churn.model.json"));
  CHECK(model::shown_file("churn.model.json") == "churn.model.json");
  CHECK(model::shown_file(model::carried("x")) == "in the topology's text");
}

TEST_CASE("a model that is carried is read as its file is") {
  const auto read = model::read_model_file(model::carried(millrace::test::two_trees()));
  REQUIRE(read);
  CHECK(read->bytes == millrace::test::two_trees());
  CHECK(read->content->hash == model::parse_model(millrace::test::two_trees())->hash);
  CHECK_FALSE(model::read_model_file(model::carried("{")));
}

TEST_CASE("text that is cut off, damaged or without end is refused") {
  const auto whole = model::carried(millrace::test::two_trees());
  const auto is_refused = [](const std::string& text) {
    const auto found = model::bytes_carried(text);
    return !found && found.error().whose == fault::user &&
           found.error().message.starts_with("is no model packed by gzip");
  };
  const std::string prefix(model::carried_prefix);
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
  CHECK(model::bytes_carried(model::carried(std::string(model::most_bytes + 1, '\0')))
            .error()
            .message.find("more than 100 MB") != std::string::npos);
}
