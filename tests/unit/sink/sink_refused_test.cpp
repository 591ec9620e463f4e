// Tests how rows that the target refuses come to the dead-letter sink, and what the end waits for.
#include "tests/unit/sink/driven_sink.hpp"

using namespace millrace;
using test::driven_sink;
using test::words;
using namespace std::chrono_literals;

namespace {

/// A sink of one lane that is open; the dead-letter sink has said where it stands.
class refusing : public driven_sink {
public:
  refusing() {
    open();
    CHECK(ask());
    CHECK(comes(1));
    letters_answer({0, 0});
    CHECK(happened() == words{"open", "answer 0", "ask for refused/rows", "rejected"});
  }
  bool comes(life now) {
    bool counts = false;
    tell([&](auto& l) { counts = l.on_dead_letter_sink(now); });
    return counts;
  }
  bool goes(life of) {
    bool counts = false;
    tell([&](auto& l) { counts = l.on_dead_letter_sink_gone(of); });
    return counts;
  }
  /// The next commit refuses a row.
  void refuse(std::uint64_t sequence) {
    target.refuses = 1;
    target.refused.push_back({sequence, "{}", "too long"});
  }
};

}  // namespace

TEST_CASE("refused rows go to the dead letters after the commit that passed them, and are kept until those "
          "have them") {
  refusing s;
  s.refuse(1);
  s.send(5, {1, 2});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 5", "rejected", "refused: 1"});
  CHECK(s.gauges->rejected == 1);
  CHECK(s.gauges->rows == 1);
  s.report();
  CHECK(s.reported->rejected == 1);
  (void)s.happened();
  s.letters_acknowledge({0, 0});
  CHECK(s.happened().empty());
  CHECK(s.target.refused.size() == 1);
  s.letters_acknowledge({0, 1});
  CHECK(s.happened() == words{"forget", "rejected"});
  CHECK(s.target.refused.empty());
}

TEST_CASE("one frame of refused rows is under way at a time") {
  refusing s;
  s.refuse(1);
  s.send(5, {1, 2});
  s.pass(100ms);
  s.refuse(2);
  s.send(6, {1, 2});
  (void)s.happened();
  s.pass(100ms);
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 6"});
  s.letters_acknowledge({0, 1});
  CHECK(s.happened() == words{"forget", "rejected", "refused: 1"});
}

TEST_CASE("a sink is complete once the dead-letter sink has been sent the end, after all refused rows") {
  refusing s;
  s.refuse(1);
  s.send(5, {1, 2});
  s.send_end();
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 6", "rejected", "refused: 1"});
  s.letters_acknowledge({0, 1});
  CHECK(s.happened() == words{"forget", "rejected", "refused: the end", "complete with 0"});
  REQUIRE(s.refused_frames.size() == 2);
  CHECK(s.refused_frames[1].to == position{0, 2});
}

TEST_CASE("a new life of the dead-letter sink is asked where it stands, and gets the end again") {
  refusing s;
  s.send_end();
  CHECK(s.happened() ==
        words{"commit", "acknowledge clicks/0 1", "rejected", "refused: the end", "complete with 0"});
  CHECK(s.comes(2));
  CHECK(s.happened() == words{"ask for refused/rows"});
  s.letters_answer({0, 0});
  CHECK(s.happened() == words{"rejected", "refused: the end"});
  s.tell([](auto& l) { l.on_answer(std::nullopt); });
  s.tell([](auto& l) { l.ask_dead_letter_sink(); });
  CHECK(s.happened() == words{"ask for refused/rows"});
}

TEST_CASE("an older life of the dead-letter sink counts no more") {
  refusing s;
  CHECK(s.comes(3));
  CHECK_FALSE(s.comes(2));
  CHECK_FALSE(s.goes(2));
  (void)s.happened();
  s.tell([](auto& l) { l.ask_dead_letter_sink(); });
  CHECK(s.happened() == words{"ask for refused/rows"});
  CHECK(s.goes(3));
  s.tell([](auto& l) { l.ask_dead_letter_sink(); });
  s.send_end();
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 1"});
}

TEST_CASE(
    "the dead-letter sink is asked again with each opening of the target, since the answer is to that life") {
  driven_sink s;
  s.tell([](auto& l) { CHECK(l.on_dead_letter_sink(1)); });
  CHECK(s.happened().empty());  // the target was not tried to be opened
  s.open();
  CHECK(s.happened() == words{"open", "ask for refused/rows"});
}

TEST_CASE("refused rows that cannot be read close the target, and are read once it is open again") {
  refusing s;
  s.refuse(1);
  s.send(5, {1, 2});
  s.target.fails["rejected"] = test::gone;
  s.pass(5ms);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 5", "rejected",
                              "shop/rows: nobody answers; waiting for it"});
  s.pass(5s);
  CHECK(s.happened() ==
        words{"open", "ask again clicks/0", "rejected", "refused: 1", "acknowledge clicks/0 5"});
}

TEST_CASE("an acknowledgement that comes while the target is closed forgets nothing there") {
  refusing s;
  s.refuse(1);
  s.send(5, {1, 2});
  s.pass(100ms);
  s.target.fails["write"] = test::gone;
  s.send(6, {1});
  (void)s.happened();
  s.letters_acknowledge({0, 1});
  CHECK(s.happened().empty());
  CHECK(s.target.refused.size() == 1);
}

TEST_CASE("a report that was waited for comes also where refused rows cannot be read at the opening") {
  driven_sink s([](auto& o) {
    o.lane_logs["clicks/0"] = {};
    o.has_committed = true;
  });
  s.tell([](auto& l) { CHECK(l.on_dead_letter_sink(1)); });
  s.letters_answer({0, 0});
  s.report();
  s.target.fails["rejected"] = test::gone;
  s.open();
  CHECK(s.happened() == words{"open", "rejected", "shop/rows: nobody answers; waiting for it", "report"});
}
