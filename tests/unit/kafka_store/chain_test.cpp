// A chain over a topic in memory: what is appended is there again; what is damaged is told; what is trimmed.
#include "tests/unit/kafka_store/opened.hpp"

using namespace kafka_chain_test;

namespace {

/// Changes the payload of the newest message that has this one.
void spoil(place& at, std::string_view payload) {
  auto& all = at.messages();
  for (auto m = all.rbegin(); m != all.rend(); ++m)
    if (*m && (*m)->value && decode_value(0, *(*m)->value)->payload == payload) {
      (*(*m)->value)[4] ^= 1;
      return;
    }
  FAIL("there is no such payload");
}

}  // namespace

TEST_CASE("what a life has appended is there in the next one, byte for byte") {
  place at;
  test::check_records_are_kept(at, 0);
  CHECK_FALSE(at.log->is_key_used_twice);
}

TEST_CASE("a record of several pieces is there as it was") {
  place at;
  std::string large;
  for (std::size_t i = 0; i < 3 * largest_piece; ++i)
    large += static_cast<char>(i * 7 % 251);
  const auto c = at.open(1);
  must(c->append(large, false));
  CHECK(must(c->append_base(large + "b")));
  must(c->append("c", false));
  CHECK(must(c->read()).base == large + "b");
  const auto found = must(at.open(2)->read());
  CHECK(found.base == large + "b");
  CHECK(found.increments == texts{"c"});
}

TEST_CASE("a base stands for all before it, and what lies before the previous one goes") {
  place at;
  const auto c = at.open(1);
  must(c->append("a", false));
  CHECK(must(c->append_base("A")));
  must(c->append("b", false));
  CHECK(at.log->messages(true) == 0);  // no record is trimmed while there is one base
  CHECK(c->size().increments == 1);
  CHECK(must(c->append_base("AB")));
  CHECK(at.log->messages(true) == 2);  // the opening and the first record
  CHECK(c->bytes() == 4);
  CHECK(c->size().base_bytes == 2);
  CHECK(c->size().increments == 0);
  must(c->append("c", false));
  at.log->compact();
  CHECK(at.log->messages() == 4);
  CHECK(must(c->read()).base == "AB");
  const auto next = at.open(2);
  const auto found = must(next->read());
  CHECK(found.base == "AB");
  CHECK(found.increments == texts{"c"});
  CHECK(next->bytes() == 5);
  CHECK(must(next->append_base("ABC")));
  at.log->compact();
  CHECK(must(next->read()).base == "ABC");
  CHECK(at.log->messages() == 4);  // AB, c, the opening, ABC
}

TEST_CASE("what could not be trimmed goes with the next base") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  CHECK(must(c->append_base("A")));
  by->decide = [](const auto& messages) { return messages.front().value ? fate::stored : fate::never; };
  CHECK(must(c->append_base("AB")));
  CHECK(at.log->messages(true) == 0);
  CHECK(c->bytes() == 3);
  by->decide = [](const auto&) { return fate::stored; };
  CHECK(must(c->append_base("ABC")));
  CHECK(at.log->messages(true) == 2);
  CHECK(c->bytes() == 5);
}

TEST_CASE("a damaged payload is told; a damaged base has the generation before it") {
  place at;
  const auto c = at.open(1);
  test::append_two_generations(*c);
  SECTION("the newest base") {
    spoil(at, "AB");
    test::check_older_generation(at);
  }
  SECTION("a record behind it") {
    spoil(at, "c");
    const auto refused = at.try_open(2);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::corrupt);
    CHECK_THAT(refused.error().message,
               Catch::Contains("in memory, w/0 of clicks: record 5 is damaged (partition "));
  }
  SECTION("both bases") {
    spoil(at, "AB");
    spoil(at, "A");
    CHECK_THAT(at.try_open(2).error().message, Catch::Contains("neither of its two bases"));
  }
}

TEST_CASE("a base that does not read back as it was written covers nothing") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  must(c->append("a", false));
  bool is_appended = false;
  by->decide = [&](const auto&) {
    is_appended = true;
    return fate::stored;
  };
  by->step = [&] {
    if (std::exchange(is_appended, false))
      spoil(at, "A");
  };
  const auto refused = c->append_base("A");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("record 2 does not read back"));
  by->step = [] {};
  CHECK_FALSE(must(c->append_base("A")));
  must(c->append("b", false));
  CHECK(at.log->messages(true) == 0);
  CHECK(must(c->read()).increments == texts{"a", "b"});
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("actors and topologies of one topic have nothing in common, and one process serves them all") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  std::vector<opened_chain> others;
  for (int i = 1; i < 40; ++i)
    others.push_back(must(topic_chain::open(by, {"clicks", "w/" + std::to_string(i)}, 5)));
  others.push_back(must(topic_chain::open(by, {"visits", "w/0"}, 5)));
  must(c->append("a", false));
  for (const auto& other : others)
    must(other->append("b", false));
  CHECK(must(c->read()).increments == texts{"a"});
  for (const auto& other : others)
    CHECK(must(other->read()).increments == texts{"b"});
}

TEST_CASE("payloads, terms and names that are too large are refused") {
  place at;
  const auto c = at.open(1);
  test::check_larger_is_refused(*c, largest_payload, 1);
  CHECK(at.try_open(std::uint64_t{1} << 40).error().code == ec::internal);
  CHECK(must(at.try_open((std::uint64_t{1} << 40) - 1))->life().count == 0);
  at.whose.actor = std::string(longest_owner, 'x');
  CHECK(at.try_open(1).error().code == ec::invalid_argument);
}

TEST_CASE("messages of others are passed over; those of another version of the format are refused") {
  place at;
  const auto c = at.open(1);
  at.messages().push_back(message{"order 7", "x"});
  must(c->append("a", false));
  CHECK(must(at.open(2)->read()).increments == texts{"a"});
  auto key = encode_key(prefix_of(at.whose), {});
  key[3] = 9;
  at.messages().push_back(message{key, "x"});
  const auto refused = at.try_open(3);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK_THAT(refused.error().message, Catch::Contains("another version") && Catch::Contains("remedy"));
}

TEST_CASE("a hole in what was read means to read again") {
  place at;
  const auto c = at.open(1);
  for (const auto* t : {"a", "b", "c"})
    must(c->append(t, false));
  class forgetful final : public topic {
  public:
    explicit forgetful(std::shared_ptr<topic> real) : real_(std::move(real)) {}
    expected<std::uint64_t> append(std::string_view prefix, std::vector<message> all) override {
      return real_->append(prefix, std::move(all));
    }
    expected<std::uint64_t> read(std::string_view prefix, std::uint64_t from, std::uint64_t place,
                                 const taker& take) override {
      ++reads;
      return real_->read(prefix, from, place, [&](const sighting& s, std::string_view payload) {
        if (reads > holes || s.key.record.number != 2)
          take(s, payload);
      });
    }
    expected<std::unique_ptr<followed>> follow(std::string_view prefix) override {
      return real_->follow(prefix);
    }
    std::uint64_t unique() override { return real_->unique(); }
    const std::string& shown() const override { return real_->shown(); }
    int reads = 0, holes = 1;

  private:
    std::shared_ptr<topic> real_;
  };
  const auto once = std::make_shared<forgetful>(at.process());
  const auto next = at.open(2, once);
  CHECK(once->reads == 3);
  CHECK(must(next->read()).increments == texts{"a", "b", "c"});
  must(next->append("d", false));
  const auto always = std::make_shared<forgetful>(at.process());
  always->holes = 100;
  CHECK_THAT(at.try_open(3, always).error().message, Catch::Contains("record 2 is missing"));
}
