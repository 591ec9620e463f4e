// Dead letters in the store of a cluster go in again once, also if processes die or replay meanwhile.
#include "tests/unit/host/replayed_topology.hpp"

using namespace millrace;
using namespace node_test;
using host::test::replaying;

namespace {

const std::map<std::string, int> all_of_parsed{{"record 0", 1}, {"record 1", 1}, {"record 2", 1},
                                               {"record 3", 1}, {"record 5", 1}, {"record 6", 1}};

}  // namespace

TEST_CASE("letters go in once, and once more asked for they had gone before; lanes are to begin with them") {
  over_each_store([](store_under_test& under_test) {
    replaying r(under_test.reach(), 7);
    const auto first = r.replay();
    REQUIRE(first.what);
    CHECK(first.what->is_over);
    CHECK(first.what->letters == 7);
    CHECK(first.what->went_in == 6);
    CHECK(first.what->is_taken_now);
    REQUIRE(first.what->elsewhere.size() == 1);
    CHECK(first.what->elsewhere[0].letters == 1);
    REQUIRE(first.starts.size() == 1);
    const auto& start = first.starts[0];
    CHECK(start.partition == "replay:parsed:1");
    CHECK(start.parser == "parsed");
    CHECK(start.log == "parsed/replay:parsed:1");
    CHECK(start.lane == "parsed/lane0");
    CHECK(r.went_in() == all_of_parsed);
    // Nobody has recorded it: the same start is told again.
    const auto second = r.replay();
    CHECK(second.what->went_in == 0);
    CHECK(second.what->before == 6);
    CHECK(second.starts == first.starts);
    // The next leader tells the same start.
    const auto left = r.unread();
    CHECK_FALSE(left.failure);
    CHECK(left.starts == first.starts);
    r.record(start);
    CHECK(r.replay().starts.empty());
    CHECK(r.unread().starts.empty());
    CHECK(r.went_in() == all_of_parsed);
    const auto through_source = r.replay({}, "posted");
    CHECK(through_source.what->went_in == 1);
    REQUIRE(through_source.starts.size() == 1);
    CHECK(through_source.starts[0].partition == "replay:other:2");
  });
}

TEST_CASE(
    "batches of a topology that does not run are left to its next apply; one that cannot be read is told") {
  snapshot::test::faulty_file_system files;
  replaying r(std::make_shared<dir_chain_store>(files, "/mnt/store"), 7);
  CHECK(r.unread().starts.empty());
  REQUIRE(r.replay().starts.size() == 1);
  r.record(cluster::records::topology_failed{"t", "t", "no memory"});
  CHECK(r.unread().starts.empty());
  CHECK_FALSE(r.unread().failure);
  auto opened = must(r.chains->open_chosen(replay::name_of_batch_index(), 7));
  must(opened.chain->append("no index", true));
  cluster::records::topology_applied again;
  again.topology = "t";
  again.plan = host::encode_plan({"{}", "0123", 2, {}});
  again.generation = 2;
  r.record(again);
  CHECK(r.unread().failure);
}

TEST_CASE("each letter goes in once, in whatever file operation the process dies") {
  bool died = true;
  for (std::uint64_t operations = 1; died; ++operations) {
    snapshot::test::faulty_file_system files(operations);
    replaying r(std::make_shared<dir_chain_store>(files, "/mnt/store"), 7);
    files.crash_after(operations);
    const auto first = r.replay();
    died = files.is_dead();
    CHECK(first.what.has_value() == !died);
    files.restart(died && operations % 2 == 0);
    const auto again = r.replay();
    INFO("after " << operations << " operations: " << (again.what ? "" : again.what.error().message));
    REQUIRE(again.what);
    CHECK(again.what->went_in + again.what->before == 6);
    CHECK(again.starts.size() == 1);
    CHECK(r.went_in() == all_of_parsed);
  }
}

TEST_CASE("who replays later fences the earlier one off, whose batch counts no more") {
  over_each_store([](store_under_test& under_test) {
    replaying mine(under_test.reach());
    const node::topology_chains theirs(under_test.reach(), "t");
    const auto take = [](const std::shared_ptr<node::topology_chains>& c) {
      auto opened = must(c->open_chosen(replay::name_of_batch_index(), 7));
      return must(replay::batch_index::take(c, std::move(opened.chain), opened.now));
    };
    auto first = take(mine.chains);
    auto second = take(std::make_shared<node::topology_chains>(theirs));
    must(second.add("parsed", {"parsed", "", "", {{"1", "theirs"}}}));
    CHECK(first.add("parsed", {"parsed", "", "", {{"1", "mine"}}}).error().code == ec::fenced);
    CHECK(mine.went_in() == std::map<std::string, int>{{"theirs", 1}});
    CHECK(second.add("parsed", {"parsed", "", "", {{"2", "more"}}}));
    CHECK(mine.went_in() == std::map<std::string, int>{{"theirs", 1}, {"more", 1}});
  });
}

TEST_CASE("letters that are meant are told by their ids; those that nobody has are counted") {
  snapshot::test::faulty_file_system files;
  const replaying r(std::make_shared<dir_chain_store>(files, "/mnt/store"), 7);
  const auto lines = must(sink::read_letters(*r.chains, 0)).lines;
  const auto id = lines.substr(lines.find("\"id\":\"") + 6, 16);
  const auto done = r.replay({id, "nobody's"});
  REQUIRE(done.what);
  CHECK(done.what->went_in == 1);
  CHECK(done.what->unknown == 1);
  CHECK(r.went_in() == std::map<std::string, int>{{"record 0", 1}});
}

TEST_CASE("what cannot be replayed is said, and nothing is written") {
  snapshot::test::faulty_file_system files;
  const replaying r(std::make_shared<dir_chain_store>(files, "/mnt/store"));
  CHECK_THAT(r.replay({}, "rows").what.error().message, Catch::Contains("a source or a parser"));
  CHECK_THAT(r.replay({}, "parsd").what.error().message, Catch::Contains("did you mean \"parsed\"?"));
  CHECK(host::replay_in_store(r.store, {r.store, {"u", "parsed", {}}, nullptr, r.plans}).what.error().code ==
        ec::not_found);
  const auto none = r.replay();
  REQUIRE(none.what);
  CHECK(none.what->letters == 0);
  CHECK(none.starts.empty());
}

TEST_CASE("the index of batches comes back as it was, byte for byte; damage is told") {
  const std::vector<replay::batch_entry> all{{1, "parsed", "rows", {"0123456789abcdef", "x"}},
                                             {300, "p", "s", {}}};
  const auto bytes = replay::encode_entries(all);
  CHECK(bytes == std::string("\x01\x02\x01\x06parsed\x04rows\x02\x10"
                             "0123456789abcdef\x01x\xac\x02\x01p\x01s\x00",
                             42));
  CHECK(must(replay::decode_entries(bytes)) == all);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    CHECK_FALSE(replay::decode_entries(std::string_view(bytes).substr(0, i)));
  CHECK_FALSE(replay::decode_entries(bytes + "x"));
  CHECK(replay::decode_entries("\x02").error().code == ec::unsupported);
  CHECK_FALSE(replay::decode_entries(replay::encode_entries({{0, "p", "s", {}}})));
}
