// Tests the addresses of nodes in their store: bytes, writers at once, and the keeper that tells of them.
#include "actors/node/host/address_book.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/link/proof.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/host/host_fixture.hpp"
#include "tests/unit/node/stores.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace millrace::host::test {
namespace {

using millrace::test::must;

node_address address(const std::string& node, std::uint16_t port = 4000) {
  return {node, 70'000, {"10.0.0.1", port}};
}
const std::string a_secret(link::link_secret_size, 's');
address_record two_nodes() { return {a_secret, {{"a", address("a")}, {"b", address("b", 65'535)}}}; }

/// Another process is faster: it comes between a look and what follows.
class overtaken_store final : public node::chain_store {
public:
  explicit overtaken_store(std::shared_ptr<node::chain_store> store) : store_(std::move(store)) {}

  expected<node::opened_chain> open(const cluster::actor_id& whose, const life& now) override {
    return store_->open(whose, now);
  }
  expected<node::opened_chain> open_chosen(const cluster::actor_id& whose, const life& chosen) override {
    return store_->open_chosen(whose, chosen);
  }
  expected<node::found_chain> look(const cluster::actor_id& whose) override {
    auto found = fails ? expected<node::found_chain>(outside_error(ec::unavailable, "it is away"))
                       : store_->look(whose);
    if (after_look)
      std::exchange(after_look, {})();
    return found;
  }
  expected<std::unique_ptr<snapshot::segments>>
  open_segments(const cluster::actor_id& whose, incarnation term,
                const std::vector<segment_id>& needed) override {
    return store_->open_segments(whose, term, needed);
  }
  expected<void> clear(const std::string& chains) override { return store_->clear(chains); }
  [[nodiscard]] std::string shown() const override { return store_->shown(); }

  std::function<void()> after_look;
  bool fails = false;

private:
  std::shared_ptr<node::chain_store> store_;
};

struct noted_addresses {
  std::vector<std::vector<node_address>> all;
};
/// It stands for the switchboard.
switchboard::behavior_type noting_board(switchboard::pointer self,
                                        const std::shared_ptr<noted_addresses>& to) {
  return {
      [](const link::link_told&) {},
      [](const readers_known&) {},
      [=](const addresses_known& m) { to->all.push_back(m.all); },
      [](const send_mail&) {},
      [](const send_order&) {},
      [](const send_to_director&) {},
      [](const directed_by&) {},
      [](const end_is_up&) {},
      [](const end_is_down&) {},
      [](const introduce_remote&) {},
      [](const forget_remote&) {},
      [](const host_is_up&) {},
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

TEST_CASE("addresses are read as they were written; cut off, damaged or later ones are refused") {
  const auto bytes = encode_addresses(two_nodes());
  CHECK(must(decode_addresses(bytes)) == two_nodes());
  CHECK(must(decode_addresses(encode_addresses({a_secret, {}}))).nodes.empty());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    INFO(n << " of " << bytes.size());
    const auto cut = decode_addresses(bytes.substr(0, n));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ec::corrupt);
  }
  CHECK(decode_addresses(bytes + '\0').error().code == ec::corrupt);
  CHECK(decode_addresses('\0' + bytes.substr(1)).error().code == ec::corrupt);
  CHECK(decode_addresses('\1' + bytes.substr(1)).error().code == ec::unsupported);
  CHECK(decode_addresses('\3' + bytes.substr(1)).error().code == ec::unsupported);
  CHECK(decode_addresses(encode_addresses({"short", {}})).error().code == ec::corrupt);
}

TEST_CASE("an address with a port that there is not is damage, not another port") {
  wire::writer out;
  out.fixed(std::uint8_t{2});
  out.string(a_secret);
  out.varint(1);
  out.string("a");
  out.varint(7);
  out.string("10.0.0.1");
  out.varint(65'536 + 80);
  CHECK(decode_addresses(out.take()).error().code == ec::corrupt);
}

TEST_CASE("whoever looks finds every address that was written, and of each node the newest") {
  node_test::over_each_store([](node_test::store_under_test& under_test) {
    address_book a(under_test.reach()), b(under_test.reach());
    CHECK(must(a.look()).empty());
    must(a.write(address("a"), 1));
    must(b.write(address("b"), 2));
    must(a.write(address("a", 4001), 3));
    CHECK(must(b.look()) == addresses{{"a", address("a", 4001)}, {"b", address("b")}});
  });
}

TEST_CASE("the first process that asks makes the secret of links, and every other one finds that") {
  node_test::over_each_store([](node_test::store_under_test& under_test) {
    address_book a(under_test.reach()), b(under_test.reach());
    const auto secret = must(a.link_secret(1));
    CHECK(secret.size() == link::link_secret_size);
    CHECK(must(b.link_secret(2)) == secret);
    for (std::uint16_t i = 0; i < 30; ++i)  // enough of them for a base
      must(b.write(address("b", i), i));
    CHECK(must(a.link_secret(3)) == secret);
  });
}

TEST_CASE(
    "of two processes that make the secret at once the slower one is fenced, and has the other's then") {
  node_test::folder_in_memory files;
  const auto store = std::make_shared<overtaken_store>(files.reach());
  address_book slow(store), fast(files.reach());
  store->after_look = [&] { store->after_look = [&] { must(fast.link_secret(9)); }; };
  CHECK(slow.link_secret(4).error().code == ec::fenced);
  CHECK(must(slow.link_secret(4)) == must(fast.link_secret(5)));
  CHECK(must(fast.look()).empty());
}

TEST_CASE("two stores have two secrets, and an address that is written first leaves one") {
  node_test::folder_in_memory one, other;
  address_book a(one.reach()), b(other.reach());
  must(a.write(address("a"), 1));
  const auto seen = must(one.reach()->look({"", "addresses"}));
  const auto record = must(decode_addresses(chain::records_of(seen.contents).front()));
  CHECK(must(a.link_secret(2)) == record.link_secret);
  CHECK(must(b.link_secret(1)) != record.link_secret);
}

TEST_CASE("of two processes that write at once the slower one is fenced, tries again, and neither is lost") {
  node_test::folder_in_memory files;
  const auto store = std::make_shared<overtaken_store>(files.reach());
  address_book slow(store), fast(files.reach());
  store->after_look = [&] { must(fast.write(address("fast"), 9)); };
  CHECK(slow.write(address("slow"), 4).error().code == ec::fenced);
  CHECK(must(fast.look()) == addresses{{"fast", address("fast")}});
  must(slow.write(address("slow"), 4));
  CHECK(must(fast.look()) == addresses{{"fast", address("fast")}, {"slow", address("slow")}});
}

TEST_CASE("processes that write at once each come to their turn, and no address is lost") {
  const own_folder folder;
  auto& files = snapshot::posix_file_system();
  std::vector<std::thread> all;
  std::atomic<int> failed{0};
  for (std::uint16_t process = 0; process < 6; ++process)
    all.emplace_back([&, process] {
      address_book book(std::make_shared<node::dir_chain_store>(files, folder / "store"));
      for (std::uint16_t i = 0; i < 8; ++i) {
        expected<void> done;
        do
          done = book.write(address("n" + std::to_string(process), i), process * 100U + i);
        while (!done && (done.error().code == ec::fenced || done.error().retry));
        failed += done ? 0 : 1;
      }
    });
  for (auto& t : all)
    t.join();
  CHECK(failed == 0);
  const auto found =
      must(address_book(std::make_shared<node::dir_chain_store>(files, folder / "store")).look());
  CHECK(found.size() == 6);
  for (const auto& [name, at] : found)
    CHECK(at.at.port == 7);
}

TEST_CASE("after many records the book has a base, and no address is lost by it") {
  node_test::folder_in_memory files;
  const auto store = files.reach();
  address_book book(store);
  addresses all;
  std::size_t most_increments = 0;
  for (std::uint16_t i = 1; i <= 60; ++i) {
    const auto mine = address("n" + std::to_string(i % 7), i);
    must(book.write(mine, i));
    all[mine.node] = mine;
    INFO(i);
    REQUIRE(must(book.look()) == all);
    const auto found = must(store->look({"", "addresses"}));
    most_increments = std::max(most_increments, found.contents.increments.size());
    if (i > 25)
      CHECK_FALSE(found.contents.base.empty());
  }
  CHECK(most_increments <= 20);
}

TEST_CASE("a book that cannot be read, or holds damage, is an error, and is not written to") {
  node_test::folder_in_memory files;
  const auto store = std::make_shared<overtaken_store>(files.reach());
  address_book book(store);
  store->fails = true;
  CHECK(book.look().error().code == ec::unavailable);
  CHECK(book.write(address("a"), 1).error().code == ec::unavailable);
  store->fails = false;
  const auto chain = must(store->open_chosen({"", "addresses"}, {1, 1}));
  must(chain->append("\3 of a later version", true));
  CHECK(book.look().error().code == ec::unsupported);
  CHECK(book.write(address("a"), 1).error().code == ec::unsupported);
}

TEST_CASE(
    "the keeper tells the switchboard of all addresses every second, and waits out a store that is away") {
  node_test::folder_in_memory files;
  const auto store = std::make_shared<overtaken_store>(files.reach());
  address_book book(store);
  must(book.write(address("a"), 1));
  millrace::test::turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = millrace::test::turns_of(system);
  const auto noted = std::make_shared<noted_addresses>();
  auto board = system.spawn(noting_board, noted);
  const auto sign = std::make_shared<store_sign>();
  const auto later = [] { return store_sign::clock::now() + std::chrono::minutes(1); };
  CHECK_FALSE(sign->is_silent(store_sign::clock::now()));
  CHECK(sign->is_silent(later()));
  const auto long_ago = store_sign::clock::now() - std::chrono::minutes(1);
  sign->answered(long_ago);
  auto keeper = spawn_address_keeper(system, store, board, sign);
  turns.run();
  REQUIRE(noted->all.size() == 1);
  CHECK(noted->all[0] == std::vector{address("a")});
  CHECK_FALSE(sign->is_silent(store_sign::clock::now()));
  sign->answered(long_ago);
  const auto pass_a_second = [&] {
    turns.advance_time(std::chrono::seconds(1));
    turns.run();
  };
  store->fails = true;
  pass_a_second();
  CHECK(noted->all.size() == 1);
  CHECK(sign->is_silent(store_sign::clock::now()));
  store->fails = false;
  must(book.write(address("b"), 2));
  pass_a_second();
  CHECK_FALSE(sign->is_silent(store_sign::clock::now()));
  REQUIRE(noted->all.size() == 2);
  CHECK(noted->all[1] == std::vector{address("a"), address("b")});
  caf::anon_send(keeper, messages::stop{});
  caf::anon_send(board, messages::stop{});
  turns.run();
}

}  // namespace millrace::host::test
