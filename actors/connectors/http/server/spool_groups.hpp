// The way of a server's records into its spool: gathered on the server's thread, written and flushed on one
// of their own, a group at a time. A flush takes milliseconds and a long body's records tens of them; the
// server goes on meanwhile. Senders are told when their records are durable.
#pragma once

#include "actors/connectors/http/server/session.hpp"
#include "actors/stream/spool/spool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::source {

struct route;

/// The records of one request.
struct request_records {
  std::vector<std::string> records;
  std::size_t bytes = 0;  // bytes of all records
};

/// All calls and all events are on the thread that runs `io`; records are written and given up on another.
class spool_groups {
public:
  /// Somebody whose records are durable, and by which route they came.
  struct sender {
    std::shared_ptr<session> from;
    const route* by = nullptr;
  };
  struct events {
    std::function<void(const std::vector<sender>&)> durable;
    std::function<void(const error&)> refused;  // called by the disk; it is asked again until it takes them
  };

  spool_groups(boost::asio::io_context& io, std::shared_ptr<spool::log> log, events tell)
      : io_(io), log_(std::move(log)), tell_(std::move(tell)), again_(io) {}
  /// Waits for a group that is being written; what was gathered after it is given up.
  ~spool_groups();
  spool_groups(const spool_groups&) = delete;
  spool_groups& operator=(const spool_groups&) = delete;

  /// Returns whether more may be added: at most one group waits while another is written.
  [[nodiscard]] bool has_room() const;
  void add(request_records records, event_micros time, sender of);

private:
  struct request {
    request_records records;
    event_micros time;
  };
  void write_next();
  void commit();
  void on_committed(const expected<void>& kept);

  boost::asio::io_context& io_;
  std::shared_ptr<spool::log> log_;
  events tell_;
  boost::asio::steady_timer again_;
  std::vector<request> gathered_;
  std::vector<sender> senders_;  // senders of the gathered records
  std::size_t gathered_bytes_ = 0;
  std::vector<sender> written_;  // senders whose records are being written
  bool is_writing_ = false;
  boost::asio::thread_pool disk_{1};
};

}  // namespace millrace::source
