// A connection with a PostgreSQL server by libpq, which never waits longer than it is told to: neither for a
// server that has stopped nor for a lock that somebody holds. It connects when it is needed, and again after
// the connection was lost.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "runtime/base/backoff.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <postgresql/libpq-fe.h>
#include <string>

namespace millrace::postgresql_chain {

struct libpq_options {
  /// A URI or `key=value` text, as libpq takes it. A host's name is looked up without a bound of ours.
  std::string connection;
  /// Bounds one statement with all its bytes. The server ends the statement after this time; when no answer
  /// has come a second later, the connection is given up.
  std::chrono::milliseconds statement_timeout{std::chrono::seconds(30)};
  /// Bounds all tries to connect within one call.
  std::chrono::milliseconds connect_timeout{std::chrono::seconds(10)};
};

class libpq_connection final : public connection {
public:
  /// Does not connect yet. ec::invalid_argument where libpq does not take the text.
  [[nodiscard]] static expected<std::unique_ptr<libpq_connection>> make(libpq_options options);

  expected<answer> run(const std::string& sql, const std::vector<parameter>& parameters) override;
  const std::string& shown() const override { return shown_; }

private:
  using clock = std::chrono::steady_clock;
  struct closed {
    void operator()(PGconn* c) const { PQfinish(c); }
  };
  using pg_handle = std::unique_ptr<PGconn, closed>;

  libpq_connection(libpq_options options, std::string shown);
  [[nodiscard]] expected<void> connect();
  [[nodiscard]] expected<void> try_to_connect(clock::time_point until);
  [[nodiscard]] expected<answer> exchange(const std::string& sql, const std::vector<parameter>& parameters,
                                          clock::time_point until);
  [[nodiscard]] expected<void> send(const std::string& sql, const std::vector<parameter>& parameters,
                                    clock::time_point until);
  [[nodiscard]] expected<void> receive(answer& out, clock::time_point until);
  [[nodiscard]] expected<void> wait(short events, clock::time_point until);
  [[nodiscard]] unexpected lost();

  libpq_options options_;
  std::string shown_;
  std::mutex mutex_;
  pg_handle connection_;
  backoff backoff_;
};

}  // namespace millrace::postgresql_chain
