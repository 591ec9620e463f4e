#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/letters.hpp"
#include "actors/stream/sink/dead_letters.hpp"
#include "actors/stream/sink/letters/stored_letters.hpp"
#include "config/plan.hpp"
#include "tests/unit/node/stores.hpp"

#include <boost/json.hpp>

using namespace millrace;
using namespace node_test;

namespace {

using texts = std::vector<std::string>;

/// Holds the chains of one topology in a store, and makes sinks that write there.
sink::part_options rows_a_part(std::optional<std::uint64_t> rows) {
  return {{{}, sink::largest_stored_part, rows}, {}};
}

class letter_box {
public:
  explicit letter_box(std::shared_ptr<chain_store> store, sink::part_options parts = rows_a_part({}))
      : chains(std::make_shared<node::topology_chains>(std::move(store), "clicks")), parts_(parts) {}

  expected<std::unique_ptr<sink::writer>> open(incarnation term, std::int64_t& next, bool expects = false) {
    auto out = std::make_unique<sink::stored_letters>(
        chains, sink::dead_letter_format(*config::dead_letter_schema()), parts_, clock);
    sink::claim who{"0123", "clicks", "dead_letters", number_of({term, 1}), expects, false, false};
    ASSIGN_OR_RETURN(const auto at, out->open(who));
    next = at ? at->positions.at("lane").at.minor : 0;
    return out;
  }
  /// The letters from `from` up to `to`, in one commit.
  static expected<void> send(sink::writer& to, std::int64_t from, std::int64_t up_to) {
    delivery::dead_letters some;
    for (auto i = from; i < up_to; ++i)
      some.push_back({"parsed", "0", {0, i}, "no JSON", "record " + std::to_string(i)});
    if (!some.empty())
      if (auto written = to.write(sink::dead_letter_rows(some, 0)); !written)
        return written;
    sink::progress p;
    p.positions["lane"] = {{0, up_to}, no_watermark};
    const auto done = to.commit(p);
    return done ? expected<void>() : unexpected(done.error());
  }
  [[nodiscard]] texts records(std::uint64_t from = 0) const {
    texts out;
    for (std::optional<std::uint64_t> page = from; page;) {
      const auto found = must(sink::read_letters(*chains, *page));
      std::string_view lines = found.lines;
      while (!lines.empty()) {
        const auto end = lines.find('\n');
        const auto letter = boost::json::parse(lines.substr(0, end)).as_object();
        out.emplace_back(letter.at("record").as_string());
        lines.remove_prefix(end + 1);
      }
      page = found.next;
    }
    return out;
  }

  std::shared_ptr<node::topology_chains> chains;
  fake_clock clock{1'000'000};

private:
  sink::part_options parts_;
};

texts expected_records(std::int64_t from, std::int64_t to) {
  texts out;
  for (; from < to; ++from)
    out.push_back("record " + std::to_string(from));
  return out;
}

}  // namespace

TEST_CASE("each letter is once in the store, in whatever file operation the process dies") {
  constexpr std::int64_t all = 9;
  bool died = true;
  for (std::uint64_t operations = 1; died; ++operations) {
    snapshot::test::faulty_file_system files(operations);
    letter_box box(std::make_shared<dir_chain_store>(files, "/mnt/store"), rows_a_part(3));
    files.crash_after(operations);
    died = false;
    std::int64_t next = 0;
    for (incarnation term = 1; next < all; ++term) {
      REQUIRE(term < 4);
      auto w = box.open(term, next);
      while (w && next < all) {
        const auto to = next + 1 + next % 2;
        if (!letter_box::send(**w, next, to))
          break;
        next = to;
      }
      if (files.is_dead()) {
        died = true;
        files.restart(operations % 2 == 0);
      }
    }
    INFO("after " << operations << " operations");
    CHECK(box.records() == expected_records(0, next));
  }
}

TEST_CASE("a writer of a higher term fences the other one off; letters are in parts") {
  over_each_store([](store_under_test& under_test) {
    letter_box mine(under_test.reach(), rows_a_part(4)), theirs(under_test.reach(), rows_a_part(4));
    std::int64_t next = -1;
    CHECK(mine.records().empty());
    const auto first = must(mine.open(3, next));
    CHECK(next == 0);
    must(letter_box::send(*first, 0, 3));
    must(letter_box::send(*first, 3, 5));  // ends the first part
    must(letter_box::send(*first, 5, 5));
    must(letter_box::send(*first, 5, 6));
    const auto second = must(theirs.open(4, next, true));
    CHECK(next == 6);
    CHECK(letter_box::send(*first, 6, 9).error().code == ec::fenced);
    must(letter_box::send(*second, 6, 10));
    CHECK(theirs.records() == expected_records(0, 10));
    CHECK(theirs.records(2) == expected_records(5, 10));
    CHECK(theirs.records(3).empty());
    CHECK(theirs.records(99).empty());
    // The same process again, as after an answer of the store that was lost.
    const auto again = must(theirs.open(4, next, true));
    CHECK(next == 10);
    must(letter_box::send(*again, 10, 11));
    CHECK(theirs.records() == expected_records(0, 11));
  });
}

TEST_CASE("of full parts as many are kept as `keep` says; a part ends by its age, too") {
  snapshot::test::faulty_file_system files;
  letter_box box(std::make_shared<dir_chain_store>(files, "/mnt/store"),
                 {{micros(5'000'000), sink::largest_stored_part, 2}, 2});
  std::int64_t next = 0;
  const auto w = must(box.open(1, next));
  for (std::int64_t i = 0; i < 10; i += 2)
    must(letter_box::send(*w, i, i + 2));
  CHECK(box.records() == expected_records(6, 10));
  CHECK_FALSE(w->keep_alive_in());
  must(letter_box::send(*w, 10, 11));
  CHECK(w->keep_alive_in() == micros(5'000'000));
  box.clock.set(box.clock.now() + 5'000'000);
  CHECK(w->keep_alive_in() == micros(0));
  must(w->keep_alive());
  CHECK(box.records() == expected_records(8, 11));
  CHECK(must(sink::read_letters(*box.chains, 6)).lines.ends_with("\n"));
  CHECK(must(sink::read_letters(*box.chains, 7)).lines.empty());
}

TEST_CASE("many commits without letters are joined, and lose none") {
  snapshot::test::faulty_file_system files;
  letter_box box(std::make_shared<dir_chain_store>(files, "/mnt/store"));
  std::int64_t next = 0;
  const auto w = must(box.open(1, next));
  must(letter_box::send(*w, 0, 2));
  for (int i = 0; i < 450; ++i)
    must(letter_box::send(*w, 2, 2));
  CHECK(must(box.chains->look(sink::name_of_open_part())).increments.size() < 250);
  must(letter_box::send(*w, 2, 3));
  CHECK(box.records() == expected_records(0, 3));
}

TEST_CASE("a store that has lost the letters of a sink that has committed is told of") {
  snapshot::test::faulty_file_system files;
  letter_box box(std::make_shared<dir_chain_store>(files, "/mnt/store"));
  std::int64_t next = 0;
  const auto w = box.open(1, next, true);
  REQUIRE_FALSE(w);
  CHECK(w.error().code == ec::mismatch);
  CHECK(w.error().whose == fault::user);
}

TEST_CASE("a record of letters comes back as it was; damage is told") {
  const sink::letter_record r{2, 7, 3, -5, "progress", "{}\n{}\n{}\n"};
  const auto bytes = sink::encode_letters(r);
  CHECK(must(sink::decode_letters(bytes)) == r);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    CHECK_FALSE(sink::decode_letters(std::string_view(bytes).substr(0, i)));
  CHECK_FALSE(sink::decode_letters(bytes + "x"));
  CHECK(sink::decode_letters("\x02").error().code == ec::unsupported);
  CHECK_FALSE(sink::decode_letters(sink::encode_letters({0, 1, 0, 0, {}, {}})));
  CHECK_FALSE(sink::decode_letters(sink::encode_letters({3, 2, 0, 0, {}, {}})));
}

TEST_CASE("the API's page of letters, and why there is none") {
  snapshot::test::faulty_file_system files;
  const std::shared_ptr<chain_store> store = std::make_shared<dir_chain_store>(files, "/mnt/store");
  node::control_book book(store);
  must(book.open({1, 1}));
  const auto apply = [&](const std::string& name, const std::string& text) {
    cluster::records::topology_applied r;
    r.topology = name;
    r.plan = host::encode_plan({text, "0123", 1, {}});
    r.generation = 1;
    REQUIRE(book.append({1, 1}, {r}) == cluster::append_outcome::acknowledged);
  };
  apply("clicks", R"({"topology": "clicks"})");
  apply("sent", R"({"topology": "sent", "dead_letters": {"sink": "kafka", "topic": "letters"}})");
  CHECK(host::letters_page(store, "none", 0).error().code == ec::not_found);
  CHECK_THAT(host::letters_page(store, "sent", 0).error().message,
             Catch::Contains("a sink of the type kafka"));
  CHECK(must(host::letters_page(store, "clicks", 0)) == api::answers::dead_letters{});
  letter_box box(store, rows_a_part(1));
  std::int64_t next = 0;
  const auto w = must(box.open(1, next));
  must(letter_box::send(*w, 0, 1));
  must(letter_box::send(*w, 1, 2));
  const auto page = must(host::letters_page(store, "clicks", 0));
  REQUIRE(page.letters.size() == 1);
  CHECK(page.letters[0].starts_with(R"({"id":")"));
  CHECK(page.next == 2);
  must(letter_box::send(*w, 2, 3));
  texts newest;
  for (std::optional<std::uint64_t> at = 0; at;) {
    const auto found = must(host::newest_letters_page(store, "clicks", *at));
    for (const auto& line : found.letters)
      newest.emplace_back(boost::json::parse(line).as_object().at("record").as_string());
    at = found.next;
  }
  CHECK(newest == texts{"record 2", "record 1", "record 0"});
  CHECK(host::newest_letters_page(store, "none", 0).error().code == ec::not_found);
}
