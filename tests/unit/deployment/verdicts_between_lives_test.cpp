// What happens between two lives of a lane, without running any.
#include "actors/deployment/verdicts_between_lives.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <unistd.h>

using namespace millrace;
using control::verdict_book;

namespace {

class folder {
public:
  folder()
      : path_(std::filesystem::temp_directory_path() / ("millrace-verdicts-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  [[nodiscard]] std::unique_ptr<snapshot::state_store> open() const {
    auto store = snapshot::open_dir_store({path_.string(), "t", false, false});
    REQUIRE(store);
    return std::move(*store);
  }

private:
  std::filesystem::path path_;
};

std::unique_ptr<verdict_book> book_of(snapshot::state_store& store) {
  auto book = verdict_book::open(store);
  REQUIRE(book);
  return std::move(*book);
}

lane::lane_options lane_of(bool fail_on_error = false) {
  auto topology = std::make_shared<config::topology>();
  config::stage parser;
  parser.name = "parsed";
  config::parser_plan plan;
  plan.fail_on_error = fail_on_error;
  parser.plan = plan;
  topology->stages.push_back(std::move(parser));
  auto lanes = std::make_shared<lane::lane_plan>();
  lanes->parser = &topology->stages.front();
  lanes->topology = std::move(topology);
  lane::lane_options o;
  o.name = "parsed/lane0";
  o.plan = std::move(lanes);
  return o;
}

void fails(delivery::failing_records& failing, std::int64_t at, int times, bool taken_before = false) {
  for (int i = 0; i < times; ++i)
    failing.failed({"parsed/a", {0, at}, {0, at + 1}, 1, position{0, at}, false, taken_before}, "it hurts");
}

}  // namespace

TEST_CASE(
    "a record on which lives have failed three times is in the next life's verdicts and in the journal") {
  const folder at;
  auto store = at.open();
  auto book = book_of(*store);
  const auto o = lane_of();
  delivery::failing_records failing;
  fails(failing, 7, 2);
  fails(failing, 9, 3);
  const auto next = deployment::verdicts_for_next_life(o, failing, 2, *book, {});
  REQUIRE(next);
  CHECK_FALSE((*next)->find("parsed/a", {0, 7}));
  REQUIRE((*next)->find("parsed/a", {0, 9}));
  CHECK(*(*next)->find("parsed/a", {0, 9}) == "made the stage fail 3 times and was given up: it hurts");
  CHECK(failing.to_give_up().empty());
  book.reset();
  store.reset();
  store = at.open();
  CHECK(book_of(*store)->all()->all() == (*next)->all());
}

TEST_CASE("a record that was taken before is not given up: the run ends and names it") {
  const folder at;
  auto store = at.open();
  auto book = book_of(*store);
  const auto o = lane_of();
  delivery::failing_records failing;
  fails(failing, 7, 3, true);
  const auto next = deployment::verdicts_for_next_life(o, failing, 2, *book, {});
  REQUIRE_FALSE(next);
  CHECK(next.error().message.find("the record of parsed/a at position 7") != std::string::npos);
  CHECK(book->all()->size() == 0);
}

TEST_CASE("with on_error fail the next life knows of the record, the journal does not") {
  const folder at;
  auto store = at.open();
  auto book = book_of(*store);
  const auto o = lane_of(true);
  delivery::failing_records failing;
  fails(failing, 7, 3);
  for (int life = 0; life < 2; ++life) {
    const auto next = deployment::verdicts_for_next_life(o, failing, 2, *book, {});
    REQUIRE(next);
    CHECK((*next)->find("parsed/a", {0, 7}));
  }
  CHECK(book->all()->size() == 0);
}

TEST_CASE("a hundred records in a row are given up, not one more") {
  const folder at;
  auto store = at.open();
  auto book = book_of(*store);
  const auto o = lane_of();
  delivery::failing_records failing;
  for (int i = 0; i < 100; ++i) {
    fails(failing, i, 3);
    REQUIRE(deployment::verdicts_for_next_life(o, failing, 2, *book, {}));
  }
  fails(failing, 100, 3);
  const auto next = deployment::verdicts_for_next_life(o, failing, 2, *book, {});
  REQUIRE_FALSE(next);
  CHECK(next.error().message.find("100 records in a row") != std::string::npos);
  CHECK(book->all()->size() == 100);
}

TEST_CASE("verdicts are forgotten once all receivers have what is below, when the next is written") {
  const folder at;
  auto store = at.open();
  auto book = book_of(*store);
  const auto o = lane_of();
  delivery::failing_records failing;
  for (const auto record : {7, 9}) {
    fails(failing, record, 3);
    REQUIRE(deployment::verdicts_for_next_life(o, failing, 2, *book, {}));
  }
  failing.settle({{"parsed/a", {0, 9}}});
  CHECK(book->all()->size() == 2);
  fails(failing, 11, 3);
  REQUIRE(deployment::verdicts_for_next_life(o, failing, 2, *book, {}));
  book.reset();
  store.reset();
  store = at.open();
  const auto kept = book_of(*store)->all();
  CHECK(kept->size() == 2);
  CHECK(kept->find("parsed/a", {0, 9}));
  CHECK(kept->find("parsed/a", {0, 11}));
}

TEST_CASE("a book that a newer one has replaced decides nothing") {
  const folder at;
  auto store = at.open();
  auto older = book_of(*store);
  auto newer = book_of(*store);
  const auto o = lane_of();
  delivery::failing_records failing;
  fails(failing, 7, 3);
  const auto next = deployment::verdicts_for_next_life(o, failing, 2, *older, {});
  REQUIRE_FALSE(next);
  CHECK(next.error().code == ec::fenced);
  CHECK(older->all()->size() == 0);
  CHECK(newer->all()->size() == 0);
}

TEST_CASE("no life begins before there is room for what it has to leave alone") {
  snapshot::test::faulty_file_system files;
  auto store = snapshot::open_dir_store({"/state", "t", false, false}, files);
  REQUIRE(store);
  auto book = book_of(**store);
  const auto o = lane_of();
  delivery::failing_records failing;
  fails(failing, 7, 3);
  files.fail_next(1);
  const auto full = deployment::verdicts_for_next_life(o, failing, 2, *book, {});
  REQUIRE_FALSE(full);
  CHECK(full.error().retry);
  CHECK(full.error().message.find("no space left") != std::string::npos);
  const auto next = deployment::verdicts_for_next_life(o, failing, 2, *book, {});
  REQUIRE(next);
  CHECK((*next)->find("parsed/a", {0, 7}));
}
