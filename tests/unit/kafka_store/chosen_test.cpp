// Lives that choose their own term, as coordinators do in `control`, and those who only look.
#include "tests/unit/kafka_store/opened.hpp"

#include <utility>

using namespace kafka_chain_test;

namespace {

expected<opened_chain> try_choose(place& at, const chain::life& chosen, std::shared_ptr<topic> by = nullptr) {
  return topic_chain::open_chosen(by ? std::move(by) : at.process(), at.whose, chosen);
}

topic_chain::looked look_at(place& at) { return must(topic_chain::look(at.process(), at.whose)); }

/// Shows its first reader all messages but one.
class holed_topic final : public topic {
public:
  holed_topic(std::shared_ptr<topic> inner, std::uint64_t hidden)
      : inner_(std::move(inner)), hidden_(hidden) {}
  expected<std::uint64_t> append(std::string_view prefix, std::vector<message> messages) override {
    return inner_->append(prefix, std::move(messages));
  }
  expected<std::uint64_t> read(std::string_view prefix, std::uint64_t from, std::uint64_t least,
                               const taker& take) override {
    const bool is_first = ++readings == 1;
    return inner_->read(prefix, from, least, [&](const sighting& s, std::string_view payload) {
      if (!is_first || s.offset != hidden_)
        take(s, payload);
    });
  }
  expected<std::unique_ptr<followed>> follow(std::string_view prefix) override {
    return inner_->follow(prefix);
  }
  std::uint64_t unique() override { return inner_->unique(); }
  [[nodiscard]] const std::string& shown() const override { return inner_->shown(); }
  int readings = 0;

private:
  std::shared_ptr<topic> inner_;
  std::uint64_t hidden_;
};

}  // namespace

TEST_CASE("R2: who meets another life of the term that it has chosen gives up, and leaves that one alone") {
  place at;
  const auto first = must(try_choose(at, {1, 7}));
  const auto before = at.messages().size();
  for (const std::uint32_t count : {3U, 9U}) {
    const auto other = try_choose(at, {1, count});
    REQUIRE_FALSE(other);
    is_fenced(other.error());
  }
  CHECK(at.messages().size() == before);
  must(first->append("a", false));
  CHECK(first->life() == chain::life{1, 7});
  const auto next = must(try_choose(at, {2, 3}));
  CHECK(must(next->read()).increments == texts{"a"});
  is_fenced(first->append("zombie", false).error());
}

TEST_CASE(
    "of two that choose one term at the same moment the higher life goes on, and the other one is told") {
  const auto other_count = GENERATE(5U, 9U);
  place at;
  const auto by = at.process();
  opened_chain between;
  by->decide = [&](const auto&) {
    if (!between) {
      between = must(try_choose(at, {1, other_count}));
      must(between->append("a", false));
    }
    return fate::stored;
  };
  const auto mine = try_choose(at, {1, 7}, by);
  if (other_count > 7) {
    REQUIRE_FALSE(mine);
    is_fenced(mine.error());
    must(between->append("b", false));
  } else {
    must((*mine)->append("b", false));
    is_fenced(between->append("zombie", false).error());
  }
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("a life begins with the count that it was given, or above the ones that are there") {
  place at;
  CHECK(must(topic_chain::open(at.process(), at.whose, {3, 5}))->life() == chain::life{3, 5});
  CHECK(must(topic_chain::open(at.process(), at.whose, {3, 2}))->life() ==
        chain::above_earlier({3, 2}, {3, 5}));
  CHECK(must(topic_chain::open(at.process(), at.whose, {3, 2000}))->life() == chain::life{3, 2000});
  CHECK(must(topic_chain::open(at.process(), at.whose, {4, 0}))->life() == chain::life{4, 0});
}

TEST_CASE("a look at a chain appends nothing, and shows who has opened it and what counts") {
  place at;
  CHECK(look_at(at).highest == chain::life());
  CHECK(chain::records_of(look_at(at).contents).empty());
  const auto c = at.open(3);
  CHECK(look_at(at).highest == chain::life(3, 0));
  must(c->append("a", false));
  must(c->append_base("A"));
  must(c->append("b", false));
  const auto before = at.messages().size();
  const auto found = look_at(at);
  CHECK(at.messages().size() == before);
  CHECK(found.contents.base == "A");
  CHECK(found.contents.increments == texts{"b"});
  must(c->append("c", false));
}

TEST_CASE("a look that finds a hole reads again, and then says which record is missing") {
  place at;
  const auto c = at.open(3);  // the opening stands at 0
  must(c->append("a", false));
  must(c->append("b", false));
  const auto by = std::make_shared<holed_topic>(at.process(), 1);
  CHECK(must(topic_chain::look(by, at.whose)).contents.increments == texts{"a", "b"});
  CHECK(by->readings == 2);
  at.messages()[1].reset();
  const auto lost = topic_chain::look(at.process(), at.whose);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == ec::corrupt);
  CHECK_THAT(lost.error().message, Catch::Contains("record 1 is missing") && Catch::Contains("remedy"));
}
