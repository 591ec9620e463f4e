// The bytes of what the coordinator and the nodes say to each other, against golden files, and damaged.
#include "runtime/cluster/control_log.hpp"
#include "runtime/cluster/node_message_format.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/golden_file.hpp"
#include "tests/unit/cluster/node_message_examples.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace millrace::cluster::node_message_format_trial {

namespace {

using Catch::Contains;
using test::commands_of_each;
using test::events_of_each;

std::vector<std::string> encoded_commands() {
  std::vector<std::string> out;
  for (const auto& c : commands_of_each())
    out.push_back(encode_command(c));
  return out;
}
std::vector<std::string> encoded_events() {
  std::vector<std::string> out;
  for (const auto& e : events_of_each())
    out.push_back(encode_event(e));
  return out;
}

/// Writes the texts one after another, each after its length.
std::string one_behind_another(const std::vector<std::string>& all) {
  wire::writer out;
  for (const auto& bytes : all)
    out.string(bytes);
  return out.take();
}

std::string why_not(const std::string& command) {
  const auto c = decode_command(command);
  REQUIRE_FALSE(c);
  CHECK(c.error().code == ec::corrupt);
  return c.error().message;
}
std::string why_no_event(const std::string& event) {
  const auto e = decode_event(event);
  REQUIRE_FALSE(e);
  CHECK(e.error().code == ec::corrupt);
  return e.error().message;
}

node_command start_of(const actor_id& actor) { return {{1, 1}, 1, commands::start{actor, 1, 1}}; }
registration with(std::vector<registration::running_actor> running) {
  return {"a", 1, 1, 1, 1, std::move(running), {}, 0};
}

const std::string most("\xff\xff\xff\xff\xff\xff\xff\xff\x7f");

}  // namespace

TEST_CASE("each kind of command is the golden one, byte for byte, and is read back") {
  std::set<std::size_t> kinds;
  for (const auto& c : commands_of_each()) {
    kinds.insert(c.what.index());
    CHECK(decode_command(encode_command(c)) == c);
  }
  CHECK(kinds.size() == std::variant_size_v<decltype(node_command::what)>);
  millrace::test::check_golden("tests/unit/cluster/golden/node_commands_1.bin",
                               one_behind_another(encoded_commands()));
}

TEST_CASE("each kind of event is the golden one, byte for byte, and is read back") {
  std::set<std::size_t> kinds;
  for (const auto& e : events_of_each()) {
    kinds.insert(e.index());
    CHECK(decode_event(encode_event(e)) == e);
  }
  CHECK(kinds.size() == std::variant_size_v<node_event>);
  millrace::test::check_golden("tests/unit/cluster/golden/node_events_1.bin",
                               one_behind_another(encoded_events()));
}

TEST_CASE("each way in which a life ends is read back, and the next number is none") {
  for (const auto how : {life_end::completed, life_end::failed, life_end::fenced, life_end::worn_out}) {
    const node_event e = life_ended{5, {"t", "x"}, {1}, how, {}, ""};
    CHECK(decode_event(encode_event(e)) == e);
  }
  auto bytes = encode_event(life_ended{5, {"t", "x"}, {1}, life_end::worn_out, {}, ""});
  const auto how = bytes.size() - 4;
  REQUIRE(bytes[how] == 3);
  bytes[how] = 4;
  CHECK(why_no_event(bytes) ==
        "a node's report \"life_ended\" cannot be read: how it ended is 4, and 3 is the most");
}

TEST_CASE("a message that is cut off anywhere, or goes on behind its end, is refused") {
  for (const auto& whole : encoded_commands()) {
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_THAT(why_not(whole.substr(0, n)), Contains("is cut off"));
    CHECK_THAT(why_not(whole + "x"), Contains("1 bytes are after its end"));
  }
  for (const auto& whole : encoded_events()) {
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_THAT(why_no_event(whole.substr(0, n)), Contains("is cut off"));
    CHECK_THAT(why_no_event(whole + "x"), Contains("1 bytes are after its end"));
  }
}

TEST_CASE("a flipped bit makes a message that is refused, or another one that is read back") {
  const auto flip = [](const std::string& whole, auto decode, auto encode) {
    const auto meant = decode(whole);
    for (std::size_t n = 0; n < whole.size() * 8; ++n) {
      auto changed = whole;
      changed[n / 8] = static_cast<char>(changed[n / 8] ^ 1 << n % 8);
      const auto back = decode(changed);
      if (back) {
        CHECK(*back != *meant);
        CHECK(decode(encode(*back)) == *back);
      } else {
        CHECK(back.error().code == (n / 8 == 0 && n > 1 ? ec::unsupported : ec::corrupt));
      }
    }
  };
  for (const auto& bytes : encoded_commands())
    flip(bytes, decode_command, encode_command);
  for (const auto& bytes : encoded_events())
    flip(bytes, decode_event, encode_event);
}

TEST_CASE("a later format is named, and a command is no event") {
  auto command = encoded_commands().front();
  auto event = encoded_events().front();
  CHECK_THAT(why_no_event(command), Contains("it is of kind 1, and 2 is expected"));
  CHECK_THAT(why_not(event), Contains("it is of kind 2, and 1 is expected"));
  command[0] = event[0] = 9;
  for (const auto& e : {decode_command(command).error(), decode_event(event).error()}) {
    CHECK(e.code == ec::unsupported);
    CHECK_THAT(e.message, Contains("has format 9, this version of millrace reads up to 3"));
  }
  command[0] = 0;
  CHECK(why_not(command) == "a coordinator's command cannot be read: its version is 0, and 3 is expected");
}

TEST_CASE("kinds that are not known are refused by their number") {
  auto command = encode_command({{1, 1}, 1, commands::register_again{}});
  command.back() = 6;
  CHECK(why_not(command) == "a coordinator's command cannot be read: number 6 is not known");
  CHECK_THAT(why_no_event(std::string("\3\2\4", 3)), Contains("number 4 is not known"));
}

TEST_CASE("names are neither empty nor longer than what control admits") {
  const std::string longest(max_name_bytes, 'x');
  const auto c = start_of({longest, longest});
  CHECK(decode_command(encode_command(c)) == c);
  CHECK(why_not(encode_command(start_of({"t", longest + "x"}))) ==
        "a coordinator's command \"start\" cannot be read: the name of an actor has 1001 bytes, and 1000 are "
        "the most");
  CHECK_THAT(why_not(encode_command(start_of({"", "x"}))), Contains("the topology of an actor is empty"));
  CHECK_THAT(why_not(encode_command(start_of({"t", ""}))), Contains("the name of an actor is empty"));
  CHECK_THAT(why_not(encode_command({{1, 1}, 1, commands::detach{""}})), Contains("the node is empty"));
  CHECK_THAT(why_no_event(encode_event(registration{})), Contains("the node is empty"));
}

TEST_CASE("lives and terms have numbers that stand for them alone") {
  const incarnation last = (incarnation{1} << 40) - 1;
  const node_event highest = epoch_refused{{last, most_counts}};
  CHECK(decode_event(encode_event(highest)) == highest);
  CHECK(life_of(number_of(life{last, most_counts})) == life{last, most_counts});
  CHECK_THAT(why_no_event(encode_event(epoch_refused{{last + 1, 0}})),
             Contains("the highest epoch is 1099511627776, and 1099511627775 is the most"));
  CHECK_THAT(why_no_event(encode_event(epoch_refused{{1, most_counts + 1}})),
             Contains("the highest epoch is 16777216, and 16777215 is the most"));
  CHECK_THAT(why_not(encode_command({{1, 1}, 1, commands::stop{{"t", "x"}, last + 1}})),
             Contains("its term is 1099511627776"));
  auto cores = encode_event(registration{"a", 1, 1, 0xffffffff, 1});
  const auto at = cores.find("\xff\xff\xff\xff\x0f");
  REQUIRE(at != std::string::npos);
  cores[at + 4] = 0x1f;
  CHECK_THAT(why_no_event(cores),
             Contains("the number of its cores is 8589934591, and 4294967295 is the most"));
}

TEST_CASE("a text that says why is cut as it is written, and a longer one is not read") {
  const std::string longest(max_text_bytes, 'x');
  const auto said = decode_command(encode_command({{1, 1}, 1, commands::leave{1, longest + "y"}}));
  REQUIRE(said);
  CHECK(std::get<commands::leave>(said->what).why == longest);
  auto bytes = encode_event(life_ended{5, {"t", "x"}, {1}, life_end::failed, {}, longest});
  const auto length = bytes.size() - longest.size() - 2;
  REQUIRE(bytes.substr(length, 2) == "\xa0\x1f");
  bytes[length] = '\xa1';
  CHECK_THAT(why_no_event(bytes + "y"), Contains("why has 4001 bytes, and 4000 are the most"));
}

TEST_CASE("the actors of a registration's lists ascend, each is there once") {
  const registration::running_actor x{{"t", "x"}, {1}}, y{{"t", "y"}, {2}};
  CHECK(decode_event(encode_event(with({x, y}))));
  CHECK_THAT(why_no_event(encode_event(with({y, x}))), Contains("the actors that run do not ascend"));
  CHECK_THAT(why_no_event(encode_event(with({x, x}))), Contains("the actors that run do not ascend"));
  auto begun = with({});
  begun.begun = {{{"t", "x"}, 2}, {{"t", "x"}, 3}};
  CHECK_THAT(why_no_event(encode_event(begun)), Contains("the actors that have begun do not ascend"));
}

TEST_CASE("memory is bounded by what is there, whatever counts from outside say") {
  const auto none = encode_event(with({}));
  const auto lists = none.size() - 5;
  const auto of_count = [&](std::uint64_t n) {
    wire::writer count;
    count.varint(n);
    return none.substr(0, lists) + count.take();
  };
  CHECK_THAT(why_no_event(of_count(max_listed_actors)), Contains("the topology of an actor is cut off"));
  CHECK_THAT(why_no_event(of_count(max_listed_actors + 1)),
             Contains("the actors that run are 100001, and 100000 are the most"));
  CHECK_THAT(why_no_event(none.substr(0, lists) + most),
             Contains("the actors that run are 9223372036854775807"));
  CHECK_THAT(why_no_event(none.substr(0, lists) + std::string(11, '\xff')), Contains("or no number"));
  CHECK_THAT(why_not(std::string(max_node_message_bytes + 1, '\1')),
             Contains("it has 33554433 bytes, and 33554432 are the most"));
}

}  // namespace millrace::cluster::node_message_format_trial
