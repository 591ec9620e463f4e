// Plans, questions, answers and addresses have the bytes of the golden files.
#include "actors/node/host/address_book.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/question.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/golden_file.hpp"

namespace millrace::host::test {

TEST_CASE("a plan has the bytes of the golden file") {
  millrace::test::check_golden(
      "tests/unit/host/golden/plan_3.bin",
      encode_plan(
          {"{}", "0123456789abcdef0123456789abcdef", 300, {{"identity/in", "x"}, {"starts/p", "\1\2"}}}));
}

TEST_CASE("questions and answers have the bytes of the golden file") {
  wire::writer all;
  all.string(encode_question({300, api::request(api::requests::forget{"b"})}));
  all.string(encode_question(
      {7, cluster::records::topology_applied{
              "clicks", "plan", 3, {{"p/lane0", cluster::actor_kind::lane, "p", true, "a"}}}}));
  all.string(encode_answer(300, api::answer(api::answers::applied{7})));
  all.string(encode_answer(7, user_error(ec::not_found, "no such topology")));
  millrace::test::check_golden("tests/unit/host/golden/questions_2.bin", all.bytes());
}

TEST_CASE("addresses of nodes have the bytes of the golden file") {
  millrace::test::check_golden(
      "tests/unit/host/golden/addresses_2.bin",
      encode_addresses({"0123456789abcdef0123456789abcdef",
                        {{"a", {"a", 70'000, {"10.0.0.1", 4000}}}, {"b", {"b", 1, {"::1", 65'535}}}}}));
}

}  // namespace millrace::host::test
