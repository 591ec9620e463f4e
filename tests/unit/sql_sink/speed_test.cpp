// Rows a second against a bare client that sends the same multi-row inserts: unit_sql_sink "[.speed]".
#include "tests/unit/sql_sink/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <iostream>

using namespace sink_sql_test;
using data::type_id;

namespace {

constexpr int commits = 10;
constexpr int rows_a_commit = 20'000;
constexpr std::array<int, 5> rows_a_write{4000, 200, 40, 16, 4};

const std::vector<data::field> columns{{"start", type_id::timestamp},
                                       {"end", type_id::timestamp},
                                       {"userid", type_id::text},
                                       {"click_number", type_id::bigint}};

struct measured {
  double wall = 0;
  double cpu = 0;
};

template<class Work>
measured measure(Work work) {
  const auto cpu = std::clock();
  const auto wall = std::chrono::steady_clock::now();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count(),
          static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

void speed(place& at) {
  data::column_builder start(columns[0].type);
  data::column_builder end(columns[1].type);
  data::column_builder user(columns[2].type);
  data::column_builder clicks(columns[3].type);
  for (int i = 0; i < rows_a_commit; ++i) {
    start.append_int(1'619'294'100'000'000);
    end.append_int(1'619'294'400'000'000);
    user.append_text(fmt::format("user-{:012}", i * 7919));
    clicks.append_int(i % 100);
  }
  const data::batch batch{std::make_shared<data::schema>(columns),
                          {start.finish(), end.finish(), user.finish(), clicks.finish()},
                          rows_a_commit};

  auto w = at.writer(columns);
  must(w->open(life(1)));
  int position = 0;
  const auto write = [&](int at_once) {
    for (int c = 0; c < commits; ++c) {
      for (int from = 0; from < rows_a_commit; from += at_once)
        must(w->write(data::slice(batch, static_cast<std::size_t>(from),
                                  static_cast<std::size_t>(std::min(from + at_once, rows_a_commit)))));
      must(w->commit(at_position(++position)));
    }
  };
  constexpr double rows = commits * rows_a_commit;
  measured ours;
  for (const int at_once : rows_a_write) {
    const auto took = measure([&] { write(at_once); });
    if (at_once == rows_a_write.front())
      ours = took;
    std::cerr << fmt::format("{}: {:4} rows at once, {:.0f} rows/s\n", to_string(at.kind), at_once,
                             rows / took.wall);
  }

  at.execute(std::string("create table bare (s ") +
             (at.kind == sink::sql::product::postgresql ? "timestamptz" : "datetime(6)") + ", e " +
             (at.kind == sink::sql::product::postgresql ? "timestamptz" : "datetime(6)") +
             ", userid varchar(255), n bigint)");
  const auto bare = measure([&] {
    for (int c = 0; c < commits; ++c) {
      at.execute("begin");
      for (int from = 0; from < rows_a_commit; from += 4000) {
        std::string sql = "insert into bare values ";
        for (int i = from; i < from + 4000; ++i)
          fmt::format_to(std::back_inserter(sql), "{}('2021-04-24 19:55:00','2021-04-24 20:00:00','{}',{})",
                         i == from ? "" : ",", batch.columns[2]->text_at(static_cast<std::size_t>(i)),
                         i % 100);
        at.execute(sql);
      }
      at.execute("commit");
    }
  });
  std::cerr << fmt::format("{}: {:.0f} rows/s ({:.2f} CPU-s a million), bare {:.0f} ({:.2f}), ratio {:.2f}\n",
                           to_string(at.kind), rows / ours.wall, ours.cpu / rows * 1e6, rows / bare.wall,
                           bare.cpu / rows * 1e6, bare.wall / ours.wall);
  CHECK(at.query("select n from bare", 1).size() == static_cast<std::size_t>(rows));
}

}  // namespace

TEST_CASE("rows a second, on SQLite", "[.speed]") { on_sqlite(speed); }
TEST_CASE("rows a second, on MariaDB", "[.speed]") { on_server("MARIADB_URL", speed); }
TEST_CASE("rows a second, on PostgreSQL", "[.speed]") { on_server("POSTGRES_URL", speed); }
