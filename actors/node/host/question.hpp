// A node asks the leader on behalf of its API's clients. Here the question and its answer become bytes. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "runtime/cluster/control_log.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::host {

using question_content = std::variant<api::request, cluster::records::topology_applied>;

struct question {
  std::uint64_t number = 0;  // the asker's own; the answer has it
  question_content what;
};
[[nodiscard]] std::string encode_question(const question& q);
/// Trusts no byte: ec::corrupt for bytes that are no question.
[[nodiscard]] expected<question> decode_question(std::string_view bytes);

struct question_answer {
  std::uint64_t number = 0;
  int status = 200;  // a status of HTTP
  std::string body;
};
[[nodiscard]] std::string encode_answer(std::uint64_t number, const expected<api::answer>& a);
[[nodiscard]] expected<question_answer> decode_answer(std::string_view bytes);

}  // namespace millrace::host
