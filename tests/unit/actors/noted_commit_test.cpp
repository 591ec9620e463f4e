// Tests that a sink tells the keeper of the state folder that it has committed.
#include "tests/unit/actors/spawned_sink.hpp"

using namespace millrace;

namespace {

const error disk_full{ec::io, fault::outside, true, "no space left", {}};

class noted_sink : public test::spawned_sink {
public:
  using spawned_sink::spawned_sink;
  /// Progress comes, and its commit falls due.
  void commits() {
    ask();
    send(answer->have.at.minor + 1, false);
    pass(std::chrono::seconds(20));
    pass(std::chrono::seconds(20));
  }
  void kept(std::optional<error> failure = std::nullopt) {
    say(messages::value_kept{to_keep.back().name, std::move(failure)});
  }
  /// Whether progress was expected of the target, by each opening.
  [[nodiscard]] std::vector<bool> expectations() const {
    std::vector<bool> out;
    for (const auto& c : target.claims)
      out.push_back(c.expects_progress);
    return out;
  }
};

}  // namespace

TEST_CASE("the first commit is told once, and again with the next where it could not be kept") {
  noted_sink s(false);
  CHECK(s.expectations() == std::vector<bool>{false});
  s.commits();
  REQUIRE(s.to_keep.size() == 1);
  CHECK(s.to_keep[0].name == "committed/rows");
  CHECK(s.to_keep[0].actor == "rows");
  s.commits();
  CHECK(s.to_keep.size() == 1);  // its answer is under way
  s.kept(disk_full);
  s.commits();
  CHECK(s.to_keep.size() == 2);
  s.kept();
  s.commits();
  CHECK(s.to_keep.size() == 2);
}

TEST_CASE("a target that is opened again is expected to have what was committed") {
  noted_sink s(false);
  s.commits();
  s.target.fails["commit"] = test::gone;
  s.commits();
  CHECK(s.expectations() == std::vector<bool>{false, true});
}

TEST_CASE("a sink whose earlier lives have committed tells nobody") {
  noted_sink s(true);
  s.commits();
  CHECK(s.expectations() == std::vector<bool>{true});
  CHECK(s.to_keep.empty());
}

TEST_CASE("a stop waits until the first commit is kept") {
  noted_sink s(false);
  s.commits();
  s.say(messages::stop{});
  CHECK_FALSE(s.stopped);
  s.kept();
  CHECK(s.stopped);
}
