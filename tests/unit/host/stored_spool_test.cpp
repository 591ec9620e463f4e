// Tests received records of a source in the store of a cluster: another node goes on with them, and a former
// life of the source can confirm nothing any more.
#include "actors/node/control/topology_chains.hpp"
#include "actors/stream/spool/chain_segments.hpp"
#include "actors/stream/spool/spool.hpp"
#include "tests/unit/node/stores.hpp"

#include <algorithm>

using namespace millrace;
using namespace node_test;

namespace {

using spool_texts = std::vector<std::string>;
using open_spool = std::shared_ptr<spool::log>;

constexpr std::size_t small_segment = 200;

std::shared_ptr<topology_chains> chains_in(std::shared_ptr<chain_store> store) {
  return std::make_shared<topology_chains>(std::move(store), "posts");
}

expected<open_spool> opened(std::shared_ptr<chain::named_chains> chains, const life& now,
                            std::uint64_t most = 1'000'000) {
  spool::spool_options o;
  o.most_bytes = most;
  o.segment_bytes = small_segment;
  o.note = [] { return std::string("a note"); };
  return spool::log::open(std::make_unique<spool::chain_segments>(std::move(chains), "api", now), o);
}

std::string text_of(std::int64_t i) { return "record " + std::to_string(i); }

/// One group.
expected<void> put(spool::log& to, std::int64_t from, std::int64_t up_to) {
  for (; from < up_to; ++from)
    to.add(text_of(from), 1'000 + from);
  return to.commit();
}

spool_texts all_of(const open_spool& log) {
  spool_texts out;
  spool::cursor c(log);
  for (auto from = log->first();;) {
    const auto to = must(c.read(from, 1'000'000, [&](const auto& r) { out.emplace_back(r.bytes); }));
    if (to == from)
      return out;
    from = to;
  }
}

spool_texts records_between(std::int64_t from, std::int64_t to) {
  spool_texts out;
  for (; from < to; ++from)
    out.push_back(text_of(from));
  return out;
}

}  // namespace

TEST_CASE("another life goes on with what was received; the one before it confirms nothing more") {
  over_each_store([](store_under_test& under_test) {
    const auto first = must(opened(chains_in(under_test.reach()), {3, 0}));
    for (std::int64_t i = 0; i < 40; i += 2)
      must(put(*first, i, i + 2));
    CHECK(all_of(first) == records_between(0, 40));
    const auto second = must(opened(chains_in(under_test.reach()), {4, 0}));
    CHECK(second->end() == first->end());
    CHECK(put(*first, 90, 95).error().code == ec::fenced);
    CHECK(put(*first, 95, 96).error().code == ec::fenced);
    must(put(*second, 40, 43));
    CHECK(all_of(second) == records_between(0, 43));
    // The same process once more, as after a lane that failed.
    const auto third = must(opened(chains_in(under_test.reach()), {4, 1}));
    must(put(*third, 43, 44));
    CHECK(all_of(third) == records_between(0, 44));
  });
}

TEST_CASE("a reader takes a segment that is moved meanwhile, and a note is found in the next life") {
  over_each_store([](store_under_test& under_test) {
    const auto log = must(opened(chains_in(under_test.reach()), {1, 0}));
    spool::cursor slow(log);
    spool_texts read;
    std::uint64_t at = 0;
    for (std::int64_t i = 0; i < 30; ++i) {
      must(put(*log, i, i + 1));
      if (i % 3 == 0)
        at = must(slow.read(at, 1, [&](const auto& r) { read.emplace_back(r.bytes); }));
    }
    while (at < log->end())
      at = must(slow.read(at, 1, [&](const auto& r) { read.emplace_back(r.bytes); }));
    CHECK(read == records_between(0, 30));
    const auto next = must(opened(chains_in(under_test.reach()), {2, 0}));
    spool_texts notes, records;
    must(next->newest([&](std::string_view n) { notes.emplace_back(n); },
                      [&](std::string_view r, event_micros) { records.emplace_back(r); }));
    CHECK(notes == spool_texts{"a note"});
    REQUIRE_FALSE(records.empty());
    CHECK(records.back() == text_of(29));
  });
}

TEST_CASE("chains of segments that were acknowledged are used again") {
  snapshot::test::faulty_file_system files;
  const auto chains = chains_in(std::make_shared<dir_chain_store>(files, "/mnt/store"));
  const auto log = must(opened(chains, {1, 0}));
  log->add_consumer("parsed");
  for (std::int64_t i = 0; i < 400; i += 4) {
    must(put(*log, i, i + 4));
    if (i >= 12)  // two or three segments are not acknowledged
      log->acknowledge("parsed", log->end() - 2 * small_segment);
  }
  CHECK(log->bytes() < 6 * small_segment);
  for (std::uint64_t slot = 7; slot < 100; ++slot)
    CHECK(must(chains->look(spool::name_of_slot("api", slot))).base.empty());
  const auto next = must(opened(chains, {2, 0}));
  const auto left = all_of(next);
  REQUIRE_FALSE(left.empty());
  CHECK(left.back() == text_of(399));
  CHECK(left.size() < 60);
}

TEST_CASE("many small groups are joined, and none is lost") {
  snapshot::test::faulty_file_system files;
  const auto chains = chains_in(std::make_shared<dir_chain_store>(files, "/mnt/store"));
  spool::spool_options o;
  const auto log =
      must(spool::log::open(std::make_unique<spool::chain_segments>(chains, "api", life{1, 0}), o));
  for (std::int64_t i = 0; i < 900; ++i)
    must(put(*log, i, i + 1));
  CHECK(must(chains->look(spool::name_of_spool("api"))).increments.size() < 500);
  CHECK(all_of(must(opened(chains, {2, 0}))) == records_between(0, 900));
}

TEST_CASE("each group that was confirmed is there once, in whatever file operation the process dies") {
  constexpr std::int64_t all = 24;
  bool died = true;
  for (std::uint64_t operations = 1; died; ++operations) {
    snapshot::test::faulty_file_system files(operations);
    const auto chains = chains_in(std::make_shared<dir_chain_store>(files, "/mnt/store"));
    files.crash_after(operations);
    died = false;
    std::int64_t next = 0;
    spool_texts confirmed;
    for (incarnation term = 1; next < all; ++term) {
      REQUIRE(term < 4);
      const auto log = opened(chains, {term, 0});
      while (log && next < all) {
        const auto to = next + 1 + next % 3;
        const bool done = put(**log, next, to).has_value();
        if (done)
          for (auto i = next; i < to; ++i)
            confirmed.push_back(text_of(i));
        next = to;  // a writer that had no answer says something else the next time
        if (!done)
          break;
      }
      if (files.is_dead()) {
        died = true;
        files.restart(operations % 2 == 0);
      }
    }
    INFO("after " << operations << " operations");
    files.restart(false);
    const auto found = all_of(must(opened(chains, {9, 0})));
    CHECK(std::ranges::adjacent_find(found) == found.end());
    // A group that was not confirmed may be there: once.
    spool_texts among;
    for (const auto& r : found)
      if (std::ranges::count(confirmed, r) != 0)
        among.push_back(r);
    CHECK(among == confirmed);
    CHECK(found.size() <= confirmed.size() + 3);
  }
}

TEST_CASE("operations that fail, as on a full disk, lose nothing that was confirmed") {
  for (unsigned good = 0; good < 60; ++good) {
    snapshot::test::faulty_file_system files(good);
    const auto chains = chains_in(std::make_shared<dir_chain_store>(files, "/mnt/store"));
    const auto log = must(opened(chains, {1, 0}));
    files.fail_next(3, good);
    for (std::int64_t i = 0; i < 24; i += 2) {
      for (auto j = i; j < i + 2; ++j)
        log->add(text_of(j), j);
      int tries = 0;
      while (!log->commit())
        REQUIRE(++tries < 10);
    }
    INFO("after " << good << " good operations");
    CHECK(all_of(log) == records_between(0, 24));
    CHECK(all_of(must(opened(chains, {2, 0}))) == records_between(0, 24));
  }
}

TEST_CASE("records of a spool's chain come back as they were; damage is told") {
  using what = spool::chain_record::what;
  const spool::chain_record r{what::all, {{0, 3, {}}, {700, 0, "header and frames"}}};
  const auto bytes = spool::encode_record(r);
  CHECK(must(spool::decode_record(bytes)) == r);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    CHECK_FALSE(spool::decode_record(std::string_view(bytes).substr(0, i)));
  CHECK_FALSE(spool::decode_record(bytes + "x"));
  CHECK(spool::decode_record("\x02").error().code == ec::unsupported);
  CHECK_FALSE(spool::decode_record(spool::encode_record({what::begun, {}})));
  const auto added = [](std::vector<spool::chain_record> all) {
    chain::contents c;
    for (const auto& x : all)
      c.increments.push_back(spool::encode_record(x));
    return spool::segments_of(std::move(c));
  };
  CHECK(must(added(
            {{what::begun, {{0, 0, "h"}}}, {what::appended, {{0, 0, "f"}}}, {what::begun, {{5, 0, "h"}}}})) ==
        std::vector<spool::stored_segment>{{0, 0, "hf"}, {5, 0, "h"}});
  CHECK(must(added({{what::begun, {{5, 0, "h"}}}, {what::begun, {{5, 0, "again"}}}})) ==
        std::vector<spool::stored_segment>{{5, 0, "again"}});
  CHECK_FALSE(added({{what::appended, {{0, 0, "f"}}}}));
  CHECK_FALSE(added({{what::begun, {{5, 0, "h"}}}, {what::appended, {{0, 0, "f"}}}}));
  CHECK_FALSE(added({{what::begun, {{5, 0, "h"}}}, {what::begun, {{4, 0, "h"}}}}));
}
