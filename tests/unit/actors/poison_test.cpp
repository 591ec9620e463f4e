// Records on which a stage fails again and again: given up after a bounded number of tries, each a dead
// letter once, and nothing else is lost.
#include "tests/unit/actors/pipeline_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>

using namespace millrace;
using millrace::test::pipeline_fixture;
using namespace std::chrono_literals;

namespace {

/// Knows which records make the parser fail, by the bytes before them in the file, and how often it was
/// asked.
class poison {
public:
  void set(std::set<std::int64_t> positions) {
    const std::lock_guard lock(mutex_);
    positions_ = std::move(positions);
  }
  void meets(const source::chunk& c) {
    const std::lock_guard lock(mutex_);
    for (const auto& p : c.positions)
      if (positions_.count(p.minor) != 0) {
        ++asked_;
        if (asked_ % 2 == 0)
          throw p.minor;  // no std::exception
        throw std::runtime_error(fmt::format("cannot stand {}", p.minor));
      }
  }
  [[nodiscard]] int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

private:
  mutable std::mutex mutex_;
  std::set<std::int64_t> positions_;
  int asked_ = 0;
};

class poisoned_parser final : public parser::record_parser {
public:
  poisoned_parser(std::unique_ptr<parser::record_parser> inner, std::shared_ptr<poison> p)
      : inner_(std::move(inner)), poison_(std::move(p)) {}
  parser::parsed parse(const source::chunk& c) override {
    poison_->meets(c);
    return inner_->parse(c);
  }

private:
  std::unique_ptr<parser::record_parser> inner_;
  std::shared_ptr<poison> poison_;
};

struct input {
  std::string text;
  std::vector<std::int64_t> positions;
  std::vector<std::pair<std::string, int>> clicks;  // user, second
};

/// Two clicks a second; the same few texts come again and again.
input make_input(int records, std::size_t padding = 0) {
  input in;
  for (int i = 0; i < records; ++i) {
    in.clicks.emplace_back(fmt::format("u{}", i % 3), i / 2);
    in.positions.push_back(static_cast<std::int64_t>(in.text.size()));
    in.text += fmt::format("{{\"userid\":\"u{}\",\"at\":{},\"pad\":\"{}\"}}\n", i % 3, i / 2,
                           std::string(padding, 'x'));
  }
  return in;
}

/// Knows what must come out without these records: the windows' rows, and the raw ones.
struct oracle {
  std::vector<std::string> rows{"e,userid,n"};
  std::vector<std::string> raw;
  oracle(const input& in, const std::set<std::int64_t>& without) {
    std::map<std::pair<int, std::string>, int> counts;
    for (std::size_t i = 0; i < in.clicks.size(); ++i) {
      if (without.count(in.positions[i]) != 0)
        continue;
      const auto& [user, second] = in.clicks[i];
      ++counts[{(second / 60 + 1) * 60, user}];
      raw.push_back(fmt::format("{},{}", user, second));
    }
    for (const auto& [key, n] : counts)
      rows.push_back(fmt::format("{},{},{}", key.first, key.second, n));
  }
};

std::string topology(const pipeline_fixture& f, const std::string& source = "",
                     const std::string& parser = "", const std::string& top = "") {
  return fmt::format(R"json({{
    "millrace": 1, "topology": "poison", "commit_every": "5 ms", {3}
    "stages": {{
      "clicks": {{ "source": "file", "path": "{0}/in.jsonl" {1} }},
      "parsed": {{ "parser": "json", "from": "clicks", "event_time": "at" {2},
                  "schema": {{ "userid": "text", "at": {{ "type": "timestamp", "format": "epoch_s" }} }} }},
      "counts": {{ "window": "tumbling", "size": "60 s", "from": "parsed", "key": ["userid"],
                  "aggregates": {{ "n": "count(*)" }}, "shards": 3 }},
      "rows": {{ "sink": "file", "from": "counts", "path": "{0}/rows.csv", "format": "csv",
                "columns": {{ "e": "extract(epoch from window_end)::bigint", "userid": "userid", "n": "n" }} }},
      "raw": {{ "sink": "file", "from": "parsed", "path": "{0}/raw.txt", "format": "text", "template": "{{userid}},{{s}}",
               "columns": {{ "userid": "userid", "s": "extract(epoch from at)::bigint" }} }}
    }} }})json",
                     f.path(""), source, parser, top);
}

/// A run of ten seconds, in the first second of which a test does its work.
constexpr auto slowly = R"(, "rate": "60/s")";

struct poisoned_pipeline {
  pipeline_fixture f;
  std::shared_ptr<poison> p = std::make_shared<poison>();
  input in;

  poisoned_pipeline(const std::string& name, input what, const std::string& source = "",
                    const std::string& parser = "", const std::string& top = "")
      : f(name), in(std::move(what)) {
    f.write("in.jsonl", in.text);
    f.write("topology.json", topology(f, source, parser, top));
    f.load("topology.json");
    f.use_parsers([p = p](const config::stage& s) -> expected<std::unique_ptr<parser::record_parser>> {
      auto made = make_parser(s);
      if (!made)
        return made;
      return std::make_unique<poisoned_parser>(std::move(*made), p);
    });
  }

  /// Lets the run go as fast as it can from the next start on.
  void hurry() {
    f.write("topology.json", topology(f, "", "", R"("snapshot_every": "off",)"));
    f.load("topology.json");
  }

  /// Positions of the dead letters, each as often as it came.
  [[nodiscard]] std::multiset<std::int64_t> letters() const {
    std::multiset<std::int64_t> out;
    for (const auto& line : f.lines("state/dead_letters.jsonl")) {
      const std::string_view key = "\"position\":";
      out.insert(std::stoll(line.substr(line.find(key) + key.size())));
    }
    return out;
  }

  void check_end(const std::set<std::int64_t>& without) {
    REQUIRE(f.ended_within(300s));
    if (f.end().failure)
      FAIL(describe(*f.end().failure));
    CHECK(f.end().finished);
    const oracle want(in, without);
    CHECK(f.lines("rows.csv") == want.rows);
    CHECK(f.lines("raw.txt") == want.raw);
    CHECK(letters() == std::multiset<std::int64_t>(without.begin(), without.end()));
    for (const auto& part : f.end().parts)
      if (part.actor == deployment::dead_letter_sink) {
        const auto& counts = part.counts;
        const auto parsed = counts.of("parsed");
        CHECK(parsed.in == in.clicks.size());
        CHECK(parsed.dead == without.size());
        CHECK(parsed.out == in.clicks.size() - without.size());
      }
  }

  /// Waits until this is true; the run must not end before.
  template<class F>
  void wait_until(F&& reached) {
    while (!reached())
      if (f.ended_within(10ms)) {
        FAIL("ended early: " + (f.end().failure ? describe(*f.end().failure) : std::string("no failure")));
      }
  }
};

}  // namespace

TEST_CASE("a record that makes the lane fail goes to the dead letters after a few tries, the others on") {
  poisoned_pipeline t("millrace-poison", make_input(600));
  const auto which = GENERATE(0, 300, 599);
  const auto at = t.in.positions[static_cast<std::size_t>(which)];
  t.p->set({at});
  t.f.start();
  t.check_end({at});
  CHECK(t.p->asked() <= 6);
  const auto letter = t.f.lines("state/dead_letters.jsonl").at(0);
  CHECK(letter.find("\"stage\":\"parsed\"") != std::string::npos);
  CHECK(letter.find("made the stage fail 3 times and was given up: ") != std::string::npos);
  CHECK(letter.find(fmt::format("\\\"userid\\\":\\\"u{}\\\"", which % 3)) != std::string::npos);
}

TEST_CASE("several records that make the lane fail are given up one after another") {
  poisoned_pipeline t("millrace-poisons", make_input(400));
  const auto& at = t.in.positions;
  // First, last, neighbours, and equal texts elsewhere that do no harm. More failures than a lane that makes
  // no progress is granted.
  const std::set<std::int64_t> bad{at[0], at[100], at[101], at[102], at[106], at[250], at[399]};
  t.p->set(bad);
  t.f.start();
  t.check_end(bad);
  CHECK(t.p->asked() > 20);
}

TEST_CASE("a verdict is there after a restart, and nothing asks about the record again") {
  poisoned_pipeline t("millrace-verdict", make_input(600), slowly, "", R"("snapshot_every": "off",)");
  const auto at = t.in.positions[20];
  t.p->set({at});
  t.f.start();
  t.wait_until([&] { return t.letters().count(at) == 1; });
  const auto asked = t.p->asked();
  // It dies before it is told to stop, so it has kept nothing and must read all again.
  t.f.fail("counts/0/1");
  t.f.stop();
  REQUIRE(t.f.ended_within(60s));
  REQUIRE_FALSE(t.f.end().failure);
  REQUIRE_FALSE(t.f.end().finished);
  t.hurry();
  t.f.start();
  t.check_end({at});
  CHECK(t.p->asked() == asked);
}

TEST_CASE("a reader that catches up leaves out what was given up") {
  poisoned_pipeline t("millrace-verdict-behind", make_input(600), slowly, "", R"("snapshot_every": "off",)");
  const auto at = t.in.positions[20];
  t.p->set({at});
  t.f.start();
  t.wait_until([&] { return t.letters().count(at) == 1; });
  const auto asked = t.p->asked();
  t.f.fail("counts/0/0");
  t.f.fail("counts/0/1");
  t.f.fail("counts/0/2");
  t.check_end({at});
  CHECK(t.p->asked() == asked);
}

TEST_CASE("a record that fails only when it is read again ends the run, and the next run has it") {
  poisoned_pipeline t("millrace-poison-behind", make_input(600), slowly, "", R"("snapshot_every": "off",)");
  t.f.start();
  t.wait_until([&] { return t.f.lines("raw.txt").size() > 30; });
  t.p->set({t.in.positions[20]});
  t.f.fail("counts/0/1");
  REQUIRE(t.f.ended_within(300s));
  REQUIRE(t.f.end().failure);
  CHECK(t.f.end().failure->message.find(fmt::format("at position {}", t.in.positions[20])) !=
        std::string::npos);
  CHECK(t.f.end().failure->message.find("an earlier attempt went well") != std::string::npos);
  t.p->set({});
  t.hurry();
  t.f.start();
  t.check_end({});
}

TEST_CASE("with on_error fail such a record ends the run where it is, and is no verdict") {
  poisoned_pipeline t("millrace-poison-fail", make_input(600), "", R"(, "on_error": "fail")");
  const auto at = t.in.positions[300];
  t.p->set({at});
  t.f.start();
  REQUIRE(t.f.ended_within(300s));
  REQUIRE(t.f.end().failure);
  CHECK(t.f.end().failure->message.find(fmt::format("byte {}: made the stage fail 3 times", at)) !=
        std::string::npos);
  auto before = oracle(t.in, {}).raw;
  before.resize(300);
  CHECK(t.f.lines("raw.txt") == before);
  t.p->set({});
  t.f.start();
  t.check_end({});
}

TEST_CASE("whatever records make the lane fail and whoever dies meanwhile, all others come out once") {
  const int seed = GENERATE(1, 2, 3);
  CAPTURE(seed);
  std::mt19937 random(static_cast<unsigned>(seed));
  // More than a megabyte: two chunks.
  poisoned_pipeline t("millrace-poison-random", make_input(800, 1600));
  std::set<std::int64_t> bad;
  for (int i = 0; i < 3; ++i)
    for (auto n = random() % t.in.positions.size(), stop = n + 1 + random() % 2;
         n < stop && n < t.in.positions.size(); ++n)
      bad.insert(t.in.positions[n]);
  t.p->set(bad);
  t.f.start();
  const std::vector<std::string> others{"counts/0/0", "counts/0/1", "counts/0/2",
                                        "rows",       "raw",        "dead_letters"};
  for (int i = 0; i < 12 && !t.f.ended_within(std::chrono::milliseconds(random() % 100)); ++i)
    t.f.fail(others[random() % others.size()]);
  t.check_end(bad);
}
