#include "actors/node/stores/postgresql/libpq_connection.hpp"

#include "actors/connectors/sql/client/trust.hpp"
#include "actors/node/stores/postgresql/server_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <poll.h>
#include <thread>

namespace millrace::postgresql_chain {
namespace {

using std::chrono::milliseconds;

/// The server's own word about a time-out comes first, where it still can.
constexpr milliseconds grace{1'000};

struct result_freed {
  void operator()(PGresult* r) const { PQclear(r); }
};
using result = std::unique_ptr<PGresult, result_freed>;

struct settings_freed {
  void operator()(PQconninfoOption* o) const { PQconninfoFree(o); }
};
using settings = std::unique_ptr<PQconninfoOption, settings_freed>;

/// "postgresql://user@host:5432/database", as far as it is said; without the password.
std::string shown_of(const PQconninfoOption* all) {
  std::string user, host, port, database;
  for (const auto* o = all; o->keyword != nullptr; ++o) {
    const std::string_view key = o->keyword;
    const std::string value = o->val == nullptr ? "" : o->val;
    if (key == "user")
      user = value;
    else if (key == "host" || (key == "hostaddr" && host.empty()))
      host = value;
    else if (key == "port")
      port = value;
    else if (key == "dbname")
      database = value;
  }
  return fmt::format("postgresql://{}{}{}{}/{}", user.empty() ? "" : user + "@", host,
                     port.empty() ? "" : ":", port, database);
}

/// An append needs a commit that survives a crash; the server may be set to less.
constexpr const char* set_up =
    "select set_config('statement_timeout', $1::text, false), "
    "set_config('lock_timeout', '0', false), "
    "set_config('client_min_messages', 'error', false), "
    "set_config('default_transaction_isolation', 'read committed', false), "
    "set_config('synchronous_commit', case when current_setting('synchronous_commit') "
    "in ('off', 'local') then 'on' else current_setting('synchronous_commit') end, false)";

}  // namespace

libpq_connection::libpq_connection(libpq_options options, std::string shown)
    : options_(std::move(options)), shown_(std::move(shown)),
      backoff_({.first = milliseconds(50), .longest = std::chrono::seconds(2)}) {}

expected<std::unique_ptr<libpq_connection>> libpq_connection::make(libpq_options options) {
  char* why = nullptr;
  const settings read(PQconninfoParse(options.connection.c_str(), &why));
  PQfreemem(why);  // it may repeat the password
  if (!read)
    return user_error(ec::invalid_argument, "libpq cannot read the connection of the chains; remedy: write "
                                            "postgresql://user:password@host:port/database, percent-encoded");
  auto shown = shown_of(read.get());
  return std::unique_ptr<libpq_connection>(new libpq_connection(std::move(options), std::move(shown)));
}

expected<answer> libpq_connection::run(const std::string& sql, const std::vector<parameter>& parameters) {
  const std::lock_guard lock(mutex_);
  if (!connection_)
    RETURN_IF_ERROR(connect());
  return exchange(sql, parameters, clock::now() + options_.statement_timeout + grace);
}

expected<void> libpq_connection::connect() {
  const auto until = clock::now() + options_.connect_timeout;
  std::optional<error> earlier;  // says more than that the time is over
  for (backoff_.reset();;) {
    auto done = try_to_connect(until);
    if (done || !done.error().retry)
      return done;
    if (earlier && clock::now() >= until)
      return unexpected(std::move(*earlier));
    const auto wait = backoff_.next();
    if (clock::now() + wait >= until)
      return done;
    earlier = std::move(done.error());
    std::this_thread::sleep_for(
        wait);  // bounded by connect_timeout; other calls wait for the mutex meanwhile
  }
}

expected<void> libpq_connection::try_to_connect(clock::time_point until) {
  // A key that follows `dbname` (the whole connection text) takes precedence over that text.
  const std::array<const char*, 5> keys{"application_name", "dbname", "client_encoding",
                                        "target_session_attrs", nullptr};
  const std::array<const char*, 5> values{"millrace", options_.connection.c_str(), "UTF8", "read-write",
                                          nullptr};
  connection_.reset(PQconnectStartParams(keys.data(), values.data(), 1));
  if (!connection_)
    return our_error("there is no memory for a connection");
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  auto wants = PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED) {
    RETURN_IF_ERROR(wait(wants == PGRES_POLLING_READING ? POLLIN : POLLOUT, until));
    wants = PQconnectPoll(connection_.get());
  }
  if (wants == PGRES_POLLING_FAILED) {
    const auto said = read_told(PQerrorMessage(connection_.get()));
    connection_.reset();
    return unexpected(server_error(shown_, said.state, said.text));
  }
  PQsetnonblocking(connection_.get(), 1);
  const auto limit = std::to_string(options_.statement_timeout.count());
  auto done = exchange(postgresql::fix_path, {}, until).and_then([&](const answer&) {
    return exchange(set_up, {{limit}}, until);
  });
  if (!done)
    connection_.reset();
  return done.map([](const answer&) {});
}

expected<answer> libpq_connection::exchange(const std::string& sql, const std::vector<parameter>& parameters,
                                            clock::time_point until) {
  answer out;
  return send(sql, parameters, until).and_then([&] { return receive(out, until); }).map([&] {
    return std::move(out);
  });
}

expected<void> libpq_connection::send(const std::string& sql, const std::vector<parameter>& parameters,
                                      clock::time_point until) {
  std::vector<std::string> texts;  // libpq wants a zero after each text
  texts.reserve(parameters.size());
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const auto& p : parameters) {
    values.push_back(p.is_binary ? p.bytes.data() : texts.emplace_back(p.bytes).c_str());
    if (values.back() == nullptr)
      values.back() = "";  // else it would be null
    lengths.push_back(static_cast<int>(p.bytes.size()));
    formats.push_back(p.is_binary ? 1 : 0);
  }
  auto* const c = connection_.get();
  if (PQsendQueryParams(c, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        lengths.data(), formats.data(), 1) != 1 ||
      PQsetSingleRowMode(c) != 1)
    return lost();
  for (int left = PQflush(c); left != 0; left = PQflush(c)) {
    if (left < 0)
      return lost();
    RETURN_IF_ERROR(wait(POLLIN | POLLOUT, until));
    if (PQconsumeInput(c) != 1)
      return lost();
  }
  return {};
}

expected<void> libpq_connection::receive(answer& out, clock::time_point until) {
  auto* const c = connection_.get();
  std::optional<error> why;
  for (;;) {
    while (PQisBusy(c) != 0) {
      RETURN_IF_ERROR(wait(POLLIN, until));
      if (PQconsumeInput(c) != 1)
        return lost();
    }
    const result r(PQgetResult(c));
    if (!r)
      break;
    const auto status = PQresultStatus(r.get());
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      const char* const state = PQresultErrorField(r.get(), PG_DIAG_SQLSTATE);
      const char* const text = PQresultErrorField(r.get(), PG_DIAG_MESSAGE_PRIMARY);
      if (state == nullptr)
        return lost();
      why = server_error(shown_, state, text == nullptr ? "" : text);
      continue;
    }
    for (int at = 0; at < PQntuples(r.get()); ++at) {
      auto& row = out.rows.emplace_back();
      for (int i = 0; i < PQnfields(r.get()); ++i)
        row.emplace_back(PQgetvalue(r.get(), at, i), static_cast<std::size_t>(PQgetlength(r.get(), at, i)));
    }
    const std::string_view count = PQcmdTuples(r.get());
    std::from_chars(count.data(), count.data() + count.size(), out.changed);
  }
  if (PQstatus(c) != CONNECTION_OK)
    connection_.reset();
  return why ? expected<void>(unexpected(std::move(*why))) : expected<void>();
}

expected<void> libpq_connection::wait(short events, clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - clock::now()).count();
  pollfd socket{PQsocket(connection_.get()), events, 0};
  const auto ready = left > 0 ? ::poll(&socket, 1, static_cast<int>(left)) : 0;
  if (ready > 0 || (ready < 0 && errno == EINTR))
    return {};
  connection_.reset();
  return unexpected(server_error(shown_, "", "it does not answer in time"));
}

unexpected libpq_connection::lost() {
  const auto said = read_told(PQerrorMessage(connection_.get()));
  connection_.reset();
  return unexpected(server_error(shown_, "", said.text.empty() ? "the connection is lost" : said.text));
}

}  // namespace millrace::postgresql_chain
