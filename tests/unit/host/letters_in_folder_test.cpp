// Dead letters in the state folder of a topology that runs in its process alone.
#include "actors/node/host/letters_in_folder.hpp"
#include "tests/support/planned.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

namespace millrace::host::folder_test {
namespace {

/// A state folder, and a topology whose dead letters lie there.
struct folder : millrace::test::scratch {
  void write(const std::string& name, const std::string& text) const { scratch::write(name, text, 0600); }
  [[nodiscard]] letters_folder of() const {
    return {millrace::test::planned(R"json(
      "in": { "source": "generator", "kind": "clicks", "rate": "1/s" },
      "parsed": { "parser": "json", "from": "in", "schema": { "user_id": "text" } },
      "out": { "sink": "console", "from": "parsed" })json"),
            path().string()};
  }
};

}  // namespace

TEST_CASE("Dead letters come in pages, over parts and the file that goes on") {
  const folder in;
  const auto of = in.of();
  const auto letters = [&](std::uint64_t page) {
    auto out = letters_page(of, page);
    REQUIRE(out);
    return std::move(*out);
  };
  CHECK(letters(0).letters.empty());
  in.write("dead_letters-000002.jsonl", "{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
  in.write("dead_letters-100000.jsonl", "{\"id\":\"3\"}\n");
  std::string many;
  for (int i = 0; i < 3; ++i)
    many += "{\"record\":\"" + std::string(200'000, 'x') + "\"}\n";
  in.write("dead_letters.jsonl", many + "{\"id\":\"half");
  std::size_t pages = 0;
  std::size_t count = 0;
  for (std::optional<std::uint64_t> page = 0; page; ++pages) {
    const auto found = letters(*page);
    count += found.letters.size();
    CHECK((!found.next || *found.next < (1ULL << 53U)));
    page = found.next;
  }
  CHECK(count == 6);  // the line that is still being written is not among them
  CHECK(pages > 3);
}

TEST_CASE("Dead letters come newest first as well: whole lines, over all parts, each once") {
  const folder in;
  const auto of = in.of();
  const auto newest = [&] {
    std::vector<std::string> out;
    for (std::optional<std::uint64_t> page = 0; page;) {
      auto found = newest_letters_page(of, *page);
      REQUIRE(found);
      out.insert(out.end(), found->letters.begin(), found->letters.end());
      CHECK((!found->next || *found->next < (1ULL << 53U)));
      page = found->next;
    }
    return out;
  };
  CHECK(newest().empty());
  in.write("dead_letters-000002.jsonl", "1\n2\n");
  CHECK(newest() == std::vector<std::string>{"2", "1"});
  in.write("dead_letters-000003.jsonl", "");
  const std::string longer(200'000, 'x');
  const std::string longest(700'000, 'y');
  in.write("dead_letters-000004.jsonl", longer + "3\n" + longest + "\n" + longer + "4\n" + longer + "5\n");
  in.write("dead_letters.jsonl", "6\n7\n{\"half");
  CHECK(newest() ==
        std::vector<std::string>{"7", "6", longer + "5", longer + "4", longest, longer + "3", "2", "1"});
}

}  // namespace millrace::host::folder_test
