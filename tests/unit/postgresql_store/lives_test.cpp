// Two lives of one actor, one of which does not know that it is over; appends whose outcome is not known.
#include "runtime/chain/rules.hpp"
#include "tests/unit/postgresql_store/place.hpp"
#include "tests/unit/sql_sink/proxy.hpp"

#include <chrono>
#include <future>

using namespace postgresql_chain_test;
using sink_sql_test::proxy;

namespace {

using texts = std::vector<std::string>;

constexpr std::chrono::seconds patience{20};

/// Asks the server until it says so.
template<class Question>
void until(Question is_so) {
  for (const auto end = std::chrono::steady_clock::now() + patience; !is_so();)
    if (std::chrono::steady_clock::now() > end)
      FAIL("it does not come to pass");
}

/// Returns the server process that waits for a lock on a row of the place's schema.
std::string backend_that_waits(const place& at) {
  answer found;
  until([&] {
    found =
        at.execute("select pid::text from pg_stat_activity where wait_event_type = 'Lock' and query like '%" +
                   at.schema + "%' and pid <> pg_backend_pid()");
    return !found.rows.empty();
  });
  return found.rows.front().front();
}

class held_row {
public:
  explicit held_row(const place& at) : by_(at.connect()) {
    must(by_->run("begin", {}));
    must(by_->run("select 1 from \"" + at.schema + "\".actors for update", {}));
  }
  void release() { must(by_->run("rollback", {})); }

private:
  std::shared_ptr<connection> by_;
};

int port_of(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

std::string through(const proxy& p, const std::string& url) {
  const auto colon = url.rfind(':');
  return url.substr(0, colon + 1) + std::to_string(p.port()) + url.substr(url.find('/', colon));
}

}  // namespace

TEST_CASE("an older life is fenced at its next record, at its base and at a look; nothing of it lands") {
  if (is_skipped())
    return;
  const place at;
  const auto old = at.open(1);
  must(old->append("a", false));
  const auto next = at.open(2, at.connect());
  is_fenced(old->append("zombie", false).error());
  is_fenced(old->append_base("zombie").error());
  is_fenced(old->read().error());
  is_fenced(at.try_open(1).error());
  must(next->append("b", false));
  CHECK(must(next->read()).increments == texts{"a", "b"});
}

TEST_CASE("an older life that has a base read back trims nothing") {
  if (is_skipped())
    return;
  const place at;
  const auto old = at.open(1);
  must(old->append("a", false));
  CHECK(must(old->append_base("A")));
  // The opening of the next life comes between the second base and its trimming.
  opened_chain next;
  const auto between = std::make_shared<interposed_connection>(at.side);
  between->instead = [&](const std::string& sql, const auto&) -> std::optional<expected<answer>> {
    if (sql.find("delete from") != std::string::npos)
      next = at.open(2);
    return std::nullopt;
  };
  const auto zombie = at.open(1, between);
  must(zombie->append("b", false));
  is_fenced(zombie->append_base("AB").error());
  CHECK(at.execute("select 1 from S.records where kind = 3").rows.size() == 2);
  CHECK(at.execute("select 1 from S.actors where mark = 0").rows.size() == 1);
  CHECK(must(next->read()).base == "AB");
}

TEST_CASE("a transaction that waits while a higher life opens is refused") {
  if (is_skipped())
    return;
  const place at;
  const auto old = at.open(1, at.connect());
  must(old->append("a", false));
  const auto by = at.connect();
  must(by->run("begin", {}));
  const auto next = at.open(2, by);
  auto late = std::async(std::launch::async, [&] { return old->append("late", false); });
  (void)backend_that_waits(at);
  must(by->run("commit", {}));
  is_fenced(late.get().error());
  CHECK(must(next->read()).increments == texts{"a"});
}

TEST_CASE(
    "an append of which the server process is ended before its commit is not there, and the chain goes on") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1, at.connect());
  must(c->append("a", false));
  held_row held(at);
  auto cut = std::async(std::launch::async, [&] { return c->append("cut", false); });
  at.execute("select pg_terminate_backend(" + backend_that_waits(at) + ")");
  const auto done = cut.get();
  held.release();
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ec::unavailable);
  CHECK(done.error().retry);
  CHECK_THAT(done.error().message, Catch::Contains("127.0.0.1") && Catch::Contains("remedy"));
  CHECK_FALSE(must(c->append_base("A")));
  must(c->append("b", false));
  CHECK(c->life() == chain::life{1, 1});
  CHECK(must(c->read()).increments == texts{"a", "b"});
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("an append of which the answer is lost behind its commit is passed over by the next one") {
  if (is_skipped())
    return;
  const place at;
  proxy between(port_of(at.url));
  const auto c = at.open(1, at.connect({.connection = through(between, at.url)}));
  must(c->append("a", false));
  between.arm(proxy::fault::lose_reply, "cut");
  const auto done = c->append("cut", false);
  REQUIRE_FALSE(done);
  CHECK(done.error().retry);
  CHECK(between.fired());
  const auto landed = [&] {
    return !at.execute("select 1 from S.records where payload = 'cut'").rows.empty();
  };
  until(landed);
  CHECK(must(c->read()).increments == texts{"a"});
  must(c->append("b", false));
  CHECK(landed());
  CHECK(must(c->read()).increments == texts{"a", "b"});
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("an append that waits in the server when its life goes on under a raised count is refused there") {
  if (is_skipped())
    return;
  const place at;
  std::function<expected<answer>()> run_late;
  const auto slow = std::make_shared<interposed_connection>(at.side);
  slow->instead = [&](const std::string& sql,
                      const std::vector<parameter>& p) -> std::optional<expected<answer>> {
    if (p.empty() || p.back().bytes != "late")
      return std::nullopt;
    texts kept;
    for (const auto& one : p)
      kept.emplace_back(one.bytes);
    run_late = [&at, sql, kept] {
      std::vector<parameter> again;
      for (const auto& k : kept)
        again.push_back({k});
      again.back().is_binary = true;
      return at.side->run(sql, again);
    };
    return outside_error(ec::unavailable, "no answer yet");
  };
  const auto c = at.open(1, slow);
  REQUIRE_FALSE(c->append("late", false));
  must(c->append("b", false));
  CHECK(must(run_late()).changed == 0);
  CHECK(must(at.open(2)->read()).increments == texts{"b"});
}

TEST_CASE("an opening whose answer was lost is opened again under a raised count") {
  if (is_skipped())
    return;
  const place at;
  must(at.open(1)->append("a", false));
  const auto again = at.open(1);
  CHECK(again->life() == chain::above_earlier({1, 0}, {1, 0}));
  CHECK(must(again->read()).increments == texts{"a"});
}

TEST_CASE("a server that waits too long for a lock ends the statement itself") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1, at.connect({.connection = at.url, .statement_timeout = std::chrono::seconds(5)}));
  held_row held(at);
  const auto done = c->append("a", false);
  held.release();
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ec::unavailable);
  CHECK_THAT(done.error().message,
             Catch::Contains("SQLSTATE 57014") && Catch::Contains("raise the statement time-out"));
  must(c->append("b", false));
  CHECK(must(c->read()).increments == texts{"b"});
}

TEST_CASE("a server that has stopped is given up after the statement time-out") {
  if (is_skipped())
    return;
  const place at;
  proxy between(port_of(at.url));
  const auto c = at.open(
      1, at.connect({.connection = through(between, at.url), .statement_timeout = std::chrono::seconds(5)}));
  between.arm(proxy::fault::stall, "cut");
  const auto begun = std::chrono::steady_clock::now();
  const auto done = c->append("cut", false);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(60));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ec::unavailable);
  CHECK_THAT(done.error().message, Catch::Contains("does not answer in time"));
  must(c->append("b", false));
  CHECK(must(c->read()).increments == texts{"b"});
}

TEST_CASE("a server that is not there is tried for a bounded time; one that refuses is not tried again") {
  const auto options = [](std::string url, std::chrono::milliseconds limit = patience) {
    return libpq_options{.connection = std::move(url), .connect_timeout = limit};
  };
  const auto nobody =
      must(libpq_connection::make(options("postgresql://u:secret@127.0.0.1:1/d", std::chrono::seconds(2))));
  CHECK(nobody->shown() == "postgresql://u@127.0.0.1:1/d");
  const auto e = nobody->run("select 1", {}).error();
  CHECK(e.code == ec::unavailable);
  CHECK(e.retry);
  CHECK_THAT(e.message, Catch::StartsWith("postgresql://u@127.0.0.1:1/d: ") &&
                            Catch::Contains("Connection refused") &&
                            Catch::EndsWith("remedy: start the server, or correct the connection"));
  const auto unreadable = libpq_connection::make(options("postgresql://u:se cret@[/d"));
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().code == ec::invalid_argument);
  CHECK_THAT(unreadable.error().message, !Catch::Contains("secret") && !Catch::Contains("cret@"));
  if (is_skipped())
    return;
  const place at;
  const auto test = at.url.find("test@");
  REQUIRE(test != std::string::npos);
  const auto stranger = must(libpq_connection::make(options(std::string(at.url).replace(test, 4, "nobody"))));
  const auto refused = stranger->run("select 1", {}).error();
  CHECK(refused.code == ec::refused);
  CHECK_FALSE(refused.retry);
  CHECK_THAT(refused.message, Catch::Contains("nobody") && Catch::Contains("correct user and password"));
}

TEST_CASE(
    "a connection commits durably where the server's default is less, and tables are made by many at once") {
  if (is_skipped())
    return;
  const place at;
  const auto by = at.connect({.connection = at.url + "?options=-csynchronous_commit%3Doff"});
  CHECK(must(by->run("show synchronous_commit", {})).rows.front().front() == "on");
  std::vector<std::future<expected<opened_chain>>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(std::async(std::launch::async, [&at, i] {
      return postgresql_chain::database_chain::open(at.connect(), at.schema, {"t", std::to_string(i)}, 1);
    }));
  for (auto& one : all)
    must(one.get());
}

TEST_CASE(
    "a connection looks names up in the system's catalog alone, and a store that others may write to is "
    "refused") {
  if (is_skipped())
    return;
  const place at;
  const auto by = at.connect({.connection = at.url + "?options=-csearch_path%3Dpublic,pg_catalog"});
  CHECK(must(by->run("show search_path", {})).rows.front().front() == "pg_catalog, pg_temp");
  must(at.try_open(1, by));
  at.execute("grant select on S.records to public");
  must(at.try_open(2, by));
  at.execute("grant insert on S.records to public");
  const auto refused = at.try_open(3, by);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::refused);
  CHECK(refused.error().whose == fault::user);
  CHECK_THAT(refused.error().message,
             Catch::Contains("every role may insert on table " + at.schema + ".records") &&
                 Catch::Contains("revoke insert on " + at.schema + ".records from public"));
  const auto looked = postgresql_chain::database_chain::look(by, at.schema, {"clicks", "w/0"});
  CHECK(looked.error().code == ec::refused);
}
