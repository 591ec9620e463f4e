#include "actors/observe/ledger_watch.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::observe;
using namespace std::chrono_literals;

namespace {

using moment = ledger_watch::clock::time_point;

whole_ledger ledger(std::uint64_t lost) {
  ledger_entry e;
  e.stage = "table";
  e.in = 20;
  e.out = 20 - lost;
  e.holds = lost == 0;
  whole_ledger out;
  out.topology = "t";
  out.holds = e.holds;
  out.stages.push_back(e);
  return out;
}

}  // namespace

TEST_CASE("the ledger of each topology that runs is due every thirty seconds") {
  ledger_watch w;
  CHECK(w.due({"a", "b"}, moment(0s)) == std::vector<std::string>{"a", "b"});
  CHECK(w.due({"a", "b"}, moment(29s)).empty());
  CHECK(w.due({"a", "b", "c"}, moment(29s)) == std::vector<std::string>{"c"});
  CHECK(w.due({"a"}, moment(30s)) == std::vector<std::string>{"a"});
  CHECK(w.due({"b"}, moment(31s)) == std::vector<std::string>{"b"});  // it runs again
}

TEST_CASE("rows that two ledgers in a row lack are a trouble of their stage, until one has them") {
  ledger_watch w;
  w.told("t", ledger(5), 1);  // it has ended meanwhile
  CHECK(w.due({"t"}, moment(0s)).size() == 1);
  w.told("t", ledger(5), 10);
  CHECK(w.all().empty());
  w.told("t", ledger(5), 20);
  CHECK(w.all() == std::vector{api::answers::trouble{
                       "t",
                       api::trouble_code::ledger,
                       "table",
                       {},
                       "the ledger of table does not hold: of 20 rows that it was given 5 are lost",
                       {},
                       {10}}});
  auto incomplete = ledger(0);
  incomplete.incomplete = {"node b did not answer"};
  w.told("t", incomplete, 30);
  w.told("t", std::nullopt, 30);
  CHECK(w.all().size() == 1);
  w.told("t", ledger(0), 40);
  CHECK(w.all().empty());
}
