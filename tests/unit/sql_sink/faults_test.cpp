// Crashes: of the process, of the connection while a commit is under way, of the server.
#include "tests/unit/sql_sink/place.hpp"
#include "tests/unit/sql_sink/proxy.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> columns{{"n", type_id::bigint}};

std::int64_t position_of(const std::optional<sink::progress>& p) {
  return p ? p->positions.at("counts/0/0").at.minor : 0;
}

/// Writes the rows from .. to-1, so that position `to` means that all below are in.
void write_range(sink::writer& w, std::int64_t from, std::int64_t to) {
  std::vector<cells> rows;
  for (auto n = from; n < to; ++n)
    rows.push_back({std::to_string(n)});
  must(w.write(rows_of(columns, rows)));
}

void check_exactly(place& at, std::int64_t rows) {
  const auto found =
      at.query("select count(*), count(distinct n), coalesce(min(n), 0), coalesce(max(n), -1) from t", 4)[0];
  CHECK(found ==
        sink::sql::record{std::to_string(rows), std::to_string(rows), "0", std::to_string(rows - 1)});
}

/// The life of a process that commits until it is killed. Never returns.
[[noreturn]] void commit_for_ever(const place& at, incarnation n) {
  auto w = at.writer(columns);
  auto opened = w->open(life(n));
  std::mt19937 random(static_cast<unsigned>(n));  // NOLINT
  for (auto from = opened ? position_of(*opened) : 0; opened;) {
    const auto to = from + 1 + random() % 400;
    write_range(*w, from, to);
    if (!w->commit(at_position(to)))
      break;
    from = to;
  }
  _exit(1);
}

}  // namespace

EVERY_DATABASE(killed, "a process killed at any moment loses no row and doubles none") {
  must(at.writer(columns)->open(life(1)));
  std::mt19937 random(7);  // NOLINT: the moments differ anyway
  std::int64_t before = 0;
  for (incarnation n = 2; n < 14; ++n) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
      commit_for_ever(at, n);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 120));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));  // it was still committing
  }
  auto w = at.writer(columns);
  const auto rows = position_of(must(w->open(life(100))));
  CHECK(rows > before);
  check_exactly(at, rows);
}

EVERY_SERVER(reply_lost, "a commit whose answer is lost happened: open tells, and nothing is doubled") {
  const auto colon = at.connection.rfind(':');
  proxy between(std::stoi(at.connection.substr(colon + 1)));
  place through(at.kind, at.connection_by_port(between.port()), at.connection);
  const bool answer_only = GENERATE(true, false);
  // Either the last statement of the transaction, or its end, whole as it is on the wire.
  const bool at_commit = GENERATE(true, false);
  const bool delivered = answer_only && at_commit;
  const auto commit =
      at.kind == sink::sql::product::mysql ? std::string("\3commit") : std::string("commit\0", 7);
  at.execute("create table t (n bigint)");
  auto w = through.writer(columns);
  must(w->open(life(1)));
  write_range(*w, 0, 1000);
  must(w->commit(at_position(1000)));
  write_range(*w, 1000, 2000);
  between.arm(answer_only ? proxy::fault::lose_reply : proxy::fault::lose_request,
              at_commit ? commit : " set counters = ");
  const auto lost = w->commit(at_position(2000));
  REQUIRE(between.fired());
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == ec::unavailable);
  CHECK(lost.error().retry);
  const auto where = position_of(must(w->open(life(1, true))));
  CHECK(where == (delivered ? 2000 : 1000));
  write_range(*w, where, 3000);
  must(w->commit(at_position(3000)));
  check_exactly(at, 3000);
}

EVERY_SERVER(cut_in_transaction, "a connection cut in mid-transaction is an error that may be tried again") {
  auto w = at.writer(columns);
  must(w->open(life(1)));
  write_range(*w, 0, 10);
  must(w->commit(at_position(10)));
  write_range(*w, 10, 300'000);  // more than is buffered: the transaction is open
  if (at.kind == sink::sql::product::mysql)
    for (const auto& r : at.query(
             "select id from information_schema.processlist where id <> connection_id() and db = database()",
             1))
      at.execute("kill " + *r[0]);
  else
    at.query("select pg_terminate_backend(pid)::int from pg_stat_activity where pid <> pg_backend_pid() and "
             "datname ="
             " current_database()",
             1);
  const auto cut = w->commit(at_position(300'000));
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == ec::unavailable);
  CHECK_FALSE(w->commit(at_position(300'000)));  // no commit works until open
  CHECK(position_of(must(w->open(life(1, true)))) == 10);
  write_range(*w, 10, 20);
  must(w->commit(at_position(20)));
  check_exactly(at, 20);
}

TEST_CASE("a server killed and started again in mid-transaction keeps exactly what was committed",
          "[server]") {
  const auto [service, variable] =
      GENERATE(std::pair("mariadb", "MARIADB_URL"), std::pair("postgres", "POSTGRES_URL"));
  if (std::getenv(variable) == nullptr) {
    on_server(variable, [](place&) {});
    return;
  }
  const auto folder =
      std::filesystem::temp_directory_path() / ("millrace_it_services_" + std::to_string(getpid()));
  const auto services = [&](const std::string& words) {
    const auto out = folder.string() + ".out";
    REQUIRE(std::system(("MILLRACE_SERVICES_DIR='" + folder.string() + "' tools/services " + words + " >'" +
                         out + "' 2>&1")
                            .c_str()) == 0);
    FILE* const f = std::fopen(out.c_str(), "r");
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), f));
    std::fclose(f);
    std::filesystem::remove(out);
    return text;
  };
  struct ended {
    const std::filesystem::path& folder;
    ~ended() {
      [[maybe_unused]] const int done = std::system(
          ("MILLRACE_SERVICES_DIR='" + folder.string() + "' tools/services stop --remove 2>/dev/null")
              .c_str());
      std::filesystem::remove_all(folder);
    }
  } always{folder};
  const auto said = services(std::string("start ") + service);
  auto url = said.substr(said.find(std::string(variable) + "=") + std::string(variable).size() + 1);
  url = url.substr(0, url.find('\n'));
  {
    place at(must(sink::sql::parse_connection(url)).kind, url.substr(0, url.rfind('/') + 1) + "killed", url);
    auto w = at.writer(columns);
    must(w->open(life(1)));
    write_range(*w, 0, 10);
    must(w->commit(at_position(10)));
    write_range(*w, 10, 300'000);
    services(std::string("kill ") + service);
    const auto lost = w->commit(at_position(300'000));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().retry);
    const auto away = w->open(life(1, true));
    REQUIRE_FALSE(away);
    CHECK(away.error().code == ec::unavailable);
    services(std::string("start ") + service);
    CHECK(position_of(must(w->open(life(1, true)))) == 10);
    write_range(*w, 10, 20);
    must(w->commit(at_position(20)));
    check_exactly(at, 20);
  }
}
