#include "actors/node/stores/kafka/kafka_topic.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::kafka_chain {
namespace {

using std::chrono::milliseconds;

/// The consumer's thread waits this long for a message, then looks whether it has to end.
constexpr milliseconds turn{50};
/// Tombstones go out in batches, so that they need little memory at once.
constexpr std::size_t most_tombstones = 1'000;

struct cluster_state {
  int brokers = 0;
  int partitions = 0;  // 0: the broker that answered has not heard of the topic
  int fewest_replicas = 0;
};

expected<cluster_state> look_at(const kafka::client& c, const topic_address& at, rd_kafka_topic_t* topic,
                                milliseconds patience) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(c.get(), 0, topic, &raw, static_cast<int>(patience.count()));
  const kafka::owned<const rd_kafka_metadata_t> found(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return unexpected(kafka::translate(code, shown_of(at) + ": reading its metadata"));
  cluster_state out{found->broker_cnt, 0, 0};
  if (found->topic_cnt != 1)
    return out;
  const auto& t = found->topics[0];
  out.partitions = t.partition_cnt;
  for (int i = 0; i < t.partition_cnt; ++i)
    out.fewest_replicas =
        i == 0 ? t.partitions[i].replica_cnt : std::min(out.fewest_replicas, t.partitions[i].replica_cnt);
  return out;
}

/// Looks until a broker answers that has heard of the topic, which another one has told of.
expected<cluster_state> look_at_known(const kafka::client& c, const topic_address& at,
                                      rd_kafka_topic_t* topic, milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  auto state = look_at(c, at, topic, patience);
  while (state && state->partitions == 0 && std::chrono::steady_clock::now() < until) {
    c.poll(turn);
    state = look_at(c, at, topic, patience);
  }
  if (state && state->partitions == 0)
    return outside_error(ec::unavailable,
                         fmt::format("{}: no broker tells its partitions any more; remedy: see "
                                     "that nobody deletes it",
                                     shown_of(at)));
  return state;
}

}  // namespace

kafka_topic::kafka_topic(kafka_topic_options options)
    : options_(std::move(options)), shown_(shown_of({options_.topic, options_.to.brokers})),
      follower_(std::make_shared<follower>(shown_, options_.patience)) {}

kafka_topic::~kafka_topic() {
  ends_ = true;
  if (reads_.joinable())
    reads_.join();
  for (int i = 0; i < followed_; ++i)
    (void)rd_kafka_consume_stop(handle_.get(), i);
}

expected<std::shared_ptr<kafka_topic>> kafka_topic::open(kafka_topic_options options) {
  std::shared_ptr<kafka_topic> opened(new kafka_topic(std::move(options)));
  auto done = opened->find_topic().and_then([&] { return opened->begin_to_follow(); }).and_then([&] {
    return opened->a_producer();
  });
  if (!done)
    return unexpected(done.error());
  return opened;
}

/// No transactions: an open one of a process that was stopped would hold all readers back.
expected<kafka::client> kafka_topic::open_consumer(kafka::settings own) const {
  own.insert(own.end(), {{"enable.auto.commit", "false"},
                         {"auto.offset.reset", "error"},
                         {"enable.partition.eof", "true"},
                         {"allow.auto.create.topics", "false"},
                         {"check.crcs", "true"},
                         {"fetch.error.backoff.ms", "20"},
                         {"isolation.level", "read_uncommitted"}});
  return kafka::client::open(RD_KAFKA_CONSUMER, options_.to,
                             {.name = options_.name, .own = std::move(own), .names = names_of_settings});
}

expected<void> kafka_topic::find_topic() {
  ASSIGN_OR_RETURN(auto made,
                   open_consumer({{"queued.max.messages.kbytes", "4096"}, {"fetch.wait.max.ms", "100"}}));
  consumer_ = std::make_unique<kafka::client>(std::move(made));
  auto found = kafka::partition_count(*consumer_, options_.topic, options_.patience);
  if (!found && found.error().code == ec::not_found)
    RETURN_IF_ERROR(make_topic());
  if (!found && found.error().code != ec::not_found)
    return unexpected(found.error());
  handle_.reset(rd_kafka_topic_new(consumer_->get(), options_.topic.c_str(), nullptr));
  const topic_address at{options_.topic, options_.to.brokers};
  ASSIGN_OR_RETURN(const auto state, look_at_known(*consumer_, at, handle_.get(), options_.patience));
  const existing_topic is{state.partitions, state.fewest_replicas,
                          kafka::topic_settings(*consumer_, options_.topic, options_.settings_patience)};
  for (const auto& w : warnings_of(at, is, state.brokers))
    spdlog::warn("{}: {}", options_.name, w);
  return check_topic(at, is);
}

expected<void> kafka_topic::make_topic() {
  const topic_address at{options_.topic, options_.to.brokers};
  ASSIGN_OR_RETURN(const auto state, look_at(*consumer_, at, nullptr, options_.patience));
  ASSIGN_OR_RETURN(const auto plan, plan_creation(at, state.brokers, options_.replication));
  const auto until = std::chrono::steady_clock::now() + options_.patience;
  const auto make = [&] {
    return kafka::create_topic(*consumer_, options_.topic, partitions, plan.replication, options_.patience,
                               plan.settings);
  };
  auto made =
      make();  // a broker may not answer before a client gives up its request, and make it all the same
  while (!made && made.error().retry && std::chrono::steady_clock::now() < until)
    made = make();
  if (!made)
    return unexpected(not_created(made.error(), at, plan));
  if (*made)
    spdlog::info("{}: {}: made with {} partitions and {} replica(s)", options_.name, shown_, partitions,
                 plan.replication);
  return {};
}

expected<std::int64_t> kafka_topic::end_of(int partition) const {
  std::int64_t low = 0, high = 0;
  const auto code =
      rd_kafka_query_watermark_offsets(consumer_->get(), options_.topic.c_str(), partition, &low, &high,
                                       static_cast<int>(options_.patience.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return unexpected(
        kafka::translate(code, fmt::format("{}, partition {}: asking for its end", shown_, partition)));
  return high;
}

/// Follows from where the partitions end now: a later read begins below that.
expected<void> kafka_topic::begin_to_follow() {
  queue_.reset(rd_kafka_queue_new(consumer_->get()));
  const auto until = std::chrono::steady_clock::now() + options_.patience;
  for (int i = 0; i < partitions; ++i) {
    auto end = end_of(i);
    // A topic that was just made gets its leaders meanwhile, and this client hears of all its partitions.
    while (!end && (end.error().retry || end.error().code == ec::not_found) &&
           std::chrono::steady_clock::now() < until) {
      consumer_->poll(turn);
      end = end_of(i);
    }
    if (!end)
      return unexpected(end.error());
    if (rd_kafka_consume_start_queue(handle_.get(), i, *end, queue_.get()) != 0)
      return unexpected(kafka::translate(rd_kafka_last_error(), fmt::format("{}, partition {}", shown_, i)));
    ++followed_;
  }
  reads_ = std::thread([this] { follow_all(); });
  return {};
}

void kafka_topic::follow_all() {
  while (!ends_) {
    consumer_->poll(milliseconds(0));
    const kafka::owned<rd_kafka_message_t> m(
        rd_kafka_consume_queue(queue_.get(), static_cast<int>(turn.count())));
    if (m)
      take(*m);
  }
}

void kafka_topic::take(const rd_kafka_message_t& m) {
  const auto offset = static_cast<std::uint64_t>(m.offset);
  if (m.err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
    return follower_->reached(m.partition, offset);
  if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    auto e = failure_of(m, shown_);
    if (!e.retry)
      follower_->failed(e);
    return;
  }
  follower_->take(m.partition, offset, key_of(m), value_of(m));
  if (is_at_end(*consumer_, options_.topic, m))
    follower_->reached(m.partition, offset + 1);
}

expected<std::shared_ptr<producer>> kafka_topic::a_producer() {
  const std::lock_guard lock(mutex_);
  if (producer_ && !producer_->is_over())
    return producer_;
  return producer::open(options_.to, options_.name, options_.topic, options_.patience)
      .map([this](std::unique_ptr<producer>&& p) { return producer_ = std::move(p); });
}

expected<std::uint64_t> kafka_topic::append(std::string_view prefix, std::vector<message> messages) {
  return a_producer().and_then(
      [&](const std::shared_ptr<producer>& by) { return by->send(partition_of(prefix), messages); });
}

expected<std::uint64_t> kafka_topic::read(std::string_view prefix, std::uint64_t from, std::uint64_t least,
                                          const taker& take) {
  return reader_of(partition_of(prefix)).and_then([&](partition_reader&& r) {
    return r.read(prefix, from, least, take);
  });
}

expected<partition_reader> kafka_topic::reader_of(int partition) const {
  return open_consumer({{"queued.max.messages.kbytes", "2048"},
                        {"fetch.message.max.bytes", "1048576"},
                        {"fetch.wait.max.ms", "10"}})
      .map([&](kafka::client&& consumer) {
        return partition_reader(std::move(consumer), options_.topic, partition, options_.patience);
      });
}

expected<std::set<std::string>> kafka_topic::list(std::string_view topology) {
  std::set<std::string> out;
  for (int i = 0; i < partitions; ++i) {
    const auto read = reader_of(i).and_then([&](partition_reader&& r) {
      return r.read_all(0, 0, [&](std::uint64_t, std::string_view key, auto) {
        if (const auto split = decode_key(key))
          if (auto actor = actor_in(split->prefix, topology))
            out.insert(std::move(*actor));
      });
    });
    if (!read)
      return unexpected(read.error());
  }
  return out;
}

expected<void> kafka_topic::clear(std::string_view topology) {
  const auto prefix = prefix_of_topology(topology);
  for (int i = 0; i < partitions; ++i)
    RETURN_IF_ERROR(clear(i, prefix));
  return {};
}

/// It reads its own tombstones as well, and passes them over: keys are used once, so each is sent once.
expected<void> kafka_topic::clear(int partition, std::string_view prefix) {
  std::vector<message> tombstones;
  expected<void> sent;
  const auto send = [&] {
    if (!sent || tombstones.empty())
      return;
    sent = a_producer().and_then([&](const std::shared_ptr<producer>& by) {
      return by->send(partition, tombstones).map([](std::uint64_t) {});
    });
    tombstones.clear();
  };
  auto read = reader_of(partition).and_then([&](partition_reader&& r) {
    return r.read_all(0, 0, [&](std::uint64_t, std::string_view key, auto value) {
      if (!value || !key.starts_with(prefix))
        return;
      tombstones.push_back({std::string(key), std::nullopt});
      if (tombstones.size() >= most_tombstones)
        send();
    });
  });
  if (!read)
    return unexpected(read.error());
  send();
  return sent;
}

expected<std::unique_ptr<followed>> kafka_topic::follow(std::string_view prefix) {
  return follower_->add(prefix);
}

}  // namespace millrace::kafka_chain
