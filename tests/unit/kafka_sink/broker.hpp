// A Kafka sink on a real broker, and readers that show what a consumer sees.
#pragma once

#include "actors/connectors/kafka/sink/kafka_sink.hpp"
#include "actors/connectors/kafka/sink/position_record.hpp"
#include "tests/support/must.hpp"
#include "tests/unit/kafka_client/cluster.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace millrace::sink {

struct consumed {
  std::int32_t partition = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
};

/// Everything in a topic that is committed now, by partition and offset.
inline std::vector<consumed> read_topic(const std::string& brokers, const std::string& topic) {
  auto c = kafka::client::open(RD_KAFKA_CONSUMER, {brokers, {}},
                               {"test-reader",
                                {{"group.id", "test-reader"},
                                 {"isolation.level", "read_committed"},
                                 {"enable.partition.eof", "true"},
                                 {"enable.auto.commit", "false"}}})
               .value();
  const auto partitions = kafka::partition_count(c, topic, std::chrono::seconds(20)).value();
  const kafka::owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(partitions));
  for (int p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(c.get(), list.get());
  std::vector<consumed> all;
  for (int ends = 0; ends < partitions;) {
    const kafka::owned<rd_kafka_message_t> m(rd_kafka_consumer_poll(c.get(), 10'000));
    REQUIRE(m);
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ends;
      continue;
    }
    REQUIRE(m->err == RD_KAFKA_RESP_ERR_NO_ERROR);
    const auto text = [](const void* data, std::size_t size) -> std::optional<std::string> {
      return data ? std::optional<std::string>(std::in_place, static_cast<const char*>(data), size)
                  : std::nullopt;
    };
    all.push_back({m->partition, text(m->key, m->key_len), text(m->payload, m->len)});
  }
  rd_kafka_assign(c.get(), nullptr);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.partition < b.partition; });
  return all;
}

inline std::vector<std::string> values_of(const std::vector<consumed>& all) {
  std::vector<std::string> values;
  for (const auto& m : all)
    values.push_back(m.value.value_or("(null)"));
  return values;
}

inline void make_topic(const std::string& brokers, const std::string& topic, int partitions = 1,
                       const kafka::settings& config = {}) {
  auto c = kafka::client::open(RD_KAFKA_PRODUCER, {brokers, {}}, {"test-admin", {}}).value();
  REQUIRE(kafka::create_topic(c, topic, partitions, 1, std::chrono::seconds(20), config));
}

inline data::schema_ptr rows_schema() {
  return std::make_shared<data::schema>(std::vector<data::field>{
      {"n", data::type_id::bigint}, {"userid", data::type_id::text}, {"_raw", data::type_id::text}});
}

using text = std::optional<std::string>;
inline data::batch row_batch(const std::vector<std::tuple<std::int64_t, text, text>>& rows) {
  data::column_builder n(data::type_id::bigint);
  data::column_builder user(data::type_id::text);
  data::column_builder raw(data::type_id::text);
  for (const auto& [i, u, r] : rows) {
    n.append_int(i);
    u ? user.append_text(*u) : user.append_null();
    r ? raw.append_text(*r) : raw.append_null();
  }
  return {rows_schema(), {n.finish(), user.finish(), raw.finish()}, rows.size()};
}
inline data::batch numbered(std::int64_t from, std::int64_t to) {
  std::vector<std::tuple<std::int64_t, text, text>> rows;
  for (auto i = from; i < to; ++i)
    rows.emplace_back(i, "u" + std::to_string(i % 10), "raw");
  return row_batch(rows);
}
inline std::vector<std::string> numbered_values(std::int64_t from, std::int64_t to) {
  std::vector<std::string> values;
  for (auto i = from; i < to; ++i)
    values.push_back("{\"n\":" + std::to_string(i) + ",\"userid\":\"u" + std::to_string(i % 10) + "\"}");
  return values;
}

inline progress at(std::int64_t position, int logs = 1) {
  progress p;
  for (int i = 0; i < logs; ++i)
    p.positions["counts/1/" + std::to_string(i)] = {{position, i * 7919 % 1000}, position * i};
  p.batch = static_cast<std::uint64_t>(position);
  return p;
}
inline std::int64_t position_of(const std::optional<progress>& p) {
  return p ? p->positions.begin()->second.at.major : 0;
}

/// One sink with a topology, and so a transactional id, of its own.
struct sink_under_test {
  std::string brokers;
  std::string topic = test::fresh_name("sink");
  std::string topology = topic;
  config::values options = [this] {
    config::values o;
    o.set("brokers", brokers, {});
    o.set("topic", topic, {});
    return o;
  }();

  void set(std::string name, std::string value) { options.set(std::move(name), std::move(value), {}); }
  void create(int partitions) {
    auto c = std::make_shared<config::values>();
    c->set("partitions", std::int64_t{partitions}, {});
    options.set("create", std::move(c), {});
  }
  [[nodiscard]] claim life(incarnation n, bool expects_progress = false) const {
    return {"state-a", topology, "out", n, expects_progress, false};
  }
  [[nodiscard]] std::unique_ptr<writer> make() const {
    return std::move(make_kafka_writer(options, rows_schema()).value());
  }
  [[nodiscard]] std::unique_ptr<writer> opened(incarnation n = 1) const {
    auto w = make();
    test::must(w->open(life(n)));
    return w;
  }
  [[nodiscard]] std::vector<consumed> committed() const { return read_topic(brokers, topic); }
  [[nodiscard]] std::vector<std::string> committed_values() const { return values_of(committed()); }
};

inline constexpr int no_topic = 0;
/// A sink on the real broker, which creates its topic with so many partitions, or `no_topic`. No value where
/// there is no broker.
inline std::optional<sink_under_test> sink_on_server(int partitions) {
  const auto there = test::real_brokers();
  if (!there)
    return std::nullopt;
  sink_under_test s{*there};
  if (partitions != no_topic)
    s.create(partitions);
  return s;
}

inline void write_and_commit(writer& w, std::int64_t from, std::int64_t to) {
  test::must(w.write(numbered(from, to)));
  test::must(w.commit(at(to)));
}

}  // namespace millrace::sink
