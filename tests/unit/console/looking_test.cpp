// Tests what the live screen asks for: dead letters from the newest on, and no more of them than it shows.
#include "tools/console/looking.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::console;

namespace {

/// A topology with pages of letters without end, each with `letters` of them, of about `bytes` each.
struct endless_letters {
  std::size_t letters = 1;
  std::size_t bytes = 0;
  std::vector<std::uint64_t> asked = {};

  expected<api::answer> answer(const api::request& r) {
    if (std::holds_alternative<api::requests::list>(r))
      return api::answers::topologies{{{"t", api::topology_state::running, ""}}};
    const auto page = std::get<api::requests::newest_letters>(r).page;
    asked.push_back(page);
    const auto number = asked.size();
    const auto letter = R"({"stage": "parsed", "partition": "0", "position": )" + std::to_string(number) +
                        R"(, "error": ")" + std::string(bytes, 'x') + "\"}";
    return api::answers::dead_letters{std::vector<std::string>(letters, letter), 1'000 - number};
  }
  content shown() {
    const auto found = look([this](const api::request& r) { return answer(r); }, view::letters, "t", {}, {});
    REQUIRE(found);
    return found->what;
  }
};

}  // namespace

TEST_CASE("the newest dead letters are asked for page by page, as many as are shown") {
  endless_letters few{60};
  const auto c = few.shown();
  CHECK(few.asked == std::vector<std::uint64_t>{0, 999, 998, 997});
  CHECK(c.table.rows.size() == 200);
  CHECK(c.table.rows.front()[2] == "1");
  CHECK(c.table.rows.back()[2] == "4");
  CHECK(c.lines ==
        std::vector<std::string>{"there are more; `millrace letters t` prints all, the oldest first"});
}

TEST_CASE("long dead letters are asked for up to a few megabytes") {
  endless_letters long_ones{1, 1'000'000};
  CHECK(long_ones.shown().table.rows.size() == 5);
  CHECK(long_ones.asked.size() == 5);
}
