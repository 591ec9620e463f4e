// Chunks get the schemas that their records name: in order, once, whatever the registry does.
#include "actors/registry/registered_reader.hpp"
#include "tests/support/fake_reader.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <set>

namespace millrace::registry {
namespace {

using namespace std::chrono_literals;

std::string record(std::uint32_t id, std::string_view body = "x") {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(id >> shift & 0xFFU);
  return out.append(body);
}

source::chunk chunk_of(const std::string& partition, std::int64_t from,
                       const std::vector<std::string>& records) {
  source::chunk c;
  c.partition = partition;
  c.from = {0, from};
  for (const auto& r : records) {
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(static_cast<std::uint32_t>(r.size()));
    c.bytes += r;
    c.positions.push_back({0, from++});
    c.timestamps.push_back(from);
    c.timestamp_types.push_back(0);
  }
  c.to = {0, from};
  c.bytes.append(source::padding, '\0');
  return c;
}

/// Gives these chunks of any partition that is wanted, in their order.
class scripted final : public test::fake_reader {
public:
  std::deque<source::chunk> chunks;
  std::string text;
  std::vector<std::string> checked;
  int interrupts = 0;
  std::map<std::string, std::uint64_t> left;

  expected<std::optional<source::chunk>> read(std::span<const std::string> wanted, std::size_t,
                                              std::chrono::milliseconds) override {
    for (auto at = chunks.begin(); at != chunks.end(); ++at)
      if (std::ranges::find(wanted, at->partition) != wanted.end()) {
        auto out = std::move(*at);
        chunks.erase(at);
        return std::optional(std::move(out));
      }
    return std::optional<source::chunk>();
  }
  std::optional<source::backlog> lag() override { return source::backlog{left}; }
  void interrupt() override { ++interrupts; }
  std::string identity() const override { return text; }
  expected<void> check_identity(std::string_view stored) override {
    checked.emplace_back(stored);
    return {};
  }
};

/// A registry in memory, which may be away.
struct fake_registry {
  std::mutex mutex;
  std::map<std::uint64_t, std::string> schemas;
  std::vector<std::uint64_t> asked;
  std::optional<error> trouble;
  bool hangs = false;
  std::function<void(std::chrono::seconds)> tell;

  std::size_t count(std::uint64_t id) {
    const std::scoped_lock lock(mutex);
    return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), id));
  }
};

class fake_store final : public schema_store {
public:
  explicit fake_store(std::shared_ptr<fake_registry> of) : of_(std::move(of)) {}
  expected<fetched> fetch(std::uint64_t id) override {
    {
      const std::scoped_lock lock(of_->mutex);
      of_->asked.push_back(id);
    }
    while (of_->hangs && !stop_)
      std::this_thread::sleep_for(1ms);
    if (stop_.exchange(false))
      return unexpected(error{ec::cancelled, fault::ours, false, "interrupted", {}});
    const std::scoped_lock lock(of_->mutex);
    if (of_->trouble)
      return unexpected(*of_->trouble);
    const auto at = of_->schemas.find(id);
    if (at == of_->schemas.end())
      return fetched{.why_none = fmt::format("no schema {}", id)};
    return fetched{.text = std::make_shared<const std::string>(at->second)};
  }
  void on_silence(std::function<void(std::chrono::seconds)> tell) override { of_->tell = std::move(tell); }
  void interrupt() override { stop_ = true; }

private:
  std::shared_ptr<fake_registry> of_;
  std::atomic<bool> stop_ = false;
};

const error away{ec::unavailable, fault::outside, true, "schema registry http://r: connection refused", {}};
const std::vector<std::string> both{"0", "1"};
const std::vector<std::string> first{"0"};

struct fixture {
  std::shared_ptr<fake_registry> registry = std::make_shared<fake_registry>();
  std::shared_ptr<known_schemas> known;
  std::shared_ptr<source::awaited> awaited = std::make_shared<source::awaited>();
  scripted* own = nullptr;
  std::unique_ptr<registered_reader> reader;

  explicit fixture(bounds b = {}, parser::prefix_form form = parser::prefix_form::confluent,
                   named_by parts = {})
      : known(std::make_shared<known_schemas>(b)) {
    auto made = std::make_unique<scripted>();
    own = made.get();
    reader = std::make_unique<registered_reader>(
        std::move(made), known, [r = registry] { return std::make_unique<fake_store>(r); },
        registered_options{form, "http://r", "t: s", {.first = 1ms, .longest = 5ms}, awaited, parts});
  }
  expected<std::optional<source::chunk>> read(const std::vector<std::string>& wanted = first,
                                              std::chrono::milliseconds wait = 100ms) {
    return reader->read(wanted, 1'000'000, wait);
  }
};

std::set<std::uint64_t> unknown_in(const source::chunk& c) {
  std::set<std::uint64_t> out;
  for (const auto& [id, why] : c.schemas->unknown)
    out.insert(id);
  return out;
}

}  // namespace

TEST_CASE("Each schema is fetched once, in the order of the records, and given with them") {
  fixture f;
  f.registry->schemas = {{3, "three"}, {1, "one"}};
  f.own->chunks = {chunk_of("0", 0, {record(3), record(1), record(3)}), chunk_of("0", 3, {record(1)}),
                   chunk_of("0", 4, {"no prefix"})};
  const auto a = f.read();
  REQUIRE(a);
  REQUIRE(*a);
  CHECK(*(*a)->schemas->by_id.at(3) == "three");
  CHECK(*(*a)->schemas->by_id.at(1) == "one");
  CHECK(f.registry->asked == std::vector<std::uint64_t>{3, 1});
  const auto b = f.read();
  CHECK((**b).schemas == (**a).schemas);
  CHECK((**f.read()).records() == 1);
  CHECK(f.registry->asked.size() == 2);
  CHECK(f.read()->has_value() == false);
}

TEST_CASE("A registry that is away keeps the chunk, says what waits, and later gives all in order") {
  fixture f;
  f.registry->schemas = {{1, "one"}, {2, "two"}};
  f.registry->trouble = away;
  f.own->left = {{"0", 5}};
  f.own->chunks = {chunk_of("0", 0, {record(1), record(2)}), chunk_of("1", 0, {"plain"}),
                   chunk_of("0", 2, {record(1)})};
  for (int i = 0; i < 3; ++i) {
    const auto none = f.read(both);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ec::unavailable);
    CHECK(none.error().retry);
    CHECK(none.error().message ==
          "schema registry http://r: connection refused; 2 records of partition 0 wait for schema 1");
  }
  CHECK(f.awaited->now() == source::awaited::seen{"the registry http://r", "connection refused"});
  CHECK(f.reader->lag()->records.at("0") == 7);
  // Another partition goes on where the first one is not asked for.
  const std::vector<std::string> second{"1"};
  CHECK((**f.read(second)).partition == "1");
  f.registry->trouble.reset();
  std::vector<std::int64_t> positions;
  while (positions.size() < 3) {
    const auto c = f.read(both);
    if (c && *c)
      for (const auto& p : (*c)->positions)
        positions.push_back(p.minor);
  }
  CHECK(positions == std::vector<std::int64_t>{0, 1, 2});
  CHECK(f.reader->lag()->records.at("0") == 5);
}

TEST_CASE("A registry that is silent is noted while it is asked, and no more once it has answered or its "
          "partition goes") {
  fixture f;
  f.registry->trouble = away;
  f.own->chunks = {chunk_of("0", 0, {record(1)})};
  f.registry->tell(3s);
  CHECK(f.awaited->now() == source::awaited::seen{"the registry http://r", "no answer has come for 3 s"});
  REQUIRE_FALSE(f.read());
  CHECK(f.awaited->now());
  f.registry->trouble.reset();
  f.registry->schemas = {{1, "one"}};
  for (int i = 0; i < 1000 && f.awaited->now(); ++i)
    (void)f.read();
  CHECK_FALSE(f.awaited->now());
  f.registry->trouble = away;
  f.own->chunks = {chunk_of("0", 1, {record(2)})};
  REQUIRE_FALSE(f.read());
  CHECK(f.awaited->now());
  f.reader->unassign("0");
  CHECK_FALSE(f.awaited->now());
}

TEST_CASE("While it is away, a registry is not asked at each read") {
  fixture f;
  auto own = std::make_unique<scripted>();
  own->chunks = {chunk_of("0", 0, {record(1)})};
  registered_reader slow(std::move(own), f.known,
                         [r = f.registry] { return std::make_unique<fake_store>(r); },
                         {parser::prefix_form::confluent, "http://r", "t: s", {.first = 1h, .longest = 1h}});
  f.registry->trouble = away;
  for (int i = 0; i < 5; ++i)
    CHECK(slow.read(first, 1000, 1ms).error().code == ec::unavailable);
  CHECK(f.registry->asked.size() == 1);
}

TEST_CASE("A partition that is assigned anew begins where it is told to, without what waited") {
  fixture f;
  f.registry->trouble = away;
  f.own->chunks = {chunk_of("0", 0, {record(1)})};
  CHECK_FALSE(f.read());
  REQUIRE(f.reader->assign("0", {0, 0}));
  f.registry->trouble.reset();
  f.registry->schemas = {{1, "one"}};
  f.own->chunks = {chunk_of("0", 0, {record(1), record(1)})};
  auto c = f.read();
  while (!c)
    c = f.read();
  CHECK((**c).records() == 2);
  f.registry->trouble = away;
  f.own->chunks = {chunk_of("0", 2, {record(9)})};
  CHECK_FALSE(f.read());
  f.reader->unassign("0");
  CHECK(f.read()->has_value() == false);
}

TEST_CASE("A refusal of the registry is told, and the chunk waits until it is mended") {
  fixture f;
  f.registry->trouble = error{ec::refused, fault::user, false, "refused; `registry_headers`", {}};
  f.own->chunks = {chunk_of("0", 0, {record(1)})};
  const auto refused = f.read();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::unavailable);
  CHECK(refused.error().retry);
  CHECK_THAT(refused.error().message,
             Catch::StartsWith("refused; `registry_headers`; 1 record of partition 0 waits"));
  f.registry->trouble.reset();
  f.registry->schemas = {{1, "one"}};
  auto got = f.read();
  while (!got)  // it is not yet time to ask again
    got = f.read();
  CHECK((**got).schemas->by_id.contains(1));
}

TEST_CASE("An interruption ends a fetch and a wait soon, and loses nothing") {
  fixture f;
  f.registry->schemas = {{1, "one"}};
  f.registry->hangs = true;
  f.own->chunks = {chunk_of("0", 0, {record(1)})};
  auto reading = std::async(std::launch::async, [&] { return f.read(); });
  while (f.registry->count(1) == 0)
    std::this_thread::sleep_for(1ms);
  f.reader->interrupt();
  REQUIRE(reading.wait_for(5s) == std::future_status::ready);
  CHECK(reading.get().error().code == ec::cancelled);
  CHECK(f.own->interrupts == 1);
  f.registry->hangs = false;
  CHECK((**f.read()).records() == 1);
  f.reader->interrupt();
  f.own->chunks = {chunk_of("0", 1, {record(2)})};
  CHECK(f.read().error().code == ec::cancelled);
  CHECK((**f.read()).records() == 1);
}

TEST_CASE("An id without a schema is unknown with the reason; the registry is asked again ever more rarely") {
  fixture f;
  for (std::int64_t i = 0; i < 1000; ++i)
    f.own->chunks.push_back(chunk_of("0", i, {record(5)}));
  for (int i = 0; i < 1000; ++i) {
    const auto c = f.read();
    REQUIRE(c);
    CHECK((**c).schemas->unknown.at(5) == "no schema 5");
  }
  CHECK(f.registry->count(5) < 15);
  CHECK(f.registry->count(5) > 5);
}

TEST_CASE("A schema that comes later counts for later records; those before stay without it, also when they "
          "are read again") {
  fixture f;
  f.registry->schemas = {{1, "one"}};
  f.own->chunks = {chunk_of("0", 0, {record(5), record(1)})};
  CHECK(unknown_in(**f.read()) == std::set<std::uint64_t>{5});
  f.registry->schemas[5] = "five";
  f.own->chunks = {chunk_of("0", 2, {record(5)}), chunk_of("1", 0, {record(5)})};
  CHECK((**f.read()).schemas->by_id.contains(5));
  CHECK((**f.read(both)).schemas->by_id.contains(5));
  const auto kept = f.reader->identity();

  fixture g;  // the registry is away from now on
  g.registry->trouble = away;
  REQUIRE(g.reader->check_identity(kept));
  g.own->chunks = {chunk_of("0", 0, {record(5, "a"), record(1, "b"), record(5, "c"), "", record(1, "d")})};
  g.own->chunks.back().caught_up = true;
  g.own->chunks.back().cut = {3};
  g.own->chunks.back().why_cut = {{3, "it is long"}};
  const auto before = g.read();
  REQUIRE(before);
  CHECK((**before).records() == 2);
  CHECK((**before).to == position{0, 2});
  CHECK_FALSE((**before).caught_up);
  CHECK((**before).cut.empty());
  CHECK((**before).bytes.size() == record(5, "a").size() * 2 + source::padding);
  CHECK(unknown_in(**before) == std::set<std::uint64_t>{5});
  CHECK((**before).schemas->by_id.contains(1));
  const auto after = g.read();
  REQUIRE(after);
  CHECK((**after).from == position{0, 2});
  CHECK((**after).to == position{0, 5});
  CHECK((**after).records() == 3);
  CHECK((**after).record(0) == record(5, "c"));
  CHECK((**after).record(2) == record(1, "d"));
  CHECK((**after).bytes.size() == (**after).begins[2] + (**after).lengths[2] + source::padding);
  CHECK((**after).cut == std::vector<std::uint32_t>{1});
  CHECK((**after).why_cut.at(1) == "it is long");
  CHECK((**after).timestamps.size() == 3);
  CHECK((**after).caught_up);
  CHECK((**after).schemas->unknown.empty());
  CHECK(g.read()->has_value() == false);
  g.reader->close();
}

TEST_CASE("The identity moves with what is learned, has the own reader's text, and gives all back") {
  fixture f;
  f.own->text = "0 17 5 ff\n";
  CHECK(f.reader->identity() == "0 17 5 ff\n");
  const auto before = f.reader->identity_version();
  f.registry->schemas = {{1, "one"}, {2, "two"}};
  f.own->chunks = {chunk_of("0", 0, {record(2), record(7)}), chunk_of("0", 2, {record(1)}),
                   chunk_of("0", 3, {record(1)})};
  REQUIRE(f.read());
  CHECK(f.reader->identity_version() != before);
  REQUIRE(f.read());
  const auto last = f.reader->identity_version();
  REQUIRE(f.read());
  CHECK(f.reader->identity_version() == last);
  const auto text = f.reader->identity();
  CHECK(text.starts_with("0 17 5 ff\n"));
  CHECK(text.find("schema/1 1 ") < text.find("schema/1 2 "));

  fixture g;
  g.registry->trouble = away;
  REQUIRE(g.reader->check_identity("0 3 3 ee\n" + text));
  CHECK(g.own->checked == std::vector<std::string>{"0 3 3 ee\n0 17 5 ff\n"});
  g.own->text = "0 17 5 ff\n";
  CHECK(g.reader->identity() == text);
  g.own->chunks = {chunk_of("0", 0, {record(2), record(7)})};
  const auto c = g.read();
  REQUIRE(c);
  CHECK(*(**c).schemas->by_id.at(2) == "two");
  CHECK(unknown_in(**c) == std::set<std::uint64_t>{7});
  g.reader->close();

  fixture plain;  // an identity from before there were schemas
  REQUIRE(plain.reader->check_identity("0 17 5 ff\n"));
  CHECK(plain.own->checked == std::vector<std::string>{"0 17 5 ff\n"});
  CHECK_FALSE(plain.reader->check_identity("\x1eschema/1 7 nonsense\n"));
}

TEST_CASE("The state's schema holds where the registry has another one by now") {
  fixture f;
  f.registry->schemas = {{1, "another"}};
  REQUIRE(f.reader->check_identity(source::format_schema(1, "one")));
  f.own->chunks = {chunk_of("0", 0, {record(1)})};
  CHECK(*(**f.read()).schemas->by_id.at(1) == "one");
  while (f.registry->count(1) == 0)  // it is compared beside the records
    std::this_thread::sleep_for(1ms);
  f.reader->close();
}

TEST_CASE("Readers of one life share what they know") {
  fixture f;
  f.registry->schemas = {{1, "one"}};
  f.own->chunks = {chunk_of("0", 0, {record(1)})};
  REQUIRE(f.read());
  auto own = std::make_unique<scripted>();
  own->chunks = {chunk_of("0", 0, {record(1)})};
  registered_reader other(std::move(own), f.known,
                          [r = f.registry] { return std::make_unique<fake_store>(r); }, {});
  f.registry->schemas[1] = "another";
  const auto c = other.read(first, 1000, 0ms);
  CHECK(*(**c).schemas->by_id.at(1) == "one");
  CHECK(other.identity_version() == 0);
}

TEST_CASE("More schemas than a source may have are one clear error; more unknown ids are not kept") {
  fixture f({.most_ids = 2, .most_bytes = 100});
  f.registry->schemas = {{1, "one"}, {2, std::string(200, 'x')}, {3, "three"}, {4, "four"}};
  f.own->chunks = {chunk_of("0", 0, {record(1), record(2)})};
  auto full = f.read();
  REQUIRE_FALSE(full);
  CHECK(full.error().whose == fault::user);
  CHECK_THAT(full.error().message, Catch::Contains("schema 2") && Catch::Contains("--fresh"));
  REQUIRE(f.reader->assign("0", {0, 2}));
  f.own->chunks = {chunk_of("0", 2, {record(3), record(4)})};
  CHECK_FALSE(f.read());
  REQUIRE(f.reader->assign("0", {0, 4}));
  f.own->chunks = {chunk_of("0", 4, {record(11), record(12), record(13)})};
  CHECK(unknown_in(**f.read()) == std::set<std::uint64_t>{11, 12, 13});
  CHECK(source::schemas_in(f.reader->identity())->unknown.size() == 2);
}

TEST_CASE("An id that no registry gives is unknown without a question; null values and records without a "
          "prefix have none") {
  fixture f;
  f.own->chunks = {chunk_of("0", 0, {record(0xFFFF'FFFF), "", "{\"a\":1}", record(0x7FFF'FFFF)})};
  f.own->chunks.back().lengths[1] = source::no_value;
  const auto c = f.read();
  REQUIRE(c);
  CHECK(unknown_in(**c) == std::set<std::uint64_t>{0x7FFF'FFFF, 0xFFFF'FFFF});
  CHECK(f.registry->asked == std::vector<std::uint64_t>{0x7FFF'FFFF});

  fixture g({}, parser::prefix_form::apicurio);
  g.registry->schemas = {{0x1'0000'0001, "wide"}};
  g.own->chunks = {chunk_of("0", 0, {std::string("\0\0\0\0\1\0\0\0\1x", 10)})};
  CHECK((**g.read()).schemas->by_id.contains(0x1'0000'0001));
}

TEST_CASE("Keys name schemas, too, where the chunk has them; those of a tombstone, and none of a record that "
          "is cut") {
  fixture f({}, parser::prefix_form::confluent, {.values = true, .keys = true});
  f.registry->schemas = {{1, "one"}, {2, "two"}, {3, "three"}};
  auto c = chunk_of("0", 10, {record(1), record(1), record(1), record(3)});
  c.keys = {record(2), record(3), "plain", record(8)};
  c.lengths[1] = source::no_value;
  c.cut = {3};
  f.own->chunks = {c, chunk_of("0", 14, {record(1)})};
  const auto got = f.read();
  REQUIRE(got);
  CHECK(f.registry->asked == std::vector<std::uint64_t>{2, 1, 3});
  CHECK((*got)->schemas->by_id.size() == 3);
  CHECK((*got)->keys == c.keys);
  f.registry->trouble = away;
  CHECK(f.read());
}

TEST_CASE("Keys alone name schemas where values are read without") {
  fixture f({}, parser::prefix_form::confluent, {.values = false, .keys = true});
  f.registry->schemas = {{1, "one"}, {2, "two"}};
  auto c = chunk_of("0", 0, {record(1)});
  c.keys = {record(2)};
  f.own->chunks = {c};
  CHECK(f.read());
  CHECK(f.registry->asked == std::vector<std::uint64_t>{2});
}

TEST_CASE("A key whose schema comes amid a chunk is without it up to there, also when it is read again") {
  fixture f({}, parser::prefix_form::confluent, {.values = true, .keys = true});
  auto c = chunk_of("0", 0, {"x", "x"});
  c.keys = {record(5), record(5)};
  f.own->chunks = {c};
  auto got = f.read();
  REQUIRE(got);
  CHECK(unknown_in(**got) == std::set<std::uint64_t>{5});
  f.registry->schemas[5] = "five";
  auto all = chunk_of("0", 0, {"x", "x", "x"});
  all.keys = {record(5), record(5), record(5)};
  f.own->chunks = {all};
  got = f.read();
  REQUIRE(got);
  CHECK((*got)->records() == 2);
  CHECK(unknown_in(**got) == std::set<std::uint64_t>{5});
  got = f.read();
  REQUIRE(got);
  CHECK((*got)->records() == 1);
  CHECK((*got)->keys.size() == 1);
  CHECK((*got)->schemas->by_id.contains(5));
}

}  // namespace millrace::registry
