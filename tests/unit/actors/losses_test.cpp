#include "actors/stream/stage/losses.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace millrace;
using namespace std::chrono_literals;
using stage::loss;

namespace {

struct heard {
  std::vector<stage::loss_notice> notices;
  stage::losses losses{[this](const stage::loss_notice& n) { notices.push_back(n); }};
  stage::losses::clock::time_point now{1h};

  void note(loss what, const std::string& stage, std::uint64_t count, std::int64_t at) {
    losses.note(what, stage, count, {"0", {0, at}, "why"}, now);
  }
};

}  // namespace

TEST_CASE("the first loss of a stage is said at once, what has come since every ten seconds") {
  heard h;
  h.note(loss::dead_letter, "parsed", 3, 17);
  REQUIRE(h.notices.size() == 1);
  CHECK(h.notices[0].first);
  CHECK(h.notices[0].stage == "parsed");
  CHECK(h.notices[0].count == 3);
  CHECK(h.notices[0].example.at.minor == 17);
  h.now += 9s;
  h.note(loss::dead_letter, "parsed", 40, 100);
  h.losses.look(h.now);
  CHECK(h.notices.size() == 1);
  h.now += 1s;
  h.losses.look(h.now);
  REQUIRE(h.notices.size() == 2);
  CHECK_FALSE(h.notices[1].first);
  CHECK(h.notices[1].count == 40);
  CHECK(h.notices[1].example.at.minor == 100);
  h.now += 1h;
  h.losses.look(h.now);  // no loss has come
  CHECK(h.notices.size() == 2);
  h.note(loss::dead_letter, "parsed", 1, 200);
  CHECK(h.notices.size() == 3);
}

TEST_CASE("stages and kinds of loss do not hide each other") {
  heard h;
  h.note(loss::dead_letter, "parsed", 1, 0);
  h.note(loss::dead_letter, "table", 1, 0);
  h.note(loss::late, "counts", 1, 0);
  h.note(loss::late_at_shard, "counts", 1, 0);
  CHECK(h.notices.size() == 4);
  h.note(loss::late, "counts", 0, 0);
  h.note(loss::late, "counts", 4, 0);
  const auto all = h.losses.all();
  CHECK(all.at("parsed").dead_letters == 1);
  CHECK(all.at("counts").late == 6);
  CHECK(all.at("counts").dead_letters == 0);
}
