// Tests how rows share a COPY, when the server is waited for, and what happens to those that it refuses;
// without a server.
#include "actors/connectors/sql/sink/copied_rows.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

using namespace millrace;
using namespace millrace::sink::sql;
using strings = std::vector<std::string>;

namespace {

/// A server that refuses a COPY with certain numbers in it.
class fake_server final : public copy_language, public row_inserter {
public:
  std::vector<std::int64_t> bad;
  std::vector<std::int64_t> taken;
  strings calls;

  std::optional<std::string> append_field(std::string& out, const data::column& c, std::size_t row,
                                          const table_column&) const override {
    if (c.ints()[row] < 0)
      return "negative";
    out += std::to_string(c.ints()[row]);
    return std::nullopt;
  }
  outcome<void> begin_copy(const std::string& sql) override {
    CHECK(sql == R"(copy "t" ("n") from stdin)");
    text_.clear();
    calls.emplace_back("begin");
    return {};
  }
  outcome<void> put_copy(std::string_view lines) override {
    text_ += lines;
    if (calls.back() != "put")
      calls.emplace_back("put");
    return {};
  }
  outcome<void> end_copy() override {
    calls.emplace_back("end");
    return {};
  }
  outcome<void> answer_of_copy() override {
    calls.emplace_back("answer");
    std::vector<std::int64_t> rows;
    std::istringstream lines(text_);
    for (std::int64_t n = 0; lines >> n;)
      rows.push_back(n);
    if (std::any_of(rows.begin(), rows.end(), [&](auto n) { return is_bad(n); }))
      return tl::unexpected(failure{{ec::refused, fault::outside, false, "bad", {}}, true});
    taken.insert(taken.end(), rows.begin(), rows.end());
    return {};
  }
  expected<void> insert(const data::batch& rows, std::span<const std::size_t> chosen,
                        std::vector<refusal>& refused) override {
    calls.emplace_back("insert");
    for (const auto row : chosen)
      if (const auto n = rows.columns[0]->ints()[row]; is_bad(n))
        refused.push_back({std::to_string(n), "bad"});
      else
        taken.push_back(n);
    return {};
  }

private:
  [[nodiscard]] bool is_bad(std::int64_t n) const {
    return std::find(bad.begin(), bad.end(), n) != bad.end();
  }
  std::string text_;
};

/// Passes on to a server that the test keeps.
class inserts_at final : public row_inserter {
public:
  explicit inserts_at(fake_server& at) : at_(at) {}
  expected<void> insert(const data::batch& rows, std::span<const std::size_t> chosen,
                        std::vector<refusal>& refused) override {
    return at_.insert(rows, chosen, refused);
  }

private:
  fake_server& at_;
};

struct copying {
  fake_server server;
  std::unique_ptr<database> db = make_database(*parse_connection("postgresql://u@h/d"));
  data::schema_ptr schema =
      std::make_shared<data::schema>(std::vector<data::field>{{"n", data::type_id::bigint}});
  copied_rows rows{*db, server, plan(), std::make_unique<inserts_at>(server)};
  std::vector<refusal> refused;
  std::int64_t next = 0;

  [[nodiscard]] row_plan plan() const {
    row_plan p;
    p.table = "t";
    p.schema = schema;
    p.columns = {{.name = "n", .declared = "bigint", .holds = family::integer}};
    return p;
  }
  void write(std::size_t n) {
    data::column_builder column((*schema)[0].type);
    for (std::size_t i = 0; i < n; ++i)
      column.append_int(next++);
    REQUIRE(rows.write({schema, {column.finish()}, n}, refused));
  }
  /// Every number below `next` but the bad ones, once each.
  void check_taken() {
    std::vector<std::int64_t> all;
    for (std::int64_t n = 0; n < next; ++n)
      if (std::find(server.bad.begin(), server.bad.end(), n) == server.bad.end())
        all.push_back(n);
    std::sort(server.taken.begin(), server.taken.end());
    CHECK(server.taken == all);
  }
};

}  // namespace

TEST_CASE("rows are on their way while more are made, and the server is not waited for before there are") {
  copying c;
  c.write(50'000);
  CHECK(c.server.calls == strings{"begin", "put"});
  REQUIRE(c.rows.send(c.refused));
  CHECK(c.server.calls == strings{"begin", "put", "end"});
  c.write(5'000);
  CHECK(c.server.calls == strings{"begin", "put", "end"});
  REQUIRE(c.rows.send(c.refused));
  CHECK(c.server.calls == strings{"begin", "put", "end", "answer", "begin", "put", "end"});
  REQUIRE(c.rows.finish(c.refused));
  CHECK(c.server.calls.back() == "answer");
  const auto calls = c.server.calls.size();
  REQUIRE(c.rows.finish(c.refused));
  CHECK(c.server.calls.size() == calls);
  CHECK(c.refused.empty());
  c.check_taken();
}

TEST_CASE("small batches share a COPY, and a few rows are inserted") {
  copying c;
  for (int i = 0; i < 100; ++i)
    c.write(5);
  REQUIRE(c.rows.finish(c.refused));
  CHECK(c.server.calls == strings{"begin", "put", "end", "answer"});
  c.server.calls.clear();
  c.write(10);
  c.write(5);
  REQUIRE(c.rows.finish(c.refused));
  CHECK(c.server.calls == strings{"insert", "insert"});
  c.check_taken();
}

TEST_CASE("a COPY ends at a MB, and the next one begins in the same batch") {
  copying c;
  c.write(500'000);
  REQUIRE(c.rows.finish(c.refused));
  CHECK(std::count(c.server.calls.begin(), c.server.calls.end(), "begin") == 4);
  c.check_taken();
}

TEST_CASE("rows at fault are found with the server's answer, all others are in, each once") {
  copying c;
  c.server.bad = {0, 4'999, 5'000, 123'456, 199'999};
  for (int i = 0; i < 40; ++i) {
    c.write(5'000);
    if (i % 20 == 0) {
      REQUIRE(c.rows.send(c.refused));
    }
  }
  REQUIRE(c.rows.finish(c.refused));
  std::vector<std::int64_t> refused;
  for (const auto& r : c.refused)
    refused.push_back(std::stoll(r.record));
  std::sort(refused.begin(), refused.end());
  CHECK(refused == c.server.bad);
  c.check_taken();
}
