#include "actors/connectors/kafka/sink/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace millrace::sink {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr milliseconds one_try{5000};     // one of the calls that are repeated until `patience` is over
constexpr milliseconds last_words{1000};  // time for the rollback of a transaction that is given up
constexpr milliseconds overdue{10'000};   // grace of a call that overruns its time
constexpr milliseconds room_look{50};     // a full queue is looked at this often

int left(clock::time_point deadline, milliseconds most) {
  const auto rest = std::chrono::duration_cast<milliseconds>(deadline - clock::now());
  return static_cast<int>(std::max(milliseconds(1), std::min(rest, most)).count());
}

}  // namespace

struct transaction::producer {
  std::mutex mutex;
  bool given_up = false;  // receipts may be gone
  rd_kafka_resp_err_t first_failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::unique_ptr<kafka::client> client;  // ends before what its callbacks use

  void on_delivery(const rd_kafka_message_t& m) {
    if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (first_failure == RD_KAFKA_RESP_ERR_NO_ERROR)
        first_failure = m.err;
    } else if (auto* where = static_cast<receipt*>(m._private)) {
      const std::scoped_lock lock(mutex);
      if (!given_up)
        *where = {m.partition, m.offset};
    }
  }
  void give_up() {
    const std::scoped_lock lock(mutex);
    given_up = true;
  }
};

/// Repeats a call of the transactional API while it says "retriable" and there is time. The call gets the
/// handle and milliseconds; what else it uses, it owns.
template<class Call>
expected<void> transaction::insist(std::string_view doing, Call call) {
  const auto& c = *producer_->client;
  const auto deadline = clock::now() + patience;
  for (;;) {
    const auto ms = left(deadline, one_try);
    auto answer = calls_->call(milliseconds(ms) + overdue, [p = producer_, call, ms] {
      return kafka::owned<rd_kafka_error_t>(call(p->client->get(), ms));
    });
    if (!answer) {
      producer_->give_up();
      begun_ = false;
      return outside_error(ec::unavailable,
                           fmt::format("{}: librdkafka has not come back for {} s from a call that was given "
                                       "{} ms; this producer is given up, and another one takes its place",
                                       doing, (milliseconds(ms) + overdue).count() / 1000, ms));
    }
    auto e = std::move(*answer);
    if (!e) {
      c.answered();
      return {};
    }
    const bool again = rd_kafka_error_is_retriable(e.get()) != 0 && clock::now() < deadline;
    const bool is_over =
        rd_kafka_error_txn_requires_abort(e.get()) != 0 || rd_kafka_error_is_fatal(e.get()) != 0;
    auto told = kafka::translate(std::move(e), doing);
    told.message = c.redacted(std::move(told.message));
    if (again) {
      c.poll(milliseconds(20));
      continue;
    }
    // The transaction or the producer is lost, its rows are not: after another open they come again. That
    // holds where brokers say "fenced", too: they also say so after a pause that outlasted
    // transaction.timeout.ms, and open() finds out whether there is a rival.
    if (is_over && told.whose != fault::user) {
      told.retry = true;
      told.whose = fault::outside;
    }
    return unexpected(std::move(told));
  }
}

expected<transaction> transaction::open(const kafka::connection& to, std::string name,
                                        const std::string& transactional_id, kafka::settings own) {
  transaction t;
  t.producer_ = std::make_shared<producer>();
  own.emplace_back("transactional.id", transactional_id);
  ASSIGN_OR_RETURN(auto made,
                   kafka::client::open(RD_KAFKA_PRODUCER, to,
                                       {std::move(name), std::move(own),
                                        [p = t.producer_.get()](const auto& m) { p->on_delivery(m); }}));
  t.producer_->client = std::make_unique<kafka::client>(std::move(made));
  RETURN_IF_ERROR(
      t.insist(fmt::format("taking over the transactional id \"{}\"", transactional_id),
               [](rd_kafka_t* handle, int ms) { return rd_kafka_init_transactions(handle, ms); }));
  return t;
}

transaction::transaction() : calls_(std::make_unique<bounded_caller>()) {}
transaction::transaction(transaction&&) noexcept = default;

transaction::~transaction() {
  if (!producer_ || !begun_)
    return;
  auto* const handle = client().get();
  // Queued messages go out first: brokers refuse, loudly, to roll back a transaction they know nothing of.
  rd_kafka_flush(handle, static_cast<int>(last_words.count()));
  if (!calls_->call(last_words + overdue, [p = producer_] {
        return kafka::owned<rd_kafka_error_t>(
            rd_kafka_abort_transaction(p->client->get(), static_cast<int>(last_words.count())));
      }))
    producer_->give_up();
}

const kafka::client& transaction::client() const { return *producer_->client; }

expected<void> transaction::begin() {
  if (begun_)
    return {};
  producer_->first_failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  auto done = insist("beginning a transaction",
                     [](rd_kafka_t* handle, int) { return rd_kafka_begin_transaction(handle); });
  begun_ = done.has_value();
  return done;
}

expected<void> transaction::first_failure() const {
  if (producer_->first_failure == RD_KAFKA_RESP_ERR_NO_ERROR)
    return {};
  // A fatal error (fenced) comes as a purge or as "fatal" with each record: its own code says more.
  std::array<char, 512> text{};
  auto code = rd_kafka_fatal_error(client().get(), text.data(), text.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    code = producer_->first_failure;
  auto told = kafka::translate(code, "writing records", client().redacted(text.data()));
  // The broker has refused a record after all: the limits have changed since open(), which reads them again.
  told.retry = told.whose == fault::outside;
  return unexpected(std::move(told));
}

expected<void> transaction::produce(const std::string& topic, int partition,
                                    std::optional<std::string_view> key,
                                    std::optional<std::string_view> value, receipt* where) {
  const auto bytes = [](std::optional<std::string_view> v) -> void* {
    // Null is a pointer to nothing; the empty text must point somewhere.
    return v ? const_cast<char*>(v->data() ? v->data() : "") : nullptr;
  };
  const auto deadline = clock::now() + patience;
  for (;;) {
    const auto code = rd_kafka_producev(
        client().get(), RD_KAFKA_V_TOPIC(topic.c_str()),
        RD_KAFKA_V_PARTITION(partition < 0 ? RD_KAFKA_PARTITION_UA : partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(bytes(key), (key ? key->size() : 0)),
        RD_KAFKA_V_VALUE(bytes(value), (value ? value->size() : 0)), RD_KAFKA_V_OPAQUE(where),
        RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      client().poll(milliseconds(0));
      return first_failure();
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
      return fatal_error(ec::refused, "it is larger than the topic takes");
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      RETURN_IF_ERROR(first_failure());
      std::array<char, 512> text{};
      const auto fatal = rd_kafka_fatal_error(client().get(), text.data(), text.size());
      auto told = kafka::translate(fatal != RD_KAFKA_RESP_ERR_NO_ERROR ? fatal : code,
                                   fmt::format("topic \"{}\": writing a record", topic),
                                   client().redacted(text.data()));
      if (code == RD_KAFKA_RESP_ERR__STATE &&
          fatal == RD_KAFKA_RESP_ERR_NO_ERROR)  // it was aborted under our feet
        told = {ec::unavailable, fault::outside, true, std::move(told.message), {}};
      return unexpected(std::move(told));
    }
    if (clock::now() >= deadline)
      return outside_error(ec::unavailable,
                           fmt::format("topic \"{}\": the local queue is full and no broker takes "
                                       "records for {} s; they are kept and sent when one answers",
                                       topic, patience.count() / 1000));
    client().poll(room_look);
    RETURN_IF_ERROR(first_failure());
  }
}

expected<void> transaction::flush() {
  const auto deadline = clock::now() + patience;
  while (rd_kafka_flush(client().get(), left(deadline, one_try)) != RD_KAFKA_RESP_ERR_NO_ERROR)
    if (clock::now() >= deadline)
      return outside_error(ec::unavailable,
                           fmt::format("no broker has taken the records of a transaction for {} s; they "
                                       "are sent again when one answers",
                                       patience.count() / 1000));
  return first_failure();
}

expected<void> transaction::send_position(const std::string& group, const std::string& topic,
                                          std::int64_t offset, const std::string& metadata) {
  const std::shared_ptr<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1),
                                                              rd_kafka_topic_partition_list_destroy);
  auto* entry = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  entry->offset = offset;
  // librdkafka frees it with the list, by free().
  entry->metadata = ::strndup(metadata.data(), metadata.size());
  entry->metadata_size = metadata.size();
  const std::shared_ptr<rd_kafka_consumer_group_metadata_t> member(
      rd_kafka_consumer_group_metadata_new(group.c_str()), rd_kafka_consumer_group_metadata_destroy);
  return insist(fmt::format("group \"{}\": storing the position", group),
                [list, member](rd_kafka_t* handle, int ms) {
                  return rd_kafka_send_offsets_to_transaction(handle, list.get(), member.get(), ms);
                });
}

expected<void> transaction::commit() {
  auto done = insist("committing a transaction",
                     [](rd_kafka_t* handle, int ms) { return rd_kafka_commit_transaction(handle, ms); });
  if (done)
    begun_ = false;
  return done;
}

}  // namespace millrace::sink
