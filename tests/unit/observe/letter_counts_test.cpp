#include "actors/observe/letter_counts.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace millrace;
using namespace millrace::observe;

namespace {

std::string letter(int id, const std::string& stage, const std::string& error,
                   const std::string& record = "r") {
  return fmt::format(
      R"({{"id":"{}","stage":"{}","error":"{}","record":"{}","time":"2026-11-01T00:00:{:02}Z"}})", id, stage,
      error, record, id % 60);
}

}  // namespace

TEST_CASE("letters are counted by stage and error over all pages, with the newest of each") {
  const auto counted = count_letters([](std::uint64_t page) -> expected<api::answers::dead_letters> {
    if (page == 0)
      return api::answers::dead_letters{{letter(3, "p", "no"), letter(2, "p", "no")}, 7};
    CHECK(page == 7);
    return api::answers::dead_letters{{letter(1, "q", "no"), letter(0, "p", "bad")}, {}};
  });
  REQUIRE(counted);
  CHECK(counted->letters == 4);
  CHECK(counted->are_all);
  REQUIRE(counted->by_error.size() == 3);
  CHECK(counted->by_error[0] == letters_of_error{"p", "no", 2, "3", "2026-11-01T00:00:03Z"});
}

TEST_CASE("letters that went in again are marked, and counted") {
  api::answers::dead_letters page{{letter(1, "p", "no"), letter(2, "p", "}"), "no letter"}, 7};
  CHECK(marked(page, {}) == page);
  const auto some = marked(page, {"2"});
  CHECK(some.letters[0] == page.letters[0]);
  CHECK(some.letters[1].ends_with(R"(Z","replayed":true})"));
  CHECK(some.letters[2] == page.letters[2]);
  CHECK(some.next == page.next);
  const auto counted = count_letters([&](std::uint64_t) -> expected<api::answers::dead_letters> {
    return api::answers::dead_letters{some.letters, {}};
  });
  REQUIRE(counted->by_error.size() == 2);
  CHECK(counted->by_error[0].replayed + counted->by_error[1].replayed == 1);
}

TEST_CASE("no more is counted than there is time for, and errors that are all different have room together") {
  int pages = 0;
  int ids = 0;
  const std::string record(1U << 20U, 'x');
  const auto counted = count_letters([&](std::uint64_t) -> expected<api::answers::dead_letters> {
    api::answers::dead_letters page{{letter(++ids, "p", "big", record)}, ++pages};
    for (int i = 0; i < 100; ++i, ++ids)
      page.letters.push_back(letter(ids, "p", fmt::format("no {}", ids)));
    return page;
  });
  REQUIRE(counted);
  CHECK_FALSE(counted->are_all);
  CHECK(pages == 16);
  CHECK(counted->by_error.size() == most_errors + 1);
  CHECK(counted->by_error[0].error.empty());
  CHECK(counted->letters == 16 * 101);
  CHECK(count_letters([](std::uint64_t) -> expected<api::answers::dead_letters> {
          return outside_error(ec::io, "gone");
        })
            .error()
            .code == ec::io);
}
