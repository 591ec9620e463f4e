#include "actors/connectors/kafka/source/kafka_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::source {

namespace {

// A lane that is this far behind the newest record gains more from large frames than from early ones. It puts
// about this many records into one.
constexpr std::int64_t far_behind = 65'536;

// The reader drops the records between the compared record and the first wanted one, up to this many. A new
// start of the partition would wait for the fetch that is under way, 100 ms at the log's end.
constexpr std::int64_t near = 1'000;

std::optional<std::string_view> bytes_of(const void* begin, std::size_t size) {
  return begin == nullptr ? std::nullopt
                          : std::optional(std::string_view(static_cast<const char*>(begin), size));
}

fingerprint fingerprint_of(const rd_kafka_message_t& m) {
  return {m.offset, rd_kafka_message_timestamp(&m, nullptr),
          checksum_of(bytes_of(m.key, m.key_len), bytes_of(m.payload, m.len))};
}

// Holds one chunk's records, filled by librdkafka's callback.
struct chunk_filler {
  rd_kafka_t* handle;
  chunk out;
  const wants* wanted;
  key_form key;
  std::size_t max_bytes;
  std::size_t bytes = 0;  // bytes, with the cost of a record beside its value
  std::int64_t next;      // positions below were seen: a stale fetch repeats them
  bool prints = false;    // makes the fingerprint of the last record
  bool end = false;
  bool heard = false;
  bool ends_before = false;  // the log's end is below `next`
  std::optional<fingerprint> last{};
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string failure_text{};

  void add(const rd_kafka_message_t& m) {
    end = false;
    heard = true;
    if (m.offset < next)
      return;
    next = m.offset + 1;
    if (prints)
      last = fingerprint_of(m);
    out.begins.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    out.lengths.push_back(m.payload == nullptr ? no_value : static_cast<std::uint32_t>(m.len));
    out.positions.push_back({0, m.offset});
    if (m.payload != nullptr)
      out.bytes.append(static_cast<const char*>(m.payload), m.len);
    rd_kafka_timestamp_type_t type{};
    // A producer may send "no timestamp", -1 ms: it is delivered as it is stored.
    out.timestamps.push_back(micros_of_millis(rd_kafka_message_timestamp(&m, &type)));
    out.timestamp_types.push_back(type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? 1 : 0);
    if (wanted->key) {
      if (m.key == nullptr)
        out.keys.emplace_back();
      else
        out.keys.emplace_back(key_text(key, {static_cast<const char*>(m.key), m.key_len}));
    }
    if (wanted->headers)
      out.headers.push_back(headers_json(m));
    constexpr std::size_t row_cost = 32;  // begins, lengths, positions, timestamps
    bytes +=
        m.len + row_cost + (wanted->key ? m.key_len : 0) + (wanted->headers ? out.headers.back().size() : 0);
    if (bytes >= max_bytes)
      rd_kafka_yield(handle);
  }

  static void on_message(rd_kafka_message_t* m, void* opaque) {
    auto& self = *static_cast<chunk_filler*>(opaque);
    switch (m->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      self.add(*m);
      return;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      // Transaction markers and aborted records, which nobody can read, may follow the last record.
      self.heard = true;
      self.end = m->offset >= self.next;
      self.ends_before = !self.end;
      self.next = std::max(self.next, m->offset);
      return;
    default:
      self.failure = m->err;
      self.failure_text = rd_kafka_message_errstr(m);
      rd_kafka_yield(self.handle);
    }
  }
};

}  // namespace

kafka_reader::~kafka_reader() {
  while (!logs_.empty())
    unassign(logs_.begin()->first);
  if (main_queue_)
    rd_kafka_queue_cb_event_enable(main_queue_.get(), nullptr, nullptr);
}

void kafka_reader::on_event(rd_kafka_t*, void* wake) {
  auto& w = *static_cast<wake_up*>(wake);
  const std::scoped_lock lock(w.mutex);
  ++w.signals;
  w.changed.notify_one();
}

void kafka_reader::interrupt() {
  const std::scoped_lock lock(wake_.mutex);
  wake_.interrupted = true;
  wake_.changed.notify_one();
}

bool kafka_reader::take_interrupt() {
  const std::scoped_lock lock(wake_.mutex);
  return std::exchange(wake_.interrupted, false);
}

expected<void> kafka_reader::start(log& l, std::int64_t from) {
  l.queue.reset(rd_kafka_queue_new(client_->get()));
  rd_kafka_queue_cb_event_enable(l.queue.get(), &kafka_reader::on_event, &wake_);
  l.began_before = from < l.next;
  if (rd_kafka_consume_start_queue(topic_.get(), l.id, from, l.queue.get()) == 0)
    return {};
  return tl::make_unexpected(
      kafka::translate(rd_kafka_last_error(), fmt::format("topic \"{}\" partition {}: reading from {}",
                                                          options_.topic, l.id, from)));
}

void kafka_reader::stop(log& l) {
  rd_kafka_consume_stop(topic_.get(), l.id);
  rd_kafka_queue_cb_event_enable(l.queue.get(), nullptr, nullptr);
  l.queue.reset();
}

expected<void> kafka_reader::assign(const std::string& partition, position from) {
  unassign(partition);
  log l;
  const auto [end, problem] = std::from_chars(partition.data(), partition.data() + partition.size(), l.id);
  if (!topic_ || problem != std::errc() || end != partition.data() + partition.size())
    return our_error(fmt::format("topic \"{}\": partition \"{}\" assigned before it was discovered",
                                 options_.topic, partition));
  hear_of(l.id);
  l.next = from.major < 0 ? 0 : from.minor;
  if (const auto at = known_.find(l.id); at != known_.end() && !at->second.is_proven)
    l.unproven = at->second.of;
  RETURN_IF_ERROR(start(l, l.unproven ? l.unproven->offset : l.next));
  logs_.emplace(partition, std::move(l));
  return {};
}

void kafka_reader::unassign(const std::string& partition) {
  const auto at = logs_.find(partition);
  if (at == logs_.end())
    return;
  stop(at->second);
  logs_.erase(at);
}

expected<std::optional<chunk>> kafka_reader::read(std::span<const std::string> wanted, std::size_t max_bytes,
                                                  std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::scoped_lock lock(wake_.mutex);
      if (std::exchange(wake_.interrupted, false))
        return unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
      seen = wake_.signals;
    }
    if (client_) {
      client_->poll(std::chrono::milliseconds(0));
      if (auto outage = client_->take_outage()) {
        restart_logs();
        return tl::make_unexpected(std::move(*outage));
      }
    }
    for (const auto& partition : wanted) {
      const auto at = logs_.find(partition);
      if (at == logs_.end())
        continue;
      auto got = take(partition, at->second, max_bytes);
      if (!got || *got)
        return got;
    }
    std::unique_lock lock(wake_.mutex);
    const bool signalled =
        wake_.changed.wait_until(lock, until, [&] { return wake_.signals != seen || wake_.interrupted; });
    if (!signalled) {
      lock.unlock();
      ask_whether_brokers_are_there();
      // Silence during an outage is no sign that there is nothing to read.
      if (auto outage = client_ ? client_->outage() : std::nullopt)
        return tl::make_unexpected(std::move(*outage));
      return std::optional<chunk>{};
    }
  }
}

// Silence may be that of brokers which have nothing new, or of none.
void kafka_reader::ask_whether_brokers_are_there() {
  constexpr std::chrono::seconds silence{5};
  constexpr std::chrono::seconds patience{3};
  constexpr std::chrono::milliseconds slice{250};  // time between two looks at interrupt()
  if (!client_ || !topic_ || client_->in_outage() || !client_->is_doubtful(silence))
    return;
  const auto until = std::chrono::steady_clock::now() + patience;
  do {
    (void)kafka::partition_count(*client_, options_.topic, slice);
    if (client_->in_outage() || !client_->is_doubtful(silence))
      return;
    const std::scoped_lock lock(wake_.mutex);
    if (wake_.interrupted)
      return;
  } while (std::chrono::steady_clock::now() < until);
  client_->unanswered();
}

// librdkafka says once that a partition's end is reached, and not again when the connection was lost and came
// back. Reading anew makes it say so again, so that what is idle and what is cut off can be told apart; and
// what comes then was fetched after the outage.
void kafka_reader::restart_logs() {
  for (auto& [name, l] : logs_)
    (void)rd_kafka_seek(topic_.get(), l.id, l.unproven ? l.unproven->offset : l.next, 0);
}

expected<std::optional<chunk>> kafka_reader::take(const std::string& partition, log& l,
                                                  std::size_t max_bytes) {
  if (l.refused)
    return tl::make_unexpected(*l.refused);
  if (l.unproven) {
    ASSIGN_OR_RETURN(const auto proven, prove(l));
    if (!proven)
      return std::optional<chunk>{};
  }
  const auto waiting = rd_kafka_queue_length(l.queue.get());
  if (l.failure)
    return tl::make_unexpected(*std::exchange(l.failure, std::nullopt));
  if (waiting == 0)
    return std::optional<chunk>{};
  chunk_filler f{.handle = client_->get(),
                 .out = {},
                 .wanted = &options_.wanted,
                 .key = options_.key,
                 .max_bytes = max_bytes,
                 .next = l.next,
                 .prints = !l.given};
  const auto records = std::min(waiting, max_bytes / (l.record_bytes + 1) + 1);
  f.out.bytes.reserve(std::min(max_bytes, waiting * l.record_bytes) + l.record_bytes + padding);
  f.out.begins.reserve(records);
  f.out.lengths.reserve(records);
  f.out.positions.reserve(records);
  f.out.timestamps.reserve(records);
  f.out.timestamp_types.reserve(records);
  rd_kafka_consume_callback_queue(l.queue.get(), 0, &chunk_filler::on_message, &f);
  if (f.heard)
    client_->answered();
  if (f.failure != RD_KAFKA_RESP_ERR_NO_ERROR)
    l.failure = failure_at(l.id, f.next, f.failure, f.failure_text);
  if (f.last)
    note_given(l, *f.last);
  if (l.began_before && f.ends_before) {  // asked for its own position, the broker says what is wrong with it
    stop(l);
    RETURN_IF_ERROR(start(l, l.next));
    return std::optional<chunk>{};
  }
  if (f.out.records() == 0 && !f.end && f.next == l.next) {
    if (l.failure)
      return tl::make_unexpected(*std::exchange(l.failure, std::nullopt));
    return std::optional<chunk>{};
  }
  l.began_before = l.began_before && f.next == l.next;
  chunk& out = f.out;
  out.partition = partition;
  out.topic = options_.topic;
  out.from = {0, l.next};
  out.to = {0, f.next};
  out.caught_up = f.end;
  // The end is never reached under a steady load: what has come in the meantime is fetched by then.
  out.drained = f.end || (rd_kafka_queue_length(l.queue.get()) == 0 && !is_far_behind(l.id, f.next));
  if (out.records() > 0)
    l.record_bytes = out.bytes.size() / out.records() + 1;
  out.bytes.append(padding, '\0');
  l.next = f.next;
  return std::optional<chunk>(std::move(out));
}

expected<void> kafka_reader::check_identity(std::string_view stored) {
  return parse_fingerprints(stored).map([this](const fingerprints& all) {
    for (const auto& [partition, f] : all)
      known_[partition] = {f, false};
  });
}

// Compares the record that was given before. True: it is settled, and the queue goes on with records to give.
expected<bool> kafka_reader::prove(log& l) {
  const auto kept = *l.unproven;
  std::optional<fingerprint> found;
  for (bool is_there = false; !is_there;) {
    const kafka::owned<rd_kafka_message_t> m(rd_kafka_consume_queue(l.queue.get(), 0));
    if (!m)
      return false;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      is_there = m->offset >= kept.offset;  // a stale fetch may give lower ones
      if (is_there)
        found = fingerprint_of(*m);
    } else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
               m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
      is_there = true;  // the answer is known: no record is there
    } else {
      return tl::make_unexpected(failure_at(l.id, kept.offset, m->err, rd_kafka_message_errstr(m.get())));
    }
    client_->answered();
  }
  const auto result = is_same_log(kept, found);
  if (result == same_log::no) {
    l.refused = made_anew(l.id, kept.offset);
    return tl::make_unexpected(*l.refused);
  }
  l.unproven.reset();
  known_[l.id].is_proven = true;
  if (result == same_log::yes && kept.offset < l.next && l.next - kept.offset <= near)
    return true;
  stop(l);
  RETURN_IF_ERROR(start(l, l.next));
  return true;
}

// The first fingerprint of a partition counts at once, since a life may be short. Later ones wait until
// stored positions are past them: a broker may yet lose a record that only this reader has seen.
void kafka_reader::note_given(log& l, const fingerprint& last) {
  if (!known_.emplace(l.id, known{last, true}).second)
    l.given = last;
}

void kafka_reader::note_acknowledged(log& l, position durable) {
  if (l.unproven || !l.given || durable.major != 0 || durable.minor <= l.given->offset)
    return;
  known_[l.id] = {*std::exchange(l.given, std::nullopt), true};
}

// The text has also partitions that are yet to be assigned, or that another lane has by now.
void kafka_reader::note_progress() {
  fingerprints all;
  for (const auto& [partition, k] : known_)
    all.emplace(partition, k.of);
  identity_ = format_fingerprints(all);
  ++identity_version_;
}

bool kafka_reader::is_far_behind(std::int32_t partition, std::int64_t next) const {
  std::int64_t low = 0;
  std::int64_t high = 0;  // the end at the last fetch; the broker is not asked
  return rd_kafka_get_watermark_offsets(client_->get(), options_.topic.c_str(), partition, &low, &high) ==
             RD_KAFKA_RESP_ERR_NO_ERROR &&
         high - next > far_behind;
}

error kafka_reader::failure_at(std::int32_t partition, std::int64_t offset, rd_kafka_resp_err_t code,
                               const std::string& text) const {
  const auto where = fmt::format("topic \"{}\" partition {}", options_.topic, partition);
  auto e = kafka::translate(code, fmt::format("{}: reading at position {}", where, offset),
                            client_->redacted(text));
  if (e.code != ec::log_trimmed)
    return e;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string holds = "is not in the log any more";
  if (rd_kafka_query_watermark_offsets(client_->get(), options_.topic.c_str(), partition, &low, &high,
                                       1000) == RD_KAFKA_RESP_ERR_NO_ERROR)
    holds = fmt::format("is not in the log, which holds {} to {}", low, high);
  e.message =
      fmt::format("{}: position {} {}: records were deleted before they were read, or the topic was made "
                  "anew. Begin anew with --fresh (and `start`); a longer retention.ms of the topic "
                  "prevents it",
                  where, offset, holds);
  return e;
}

error kafka_reader::made_anew(std::int32_t partition, std::int64_t offset) const {
  auto text = fmt::format(
      "topic \"{}\" partition {}: the record at position {} is another one than the one that was "
      "read there, so this is not the log that the state belongs to: the topic was deleted and "
      "made anew, or `brokers` leads to another topic of that name. Nothing of that partition was "
      "read. Begin anew with --fresh (and `start`), or lead the source back to the topic that it "
      "has read",
      options_.topic, partition, offset);
  return {ec::mismatch, fault::user, false, std::move(text), {}};
}

void kafka_reader::acknowledge(const std::string& partition, position durable) {
  const auto at = logs_.find(partition);
  if (at != logs_.end())
    note_acknowledged(at->second, durable);
  auto& committed = committed_.try_emplace(partition, -1).first->second;
  if (at == logs_.end() || durable.major != 0 || durable.minor <= committed)
    return;
  committed = durable.minor;
  const kafka::owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), at->second.id)->offset =
      durable.minor;
  // The commit is for monitoring only: where it fails, the next one says more.
  (void)rd_kafka_commit(client_->get(), list.get(), 1);
}

std::optional<backlog> kafka_reader::lag() {
  backlog out;
  for (const auto& [name, l] : logs_) {
    std::int64_t low = 0;
    std::int64_t high = 0;  // the end at the last fetch; the broker is not asked
    if (rd_kafka_get_watermark_offsets(client_->get(), options_.topic.c_str(), l.id, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0)
      continue;
    out.records[name] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, high - l.next));
  }
  return out;
}

}  // namespace millrace::source
