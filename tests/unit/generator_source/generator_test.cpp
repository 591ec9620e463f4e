#include "actors/connectors/generator/generator_reader.hpp"
#include "actors/connectors/generator/generator_source.hpp"
#include "actors/connectors/generator/listening.hpp"
#include "actors/connectors/generator/records.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <map>
#include <set>

namespace millrace::source {
namespace {

std::string record(const generated& g, std::uint64_t n) {
  std::string out;
  append_record(out, g, n);
  return out;
}

generated of(record_kind kind, std::uint64_t seed = 1) {
  return {kind, seed, 1'600'000'000'000'000, micros(1'000)};
}

std::vector<std::string> read_all(generator_reader& r, position from, std::size_t max_bytes) {
  std::vector<std::string> out;
  REQUIRE(r.assign("generator", from));
  const std::vector<std::string> wanted{"generator"};
  for (bool end = false; !end;) {
    const auto c = r.read(wanted, max_bytes, std::chrono::milliseconds(0));
    REQUIRE(c);
    if (!*c)
      continue;
    for (std::size_t i = 0; i < (*c)->records(); ++i)
      out.emplace_back((*c)->record(i));
    end = (*c)->at_end;
  }
  return out;
}

}  // namespace

TEST_CASE("every kind gives JSON objects, the same for the same seed and number") {
  for (const auto& name : record_kinds()) {
    CAPTURE(name);
    const auto kind = parse_record_kind(name);
    REQUIRE(kind);
    std::set<std::string> different;
    for (std::uint64_t n = 0; n < 2000; ++n) {
      const auto text = record(of(*kind), n);
      CAPTURE(text);
      boost::system::error_code failed;
      CHECK(boost::json::parse(text, failed).is_object());
      REQUIRE_FALSE(failed);
      CHECK(text == record(of(*kind), n));
      different.insert(text);
    }
    CHECK(different.size() >= 6);
    CHECK(record(of(*kind, 1), 7) + record(of(*kind, 1), 8) + record(of(*kind, 1), 9) !=
          record(of(*kind, 2), 7) + record(of(*kind, 2), 8) + record(of(*kind, 2), 9));
  }
  CHECK_FALSE(parse_record_kind("cats"));
}

TEST_CASE("sales have the names and quantities that are asked for") {
  std::map<std::string, int> names;
  for (std::uint64_t n = 0; n < 70'000; ++n) {
    const auto sale = boost::json::parse(record(of(record_kind::sales), n)).as_object();
    ++names[std::string(sale.at("customerName").as_string())];
    const auto quantity = sale.at("quantity").as_int64();
    CHECK((quantity >= 0 && quantity < 500));
    const auto value = sale.at("value").to_number<double>();
    CHECK((value >= 0 && value < 100));
  }
  REQUIRE(names.size() == 4);
  CHECK(std::abs(names["Joe Bloggs"] - 30'000) < 1'000);
  CHECK(std::abs(names["Ola Nordmann"] - 20'000) < 1'000);
  CHECK(std::abs(names["Fred Smith"] - 10'000) < 1'000);
  CHECK(std::abs(names["Walter Plinge"] - 10'000) < 1'000);
}

TEST_CASE("answers to meetings have every oddity of the real ones") {
  std::map<std::string, int> seen;
  std::set<std::int64_t> ids;
  for (std::uint64_t n = 0; n < 5000; ++n) {
    const auto text = record(of(record_kind::rsvp), n);
    const auto r = boost::json::parse(text).as_object();
    const auto& group = r.at("group").as_object();
    seen["blank before"] += text.front() == ' ';
    seen["no venue"] += !r.contains("venue");
    seen["integer coordinate"] += r.contains("venue") && r.at("venue").at("lat").is_int64();
    seen["no state"] += !group.contains("group_state");
    seen["no time"] += !r.at("event").as_object().contains("time");
    seen["no photo"] += !r.at("member").as_object().contains("photo");
    seen["undeclared member"] += r.at("member").as_object().contains("other_services");
    seen["null response"] += r.at("response").is_null();
    seen["guests"] += r.at("guests").as_int64() > 0;
    for (const auto& topic : group.at("group_topics").as_array())
      seen["null topic"] += topic.is_null();
    seen["escape"] += text.find("\\/") != std::string::npos;
    seen["emoji"] += text.find("\xF0\x9F") != std::string::npos;
    seen["again"] += !ids.insert(r.at("rsvp_id").as_int64()).second;
  }
  for (const auto* what :
       {"blank before", "no venue", "integer coordinate", "no state", "no time", "no photo",
        "undeclared member", "null response", "guests", "null topic", "escape", "emoji", "again"}) {
    CAPTURE(what);
    CHECK(seen[what] > 10);
  }
}

TEST_CASE("whoever leaves says so once and is not heard of afterwards, as the truth has it") {
  auto g = of(record_kind::listening, 3);
  g.keys = 50;
  const std::uint64_t records = 2 * 50 * 1'200 + 700;  // two seasons, and a part of the third
  std::map<std::uint64_t, std::uint64_t> left, seen;   // keyed by user, the last record
  for (std::uint64_t n = 0; n < records; ++n) {
    const auto r = boost::json::parse(record(g, n)).as_object();
    const auto user = r.at("userId").as_string();
    if (user.empty())
      continue;
    const auto id = std::stoull(std::string(user));
    CHECK_FALSE(left.contains(id));
    if (r.at("page").as_string() == "Cancellation Confirmation")
      left[id] = n;
    seen[id] = n;
  }
  REQUIRE(listeners_among(g, records) == 150);
  double expected_to_leave = 0;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const auto t = truth_about(g, i, records);
    CHECK(t.has_left == left.contains(t.user));
    CHECK((t.probability > 0 && t.probability < 1));
    expected_to_leave += t.probability;
    if (i < 100)
      CHECK(seen.contains(t.user));
  }
  CHECK(left.size() > 10);
  CHECK(std::abs(expected_to_leave - static_cast<double>(left.size())) < 15);
}

TEST_CASE("listeners who see adverts, dislike songs and came lately leave more often") {
  auto g = of(record_kind::listening);
  g.keys = 5'000;
  double all = 0, left = 0;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    const auto t = truth_about(g, i, 5'000 * 1'200);
    all += t.probability;
    left += t.has_left;
  }
  CHECK(std::abs(all - left) < 200);
  CHECK((left > 900 && left < 1'400));
  CHECK(truth_about(g, 7, 0) == listener_truth{9, 0, false});
}

TEST_CASE("the truth from a record on is about those who are still there, and what has not happened counts") {
  auto g = of(record_kind::listening);
  g.keys = 20'000;
  const std::uint64_t season = 20'000 * 1'200, from = season / 2;
  double all = 0, left = 0;
  std::size_t gone = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const auto before = truth_about(g, i, from);
    const auto whole = truth_about(g, i, season);
    const auto t = truth_from(g, i, from, season);
    REQUIRE(t.has_value() == !before.has_left);
    if (!t) {
      ++gone;
      continue;
    }
    CHECK(t->user == whole.user);
    CHECK(t->has_left == whole.has_left);
    // The rest of the chance, given that it has not come true so far.
    CHECK(t->probability ==
          Approx((whole.probability - before.probability) / (1 - before.probability)).epsilon(1e-9));
    all += t->probability;
    left += t->has_left;
  }
  CHECK((gone > 1'800 && gone < 2'800));
  // Five standard deviations of a sum of so many chances.
  CHECK(std::abs(all - left) < 5 * std::sqrt(all));
  CHECK(truth_from(g, 7, season, season + 5)->probability == 0);  // its season is over
  CHECK(*truth_from(g, 20'007, from, 2 * season) == truth_about(g, 20'007, 2 * season));  // or has not begun
}

TEST_CASE("reading goes on anywhere, whatever the chunks") {
  fake_clock clock(5);
  const generator_options options{of(record_kind::clicks), 42, 300, 0, {}};
  generator_reader whole(options, clock);
  REQUIRE(whole.discover({}));
  const auto all = read_all(whole, {0, 0}, 1 << 20);
  REQUIRE(all.size() == 300);
  generator_reader parts(options, clock);
  REQUIRE(parts.discover({}));
  CHECK(read_all(parts, {0, 0}, 100) == all);
  CHECK(read_all(parts, {0, 250}, 1 << 20) == std::vector(all.begin() + 250, all.end()));
  CHECK(read_all(parts, {0, 300}, 1 << 20).empty());
}

TEST_CASE(
    "timestamps are as far apart as spacing says, else as the rate, or a burst over its pause, has it") {
  using given = std::map<std::string, config::values::value>;
  const auto spacing_of = [](const given& options) {
    config::values all;
    all.set("kind", std::string("sales"), {});
    all.set("seed", std::int64_t{1}, {});
    for (const auto& [name, value] : options)
      all.set(name, value, {});
    fake_clock clock(0);
    const auto made = make_generator_reader(all, clock);
    REQUIRE(made);
    auto& r = **made;
    REQUIRE(r.discover({}));
    REQUIRE(r.assign("generator", {0, 0}));
    const std::vector<std::string> wanted{"generator"};
    const auto c = r.read(wanted, 1 << 10, std::chrono::milliseconds(0));
    REQUIRE(c);
    REQUIRE(*c);
    REQUIRE((*c)->timestamps.size() > 1);
    return (*c)->timestamps[1] - (*c)->timestamps[0];
  };
  CHECK(spacing_of({}) == 1000);
  CHECK(spacing_of({{"rate", 250.0}}) == 4000);
  CHECK(spacing_of({{"burst", std::int64_t{500'000}}, {"pause", micros(1'000'000)}}) == 2);
  CHECK(spacing_of(
            {{"burst", std::int64_t{500'000}}, {"pause", micros(1'000'000)}, {"spacing", micros(3)}}) == 3);
  CHECK(spacing_of({{"rate", 250.0}, {"spacing", micros(1'000'000)}}) == 1'000'000);
}

TEST_CASE("the epoch of the first start is kept, and another kind, seed, spacing or rate is refused") {
  fake_clock clock(1'700'000'000'000'000);
  generator_reader first({of(record_kind::clicks), {}, 5, 0, {}}, clock);
  REQUIRE(first.discover({}));
  const auto identity = first.identity();
  const auto rows = read_all(first, {0, 0}, 1 << 20);
  clock.set(1'800'000'000'000'000);
  generator_reader later({of(record_kind::clicks), {}, 5, 0, {}}, clock);
  REQUIRE(later.discover({}));
  CHECK(later.identity() != identity);
  REQUIRE(later.check_identity(identity));
  CHECK(later.identity() == identity);
  CHECK(read_all(later, {0, 0}, 1 << 20) == rows);
  generator_reader other({of(record_kind::clicks, 2), {}, 5, 0, {}}, clock);
  REQUIRE(other.discover({}));
  const auto refused = other.check_identity(identity);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK_FALSE(other.check_identity("nonsense"));
}

TEST_CASE("a burst ends where it should, and a pause is cut short by an interruption") {
  fake_clock clock(1);
  generator_reader r({of(record_kind::sales), 1, {}, 100, std::chrono::hours(1)}, clock);
  REQUIRE(r.discover({}));
  REQUIRE(r.assign("generator", {0, 30}));
  const std::vector<std::string> wanted{"generator"};
  const auto c = r.read(wanted, 1 << 20, std::chrono::milliseconds(0));
  REQUIRE(c);
  REQUIRE(*c);
  CHECK((*c)->records() == 70);
  CHECK((*c)->caught_up);
  CHECK_FALSE((*c)->at_end);
  const auto nothing = r.read(wanted, 1 << 20, std::chrono::milliseconds(1));
  REQUIRE(nothing);
  CHECK_FALSE(*nothing);
  r.interrupt();
  const auto stopped = r.read(wanted, 1 << 20, std::chrono::hours(1));
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ec::cancelled);
}

TEST_CASE("records of a generator wait once they are due") {
  fake_clock clock(1);
  const std::vector<std::string> wanted{"generator"};
  const auto lag_of = [&](const generator_options& o) {
    generator_reader r(o, clock);
    REQUIRE(r.discover({}));
    REQUIRE(r.assign("generator", {0, 30}));
    return r.lag();
  };
  constexpr auto every_hour = std::chrono::hours(1);
  const auto known = [](std::uint64_t n, bool by_rate) { return backlog{{{"generator", n}}, by_rate}; };
  CHECK(lag_of({of(record_kind::sales), 1, 50, 0, {}}) == known(20, false));  // all at once
  CHECK_FALSE(lag_of({of(record_kind::sales), 1, {}, 0, {}}));
  CHECK(lag_of({of(record_kind::sales), 1, 50, 0, {}, true}) == known(20, true));
  CHECK(lag_of({of(record_kind::sales), 1, {}, 0, {}, true})->comes_by_rate);
  CHECK(lag_of({of(record_kind::sales), 1, {}, 100, every_hour}) == known(70, false));
  CHECK(lag_of({of(record_kind::sales), 1, 50, 100, every_hour}) == known(20, false));
  generator_reader pauses({of(record_kind::sales), 1, {}, 100, every_hour}, clock);
  REQUIRE(pauses.discover({}));
  REQUIRE(pauses.assign("generator", {0, 30}));
  REQUIRE(pauses.read(wanted, 1 << 20, std::chrono::milliseconds(0)));
  CHECK(pauses.lag() == known(0, false));
}

}  // namespace millrace::source
