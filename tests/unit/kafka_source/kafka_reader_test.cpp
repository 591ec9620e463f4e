#include "actors/connectors/kafka/source/kafka_reader.hpp"
#include "actors/connectors/kafka/source/kafka_source.hpp"
#include "tests/unit/kafka_source/topic.hpp"

#include <thread>

using namespace millrace;
using namespace millrace::test;
using source::chunk;
using source::kafka_reader;

namespace {

using strings = std::vector<std::string>;

constexpr auto at_the_latest = 120s;

source::kafka_reader_options options_for(const std::string& brokers, const std::string& topic) {
  source::kafka_reader_options o;
  o.name = "topology-clicks";
  o.to = {brokers, {}};
  o.topic = topic;
  o.group = fresh_name("group");
  return o;
}

source::kafka_reader_options options_for(const server_topic& t) { return options_for(t.brokers, t.name); }

/// Discovers the partitions, and assigns these from their beginning.
void begin_reading(kafka_reader& r, const strings& partitions = {"0"}) {
  REQUIRE(r.discover(at_the_latest));
  for (const auto& p : partitions)
    REQUIRE(r.assign(p, {}));
}

struct collected {
  std::vector<chunk> chunks;
  strings values;  // "<null>" for none
  std::vector<std::int64_t> offsets;
  position next;
  bool caught_up = false;
};

/// Reads on, from where the reader is, until the end of what is there.
collected collect(kafka_reader& r, const std::string& partition, position from,
                  std::size_t max_bytes = 1 << 20) {
  collected out;
  out.next = from;
  const strings wanted{partition};
  for (const auto until = std::chrono::steady_clock::now() + at_the_latest;
       std::chrono::steady_clock::now() < until;) {
    auto got = r.read(wanted, max_bytes, 1s);
    INFO((got ? "" : got.error().message));
    if (!got && got.error().code == ec::unavailable)
      continue;  // it has only just come back
    REQUIRE(got);
    if (!*got)
      continue;
    chunk& c = **got;
    REQUIRE(c.from == out.next);
    REQUIRE(c.positions.size() == c.records());
    REQUIRE(c.timestamps.size() == c.records());
    REQUIRE(c.timestamp_types.size() == c.records());
    REQUIRE_FALSE(c.at_end);
    for (std::size_t i = 0; i < c.records(); ++i) {
      REQUIRE(c.from <= c.positions[i]);
      REQUIRE(c.positions[i] < c.to);
      out.values.push_back(c.lengths[i] == source::no_value ? "<null>" : std::string(c.record(i)));
      out.offsets.push_back(c.positions[i].minor);
    }
    out.next = c.to;
    out.caught_up = c.caught_up;
    out.chunks.push_back(std::move(c));
    if (out.caught_up)
      return out;
  }
  FAIL("the end of partition " << partition << " was not reached");
  return out;
}

strings numbered(int from, int to) {
  strings out;
  for (int i = from; i < to; ++i)
    out.push_back("record " + std::to_string(i));
  return out;
}
std::vector<message> messages(const strings& values) {
  std::vector<message> out;
  for (const auto& v : values)
    out.push_back({v});
  return out;
}

void add_partitions(const server_topic& t, std::size_t count) {
  char text[256];
  auto* more = rd_kafka_NewPartitions_new(t.name.c_str(), count, text, sizeof(text));
  const kafka::owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(t.by.get()));
  rd_kafka_CreatePartitions(t.by.get(), &more, 1, nullptr, queue.get());
  const kafka::owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), 20'000));
  rd_kafka_NewPartitions_destroy(more);
  REQUIRE(event);
}

void delete_records(const server_topic& t, std::int64_t before) {
  const kafka::owned<rd_kafka_topic_partition_list_t> below(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(below.get(), t.name.c_str(), 0)->offset = before;
  auto* request = rd_kafka_DeleteRecords_new(below.get());
  const kafka::owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(t.by.get()));
  rd_kafka_DeleteRecords(t.by.get(), &request, 1, nullptr, queue.get());
  const kafka::owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), 20'000));
  rd_kafka_DeleteRecords_destroy(request);
  REQUIRE(event);
  REQUIRE(rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

}  // namespace

TEST_CASE("values, keys, headers and timestamps come as they were sent [server]", "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, {{"one", "k1", 1'600'000'000'123},
              {std::nullopt, "gone", 1'600'000'000'124},
              {"",
               "",
               1,
               {{"a", "1"},
                {"b", "x\"y"},
                {"a", "2"},
                {"n", std::nullopt},
                {"bad", "\xFF\xFE\x01"},
                {"nul", std::string("a\0b", 3)},
                {"e", ""}}},
              {std::string("a\0b", 3)}});
  auto o = options_for(*t);
  o.wanted = {.key = true, .headers = true};
  kafka_reader r(o);
  begin_reading(r);
  const auto got = collect(r, "0", {});
  CHECK(got.values == strings{"one", "<null>", "", std::string("a\0b", 3)});
  CHECK(got.offsets == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(got.next == position{0, 4});
  std::vector<std::optional<std::string>> keys;
  strings headers;
  std::vector<event_micros> times;
  for (const auto& c : got.chunks) {
    CHECK(c.topic == t->name);
    keys.insert(keys.end(), c.keys.begin(), c.keys.end());
    headers.insert(headers.end(), c.headers.begin(), c.headers.end());
    times.insert(times.end(), c.timestamps.begin(), c.timestamps.end());
    for (const auto type : c.timestamp_types)
      CHECK(type == 0);
    CHECK(c.bytes.substr(c.bytes.size() - source::padding) == std::string(source::padding, '\0'));
  }
  CHECK(keys == std::vector<std::optional<std::string>>{"k1", "gone", "", std::nullopt});
  REQUIRE(headers.size() == 4);
  CHECK(headers[0] == "{}");
  CHECK(headers[2] ==
        R"({"a":["1","2"],"b":"x\"y","n":null,"bad":{"base64":"//4B"},"nul":{"base64":"YQBi"},"e":""})");
  CHECK(times[0] == 1'600'000'000'123'000);
  CHECK(times[2] == 1000);
}

TEST_CASE("keys and headers are left out when nobody wants them, append time is type 1 [server]",
          "[server]") {
  const auto t = topic_on_server(1, {{"message.timestamp.type", "LogAppendTime"}});
  if (!t)
    return;
  t->send(0, {{"one", "k", 5, {{"a", "1"}}}});
  kafka_reader r(options_for(*t));
  begin_reading(r);
  const auto got = collect(r, "0", {});
  CHECK(got.chunks[0].keys.empty());
  CHECK(got.chunks[0].headers.empty());
  CHECK(got.chunks[0].timestamp_types[0] == 1);
  CHECK(got.chunks[0].timestamps[0] > 1'600'000'000'000'000);
}

TEST_CASE("start is resolved by discover: earliest, latest, a time, a time after all records [server]",
          "[server]") {
  const auto t = topic_on_server(2);
  if (!t)
    return;
  t->send(0, {{"a", "", 1000}, {"b", "", 2000}, {"c", "", 3000}});
  const auto starts = [&](std::string_view text) {
    auto o = options_for(*t);
    o.start = source::parse_start(text).value();
    kafka_reader r(o);
    const auto found = r.discover(at_the_latest);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK((*found)[0].name == "0");
    CHECK((*found)[0].first == position{0, 0});
    CHECK((*found)[1].start == position{0, 0});
    return (*found)[0].start.minor;
  };
  CHECK(starts("earliest") == 0);
  CHECK(starts("latest") == 3);
  CHECK(starts("1970-01-01T00:00:02Z") == 1);
  CHECK(starts("1970-01-01T00:00:02.000001Z") == 2);
  CHECK(starts("1960-01-01") == 0);
  CHECK(starts("2100-01-01") == 3);
}

TEST_CASE("what was fetched last is drained, before the log's end is heard of; not far behind it [server]",
          "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  kafka_reader r(options_for(*t));
  begin_reading(r);
  REQUIRE(collect(r, "0", {}).chunks.back().drained);  // an end is
  const strings wanted{"0"};
  int early = 0;
  int sent = 0;
  for (; sent < 200 && early <= 5; ++sent) {  // early each time, but where the end comes at once
    t->send(0, {{"one"}});
    bool there = false;
    for (bool end = false; !end;) {
      auto got = r.read(wanted, 1 << 20, at_the_latest);
      REQUIRE(got);
      REQUIRE(*got);
      there = there || (*got)->records() == 1;
      end = there && (*got)->caught_up;
      early += (*got)->drained && !(*got)->caught_up;
    }
  }
  CHECK(early > 5);

  // A reader that begins after the last record: what it knows of the log's end, as of each fetch, is the end.
  constexpr int many = 200'000;
  t->send(0, std::vector<message>(many, {"x"}));
  kafka_reader later(options_for(*t));
  begin_reading(later);
  std::int64_t next = 0;
  for (bool drained = false; !drained;) {
    auto got = later.read(wanted, 1 << 14, at_the_latest);
    REQUIRE(got);
    REQUIRE(*got);
    drained = (*got)->drained;
    next = (*got)->to.minor;
    if (drained)
      CHECK(next >= sent + many - 65'536);
  }
}

TEST_CASE("an unknown topic is the user's error, at once [server]", "[server]") {
  const auto brokers = real_brokers();
  if (!brokers)
    return;
  kafka_reader r(options_for(*brokers, fresh_name("none")));
  const auto begin = std::chrono::steady_clock::now();
  const auto found = r.discover(2 * at_the_latest);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ec::not_found);
  CHECK(found.error().whose == fault::user);
  CHECK(std::chrono::steady_clock::now() - begin < at_the_latest);
}

TEST_CASE("reading begins at the assigned position, and again after another assign [server]", "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 1000)));
  kafka_reader r(options_for(*t));
  REQUIRE(r.discover(at_the_latest));
  for (const int from : {990, 0, 500, 999, 1000}) {
    REQUIRE(r.assign("0", {0, from}));
    const auto got = collect(r, "0", {0, from}, 2000);
    CHECK(got.values == numbered(from, 1000));
    CHECK(got.next == position{0, 1000});
    for (const auto& c : got.chunks)
      CHECK(c.bytes.size() < 2500);
  }
  r.unassign("0");
  CHECK_FALSE(*r.read(strings{"0"}, 1000, 10ms));
}

TEST_CASE("read prefers partitions in the order in which they are wanted [server]", "[server]") {
  const auto t = topic_on_server(3);
  if (!t)
    return;
  for (int partition = 0; partition < 3; ++partition)
    t->send(partition, messages(numbered(0, 100)));
  kafka_reader r(options_for(*t));
  begin_reading(r, {"0", "1", "2"});
  CHECK(collect(r, "1", {}).values.size() == 100);  // unwanted ones stay in their queues
  CHECK(collect(r, "2", {}, 500).values.size() == 100);
  const auto zero = collect(r, "0", {});
  CHECK(zero.values == numbered(0, 100));
  t->send(0, {{"x"}});
  t->send(2, {{"y"}});
  position two{0, 100};
  position none{0, 100};
  for (const auto until = std::chrono::steady_clock::now() + at_the_latest;
       (two.minor < 101 || none.minor < 101) && std::chrono::steady_clock::now() < until;) {
    auto got = r.read(strings{"2", "1", "0"}, 1000, 1s);
    REQUIRE(got);
    if (*got && (*got)->partition == "2")
      two = (*got)->to;
    if (*got && (*got)->partition == "0")
      none = (*got)->to;
  }
  CHECK(two == position{0, 101});
  CHECK(none == position{0, 101});
}

TEST_CASE("aborted and open transactions are left out, and their markers passed [server]", "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  const producer p(t->brokers, {{"transactional.id", fresh_name("tx")}});
  REQUIRE(rd_kafka_init_transactions(p.get(), 20'000) == nullptr);
  const auto transaction = [&](const std::string& value, bool commit) {
    REQUIRE(rd_kafka_begin_transaction(p.get()) == nullptr);
    p.send_all(t->name, 0, {{value}});
    REQUIRE((commit ? rd_kafka_commit_transaction(p.get(), 20'000)
                    : rd_kafka_abort_transaction(p.get(), 20'000)) == nullptr);
  };
  transaction("a", true);    // 0, marker 1
  transaction("no", false);  // 2, marker 3
  transaction("b", true);    // 4, marker 5
  transaction("no", false);  // 6, marker 7

  auto o = options_for(*t);
  SECTION("read_committed") {
    kafka_reader r(o);
    begin_reading(r);
    const auto got = collect(r, "0", {});
    CHECK(got.values == strings{"a", "b"});
    CHECK(got.offsets == std::vector<std::int64_t>{0, 4});
    CHECK(got.next == position{0, 8});

    REQUIRE(rd_kafka_begin_transaction(p.get()) == nullptr);
    p.send_all(t->name, 0, {{"open"}});
    CHECK_FALSE(*r.read(strings{"0"}, 1000, 300ms));
    REQUIRE(rd_kafka_commit_transaction(p.get(), 20'000) == nullptr);
    const auto more = collect(r, "0", {0, 8});
    CHECK(more.values == strings{"open"});
    CHECK(more.next == position{0, 10});
  }
  SECTION("read_uncommitted") {
    o.read_committed = false;
    kafka_reader r(o);
    begin_reading(r);
    CHECK(collect(r, "0", {}).values == strings{"a", "no", "b", "no"});
  }
}

TEST_CASE("a position that was deleted, or is beyond the log, is log_trimmed with the remedy [server]",
          "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 20)));
  delete_records(*t, 10);

  kafka_reader r(options_for(*t));
  const auto found = r.discover(at_the_latest);
  REQUIRE(found);
  CHECK((*found)[0].start == position{0, 10});
  for (const int gone : {5, 1000}) {
    REQUIRE(r.assign("0", {0, gone}));
    const auto got = r.read(strings{"0"}, 1000, at_the_latest);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == ec::log_trimmed);
    CHECK_FALSE(got.error().retry);
    CHECK_THAT(got.error().message, Catch::Contains("partition 0") && Catch::Contains(std::to_string(gone)) &&
                                        Catch::Contains("10 to 20") && Catch::Contains("--fresh"));
  }
  REQUIRE(r.assign("0", {0, 10}));  // a fence may answer with a later position: it goes on
  CHECK(collect(r, "0", {0, 10}).values == numbered(10, 20));
}

namespace {

/// Reads the partition to its end, and gives what the reader keeps of the log then.
std::string identity_after(const server_topic& t, position from = {}) {
  kafka_reader r(options_for(t));
  REQUIRE(r.discover(at_the_latest));
  REQUIRE(r.assign("0", from));
  (void)collect(r, "0", from);
  r.note_progress();
  return r.identity();
}

/// Has the reader begin at `from`, with this identity from before.
void begin_again(kafka_reader& r, const std::string& identity, position from) {
  REQUIRE(r.discover(at_the_latest));
  REQUIRE(r.check_identity(identity));
  REQUIRE(r.assign("0", from));
}

/// Reads the partition to its end from there.
collected collect_with(const server_topic& t, const std::string& identity, position from) {
  kafka_reader r(options_for(t));
  begin_again(r, identity, from);
  auto got = collect(r, "0", from);
  r.note_progress();
  CHECK(r.identity() == identity);  // no record was acknowledged
  return got;
}

}  // namespace

TEST_CASE("the log that was read goes on with its fingerprint, wherever reading begins [server]",
          "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 20)));
  const auto identity = identity_after(*t);
  CHECK(identity.starts_with("0 "));
  for (const int from : {20, 19, 5, 0})
    CHECK(collect_with(*t, identity, {0, from}).values == numbered(from, 20));
  t->send(0, messages(numbered(20, 3000)));
  for (const int from : {20, 25, 2900, 3000})  // also far from the record
    CHECK(collect_with(*t, identity, {0, from}).values == numbered(from, 3000));
}

TEST_CASE("another record where one was read is another log, which gives nothing [server]", "[server]") {
  const auto t = topic_on_server(1);
  const auto anew = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 20)));
  const auto identity = identity_after(*t);
  anew->send(0, messages(numbered(100, 140)));
  kafka_reader r(options_for(*anew));
  REQUIRE(r.discover(at_the_latest));
  REQUIRE(r.check_identity(identity));
  for (const int from : {20, 30}) {
    REQUIRE(r.assign("0", {0, from}));
    for (int i = 0; i < 3; ++i) {
      const auto got = r.read(strings{"0"}, 1000, at_the_latest);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == ec::mismatch);
      CHECK(got.error().whose == fault::user);
      CHECK_FALSE(got.error().retry);
      CHECK_THAT(got.error().message, Catch::Contains(anew->name) && Catch::Contains("partition 0") &&
                                          Catch::Contains("made anew") && Catch::Contains("--fresh"));
    }
  }
}

TEST_CASE("where the record of the fingerprint is gone, nothing is known, and reading goes on [server]",
          "[server]") {
  const auto t = topic_on_server(1);
  const auto shorter = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 20)));
  const auto identity = identity_after(*t);
  t->send(0, messages(numbered(20, 30)));
  delete_records(*t, 20);
  for (const int from : {20, 25, 30})
    CHECK(collect_with(*t, identity, {0, from}).values == numbered(from, 30));
  // A log that does not reach the position says so as it does without a fingerprint.
  shorter->send(0, messages(numbered(0, 5)));
  for (const std::string& known : {std::string(), identity}) {
    kafka_reader r(options_for(*shorter));
    begin_again(r, known, {0, 20});
    const auto got = r.read(strings{"0"}, 1000, at_the_latest);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == ec::log_trimmed);
    CHECK_THAT(got.error().message, Catch::Contains("position 20 is not in the log, which holds 0 to 5"));
  }
}

TEST_CASE("a log that ends between the record of the fingerprint and the position is log_trimmed [server]",
          "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 20)));
  const auto identity = identity_after(*t);
  kafka_reader r(options_for(*t));
  begin_again(r, identity, {0, 25});
  const auto until = std::chrono::steady_clock::now() + at_the_latest;
  auto got = r.read(strings{"0"}, 1000, 1s);
  while (got && !*got && std::chrono::steady_clock::now() < until)
    got = r.read(strings{"0"}, 1000, 1s);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == ec::log_trimmed);
}

TEST_CASE("fingerprints of each partition follow what is acknowledged [server]", "[server]") {
  const auto t = topic_on_server(2);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 3)));
  t->send(1, messages(numbered(0, 5)));
  kafka_reader r(options_for(*t));
  begin_reading(r, {"0", "1"});
  const auto noted = [&] {
    r.note_progress();
    return r.identity();
  };
  CHECK(r.identity().empty());
  (void)collect(r, "0", {});
  CHECK(noted().starts_with("0 2 "));
  (void)collect(r, "1", {});
  const auto first = noted();
  CHECK(first.starts_with("0 2 "));
  CHECK(first.substr(first.find('\n') + 1).starts_with("1 4 "));
  t->send(0, messages(numbered(3, 5)));
  (void)collect(r, "0", {0, 3});
  CHECK(noted() == first);
  r.acknowledge("0", {0, 4});  // that record is not acknowledged yet
  r.acknowledge("1", {0, 5});
  CHECK(noted() == first);
  r.acknowledge("0", {0, 5});
  CHECK(r.identity() == first);
  CHECK(noted().starts_with("0 4 "));
}

TEST_CASE("what is durable becomes the group's offset [server]", "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 5)));
  const auto o = options_for(*t);
  kafka_reader r(o);
  begin_reading(r);
  (void)collect(r, "0", {});
  r.acknowledge("0", {0, 3});
  r.acknowledge("0", {0, 2});  // older: nothing
  const auto monitor = open_client(RD_KAFKA_CONSUMER, t->brokers, {{"group.id", o.group}});
  std::int64_t committed = -1;
  for (const auto until = std::chrono::steady_clock::now() + at_the_latest;
       committed != 3 && std::chrono::steady_clock::now() < until;) {
    const kafka::owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), t->name.c_str(), 0);
    if (rd_kafka_committed(monitor.get(), list.get(), 2000) == RD_KAFKA_RESP_ERR_NO_ERROR)
      committed = list->elems[0].offset;
    (void)r.read(strings{"0"}, 1000, 50ms);
  }
  CHECK(committed == 3);
}

TEST_CASE("discover sees partitions that were added [server]", "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  kafka_reader r(options_for(*t));
  REQUIRE(r.discover(at_the_latest)->size() == 1);
  add_partitions(*t, 3);
  std::size_t count = 1;
  for (int i = 0; i < 50 && count != 3; ++i)
    count = r.discover(at_the_latest)->size();
  REQUIRE(count == 3);
  t->send(2, {{"new"}});
  REQUIRE(r.assign("2", {}));
  CHECK(collect(r, "2", {}).values == strings{"new"});
}

TEST_CASE("partitions are found beside the known ones, and read by who has yet to hear of them [server]",
          "[server]") {
  const auto t = topic_on_server(2);
  if (!t)
    return;
  auto o = options_for(*t);
  o.start = source::start_latest{};
  kafka_reader looks(o);
  kafka_reader reads(o);
  REQUIRE(looks.discover(at_the_latest));
  REQUIRE(reads.discover(at_the_latest));
  CHECK(looks.discover_beside({"0", "1"}, at_the_latest)->empty());
  CHECK(looks.discover_beside({"1"}, at_the_latest)->size() == 1);
  add_partitions(*t, 3);
  t->send(2, messages(numbered(0, 3)));
  std::vector<source::partition_info> found;
  for (int i = 0; i < 100 && found.empty(); ++i)
    if (auto now = looks.discover_beside({"0", "1"}, at_the_latest))
      found = std::move(*now);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "2");
  CHECK(found[0].start == position{});  // it starts at its beginning, for any `start`
  REQUIRE(reads.assign("2", found[0].start));
  CHECK(collect(reads, "2", {}).values == numbered(0, 3));
}

TEST_CASE("a compacted topic is warned of, another is not [server]", "[server]") {
  const auto brokers = real_brokers();
  if (!brokers)
    return;
  const auto topic = fresh_name("compacted");
  const auto c = open_client(RD_KAFKA_PRODUCER, *brokers);
  REQUIRE(kafka::create_topic(c, topic, 1, 1, 20s, {{"cleanup.policy", "compact"}}));
  kafka_reader compacted(options_for(*brokers, topic));
  REQUIRE(compacted.discover(at_the_latest));
  CHECK_THAT(compacted.warning().value_or(""), Catch::StartsWith("topic \"" + topic + "\" is compacted"));
  kafka_reader other(options_for(*brokers, make_topic(*brokers, 1)));
  REQUIRE(other.discover(at_the_latest));
  CHECK_FALSE(other.warning());
}

TEST_CASE("lag counts what is there and not yet read [server]", "[server]") {
  const auto t = topic_on_server(1);
  if (!t)
    return;
  t->send(0, messages(numbered(0, 100)));
  kafka_reader r(options_for(*t));
  REQUIRE(r.discover(at_the_latest));
  CHECK(r.lag()->records.empty());  // no partition is assigned
  REQUIRE(r.assign("0", {}));
  std::optional<chunk> first;
  while (!first)
    first = *r.read(strings{"0"}, 100, at_the_latest);
  CHECK(r.lag()->records.begin()->second == 100 - static_cast<std::uint64_t>(first->to.minor));
  (void)collect(r, "0", first->to);
  CHECK(r.lag()->records.begin()->second == 0);
}

TEST_CASE("a record of 10 MB comes whole [server]", "[server]") {
  const auto t = topic_on_server(1, {{"max.message.bytes", "20000000"}});
  if (!t)
    return;
  const std::string big(10 << 20, 'x');
  t->send(0, {{"a"}, {big}, {"b"}});
  kafka_reader r(options_for(*t));
  begin_reading(r);
  CHECK(collect(r, "0", {}, 1000).values == strings{"a", big, "b"});
}

TEST_CASE("a waiting read wakes when a record comes [server]", "[server]") {
  const auto t = topic_on_server(2);
  if (!t)
    return;
  kafka_reader r(options_for(*t));
  begin_reading(r, {"0", "1"});
  (void)collect(r, "0", {});
  (void)collect(r, "1", {});
  t->by.send(t->name, 1, {"late"});
  const auto begin = std::chrono::steady_clock::now();
  const auto got = r.read(strings{"0", "1"}, 1000, 2 * at_the_latest);
  REQUIRE(got);
  REQUIRE(*got);
  CHECK((*got)->record(0) == "late");
  CHECK(std::chrono::steady_clock::now() - begin < at_the_latest);
}

TEST_CASE("interrupt ends a waiting read from another thread") {
  const mock_cluster cluster;
  cluster.create("t", 1);
  kafka_reader r(options_for(cluster.brokers(), "t"));
  begin_reading(r);
  (void)collect(r, "0", {});
  std::thread other([&] { r.interrupt(); });
  const auto got = r.read(strings{"0"}, 1000, at_the_latest);
  other.join();
  REQUIRE_FALSE(got);
  CHECK(got.error().code == ec::cancelled);
}

TEST_CASE("without a broker discover waits, then says unavailable; interrupt ends it") {
  kafka_reader r(options_for("127.0.0.1:1", "any"));
  const auto begin = std::chrono::steady_clock::now();
  const auto found = r.discover(700ms);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ec::unavailable);
  CHECK(found.error().retry);
  CHECK_THAT(found.error().message, Catch::Contains("127.0.0.1:1"));
  CHECK(std::chrono::steady_clock::now() - begin >= 600ms);
  r.interrupt();
  const auto again = r.discover(at_the_latest);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ec::cancelled);
}

TEST_CASE("a lost broker is unavailable for as long as it is away; when it is back, reading goes on without "
          "a gap") {
  const mock_cluster cluster;
  cluster.create("t", 1);
  const producer p(cluster.brokers());
  p.send_all("t", 0, messages(numbered(0, 10)));
  kafka_reader r(options_for(cluster.brokers(), "t"));
  begin_reading(r);
  CHECK(collect(r, "0", {}).values == numbered(0, 10));

  for (int round = 0; round < 2; ++round) {
    cluster.take_away();
    int errors = 0;
    for (const auto until = std::chrono::steady_clock::now() + at_the_latest;
         errors < 10 && std::chrono::steady_clock::now() < until;) {
      const auto got = r.read(strings{"0"}, 1000, 100ms);
      if (got) {
        CHECK(errors == 0);  // silence would look like a topic without new records
        continue;
      }
      ++errors;
      CHECK(got.error().code == ec::unavailable);
      CHECK(got.error().retry);
    }
    CHECK(errors == 10);
    cluster.bring_back();
    // The end is said again by a fetch that succeeded, though no record came.
    const auto end = collect(r, "0", {0, 10 + round});
    CHECK(end.values.empty());
    p.send_all("t", 0, {{"record " + std::to_string(10 + round)}});
    CHECK(collect(r, "0", {0, 10 + round}).values == numbered(10 + round, 11 + round));
  }
}

TEST_CASE("start is earliest, latest or a timestamp") {
  CHECK(std::holds_alternative<source::start_earliest>(*source::parse_start("earliest")));
  CHECK(std::holds_alternative<source::start_latest>(*source::parse_start("latest")));
  CHECK(std::get<event_micros>(*source::parse_start("1970-01-01T00:00:01Z")) == 1'000'000);
  const auto bad = source::parse_start("yesterday");
  REQUIRE_FALSE(bad);
  CHECK_THAT(bad.error().message, Catch::Contains("\"yesterday\"") && Catch::Contains("earliest, latest"));
}

TEST_CASE("the check of the options finds a wrong start and properties that millrace sets itself") {
  config::values v;
  v.set("brokers", std::string("localhost:9092"), {});
  v.set("topic", std::string(""), {});
  v.set("start", std::string("soon"), {});
  v.set("properties", std::map<std::string, std::string>{{"group.id", "x"}, {"no.such", "y"}}, {});
  strings said;
  source::kafka_source_declaration().check(
      {v, nullptr}, [&](std::string_view option, const std::string&) { said.emplace_back(option); });
  CHECK(said == strings{"topic", "start", "properties.group.id", "properties.no.such"});
}
