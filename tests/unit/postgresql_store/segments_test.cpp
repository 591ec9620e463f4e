// Spilled output on a real server: what is damaged or missing is told, what was written without an answer
// goes, and an opening that is under way is waited for.
#include "actors/node/stores/postgresql/database_segments.hpp"
#include "tests/unit/postgresql_store/place.hpp"

#include <utility>

using namespace postgresql_chain_test;

namespace {

using opened_segments = std::unique_ptr<database_segments>;

expected<opened_segments> try_spilled(const place& at, incarnation term,
                                      std::shared_ptr<connection> by = nullptr) {
  return database_segments::open(by ? std::move(by) : at.side, at.schema, {"clicks", "w/0"}, term, {});
}

}  // namespace

TEST_CASE("spilled output that is damaged or missing is told with the remedy") {
  if (is_skipped())
    return;
  const place at;
  const auto chain = at.open(1);
  const auto spilled = must(try_spilled(at, 1));
  must(spilled->write({1, 1}, "some rows"));
  must(spilled->write({1, 2}, "more rows"));
  const auto* const change = GENERATE("payload = 'some rowz'::bytea", "number = 3", "checksum = checksum + 1",
                                      "actor = actor + 1", "term = 2");
  at.execute(std::string("update S.segments set ") + change + " where number = 1");
  const auto read = spilled->read({1, 1});
  REQUIRE_FALSE(read);
  const bool is_there =
      std::string_view(change).starts_with("payload") || std::string_view(change).starts_with("checksum");
  CHECK(read.error().code == (is_there ? ec::corrupt : ec::not_found));
  CHECK_FALSE(read.error().retry);
  CHECK(read.error().message.find("w/0 of clicks") != std::string::npos);
  CHECK(read.error().message.find("remedy: restore the database") != std::string::npos);
  CHECK(must(spilled->read({1, 2})) == "more rows");
}

TEST_CASE("a row of spilled output that has got another's number is damaged") {
  if (is_skipped())
    return;
  const place at;
  const auto chain = at.open(1);
  const auto spilled = must(try_spilled(at, 1));
  must(spilled->write({1, 1}, "some rows"));
  at.execute("update S.segments set number = 2");
  CHECK(spilled->read({1, 2}).error().code == ec::corrupt);
}

TEST_CASE("spilled output that was written without an answer goes with what is removed next") {
  if (is_skipped())
    return;
  const place at;
  const auto chain = at.open(1);
  bool is_next_lost = false;
  const auto losing = std::make_shared<interposed_connection>(at.side);
  losing->instead = [&](const std::string& sql, const auto& parameters) -> std::optional<expected<answer>> {
    if (!std::exchange(is_next_lost, false))
      return std::nullopt;
    must(at.side->run(sql, parameters));
    return outside_error(ec::unavailable, "the connection is lost");
  };
  const auto spilled = must(try_spilled(at, 1, losing));
  is_next_lost = true;
  CHECK(spilled->write({1, 1}, "some rows").error().code == ec::unavailable);
  must(spilled->write({1, 2}, "some rows"));
  must(spilled->write({1, 3}, "more rows"));
  is_next_lost = true;
  CHECK_FALSE(spilled->remove({}));
  must(spilled->remove({{1, 2}}));
  CHECK(at.execute("select number from S.segments").rows.size() == 1);
  CHECK(must(spilled->read({1, 3})) == "more rows");
}

TEST_CASE("R1: spilled output waits for an opening of a higher life that is under way, and is then refused") {
  if (is_skipped())
    return;
  const place at;
  const auto chain = at.open(1);
  const libpq_options bounded{at.url, std::chrono::seconds(1)};
  const auto impatient = must(try_spilled(at, 1, at.connect(bounded)));
  const auto spilled = must(try_spilled(at, 1));
  must(spilled->write({1, 1}, "some rows"));
  const auto opening = at.connect();
  must(opening->run("begin", {}));
  must(opening->run("update \"" + at.schema + "\".actors set life = 2::bigint << 24, next = next + 1", {}));
  CHECK(impatient->write({1, 2}, "late").error().code == ec::unavailable);
  must(opening->run("commit", {}));
  CHECK(spilled->write({1, 2}, "late").error().code == ec::fenced);
  CHECK(spilled->remove({{1, 1}}).error().code == ec::fenced);
  CHECK(try_spilled(at, 1).error().code == ec::fenced);
  CHECK(at.execute("select number from S.segments").rows.size() == 1);
}

TEST_CASE("spilled output is not opened before its actor's chain, nor kept for an actor whose row is gone") {
  if (is_skipped())
    return;
  const place at;
  const auto chain = at.open(1);
  CHECK(try_spilled(at, 2).error().code == ec::internal);
  const auto spilled = must(try_spilled(at, 1));
  must(at.side->run("delete from \"" + at.schema + "\".actors", {}));
  CHECK(spilled->write({1, 1}, "some rows").error().code == ec::corrupt);
  CHECK(try_spilled(at, 1).error().code == ec::internal);
}

TEST_CASE("spilled output above what the server can hold is refused") {
  if (is_skipped())
    return;
  const place at;
  const auto chain = at.open(1);
  const auto spilled = must(try_spilled(at, 1));
  CHECK(spilled->write({1, 1}, std::string(largest_payload + 1, 'r')).error().code == ec::unsupported);
}
