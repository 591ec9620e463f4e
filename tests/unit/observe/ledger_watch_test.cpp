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

TEST_CASE("the ledger of each topology that runs is due soon after its begin, then every thirty seconds") {
  ledger_watch w;
  CHECK(w.due({"a", "b"}, moment(0s)).empty());
  CHECK(w.due({"a", "b"}, moment(5s)) == std::vector<std::string>{"a", "b"});
  CHECK(w.due({"a", "b", "c"}, moment(34s)).empty());
  CHECK(w.due({"a", "c"}, moment(35s)) == std::vector<std::string>{"a"});
  CHECK(w.due({"b", "c"}, moment(39s)) == std::vector<std::string>{"c"});  // b runs again
}

TEST_CASE("rows that two ledgers in a row lack are a trouble of their stage, until one has them") {
  ledger_watch w;
  w.told("t", ledger(5), 1, moment(0s));  // it has ended meanwhile
  CHECK(w.due({"t"}, moment(0s)).empty());
  CHECK(w.due({"t"}, moment(5s)).size() == 1);
  w.told("t", ledger(5), 10, moment(6s));
  CHECK(w.all().empty());
  CHECK(w.due({"t"}, moment(7s)).empty());
  CHECK(w.due({"t"}, moment(8s)).size() == 1);
  w.told("t", ledger(5), 20, moment(8s));
  CHECK(w.due({"t"}, moment(37s)).empty());
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
  w.told("t", incomplete, 30, moment(38s));
  w.told("t", std::nullopt, 30, moment(38s));
  CHECK(w.all().size() == 1);
  w.told("t", ledger(0), 40, moment(38s));
  CHECK(w.all().empty());
}
